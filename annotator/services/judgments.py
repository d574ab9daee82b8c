"""Storing answers: exactly once, never refused for being late."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from annotator.errors import Missing, Refused
from annotator.models import Change, Comparison, Judgment, Participation
from annotator.selectors.conversations import ends_with
from annotator.selectors.questions import Questions, get_questions, get_wave, plain
from annotator.services.answers import Answer, Shown, columns_of
from annotator.services.checks import note_result
from annotator.services.repeats import note_repeat, plan_repeat
from annotator.statements import Statement

__all__ = ["Answer", "Submitted", "submit_judgment"]

NOTED: Mapping[str, Callable[..., None]] = {
    Comparison.Kind.ATTENTION: note_result,
    Comparison.Kind.GOLD: note_result,
    Comparison.Kind.REPEAT: note_repeat,
}
"""What looks at the answer to a comparison that is not collected."""
MAX_ACTIVE_MS = 24 * 3600 * 1000

Outcome = Literal["counted", "surplus", "repeated"]

SHOWN = Statement(
    "shown",
    """
SELECT place.display_order, place.explanation_asked, comparison.id, candidate_set.prompt_id,
       offer.wave_id, earlier.id, turn.id, COALESCE(turn.number, 1), comparison.kind,
       (SELECT array_agg(response_id ORDER BY position) FROM annotator_comparisonoption WHERE comparison_id = comparison.id),
       pg_advisory_xact_lock_shared(%(lock)s, %(project)s::int)
FROM annotator_assignment place
JOIN annotator_offer offer ON offer.participation_id = %(person)s AND offer.comparison_id = place.comparison_id AND offer.assignment_id IS NOT DISTINCT FROM place.id
JOIN annotator_comparison comparison ON comparison.id = place.comparison_id
LEFT JOIN annotator_candidateset candidate_set ON candidate_set.id = comparison.candidate_set_id
LEFT JOIN annotator_turn turn ON turn.id = candidate_set.turn_id
LEFT JOIN LATERAL (
    SELECT id FROM annotator_judgment WHERE participation_id = %(person)s AND comparison_id = place.comparison_id ORDER BY revision DESC LIMIT 1
) earlier ON true
WHERE place.id = %(place)s
FOR UPDATE OF place
""",
    person="bigint",
    project="bigint",
    place="bigint",
    lock="int",
)

# An open place may be reserved for others by now: a new wave cuts places anew, people correct what they said.
IS_THEIRS = (
    "place.stratum IN ('', (SELECT stratum FROM annotator_participation WHERE id = %(person)s))"
)

STORE = Statement(
    "store",
    """
