"""Storing what measuring found. All of it may be done twice: the first row stays."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from annotator.models import Diversity, MeasuringFault, Verdict
from annotator.services.generation.results import storable
from pluralism.diversity import DiversityFigures
from pluralism.judging import JUDGE_TEMPLATE, Ruling

LOCK = "annotator.measuring"

# 10 minutes, 40, 160, then once a day.
NOTE_FAULT = """
    INSERT INTO annotator_measuringfault AS known (candidate_set_id, measure, faults, not_before, detail)
    VALUES (%s, %s, 1, now() + interval '10 minutes', %s)
    ON CONFLICT (candidate_set_id, measure) DO UPDATE
    SET faults = least(known.faults + 1, 30000), detail = excluded.detail,
        not_before = now() + least(interval '10 minutes' * power(4, least(known.faults, 6)), interval '1 day')
"""


@dataclass(frozen=True)
class Judged:
    """What a judge said of one response, with the bodies that went over the wire."""

    response_id: int
    ruling: Ruling
    request: Mapping[str, Any]
    answer: Mapping[str, Any]


@contextmanager
def measuring_alone() -> Iterator[bool]:
    """Hold the lock of measuring for the length of the block; False where another process holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [LOCK])
        (held,) = cursor.fetchone()
    try:
        yield bool(held)
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [LOCK])


def store_diversities(*, similarity: str, figures: Mapping[int, DiversityFigures]) -> None:
    """Keep the figures of sets, by their ids, under a similarity."""
    with transaction.atomic():
        Diversity.objects.bulk_create(
            (
                Diversity(
                    candidate_set_id=set_id,
                    similarity=similarity,
                    mean_dissimilarity=one.mean_dissimilarity,
                    log_determinant=one.log_determinant,
                    distinct=one.distinct,
                    length_spread=one.length_spread,
                )
                for set_id, one in figures.items()
            ),
            ignore_conflicts=True,
        )
        _forget_faults(similarity, figures)


def store_verdicts(*, model: str, judged: Mapping[int, Sequence[Judged]]) -> None:
    """Keep the verdicts on all responses of sets, by the sets' ids."""
    with transaction.atomic():
        Verdict.objects.bulk_create(
            (
                Verdict(
                    response_id=one.response_id,
                    model=model,
                    template_version=JUDGE_TEMPLATE,
                    values=one.ruling.values,
                    relevant=one.ruling.relevant,
                    request=storable(dict(one.request)),
                    answer=storable(dict(one.answer)),
                )
                for responses in judged.values()
                for one in responses
            ),
            ignore_conflicts=True,
        )
        _forget_faults(f"{JUDGE_TEMPLATE}:{model}", judged)


def note_fault(*, set_id: int, measure: str, detail: str) -> None:
    """Let a set that could not be measured wait, longer each time, so that it stands in nobody's way."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE_FAULT, [set_id, measure, storable(detail)])


def _forget_faults(measure: str, set_ids: Mapping[int, object]) -> None:
    MeasuringFault.objects.filter(measure=measure, candidate_set__in=list(set_ids)).delete()
