"""Translated sets that wait for their reviewer."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, IntegerField, QuerySet, Value, When

from annotator.models import CandidateSet, Project, TranslationDraft


@dataclass(frozen=True)
class DraftPair:
    """A response and its translation as the model gave it; `slot` counts from 0."""

    slot: int
    source: str
    draft: str


def sets_in_review(*, project: Project) -> QuerySet[CandidateSet]:
    """Return the sets of a project that wait, the longest waiting first; one index gives them."""
    return CandidateSet.objects.filter(project=project, state=CandidateSet.State.REVIEW).order_by(
        "pk"
    )


def list_draft_pairs(*, candidate_set: CandidateSet) -> Sequence[DraftPair]:
    """Return the drafts of the set's last attempt beside what they translate; one statement."""
    drafts = TranslationDraft.objects.filter(
        candidate_set=candidate_set, attempt=candidate_set.attempt
    )
    rows = drafts.order_by("slot").values_list("slot", "source_response__text", "text")
    return [DraftPair(*row) for row in rows]


def next_in_review(*, candidate_set: CandidateSet) -> CandidateSet | None:
    """Return the set to review after this one: those of its language first, each in its turn; one statement."""
    waiting = sets_in_review(project=candidate_set.project).exclude(pk=candidate_set.pk)
    return waiting.order_by(
        _last_unless(language=candidate_set.language), _last_unless(pk__gt=candidate_set.pk), "pk"
    ).first()


def _last_unless(**wish: object) -> Case:
    return Case(When(**wish, then=Value(0)), default=Value(1), output_field=IntegerField())
