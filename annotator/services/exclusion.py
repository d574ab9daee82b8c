"""Leaving people out of a study, and taking that back; letting a paused person go on.

What an excluded person answered stays stored, paid and in `native`, marked; it counts nowhere. The shared places
that it filled open again, so that a study still gets n judgments of people whom it keeps. `docs/decisions` has why.
"""

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Annotator, AuditEvent, Change, Exclusion, Outcome, Participation
from annotator.services.audit import record
from annotator.services.changes import hold_changes
from annotator.services.panels import end_visit, reopen_visit
from annotator.services.surplus import promote_surplus
from annotator.services.withdrawal import free_places, tell_of_all

LONGEST_NOTE = 500

# What the person answered late in places of their own; shared ones are filled as by anybody's late work.
FILL_OWN = """
UPDATE annotator_assignment place SET state = 'judged', judgment_id = newest.id, participation_id = place.owner_id, lease_until = NULL
FROM (
    SELECT DISTINCT ON (comparison_id) id, comparison_id FROM annotator_judgment WHERE participation_id = %(person)s
    ORDER BY comparison_id, revision DESC
) newest
WHERE place.owner_id = %(person)s AND place.state = 'open' AND place.comparison_id = newest.comparison_id
"""
OPEN_ONES = """
SELECT id FROM annotator_assignment place
WHERE state = 'open' AND owner_id IS NULL
    AND comparison_id IN (SELECT comparison_id FROM annotator_judgment WHERE participation_id = %(person)s)
"""


@transaction.atomic
def exclude(
    *, participation: Participation, reason: str, note: str = "", by: Annotator | None
) -> int:
    """Leave a person out and return how many places are open again; who is out already is refused.

    1. Hold the project's change lock alone: an answer in flight is stored before, and stops counting here,
       or after, and finds them excluded.
    2. Mark them.
    3. Give back what they hold and the shared places that their judgments fill; late work of others goes first.
    4. Tell exports, judgment by judgment; end their visit through a panel.
    """
    if reason not in Exclusion.values:
        sentence = _("Choose a reason.")
        raise Refused("reason", sentence, fields={"reason": sentence})
    _check(note)
    hold_changes(project_id=participation.project_id)
    present = Participation.objects.filter(
        pk=participation.pk, withdrawn_at=None, excluded_at=None
    ).update(excluded_at=Now(), excluded_for=reason)
    if not present:
        raise Refused("excluded", _("This person has left, or is left out already."))
    reopened = free_places(participation=participation)
    tell_of_all(participation=participation, kind=Change.Kind.MARKED)
    end_visit(participation=participation, outcome=Outcome.QUALITY)
    participation.refresh_from_db(fields=["excluded_at", "excluded_for", "outcome"])
    record(
        project=participation.project,
        action=AuditEvent.Action.EXCLUDE,
        by=by,
        subject=participation.pseudonym,
        reason=reason,
        note=note,
        places_reopened=reopened,
    )
    return reopened


@transaction.atomic
def include(*, participation: Participation, note: str, by: Annotator | None) -> int:
    """Take an exclusion back and return how many of their judgments count again.

    They fill what is open by now; where others took the places, they are kept as surplus: never more than n.
    """
    _check(note, needed=True)
    hold_changes(project_id=participation.project_id)
    taken_back = (
        Participation.objects.filter(pk=participation.pk, withdrawn_at=None)
        .exclude(excluded_at=None)
        .update(excluded_at=None, excluded_for="")
    )
    if not taken_back:
        raise Refused("included", _("This person is not left out."))
    person = {"person": participation.pk}
    with connection.cursor() as cursor:
        cursor.execute(FILL_OWN, person)
        cursor.execute(OPEN_ONES, person)
        promote_surplus([pk for (pk,) in cursor.fetchall()])
    tell_of_all(participation=participation, kind=Change.Kind.MARKED)
    participation.refresh_from_db(fields=["excluded_at", "excluded_for", "paused_at", "outcome"])
    if participation.paused_at is None:
        reopen_visit(participation=participation)
    counting = participation.judgments.filter(place__isnull=False).count()
    record(
        project=participation.project,
        action=AuditEvent.Action.INCLUDE,
        by=by,
        subject=participation.pseudonym,
        note=note,
        judgments_counting=counting,
    )
    return counting


@transaction.atomic
def lift_pause(*, participation: Participation, note: str, by: Annotator | None) -> None:
    """Let a person go on whom failed checks had paused; those checks count no more towards the next pause."""
    _check(note, needed=True)
    lifted = Participation.objects.filter(pk=participation.pk, withdrawn_at=None).exclude(
        paused_at=None
    )
    if not lifted.update(paused_at=None, pause_lifted_at=Now()):
        raise Refused("not_paused", _("This person is not paused."))
    participation.refresh_from_db(fields=["paused_at", "pause_lifted_at", "excluded_at", "outcome"])
    if participation.excluded_at is None:
        reopen_visit(participation=participation)
    record(
        project=participation.project,
        action=AuditEvent.Action.UNPAUSE,
        by=by,
        subject=participation.pseudonym,
        note=note,
    )


def _check(note: str, *, needed: bool = False) -> None:
    sentence = ""
    if len(note) > LONGEST_NOTE:
        sentence = _("Please shorten this to %(most)s characters.") % {"most": LONGEST_NOTE}
    elif needed and not note.strip():
        sentence = _("Say why, for whoever reads the log later.")
    if sentence:
        raise Refused("note", sentence, fields={"note": sentence})
