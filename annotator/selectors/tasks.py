"""What the task page shows, and nothing a browser must not know."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from annotator.models import Assignment, Offer, Participation, Target
from annotator.selectors.conversations import EARLIER, Exchange, read_exchanges
from annotator.selectors.drafts import KEPT
from annotator.selectors.questions import Questions, get_questions
from annotator.statements import Statement

LETTERS = "abcdefgh"


@dataclass(frozen=True)
class ShownResponse:
    """One response as it is shown: no id, no origin."""

    letter: str
    html: str
    language: str
    prompt: str = ""
    """What it answers, where each response comes with a prompt of its own."""


@dataclass(frozen=True)
class Task:
    """One leased place, ready to be shown."""

    assignment_id: int
    submission_id: uuid.UUID
    lease_until: datetime
    prompt_text: str
    prompt_language: str
    responses: list[ShownResponse]
    questions: Questions
    explanation_asked: str
    is_own: bool = False
    """Whether the person wrote the message themselves."""
    is_late: bool = False
    """Whether the person's time for it is over: the place may be somebody else's by now."""
    earlier: Sequence[Exchange] = ()
    kept: str = ""
    """What the person had entered before, as `data-kept` takes it."""


SHOWN = f"""
    SELECT place.token, place.lease_until, place.explanation_asked, place.display_order, offer.wave_id,
           COALESCE(NULLIF(turn.message, ''), prompt.text), prompt.language, comparison.language,
           ARRAY(SELECT (SELECT html FROM annotator_response WHERE id = option.response_id)
                 FROM annotator_comparisonoption option WHERE option.comparison_id = comparison.id ORDER BY option.position),
           turn.id IS NOT NULL, {EARLIER},
           CASE WHEN candidate_set.id IS NULL THEN ARRAY(
               SELECT (SELECT own.text FROM annotator_response response
                       JOIN annotator_candidateset origin ON origin.id = response.candidate_set_id JOIN annotator_prompt own ON own.id = origin.prompt_id
                       WHERE response.id = option.response_id)
               FROM annotator_comparisonoption option WHERE option.comparison_id = comparison.id ORDER BY option.position) END,
           {KEPT.format(about="'task-' || place.id")}
    FROM annotator_assignment place
    JOIN annotator_offer offer ON offer.participation_id = %(person)s AND offer.comparison_id = place.comparison_id
    JOIN annotator_comparison comparison ON comparison.id = place.comparison_id
    LEFT JOIN annotator_candidateset candidate_set ON candidate_set.id = comparison.candidate_set_id
    LEFT JOIN annotator_turn turn ON turn.id = candidate_set.turn_id
    LEFT JOIN annotator_conversation conversation ON conversation.id = turn.conversation_id
    LEFT JOIN annotator_prompt prompt ON prompt.id = COALESCE(candidate_set.prompt_id, conversation.prompt_id)
    WHERE place.id = %(place)s"""  # noqa: S608 - a constant of ours
TYPES = {"place": "bigint", "person": "bigint"}
HELD_TASK = Statement(
    "held_task",
    f"{SHOWN} AND place.participation_id = %(person)s AND place.state = 'leased'",
    **TYPES,
)
LATE_TASK = Statement(
    "late_task", f"{SHOWN} AND offer.assignment_id IS NOT DISTINCT FROM place.id", **TYPES
)


def get_task(*, assignment_id: int, participation: Participation) -> Task | None:
    """Return the task of a place that this person holds; None where they don't.

    It is shown under the settings of the wave it was handed out in. One query: waves never change, so a
    process reads each of them once.
    """
    row = HELD_TASK.row({"place": assignment_id, "person": participation.pk})
    return _read(row, assignment_id) if row else None


def get_late_task(
    *, assignment_id: int, participation: Participation, submission_id: uuid.UUID
) -> Task | None:
    """Return a task that was shown to this person and whose time is over; None where it never was theirs.

    It goes on under the number that their page has: the place's own may be another person's by now.
    """
    row = LATE_TASK.row({"place": assignment_id, "person": participation.pk})
    if row is None:
        return None
    _token, _lease, *shown = row
    return replace(_read((submission_id, timezone.now(), *shown), assignment_id), is_late=True)


def _read(row: tuple[Any, ...], assignment_id: int) -> Task:
    token, lease_until, asked, order, wave_id, prompt, prompt_language, language, texts, *path = row
    is_own, earlier, prompts, kept = path
    return Task(
        assignment_id=assignment_id,
        submission_id=token,
        lease_until=lease_until,
        prompt_text=prompt or "",
        prompt_language=prompt_language or language,
        responses=[
            ShownResponse(letter, texts[i], language, prompts[i] if prompts else "")
            for letter, i in zip(LETTERS, order, strict=False)
        ],
        questions=get_questions(wave_id),
        explanation_asked=asked,
        is_own=is_own,
        earlier=read_exchanges(earlier),
        kept=kept or "",
    )


def why_nothing(*, participation: Participation) -> str:
    """Return why there is no task for a person.

    Their `block` is done; there are `enough` judgments of people like them; `others` hold the last places; all were
    `seen`; what is left is `reserved` for other strata; or all is `answered`.
    """
    if participation.block_number is not None:
        return "block"
    if is_target_full(participation):
        return "enough"
    strata = [participation.stratum, ""] if participation.stratum else [""]
    places = Assignment.objects.filter(
        project=participation.project, language__in=participation.languages, owner=None
    )
    queues = places.filter(stratum__in=strata)
    unseen = ~Exists(
        Offer.objects.filter(participation=participation, comparison=OuterRef("comparison"))
    )
    if queues.filter(unseen, state=Assignment.State.LEASED).exists():
        return "others"
    if queues.filter(state=Assignment.State.OPEN).exists():
        return "seen"
    return "reserved" if places.filter(state=Assignment.State.OPEN).exists() else "answered"


def is_target_full(participation: Participation) -> bool:
    """Tell whether the target that a person counts for takes no more; who counts for none is not limited."""
    target = participation.target_id
    return target is not None and Target.objects.filter(pk=target, taken__gte=F("wanted")).exists()
