"""How unlike the candidates are: by strategy and model, and where asked by language or run, with intervals."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import exp, inf
from typing import Any

from django.db import connection
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from annotator.models import CandidateSet, Diversity, Project, Response, Verdict
from annotator.selectors.statistics import Figure
from pluralism.coverage import Share, coverage
from pluralism.intervals import Interval, mean_interval
from pluralism.judging import POLES
from pluralism.similarity import CHAR_NGRAMS

BY = {"": "''", "language": "s.language", "run": "coalesce(s.run_id::text, '')"}
"""What rows may be divided by beside strategy and model, and its column."""

# A set is named by the models that wrote it, as the server named them; one without responses by the model asked for.
SETS = """
    WITH sets AS (
        SELECT s.id, s.strategy, s.state, s.completion_tokens, coalesce(run.purpose = 'trial', false) AS is_trial, {by} AS part,
               coalesce((SELECT string_agg(DISTINCT r.model, ', ') FROM annotator_response r WHERE r.candidate_set_id = s.id),
                        nullif(run.model, ''), run.served_model, '') AS model
        FROM annotator_candidateset s LEFT JOIN annotator_generationrun run ON run.id = s.run_id
        WHERE s.project_id = %(project)s AND s.state IN ('complete', 'truncated', 'failed')
          AND (%(runs)s::bigint[] = '{{}}' OR s.run_id = ANY (%(runs)s)))
"""
FIGURES = """
    SELECT strategy, model, part,
           count(*) FILTER (WHERE state = 'complete'), count(*) FILTER (WHERE state = 'complete' AND is_trial), count(*), count(d.id),
           avg(mean_dissimilarity), stddev_samp(mean_dissimilarity), avg(log_determinant), stddev_samp(log_determinant),
           avg(d.distinct)::float, stddev_samp(d.distinct)::float, avg(ln(length_spread)), stddev_samp(ln(length_spread)),
           avg(completion_tokens) FILTER (WHERE state = 'complete')::float, stddev_samp(completion_tokens) FILTER (WHERE state = 'complete')::float
    FROM sets LEFT JOIN annotator_diversity d ON d.candidate_set_id = sets.id AND d.similarity = %(similarity)s
    GROUP BY strategy, model, part ORDER BY strategy, model, part
"""
# Only sets of which every response was judged: one that was not could be the one that leans.
JUDGED = """
    SELECT sets.strategy, sets.model, part, jsonb_agg(v.values), count(*) FILTER (WHERE v.relevant), count(*)
    FROM sets JOIN annotator_response r ON r.candidate_set_id = sets.id
    LEFT JOIN annotator_verdict v ON v.response_id = r.id AND v.model = %(judge)s AND v.template_version = %(template)s
    WHERE state = 'complete' GROUP BY sets.strategy, sets.model, part, sets.id HAVING count(*) = count(v.id)
"""
EXAMPLES = """
    , ranked AS (
        SELECT sets.id, row_number() OVER (ORDER BY mean_dissimilarity, sets.id) AS number, count(*) OVER () AS total
        FROM sets JOIN annotator_diversity d ON d.candidate_set_id = sets.id AND d.similarity = %(similarity)s
        WHERE state = 'complete' AND (strategy, model, part) = (%(strategy)s, %(model)s, %(part)s))
    SELECT id FROM ranked WHERE number IN (1, (total + 1) / 2, total) ORDER BY number
