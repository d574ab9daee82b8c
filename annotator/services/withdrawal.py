"""Leaving: a person takes their work out of a project, or their account out of the site.

Judgments are never deleted: who withdrew is in no later export, and increments tell so. What a person wrote is
erased where they were promised that; the triggers that keep rows as they are let nothing else through.
"""

import secrets

from django.db import connection, transaction
from django.db.models import CharField
from django.db.models.functions import Cast, Now
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import (
    Annotator,
    AuditEvent,
    Change,
    Consent,
    PanelSession,
    Participation,
    Project,
)
from annotator.services.audit import record
from annotator.services.changes import hold_changes
from annotator.services.projects import current_wave
from annotator.services.surplus import promote_surplus

ERASED = "[…]"
"""Stands where a text was: some columns must hold one."""

# What is held and what is judged are each found along an index of their own.
GIVE_BACK = """
WITH theirs AS MATERIALIZED (
    SELECT id FROM annotator_assignment WHERE participation_id = %(person)s AND state = 'leased' AND owner_id IS NULL
    UNION ALL
    SELECT place.id FROM annotator_judgment judgment JOIN annotator_assignment place ON place.judgment_id = judgment.id
    WHERE judgment.participation_id = %(person)s AND place.owner_id IS NULL
)
UPDATE annotator_assignment place
SET state = 'open', tier = 0, key = nextval('annotator_assignment_key'), participation_id = NULL, token = NULL,
    lease_until = NULL, judgment_id = NULL
FROM theirs WHERE place.id = theirs.id AND place.state IN ('leased', 'judged')
RETURNING place.id
"""
# Where fewer judgments are wanted by now than were given, what is left is enough.
CLOSE = """
UPDATE annotator_assignment place SET state = 'closed'
FROM annotator_project project
WHERE place.id = ANY(%(reopened)s) AND place.state = 'open' AND place.group_id IS NULL AND project.id = place.project_id
    AND project.overlap < (
        SELECT count(*) FROM annotator_assignment other
        WHERE other.comparison_id = place.comparison_id AND other.owner_id IS NULL AND other.group_id IS NULL AND other.state <> 'closed')
"""
LET_GO = """
UPDATE annotator_assignment SET state = 'open', token = NULL, lease_until = NULL
WHERE participation_id = %(person)s AND owner_id = %(person)s AND state = 'leased';
UPDATE annotator_offer SET outcome = 'expired', ended_at = clock_timestamp()
WHERE participation_id = %(person)s AND outcome = 'shown'
"""
END_OWN = """
UPDATE annotator_assignment SET state = 'closed' WHERE owner_id = %(person)s AND state = 'open';
DELETE FROM annotator_draft WHERE participation_id = %(person)s
"""
TELL = """
INSERT INTO annotator_change (project_id, kind, judgment_id, at)
SELECT project_id, %(kind)s, id, clock_timestamp() FROM annotator_judgment
WHERE participation_id = %(person)s AND project_id = %(project)s ORDER BY id
"""

# What the person wrote, what models answered to it, and what they said of themselves. What others compare that
# was made with their words stays, without them; what is being made is made anew. Sets come first: a worker that
# stores one just now is waited for, and what it stored is erased with the rest.
ERASE = """
SET LOCAL plurivox.erasure = 'on';
CREATE TEMPORARY TABLE followed ON COMMIT DROP AS
    SELECT s.id FROM annotator_candidateset s JOIN annotator_turn turn ON turn.id = s.turn_id
    JOIN annotator_conversation conversation ON conversation.id = turn.conversation_id
    WHERE conversation.participation_id = %(person)s;
CREATE TEMPORARY TABLE inspired ON COMMIT DROP AS
    SELECT used.candidate_set_id AS id FROM annotator_wordsuse used JOIN annotator_ownwords words ON words.id = used.words_id
    WHERE words.participation_id = %(person)s;
UPDATE annotator_candidateset SET state = 'cancelled', token = NULL
WHERE id IN (SELECT id FROM followed) AND state IN ('queued', 'running');
DELETE FROM annotator_finding WHERE participation_id = %(person)s;
UPDATE annotator_judgment SET explanation = '' WHERE participation_id = %(person)s AND explanation <> '';
UPDATE annotator_harmflag SET note = '' WHERE participation_id = %(person)s AND note <> '';
UPDATE annotator_turn turn SET message = %(erased)s FROM annotator_conversation conversation
WHERE conversation.id = turn.conversation_id AND conversation.participation_id = %(person)s AND turn.message <> '';
UPDATE annotator_prompt SET text = %(erased)s WHERE author_id = %(person)s;
UPDATE annotator_response SET text = %(erased)s, html = '' WHERE candidate_set_id IN (SELECT id FROM followed);
UPDATE annotator_exchange SET request = '{}', answer = NULL, error = '' WHERE candidate_set_id IN (SELECT id FROM followed);
UPDATE annotator_candidateset SET state = 'queued', token = NULL, lease_until = NULL, progress = NULL
WHERE id IN (SELECT id FROM inspired) AND state = 'running';
UPDATE annotator_exchange SET request = '{}' WHERE candidate_set_id IN (SELECT id FROM inspired);
UPDATE annotator_ownwords SET text = '', lent = false WHERE participation_id = %(person)s;
UPDATE annotator_profilerevision SET answers = '{}', sensitive_answers = '{}', language_skills = '{}'
WHERE participation_id = %(person)s;
DROP TABLE followed, inspired;
SET LOCAL plurivox.erasure = 'off'
"""


