"""What a project's data say so far: progress, agreement and positions, for researchers; never on an annotator's way.

Agreement and positions look at planned places only: those were handed out without a look at the answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext as _

from annotator.models import Project
from annotator.selectors.sampling import SAMPLED, SEED, Sample, draw_sample
from pluralism.agreement import (
    Estimate,
    Ratings,
    Statistic,
    entropy_by_item,
    estimate,
    fleiss_kappa,
    free_marginal_kappa,
    krippendorff_alpha,
    percent_agreement,
    plurality_by_item,
    tabulate,
)
from pluralism.intervals import Interval, share_interval
from pluralism.positions import Positions, compare_positions

BLOCK = 5000

COUNTED = """
FROM annotator_assignment place
JOIN annotator_judgment judgment ON judgment.id = place.judgment_id
JOIN annotator_comparison comparison ON comparison.id = place.comparison_id
JOIN annotator_participation person ON person.id = judgment.participation_id
WHERE place.project_id = %(project)s AND place.state = 'judged' AND place.place_kind = 'planned'
    AND comparison.kind = 'collect' AND person.withdrawn_at IS NULL AND person.excluded_at IS NULL
"""
# A ranking speaks by its first response; one that is tied there names none.
ANSWERS = f"""
SELECT comparison_id, candidate_set_id, language, k, answer, given FROM (
    SELECT place.comparison_id, comparison.candidate_set_id, comparison.language, cardinality(place.display_order) AS k,
        COALESCE(judgment.choice_response_id::text, judgment.choice_kind) AS answer, count(*) AS given,
        sum(count(*)) OVER (PARTITION BY place.comparison_id) AS people
    {COUNTED} AND {SAMPLED} AND NOT (judgment.choice_kind = 'ranking' AND judgment.choice_response_id IS NULL)
    GROUP BY 1, 2, 3, 4, 5
) answers WHERE people > 1 ORDER BY comparison_id, answer
"""  # noqa: S608 - texts of this file only
POSITIONS = f"""
SELECT cardinality(judgment.display_order), array_position(judgment.display_order, option.position) - 1, count(*)
{COUNTED.replace("WHERE", "JOIN annotator_comparisonoption option ON option.comparison_id = place.comparison_id AND option.response_id = judgment.choice_response_id WHERE", 1)}
GROUP BY 1, 2 ORDER BY 1, 2
"""
LANGUAGES = """
SELECT language, sum(places)::bigint, sum(judged)::bigint, count(*), count(*) FILTER (WHERE judged = places) FROM (
    SELECT language, comparison_id, count(*) AS places, count(*) FILTER (WHERE state = 'judged') AS judged
    FROM annotator_assignment WHERE project_id = %(project)s AND owner_id IS NULL AND state <> 'closed' GROUP BY language, comparison_id
) comparisons GROUP BY language ORDER BY language
"""
DAYS = """
SELECT (submitted_at AT TIME ZONE 'UTC')::date, count(*), count(DISTINCT participation_id)
FROM annotator_judgment WHERE project_id = %(project)s GROUP BY 1 ORDER BY 1 DESC LIMIT 366
"""


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % interval over `n` observations; what is None has its reason in a sentence."""

    value: float | None
    interval: Interval | None
    n: int
    undefined_because: str = ""


@dataclass(frozen=True)
class Divided:
    """One comparison and how its answers are spread: entropy in bits, and the share of the most frequent answer."""

    comparison_id: int
    candidate_set_id: int | None
    language: str
    entropy: float
    plurality: Figure


@dataclass(frozen=True)
class Agreement:
    """Agreement over comparisons that two people or more answered; `language` is empty for all together.

    `by_chance` is what blind choice among the responses would give.
    """

    language: str
    answers: int
    percent: Figure
    by_chance: float | None
    free_marginal_kappa: Figure
    fleiss_kappa: Figure
    krippendorff_alpha: Figure
    entropy: Figure
    plurality: Figure


@dataclass(frozen=True)
class AgreementReport:
    """All together, each language, and the comparisons on which people are most divided; of what `sample` says."""

    sample: Sample
    whole: Agreement
    languages: Sequence[Agreement]
    most_divided: Sequence[Divided]


@dataclass(frozen=True)
class LanguageProgress:
    """The shared places of one language."""

    language: str
    places: int
    judged: int
    comparisons: int
    complete: int