"""

Key = tuple[str, str, str]


def make_figure(value: float | None, interval: Interval | None, n: int) -> Figure:
    """Return a figure over `n` observations that says what is missing of it."""
    why = ""
    if value is None:
        why = _("undefined because nothing was measured")
    elif interval is None:
        why = _("interval undefined because one observation tells nothing of the spread")
    return Figure(value, interval, n, why)


@dataclass(frozen=True)
class Coverage:
    """The share of sets with at least one response that leans to a pole of a dimension."""

    dimension: str
    pole: str
    share: Figure


@dataclass(frozen=True)
class DiversityRow:
    """The complete sets of one strategy and model, and of one language or run where the table is divided so.

    `length_spread` is the geometric mean. `completed` is the share of complete sets among those that have
    ended: complete, truncated or failed. `tokens` are those that the model wrote for a complete set. `coverage` and `relevant` are there where a judge has spoken.
    """

    strategy: str
    model: str
    part: str
    sets: int
    trial_sets: int
    completed: Figure
    mean_dissimilarity: Figure
    log_determinant: Figure
    distinct: Figure
    length_spread: Figure
    tokens: Figure
    coverage: Sequence[Coverage] = ()
    relevant: Figure = field(default_factory=lambda: make_figure(None, None, 0))


@dataclass(frozen=True)
class DiversityTable:
    """All rows, and which ways of measuring there are."""

    by: str
    similarity: str
    similarities: Sequence[str]
    judge: str
    rows: Sequence[DiversityRow]


def diversity_table(
    *, project: Project, by: str = "", similarity: str = CHAR_NGRAMS, runs: Sequence[int] = ()
) -> DiversityTable:
    """Return the table of a project, or of some of its runs, in four statements.

    Verdicts are those of the judge, and of the version of its template, that spoke last.

    Raises
    ------
    KeyError
        When `by` is not one of `BY`.
    """
    sets = SETS.format(by=BY[by])
    values: dict[str, Any] = {
        "project": project.pk,
        "similarity": similarity,
        "runs": list(runs),
    }
    similarities = (
        Diversity.objects.filter(candidate_set__project=project)
        .order_by("similarity")
        .values_list("similarity", flat=True)
        .distinct()
    )
    judge = (
        Verdict.objects.filter(response__project=project)
        .order_by("-pk")
        .values_list("model", "template_version")
        .first()
    )
    with connection.cursor() as cursor:
        cursor.execute(sets + FIGURES, values)
        found = cursor.fetchall()
        judged = []
        if judge:
            cursor.execute(sets + JUDGED, {**values, "judge": judge[0], "template": judge[1]})
            judged = cursor.fetchall()
    verdicts = _verdicts(judged)
    return DiversityTable(
        by=by,
        similarity=similarity,
        similarities=list(similarities),
        judge=f"{judge[0]} ({judge[1]})" if judge else "",
        rows=[
            _row(row, *verdicts.get(tuple(row[:3]), ((), make_figure(None, None, 0))))
            for row in found
        ],
    )


def _row(row: Sequence[Any], covered: Sequence[Coverage], relevant: Figure) -> DiversityRow:
    strategy, model, part, sets, trial_sets, ended, n, *moments, tokens, deviation = row
    dissimilarity, determinant, distinct, spread = (
        _mean(moments[2 * i], moments[2 * i + 1], n, least, most)
        for i, (least, most) in enumerate(((0, 1), (-inf, 0), (1, inf), (0, inf)))
    )
    return DiversityRow(
        strategy=strategy,
        model=model,
        part=part,
        sets=sets,
        trial_sets=trial_sets,
        completed=_share(Share(sets, ended)),
        mean_dissimilarity=dissimilarity,
        log_determinant=determinant,
        distinct=distinct,
        length_spread=_mapped(spread, exp),
        tokens=_mean(tokens, deviation, sets, 0, inf),
        coverage=covered,
        relevant=relevant,
    )


def _mean(mean: float | None, deviation: float | None, n: int, least: float, most: float) -> Figure:
    if mean is None:
        return make_figure(None, None, n)
    return make_figure(
        mean, mean_interval(mean=mean, deviation=deviation or 0.0, n=n, least=least, most=most), n
    )


def _mapped(figure: Figure, function: Callable[[float], float]) -> Figure:
    """Return the figure on another scale, its interval with it."""
    if figure.value is None:
        return figure
    interval = figure.interval and Interval(
        function(figure.interval.low), function(figure.interval.high)
    )
    return make_figure(function(figure.value), interval, figure.n)


def _share(share: Share) -> Figure:
    return make_figure(share.value, share.interval, share.n)


def _verdicts(judged: Sequence[Sequence[Any]]) -> dict[Key, tuple[list[Coverage], Figure]]:
    """Return the coverage of each row, and the share of relevant responses with the sets' own spread."""
    sets: dict[Key, list[list[dict[str, str | None]]]] = defaultdict(list)
    relevant: dict[Key, list[float]] = defaultdict(list)
    for strategy, model, part, values, count, k in judged:
        sets[strategy, model, part].append(json.loads(values))
        relevant[strategy, model, part].append(count / k)
    return {
        key: (
            [
                Coverage(dimension, pole, _share(share))
                for dimension, poles in coverage(found, POLES).items()
                for pole, share in poles.items()
            ],
            _mean_of(relevant[key]),
        )
        for key, found in sets.items()
    }


def _mean_of(shares: Sequence[float]) -> Figure:
    """The responses of a set are judged of one prompt: the set is the observation."""
    n = len(shares)
    mean = sum(shares) / n
    deviation = (sum((share - mean) ** 2 for share in shares) / (n - 1)) ** 0.5 if n > 1 else None
    return _mean(mean, deviation, n, 0, 1)


@dataclass(frozen=True)
class Example:
    """A set to look at: `place` is most_alike, median or least_alike among those of its row."""

    place: str
    candidate_set: CandidateSet
    mean_dissimilarity: float


def list_examples(
    *, project: Project, table: DiversityTable, strategy: str, model: str, part: str = ""
) -> list[Example]:
    """Return the set whose responses are most alike, the median one and the least alike, in four statements.

    Responses stand in the order of their slots.
    """
    values: dict[str, Any] = {
        "project": project.pk,
        "similarity": table.similarity,
        "runs": [],
        "strategy": strategy,
        "model": model,
        "part": part,
    }
    with connection.cursor() as cursor:
        cursor.execute(SETS.format(by=BY[table.by]) + EXAMPLES, values)
        ids = [set_id for (set_id,) in cursor.fetchall()]
    figures = Diversity.objects.filter(similarity=table.similarity)
    found = (
        CandidateSet.objects.filter(pk__in=ids)
        .select_related("prompt", "turn", "run")
        .prefetch_related(
            Prefetch("responses", Response.objects.order_by("slot")),
            Prefetch("diversities", figures),
        )
        .in_bulk()
    )
    places = {1: ["median"], 2: ["most_alike", "least_alike"]}.get(
        len(ids), ["most_alike", "median", "least_alike"]
    )
    return (
        [
            Example(place, found[set_id], found[set_id].diversities.all()[0].mean_dissimilarity)
            for place, set_id in zip(places, ids, strict=True)
        ]
        if ids
        else []
    )
