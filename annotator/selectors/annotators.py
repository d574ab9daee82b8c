"""How people work: their pace, whether they choose by position, checks and repeats; for researchers.

A figure is a reason to look, never a verdict: nothing is left out because of it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.utils.translation import gettext as _

from annotator.models import Participation
from annotator.selectors.statistics import Figure
from pluralism.habits import median_interval, median_ranks, one_position_p
from pluralism.intervals import share_interval

LATEST = """NOT EXISTS (
    SELECT FROM annotator_judgment later WHERE later.participation_id = judgment.participation_id
        AND later.comparison_id = judgment.comparison_id AND later.revision > judgment.revision)"""
# Of what is collected, the answers that stand.
WORK = f"""
FROM annotator_judgment judgment
JOIN annotator_comparison comparison ON comparison.id = judgment.comparison_id
WHERE judgment.participation_id = ANY(%(people)s) AND comparison.kind = 'collect' AND {LATEST}
"""
# How often which position was chosen of how many; without one: ways out, and rankings that are tied.
POSITIONS = f"""
SELECT person, k, position, count(*) FROM (
    SELECT judgment.participation_id AS person, cardinality(judgment.display_order) AS k,
        (SELECT array_position(judgment.display_order, option.position) - 1 FROM annotator_comparisonoption option
         WHERE option.comparison_id = judgment.comparison_id AND option.response_id = judgment.choice_response_id) AS position {WORK}
) chosen GROUP BY 1, 2, 3
"""  # noqa: S608 - texts of this file only
# The seconds of the ranks that a median and its interval need, whatever else there is.
SECONDS = f"""
SELECT work.person, rank, seconds FROM (
    SELECT person, seconds, row_number() OVER (PARTITION BY person ORDER BY seconds) - 1 AS rank FROM (
        SELECT judgment.participation_id AS person,
            COALESCE(judgment.active_ms, round(extract(epoch FROM judgment.submitted_at - judgment.shown_at) * 1000)) / 1000.0 AS seconds {WORK}
    ) timed
) work JOIN unnest(%(who)s::bigint[], %(ranks)s::bigint[]) wanted (person, rank) USING (person, rank)
"""  # noqa: S608 - texts of this file only
# What was answered to a check item, and whether it was right; to a repeated comparison, and whether it was the same.
CHECKS = f"""
SELECT judgment.participation_id, comparison.kind, count(*), count(*) FILTER (WHERE
    CASE comparison.kind WHEN 'repeat'
    THEN (judgment.choice_kind, judgment.choice_response_id) IS NOT DISTINCT FROM (earlier.choice_kind, earlier.choice_response_id)
        AND (judgment.choice_kind <> 'ranking' OR judgment.choice_response_id IS NOT NULL OR judgment.ranks = earlier.ranks)
    ELSE NOT EXISTS (SELECT FROM annotator_qualityflag flag WHERE flag.judgment_id = judgment.id) END)
FROM annotator_judgment judgment
JOIN annotator_comparison comparison ON comparison.id = judgment.comparison_id
LEFT JOIN LATERAL (
    SELECT choice_kind, choice_response_id, ranks FROM annotator_judgment
    WHERE participation_id = judgment.participation_id AND comparison_id = comparison.repeat_of_id
    ORDER BY revision DESC LIMIT 1) earlier ON comparison.kind = 'repeat'
WHERE judgment.participation_id = ANY(%(people)s) AND comparison.kind IN ('attention', 'gold', 'repeat')
    AND (comparison.kind <> 'repeat' OR earlier.choice_kind IS NOT NULL) AND {LATEST}
GROUP BY 1, 2
"""  # noqa: S608 - texts of this file only
OFFERS = """
SELECT offer.participation_id, count(*) FILTER (WHERE outcome = 'skipped'), count(*)
FROM annotator_offer offer WHERE offer.participation_id = ANY(%(people)s) AND outcome <> 'shown' GROUP BY 1
"""


@dataclass(frozen=True)
class OnePosition:
    """The display position chosen most often among k responses; `p` of the binomial test against 1/k."""

    k: int
    position_shown: int
    share: Figure
    p: float


@dataclass(frozen=True)
class AnnotatorFigures:
    """One person, by pseudonym. `seconds` is the median over their judgments."""

    annotator_id: str
    judgments: int
    seconds: Figure
    one_position: OnePosition | None
    attention: Figure
    gold: Figure
    consistency: Figure
    skipped: Figure


@dataclass
class _Found:
    """What the statements say of one person."""

    judged: int = 0
    seconds: dict[int, float] = field(default_factory=dict)
    """By rank, those of the median and its interval."""
    positions: dict[int, list[int]] = field(default_factory=dict)
    """By number of responses, how often each position was chosen."""
    checks: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By kind: how many, how many right."""
    skipped: tuple[int, int] = (0, 0)


def annotator_figures(*, people: Sequence[Participation]) -> list[AnnotatorFigures]:
    """Return the figures of these people, in their order; four statements, a few rows for each person."""
    found: defaultdict[int, _Found] = defaultdict(_Found)
    with connection.cursor() as cursor:
        ids = {"people": [person.pk for person in people]}
        cursor.execute(POSITIONS, ids)
        for person, k, position, n in cursor.fetchall():
            found[person].judged += n
            if position is not None:
                found[person].positions.setdefault(k, [0] * k)[position] = n
        ranks = [
            (who, rank) for who, one in found.items() for rank in set(median_ranks(one.judged))
        ]
        wanted = {"who": [who for who, _rank in ranks], "ranks": [rank for _who, rank in ranks]}
        cursor.execute(SECONDS, ids | wanted)
        for person, rank, seconds in cursor.fetchall():
            found[person].seconds[rank] = float(seconds)
        cursor.execute(CHECKS, ids)
        for person, kind, n, right in cursor.fetchall():
            found[person].checks[kind] = (right, n)
        cursor.execute(OFFERS, ids)
        for person, skipped, n in cursor.fetchall():
            found[person].skipped = (skipped, n)
    return [_figures(person, found[person.pk]) for person in people]


def _figures(person: Participation, found: _Found) -> AnnotatorFigures:
    return AnnotatorFigures(
        annotator_id=person.pseudonym,
        judgments=found.judged,
        seconds=_median(found.seconds, found.judged),
        one_position=_one_position(found.positions),
        attention=_share(*found.checks.get("attention", (0, 0))),
        gold=_share(*found.checks.get("gold", (0, 0))),
        consistency=_share(*found.checks.get("repeat", (0, 0))),
        skipped=_share(*found.skipped),
    )


def _median(seconds: dict[int, float], n: int) -> Figure:
    if not n:
        return Figure(None, None, 0, _("undefined because nothing was judged"))
    median, interval = median_interval(seconds, n=n)
    reason = "" if interval else _("interval undefined because fewer than six were judged")
    return Figure(median, interval, n, reason)


def _one_position(positions: dict[int, list[int]]) -> OnePosition | None:
    """Return the test for the number of responses that the person saw most often."""
    if not positions:
        return None
    k, counts = max(positions.items(), key=lambda entry: (sum(entry[1]), entry[0]))
    most, n = max(counts), sum(counts)
    return OnePosition(
        k,
        counts.index(most),
        Figure(most / n, share_interval(count=most, n=n), n),
        one_position_p(counts),
    )


def _share(count: int, n: int) -> Figure:
    if not n:
        return Figure(None, None, 0, _("undefined because there was none"))
    return Figure(count / n, share_interval(count=count, n=n), n)
