"""Changing an answer: the correction is the next revision, and the earlier one stays for ever."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from annotator.errors import Missing, Refused
from annotator.models import Change, Judgment, Participation
from annotator.selectors.questions import get_questions
from annotator.selectors.revisions import Revisable, find_revisable
from annotator.services.answers import Answer, Shown, answer_of, columns_of

HOLD = """
SELECT pg_advisory_xact_lock(%(lock)s, %(project)s::int),
       (SELECT id FROM (SELECT id FROM annotator_assignment WHERE judgment_id = %(judgment)s FOR UPDATE) place)
"""
"""The project's lock first, as exclusions and withdrawals do: they hold it, and then want the place. Alone,
because a place that is given back just now could otherwise be filled by the revision before this one."""

REVISE = """
WITH judgment AS (
    INSERT INTO annotator_judgment (
        submission_id, project_id, wave_id, participation_id, comparison_id, assignment_id, turn_id, revision, choice_kind, choice_response_id,
        strength, ranks, vetoes, general_kind, general_response_id, criteria, reasons, explanation, explanation_asked, place_kind, display_order,
        ui_language, device, shown_at, submitted_at, active_ms, profile_id)
    SELECT %(submission)s::uuid, project_id, wave_id, participation_id, comparison_id, assignment_id, turn_id, revision + 1, %(kind)s, %(response)s,
        %(strength)s, %(ranks)s::smallint[], %(vetoes)s::smallint[], %(general_kind)s, %(general_response)s, %(criteria)s::jsonb, %(reasons)s::text[],
        %(explanation)s, explanation_asked, place_kind, display_order, %(ui_language)s, %(device)s, shown_at, clock_timestamp(), %(active_ms)s,
        (SELECT profile_id FROM annotator_participation WHERE id = participation_id)
    FROM annotator_judgment WHERE id = %(judgment)s
        AND EXISTS (SELECT FROM annotator_participation WHERE id = participation_id AND withdrawn_at IS NULL)
    RETURNING id, participation_id
), moved AS (
    UPDATE annotator_assignment SET judgment_id = judgment.id FROM judgment WHERE judgment_id = %(judgment)s
), draft AS (
    DELETE FROM annotator_draft USING judgment
    WHERE annotator_draft.participation_id = judgment.participation_id AND about = 'change-' || %(judgment)s
), changes AS (
    INSERT INTO annotator_change (project_id, kind, judgment_id, at)
    SELECT %(project)s, 'marked', %(judgment)s::bigint, clock_timestamp()
    UNION ALL SELECT %(project)s, 'revised', id, clock_timestamp() FROM judgment
)
SELECT id FROM judgment
"""


def revise_judgment(
    *,
    participation: Participation,
    judgment_id: int,
    submission_id: uuid.UUID,
    answer: Answer,
    ui_language: str = "",
    device: str = "",
    active_ms: int | None = None,
) -> int:
    """Store the next revision of a person's recent answer; return its id.

    1. Hold the project's change lock and the place.
    2. The same page was sent before, or is just now: that revision stands. Else look whether the answer may change.
    3. Check the new answer against the settings and the order it was shown under.
    4. In one statement: the revision, the place that points to it, and what exports must tell anew.

    Raises Missing, or Refused with the fields that are at fault.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            values: dict[str, Any] = {
                "judgment": judgment_id,
                "project": participation.project_id,
                "lock": Change.ADVISORY_LOCK,
                "submission": str(submission_id),
                "ui_language": ui_language,
                "device": device,
                "active_ms": active_ms,
            }
            cursor.execute(HOLD, values)
            repeated = _made_before(participation, submission_id)
            if repeated is not None:
                return repeated
            earlier = find_revisable(participation=participation, judgment_id=judgment_id)
            stored = columns_of(
                answer=answer,
                questions=get_questions(earlier.judgment.wave_id),
                shown=_shown(earlier),
            )
            return _store(values | stored)
    except IntegrityError:  # another page with a change of the same answer was quicker
        raise Refused(
            "changed_meanwhile",
            _("You changed this answer on another page. Look at it again there."),
        ) from None


def _made_before(participation: Participation, submission_id: uuid.UUID) -> int | None:
    made = Judgment.objects.filter(submission_id=submission_id, participation=participation)
    return made.values_list("pk", flat=True).first()


def _store(values: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(REVISE, values)
        row = cursor.fetchone()
    if row is None:  # they left while this waited for its turn
        raise Missing(_("You have left this project, so it has no tasks for you."))
    return int(row[0])


def undo_revision(
    *, participation: Participation, judgment_id: int, submission_id: uuid.UUID
) -> int:
    """Take a change back: the answer before it becomes the next revision; return its id.

    The same page sent before (a second click): what it made stands.
    """
    repeated = _made_before(participation, submission_id)
    if repeated is not None:
        return repeated
    newest = find_revisable(participation=participation, judgment_id=judgment_id)
    before = Judgment.objects.filter(
        participation=participation,
        comparison=newest.judgment.comparison_id,
        revision=newest.judgment.revision - 1,
    ).first()
    if before is None:
        raise Refused("nothing_to_undo", _("This answer was never changed."))
    return revise_judgment(
        participation=participation,
        judgment_id=judgment_id,
        submission_id=submission_id,
        answer=answer_of(before, shown=_shown(newest)),
        ui_language=before.ui_language,
        device=before.device,
    )


def _shown(earlier: Revisable) -> Shown:
    judgment = earlier.judgment
    return Shown(judgment.display_order, earlier.responses, judgment.explanation_asked)