@dataclass(frozen=True)
class Day:
    """One day in UTC."""

    day: date
    judgments: int
    annotators: int


@dataclass(frozen=True)
class _Item:
    comparison_id: int
    candidate_set_id: int | None
    language: str
    k: int


def agreement(*, project: Project, divided: int = 20) -> AgreementReport:
    """Return how far people agree, with the `divided` comparisons on which they do least; two statements."""
    sample = draw_sample(project=project)
    items, ratings = _read_answers(project, sample)
    languages = sorted({item.language for item in items})
    of = np.array([languages.index(item.language) for item in items], dtype=np.int64)
    options = np.array([item.k for item in items], dtype=np.int64)
    return AgreementReport(
        sample=sample,
        whole=_agreement("", ratings, options),
        languages=[
            _agreement(language, ratings.choose(of == number), options[of == number])
            for number, language in enumerate(languages)
        ],
        most_divided=_most_divided(items, ratings, divided),
    )


def positions(*, project: Project) -> list[Positions]:
    """Return what was chosen by display position, for each number of responses that was shown; one statement."""
    counts: dict[int, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(POSITIONS, {"project": project.pk})
        for k, position, count in cursor.fetchall():
            counts.setdefault(k, [0] * k)[position] = count
    return [compare_positions(counted) for counted in counts.values()]


def progress_by_language(*, project: Project) -> list[LanguageProgress]:
    """Return how far the shared places of each language have come; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(LANGUAGES, {"project": project.pk})
        return [LanguageProgress(*row) for row in cursor.fetchall()]


def progress_by_day(*, project: Project) -> list[Day]:
    """Return what was given on each day, the last first, 366 at most; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(DAYS, {"project": project.pk})
        return [Day(*row) for row in cursor.fetchall()]


def _read_answers(project: Project, sample: Sample) -> tuple[list[_Item], Ratings]:
    """Return the comparisons that two people or more answered, in their order, and the table of the answers."""
    items: dict[int, _Item] = {}
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(ANSWERS, {"project": project.pk, "share": sample.share})
        ratings = tabulate(
            (items.setdefault(row[0], _Item(*row[:4])).comparison_id, row[4], row[5])
            for rows in iter(lambda: cursor.fetchmany(BLOCK), [])
            for row in rows
        )
    return list(items.values()), ratings


def _agreement(language: str, ratings: Ratings, options: np.typing.NDArray[np.int64]) -> Agreement:
    def figure(statistic: Statistic) -> Figure:
        return _figure(estimate(ratings, statistic, rng=np.random.default_rng(SEED)))

    entropy, plurality = entropy_by_item(ratings), plurality_by_item(ratings) / ratings.raters
    return Agreement(
        language=language,
        answers=int(ratings.count.sum()),
        percent=figure(percent_agreement),
        by_chance=float(np.mean(1.0 / options)) if len(options) else None,
        free_marginal_kappa=figure(free_marginal_kappa(options)),
        fleiss_kappa=figure(fleiss_kappa),
        krippendorff_alpha=figure(krippendorff_alpha),
        entropy=figure(lambda _ratings, weights: float(np.average(entropy, weights=weights))),
        plurality=figure(lambda _ratings, weights: float(np.average(plurality, weights=weights))),
    )


def _most_divided(items: Sequence[_Item], ratings: Ratings, wanted: int) -> list[Divided]:
    entropy, most, people = entropy_by_item(ratings), plurality_by_item(ratings), ratings.raters
    return [
        Divided(
            items[i].comparison_id,
            items[i].candidate_set_id,
            items[i].language,
            float(entropy[i]),
            Figure(
                float(most[i] / people[i]),
                share_interval(count=int(most[i]), n=int(people[i])),
                int(people[i]),
            ),
        )
        for i in np.argsort(-entropy, kind="stable")[:wanted]
    ]


def _figure(found: Estimate) -> Figure:
    reasons = {
        "no_items": _("undefined because no comparison was answered by two people or more"),
        "unequal_n": _(
            "undefined because comparisons were answered by different numbers of people"
        ),
        "no_variation": _("undefined because all answers are the same"),
        "": ""
        if found.interval
        else _("interval undefined because one comparison tells nothing of the spread"),
    }
    return Figure(found.value, found.interval, found.n, reasons[found.why])
