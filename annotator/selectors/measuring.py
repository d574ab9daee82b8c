"""Which complete sets have not been measured: the missing row is the queue."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from annotator.models import CandidateSet, Diversity, MeasuringFault, Response, Verdict
from pluralism.similarity import CHAR_NGRAMS


@dataclass(frozen=True)
class UnmeasuredSet:
    """A complete set: the last message that was answered, and the responses by id, in the order of their slots."""

    set_id: int
    message: str
    responses: dict[int, str]


def sets_without_diversity(*, similarity: str, limit: int) -> list[UnmeasuredSet]:
    """Return sets without figures under this similarity, the newest first; those with a fault wait."""
    measured = Diversity.objects.filter(candidate_set=OuterRef("pk"), similarity=similarity)
    return _read(_due(similarity).filter(~Exists(measured)), limit)


def sets_without_verdicts(*, model: str, template_version: str, limit: int) -> list[UnmeasuredSet]:
    """Return sets that this model has not judged by this template, the newest first; those with a fault wait.

    The verdicts of a set are stored together, so that of its first response tells of all.
    """
    judged = Verdict.objects.filter(
        response__candidate_set=OuterRef("pk"),
        response__slot=0,
        model=model,
        template_version=template_version,
    )
    return _read(_due(f"{template_version}:{model}").filter(~Exists(judged)), limit)


def count_unmeasured(*, run_ids: Sequence[int]) -> int:
    """Return how many complete sets of these runs wait for an embedding or a judge that is configured."""
    sets = CandidateSet.objects.filter(run__in=run_ids, state=CandidateSet.State.COMPLETE)
    embedded = Diversity.objects.filter(candidate_set=OuterRef("pk")).exclude(
        similarity=CHAR_NGRAMS
    )
    judged = Verdict.objects.filter(response__candidate_set=OuterRef("pk"))
    wanted = [
        ~Exists(rows)
        for rows, endpoint in (
            (embedded, settings.EMBEDDING_ENDPOINT),
            (judged, settings.JUDGE_ENDPOINT),
        )
        if endpoint
    ]
    return sets.filter(Q(*wanted, _connector=Q.OR)).count() if wanted else 0


def _due(measure: str) -> QuerySet[CandidateSet]:
    waiting = MeasuringFault.objects.filter(
        candidate_set=OuterRef("pk"), measure=measure, not_before__gt=timezone.now()
    )
    return CandidateSet.objects.filter(~Exists(waiting), state=CandidateSet.State.COMPLETE)


def _read(sets: QuerySet[CandidateSet], limit: int) -> list[UnmeasuredSet]:
    responses = Response.objects.only("candidate_set_id", "text").order_by("slot")
    found = (
        sets.select_related("prompt", "turn__conversation__prompt")
        .prefetch_related(Prefetch("responses", responses))
        .order_by("-pk")[:limit]
    )
    return [
        UnmeasuredSet(
            one.pk, _message(one), {response.pk: response.text for response in one.responses.all()}
        )
        for one in found
    ]


def _message(candidate_set: CandidateSet) -> str:
    turn = candidate_set.turn
    if turn is None:
        return candidate_set.prompt.text if candidate_set.prompt else ""
    prompt = turn.conversation.prompt
    return turn.message or (prompt.text if prompt else "")
