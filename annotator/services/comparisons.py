"""Opening comparisons: from complete candidate sets to the places people fill."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np
from django.db import connection

from annotator.models import (
    Assignment,
    CandidateSet,
    Comparison,
    ComparisonOption,
    Project,
    Response,
    Wave,
)
from annotator.services.projects import ensure_wave
from pluralism.ordering import Order, balanced_orders, balanced_pairs, balanced_sides


def open_for(*, candidate_sets: Sequence[CandidateSet]) -> int:
    """Open the comparisons of complete sets; return how many.

    Call it inside the transaction that completes or stores the sets, so that there is never a set
    without its comparisons. Only sets that answer a shared prompt get places here.

    1. Read the responses' ids, in slot order.
    2. Draw from the set's seed: the pairs (pairwise), the display orders, who is asked to explain, which
       place is reserved for which stratum.
    3. Insert comparisons, options and places, many at a time.
    """
    opened = 0
    for project_id, sets in groupby(
        sorted(candidate_sets, key=lambda s: s.project_id), key=lambda s: s.project_id
    ):
        project = Project.objects.get(pk=project_id)
        opened += _open(project, ensure_wave(project=project), list(sets))
    return opened


def _open(project: Project, wave: Wave, sets: list[CandidateSet]) -> int:
    responses = _responses_by_set(sets)
    comparisons: list[Comparison] = []
    options: list[ComparisonOption] = []
    places: list[Assignment] = []
    for candidate_set in sets:
        rng = np.random.default_rng(candidate_set.seed)
        ids = responses[candidate_set.pk]
        for number, (chosen, orders) in enumerate(_questions(project, len(ids), rng)):
            comparison = Comparison(
                project=project,
                candidate_set=candidate_set,
                number=number,
                language=candidate_set.language,
                seed=int(rng.integers(2**63)),
            )
            comparisons.append(comparison)
            options += [
                ComparisonOption(comparison=comparison, response_id=ids[slot], position=i)
                for i, slot in enumerate(chosen)
            ]
            places += _places(comparison, orders, wave)
    Comparison.objects.bulk_create(comparisons, batch_size=2000)
    keys = iter(_new_keys(len(comparisons)))
    for _, group in groupby(places, key=lambda place: id(place.comparison)):
        key = next(keys)
        for place in group:
            place.key = key
    ComparisonOption.objects.bulk_create(options, batch_size=2000)
    Assignment.objects.bulk_create(places, batch_size=2000)
    return len(comparisons)


def _questions(
    project: Project, k: int, rng: np.random.Generator
) -> Iterable[tuple[Sequence[int], list[Order]]]:
    """Yield for each comparison of a set the slots it compares and the display order of each place."""
    if project.task_format == Project.TaskFormat.BEST_OF_K:
        return [(rng.permutation(k).tolist(), balanced_orders(k, project.overlap, rng))]
    pairs = balanced_pairs(k, project.pairs_per_set, rng)
    return list(zip(pairs, balanced_sides(pairs, project.overlap, rng), strict=True))


def _places(comparison: Comparison, orders: list[Order], wave: Wave) -> list[Assignment]:
    rng = np.random.default_rng(comparison.seed)
    reserved = [
        stratum for stratum, count in sorted(wave.setting("quotas").items()) for _ in range(count)
    ]
    strata = (reserved + [""] * len(orders))[: len(orders)]
    rng.shuffle(strata)
    asked, required = wave.setting("explanation_share"), wave.setting("explanation_required_share")
    return [
        Assignment(
            project=comparison.project,
            comparison=comparison,
            number=number,
            language=comparison.language,
            stratum=strata[number],
            display_order=order,
            explanation_asked=_explanation_asked(float(rng.random()), asked, required),
        )
        for number, order in enumerate(orders)
    ]


def _explanation_asked(draw: float, asked: float, required: float) -> Assignment.ExplanationAsked:
    """Map a uniform draw to what is asked: `required` counts within `asked`."""
    if draw < min(required, asked):
        return Assignment.ExplanationAsked.REQUIRED
    return Assignment.ExplanationAsked.OPTIONAL if draw < asked else Assignment.ExplanationAsked.NO


def _responses_by_set(sets: list[CandidateSet]) -> dict[int, list[int]]:
    rows = (
        Response.objects.filter(candidate_set__in=sets)
        .order_by("candidate_set_id", "slot")
        .values_list("candidate_set_id", "pk")
    )
    return {
        set_id: [pk for _, pk in group] for set_id, group in groupby(rows, key=lambda row: row[0])
    }


def _new_keys(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('annotator_assignment_key') FROM generate_series(1, %s)", [count]
        )
        return [key for (key,) in cursor.fetchall()]