WITH conversation AS (
    INSERT INTO annotator_conversation (project_id, participation_id, prompt_id, opening, started_at, finished_at)
    SELECT %(project)s, %(person)s, %(prompt)s, CASE WHEN %(counts)s AND person.fallbacks_due > 0 THEN 'fallback' ELSE 'given' END,
           offer.shown_at, CASE WHEN %(ends)s THEN clock_timestamp() END
    FROM annotator_offer offer JOIN annotator_participation person ON person.id = offer.participation_id
    WHERE offer.participation_id = %(person)s AND offer.comparison_id = %(comparison)s AND %(turn)s IS NULL
    RETURNING id
), begun AS (
    INSERT INTO annotator_turn (conversation_id, number, message, comparison_id, is_drawn) SELECT id, 1, '', %(comparison)s, false FROM conversation RETURNING id
), turn AS (
    SELECT id FROM begun UNION ALL SELECT %(turn)s WHERE %(turn)s IS NOT NULL
), ended AS (
    UPDATE annotator_conversation SET finished_at = clock_timestamp()
    WHERE %(ends)s AND finished_at IS NULL AND id = (SELECT conversation_id FROM annotator_turn WHERE id = %(turn)s)
), offer AS (
    UPDATE annotator_offer SET outcome = 'judged', skip_reason = '', ended_at = clock_timestamp()
    WHERE participation_id = %(person)s AND comparison_id = %(comparison)s RETURNING shown_at, wave_id
), judgment AS (
    INSERT INTO annotator_judgment (
        submission_id, project_id, wave_id, participation_id, comparison_id, assignment_id, turn_id, revision, choice_kind, choice_response_id,
        strength, ranks, vetoes, general_kind, general_response_id, criteria, reasons, explanation, explanation_asked, place_kind, display_order, ui_language, device, shown_at, submitted_at, active_ms, profile_id)
    SELECT %(submission)s, %(project)s, offer.wave_id, %(person)s, place.comparison_id, place.id, turn.id, 1, %(kind)s, %(response)s,
        %(strength)s, %(ranks)s, %(vetoes)s, %(general_kind)s, %(general_response)s, %(criteria)s, %(reasons)s, %(explanation)s, place.explanation_asked, place.place_kind, place.display_order, %(ui_language)s, %(device)s,
        offer.shown_at, clock_timestamp(), %(active_ms)s, (SELECT profile_id FROM annotator_participation WHERE id = %(person)s)
    FROM annotator_assignment place, turn, offer WHERE place.id = %(place)s
      AND EXISTS (SELECT FROM annotator_participation WHERE id = %(person)s AND withdrawn_at IS NULL)
    RETURNING id
), room AS (
    UPDATE annotator_target SET taken = taken + 1
    WHERE id = (SELECT target_id FROM annotator_participation WHERE id = %(person)s AND excluded_at IS NULL) AND taken < wanted
      AND (SELECT place.state = 'open' AND place.owner_id IS NULL AND {is_theirs} FROM annotator_assignment place WHERE place.id = %(place)s)
    RETURNING id
), counted AS (
    UPDATE annotator_assignment place
    SET state = 'judged', judgment_id = judgment.id, participation_id = %(person)s, lease_until = NULL,
        target_id = CASE WHEN place.state = 'open' THEN (SELECT id FROM room) ELSE place.target_id END
    FROM judgment
    WHERE place.id = %(place)s AND EXISTS (SELECT FROM annotator_participation WHERE id = %(person)s AND excluded_at IS NULL) AND (
        (place.state = 'leased' AND place.participation_id = %(person)s)
        OR (place.state = 'open' AND (place.owner_id IS NOT NULL OR {is_theirs} AND (EXISTS (SELECT FROM room)
            OR EXISTS (SELECT FROM annotator_participation WHERE id = %(person)s AND target_id IS NULL)))))
    RETURNING place.id
), person AS (
    UPDATE annotator_participation SET judgments_given = judgments_given + 1,
        conversations_begun = conversations_begun + (%(counts)s AND fallbacks_due = 0)::int,
        fallbacks_due = fallbacks_due - (%(counts)s AND fallbacks_due > 0)::int
    FROM judgment WHERE annotator_participation.id = %(person)s
), draft AS (
    DELETE FROM annotator_draft WHERE participation_id = %(person)s AND about = 'task-' || %(place)s
), change AS (
    INSERT INTO annotator_change (project_id, kind, judgment_id, at) SELECT %(project)s, 'judged', judgment.id, clock_timestamp() FROM judgment
)
SELECT judgment.id, EXISTS (SELECT FROM counted) FROM judgment
""".replace("{is_theirs}", IS_THEIRS),
    person="bigint",
    project="bigint",
    place="bigint",
    comparison="bigint",
    prompt="bigint",
    turn="bigint",
    counts="boolean",
    ends="boolean",
    submission="uuid",
    kind="text",
    response="bigint",
    strength="smallint",
    ranks="smallint[]",
    vetoes="smallint[]",
    general_kind="text",
    general_response="bigint",
    criteria="jsonb",
    reasons="text[]",
    explanation="text",
    ui_language="text",
    device="text",
    active_ms="int",
)


@dataclass(frozen=True)
class Submitted:
    """What became of an answer.

    `counted`: it fills a place; `surplus`: it came after the comparison was full, and is kept;
    `repeated`: it was stored before, nothing new was written.
    """

    judgment_id: int
    outcome: Outcome


def submit_judgment(
    *,
    participation: Participation,
    assignment_id: int,
    submission_id: uuid.UUID,
    answer: Answer,
    ui_language: str = "",
    device: str = "",
    active_ms: int | None = None,
) -> Submitted:
    """Store one person's answer to a place they were shown.

    1. Read what was shown, lock the place, and hold the project's change lock shared until the commit.
       No offer to this person: there is no such task for them.
    2. Answered before (a second click, a reload, Back): that answer stands.
    3. Check the answer against the settings it was shown under.
    4. In one statement: conversation and turn, unless it answers a turn that is there; judgment, change;
       the end of the conversation, if this is it; the place points to the judgment if it is
       still free or still this person's, else the judgment is surplus. Who was excluded fills none.

    Raises Missing, or Refused with the fields that are at fault.
    """
    if participation.withdrawn_at is not None:
        raise _left()
    sent: dict[str, Any] = {
        "person": participation.pk,
        "project": participation.project_id,
        "place": assignment_id,
        "lock": Change.ADVISORY_LOCK,
        "submission": submission_id,
        "ui_language": ui_language,
        "device": device,
        "active_ms": None if active_ms is None else max(0, min(active_ms, MAX_ACTIVE_MS)),
    }
    try:
        with transaction.atomic():
            place = _hold(sent)
            if place.earlier is not None:
                return Submitted(place.earlier, "repeated")
            shown = Shown(place.order, place.responses, place.explanation_asked)
            stored = columns_of(answer=answer, questions=place.questions, shown=shown)
            submitted = _store(sent | stored, place)
            _keep_in_step(participation, is_task=place.begins)
            _look(submitted.judgment_id, participation, place)
            return submitted
    except IntegrityError:  # the same page was submitted at the same moment, and won
        return _stored_before(participation, assignment_id)


class _Place(NamedTuple):
    """A place as it was shown, in the columns of SHOWN; `earlier` is the answer that stands already."""

    order: list[int]
    explanation_asked: str
    comparison: int
    prompt: int | None
    wave: int
    earlier: int | None
    turn: int | None
    turn_number: int
    kind: str
    responses: list[int]

    @property
    def questions(self) -> Questions:
        """What was asked: training asks for the choice alone."""
        asked = get_questions(self.wave)
        return plain(asked) if self.kind == Comparison.Kind.TRAINING else asked

    @property
    def begins(self) -> bool:
        """Tell whether the answer begins a conversation that counts as a task."""
        return self.turn is None and self.kind == Comparison.Kind.COLLECT

    def ends(self, *, has_winner: bool) -> bool:
        """Tell whether the conversation ends with the answer."""
        return self.kind != Comparison.Kind.COLLECT or ends_with(
            get_wave(self.wave), self.turn_number, has_winner=has_winner
        )


def _hold(sent: Mapping[str, Any]) -> _Place:
    """Lock the place that the answer is for, and return what was shown there."""
    row = SHOWN.row(sent)
    if row is None:
        raise Missing(_("This task is not yours. Go on with the next one."))
    *shown, _lock = row
    return _Place(*shown)


def _store(values: Mapping[str, Any], place: _Place) -> Submitted:
    kept = STORE.row(
        {
            **values,
            "comparison": place.comparison,
            "prompt": place.prompt,
            "turn": place.turn,
            "counts": place.begins,
            "ends": place.ends(has_winner=values["response"] is not None),
        }
    )
    if kept is None:  # they left while this waited for its turn
        raise _left()
    judgment_id, is_counted = kept
    return Submitted(judgment_id, "counted" if is_counted else "surplus")


def _look(judgment_id: int, participation: Participation, place: _Place) -> None:
    """Look at the answer to what is not collected; draw whether a task is asked again."""
    wave = get_wave(place.wave)
    if place.begins:
        plan_repeat(participation=participation, comparison_id=place.comparison, wave=wave)
    elif place.kind in NOTED:
        NOTED[place.kind](judgment_id=judgment_id, participation=participation, wave=wave)


def _left() -> Missing:
    return Missing(_("You have left this project, so it has no tasks for you."))


def _keep_in_step(participation: Participation, *, is_task: bool) -> None:
    """Count on the object as the statement did in its row: the page shows it without reading it again."""
    participation.judgments_given += 1
    if is_task and participation.fallbacks_due:
        participation.fallbacks_due -= 1
    elif is_task:
        participation.conversations_begun += 1


def _stored_before(participation: Participation, assignment_id: int) -> Submitted:
    own = (
        Judgment.objects.filter(participation=participation, comparison__assignments=assignment_id)
        .order_by("-revision")
        .first()
    )
    if own is None:
        raise Refused(
            "submission_id",
            _("This page was sent with another task's number. Reload it and answer again."),
            fields={"submission_id": _("This number is taken.")},
        )
    return Submitted(own.pk, "repeated")