@transaction.atomic
def withdraw(*, participation: Participation) -> None:
    """Take a person out of a project, for good; a second time changes nothing.

    1. Hold the project's change lock alone: no answer of theirs is being stored meanwhile, and one that
       waits finds them gone.
    2. Mark them; who was marked before is done.
    3. Give back what they hold and the places that their judgments fill; late work of others fills these first.
    4. Tell exports, judgment by judgment.
    5. Erase what they wrote, where the text they agreed to promised it.
    """
    values: dict[str, int | str] = {"person": participation.pk, "erased": ERASED}
    hold_changes(project_id=participation.project_id)
    with connection.cursor() as cursor:
        present = Participation.objects.filter(pk=participation.pk, withdrawn_at=None)
        if not present.update(withdrawn_at=Now()):
            return
        reopened = free_places(participation=participation)
        cursor.execute(END_OWN, values)
        tell_of_all(participation=participation, kind=Change.Kind.WITHDRAWN)
        erases = _erases(participation)
        if erases:
            cursor.execute(ERASE, values)
    participation.refresh_from_db(fields=["withdrawn_at"])
    record(
        project=participation.project,
        action=AuditEvent.Action.ERASE,
        by=None,
        subject=participation.pseudonym,
        asked_by="the person",
        places_reopened=reopened,
        texts="erased" if erases else "kept",
    )


def free_places(*, participation: Participation) -> int:
    """Give back what a person holds and the shared places that their judgments fill; return how many are open now.

    Late work of others fills these first; where fewer judgments are wanted by now, they close.
    """
    values = {"person": participation.pk}
    with connection.cursor() as cursor:
        cursor.execute(LET_GO, values)
        cursor.execute(GIVE_BACK, values)
        reopened = [pk for (pk,) in cursor.fetchall()]
        cursor.execute(CLOSE, {"reopened": reopened})
        closed = int(cursor.rowcount)
    return len(reopened) - closed - promote_surplus(reopened)


def tell_of_all(*, participation: Participation, kind: str) -> None:
    """Write a change for each judgment of a person, so that increments tell it anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            TELL, {"person": participation.pk, "project": participation.project_id, "kind": kind}
        )


@transaction.atomic
def delete_account(*, annotator: Annotator) -> None:
    """Withdraw from every project and leave nothing that names the person; nobody can sign in any more.

    Lists of pay that were closed before keep the panel's id: the person is paid by it.
    """
    if annotator.is_staff:
        raise Refused(
            "staff",
            _("This account belongs to the staff. Ask an administrator to remove it."),
        )
    here = Participation.objects.filter(annotator=annotator, withdrawn_at=None)
    # In the order in which the sweep takes change locks: this holds several, too.
    for participation in here.select_related("project").order_by("project"):
        withdraw(participation=participation)
    Participation.objects.filter(annotator=annotator).update(external_id="")
    PanelSession.objects.filter(participation__annotator=annotator).update(
        session_id=Cast("pk", CharField()), study_id=""
    )
    annotator.username = f"deleted-{secrets.token_hex(8)}"
    annotator.first_name = annotator.last_name = annotator.email = ""
    annotator.is_active = False
    annotator.set_unusable_password()
    annotator.save()


def _erases(participation: Participation) -> bool:
    """Tell what the terms say that this person agreed to last; those of now where they agreed to none."""
    consent = (
        Consent.objects.filter(participation=participation)
        .select_related("wave")
        .order_by("-pk")
        .first()
    )
    wave = consent.wave if consent else current_wave(project_id=participation.project_id)
    return bool(wave.setting("after_withdrawal") == Project.AfterWithdrawal.ERASE)
