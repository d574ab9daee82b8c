"""Handing out work: exact overlap, constant cost, nobody meets a comparison twice.

The scheme and its reasons stand in `docs/architecture.md`, "Handing out work". The claim is one
statement per queue, `CLAIM`; everything else here decides which queues are tried and what happens to a
place that is given back.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, connection, models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotator.errors import Missing, Refused
from annotator.models import Assignment, Change, Offer, Participation, QueueCursor
from annotator.services.blocks import give_block
from annotator.services.changes import share_changes
from annotator.services.drafts import forget_draft
from annotator.services.group_places import fetch_group_places
from annotator.services.surplus import promote_surplus
from annotator.statements import Statement

# OFFSET keeps it a question that is asked of each place. As a join, a plan made while there are no offers reads them all.
NOT_SEEN = """NOT EXISTS (SELECT FROM annotator_offer seen WHERE seen.participation_id = %(person)s AND seen.comparison_id = place.comparison_id OFFSET 0)"""

# Of one's own places: what expired is shown again, what was skipped or answered is not.
NOT_DONE = NOT_SEEN.replace("OFFSET 0", "AND seen.outcome <> 'expired' OFFSET 0")

# One person fills one place of a group: its other languages say the same. Written as a range, so that the
# planner can't hash a person's whole history for it.
NOT_MET_IN_THE_GROUP = """(place.group_id IS NULL OR NOT EXISTS (
          SELECT FROM annotator_assignment met JOIN annotator_offer other ON other.comparison_id = met.comparison_id AND other.participation_id = %(person)s
          WHERE met.group_id >= place.group_id AND met.group_id <= place.group_id))"""

CLAIM = Statement(
    "claim",
    """
WITH me AS MATERIALIZED (
    SELECT tier, position FROM annotator_queuecursor
    WHERE participation_id = %(person)s AND language = %(language)s AND stratum = %(stratum)s
    FOR UPDATE
), wave AS MATERIALIZED (
    SELECT id FROM annotator_wave WHERE project_id = %(project)s ORDER BY number DESC LIMIT 1
), returned AS MATERIALIZED (
    SELECT id, comparison_id, key, tier FROM annotator_assignment place
    WHERE project_id = %(project)s AND language = %(language)s AND stratum = %(stratum)s AND tier = 0 AND state = 'open' AND owner_id IS NULL
      AND key > CASE WHEN %(ahead)s THEN COALESCE((SELECT position FROM me WHERE tier = 0), -1) ELSE -1 END
      AND {not_seen}
      AND {not_met}
      AND EXISTS (SELECT FROM annotator_project WHERE id = %(project)s AND state = 'open')
    ORDER BY key LIMIT 1 FOR UPDATE SKIP LOCKED
), fresh AS MATERIALIZED (
    SELECT id, comparison_id, key, tier FROM annotator_assignment place
    WHERE project_id = %(project)s AND language = %(language)s AND stratum = %(stratum)s AND tier = 1 AND state = 'open' AND owner_id IS NULL
      AND key > CASE WHEN %(ahead)s THEN COALESCE((SELECT position FROM me WHERE tier = 1), -1) ELSE -1 END
      AND {not_seen}
      AND {not_met}
      AND EXISTS (SELECT FROM annotator_project WHERE id = %(project)s AND state = 'open')
      AND NOT EXISTS (SELECT FROM returned)
    ORDER BY key LIMIT 1 FOR UPDATE SKIP LOCKED
), found AS MATERIALIZED (
    SELECT * FROM returned UNION ALL SELECT * FROM fresh
), room AS (
    UPDATE annotator_target SET taken = taken + 1
    WHERE id = %(target)s AND taken < wanted AND EXISTS (SELECT FROM found) RETURNING id
), pick AS MATERIALIZED (
    SELECT * FROM found WHERE %(target)s IS NULL OR EXISTS (SELECT FROM room)
), moved AS (
    INSERT INTO annotator_queuecursor AS cursor (participation_id, language, stratum, tier, position, served_at)
    SELECT %(person)s, %(language)s, %(stratum)s, tier, key, clock_timestamp() FROM pick
    ON CONFLICT (participation_id, language, stratum, tier)
    DO UPDATE SET position = GREATEST(cursor.position, EXCLUDED.position), served_at = EXCLUDED.served_at
), seen AS (
    INSERT INTO annotator_offer (participation_id, comparison_id, assignment_id, wave_id, outcome, skip_reason, shown_at)
    SELECT %(person)s, pick.comparison_id, pick.id, wave.id, 'shown', '', clock_timestamp() FROM pick, wave
)
UPDATE annotator_assignment AS place
SET state = 'leased', participation_id = %(person)s, token = gen_random_uuid(), target_id = %(target)s,
    lease_until = clock_timestamp() + make_interval(mins => %(minutes)s)
FROM pick WHERE place.id = pick.id
RETURNING place.id
""".replace("{not_seen}", NOT_SEEN).replace("{not_met}", NOT_MET_IN_THE_GROUP),
    person="bigint",
    project="bigint",
    minutes="int",
    language="text",
    stratum="text",
    ahead="boolean",
    target="bigint",
)

# What a person holds goes on; else the first of the places that are theirs alone.
RESUME = Statement(
    "resume",
    """
WITH held AS MATERIALIZED (
    SELECT id FROM annotator_assignment WHERE participation_id = %(person)s AND state = 'leased' FOR UPDATE
), own AS MATERIALIZED (
    SELECT id, comparison_id FROM annotator_assignment place
    WHERE owner_id = %(person)s AND state = 'open' AND tier < 2 AND NOT EXISTS (SELECT FROM held)
      AND {not_done}
      AND EXISTS (SELECT FROM annotator_project WHERE id = %(project)s AND state = 'open')
    ORDER BY tier, key LIMIT 1 FOR UPDATE SKIP LOCKED
), seen AS (
    INSERT INTO annotator_offer (participation_id, comparison_id, assignment_id, wave_id, outcome, skip_reason, shown_at)
    SELECT %(person)s, own.comparison_id, own.id, (SELECT id FROM annotator_wave WHERE project_id = %(project)s ORDER BY number DESC LIMIT 1),
           'shown', '', clock_timestamp() FROM own
    ON CONFLICT (participation_id, comparison_id) DO UPDATE SET outcome = 'shown', ended_at = NULL
)
UPDATE annotator_assignment AS place
SET state = 'leased', participation_id = %(person)s, token = COALESCE(place.token, gen_random_uuid()),
    lease_until = clock_timestamp() + make_interval(mins => %(minutes)s)
FROM (SELECT id FROM held UNION ALL SELECT id FROM own) mine WHERE place.id = mine.id
RETURNING place.id
""".replace("{not_done}", NOT_DONE),
    person="bigint",
    project="bigint",
    minutes="int",
)

# Change locks are taken before places, as everywhere (services.changes), and in one order.
GIVE_BACK = """
WITH project AS MATERIALIZED (
    SELECT id, pg_advisory_xact_lock_shared(%(lock)s, id::int) FROM (
        SELECT DISTINCT project_id AS id FROM annotator_assignment
        WHERE state = 'leased' AND lease_until < clock_timestamp() AND (%(project)s IS NULL OR project_id = %(project)s)
        ORDER BY project_id) late
), overdue AS MATERIALIZED (
    SELECT place.id, comparison_id, participation_id, target_id FROM annotator_assignment place JOIN project ON project.id = project_id
    WHERE state = 'leased' AND lease_until < clock_timestamp()
    ORDER BY lease_until LIMIT %(limit)s FOR UPDATE OF place SKIP LOCKED
), counters AS MATERIALIZED (  -- always in one order, so that two such statements never wait for each other
    SELECT id FROM annotator_target WHERE id IN (SELECT target_id FROM overdue) ORDER BY id FOR UPDATE
), ended AS (
    UPDATE annotator_offer AS offer SET outcome = 'expired', ended_at = clock_timestamp() FROM overdue
    WHERE offer.participation_id = overdue.participation_id AND offer.comparison_id = overdue.comparison_id AND offer.outcome = 'shown'
)
UPDATE annotator_assignment AS place
SET state = 'open', tier = 0, key = nextval('annotator_assignment_key'), token = NULL, lease_until = NULL
FROM overdue WHERE place.id = overdue.id AND (SELECT count(*) FROM counters) >= 0
RETURNING place.id
"""


class SkipReason(models.TextChoices):
    """Why a person passes a task by."""

    NOT_MY_LANGUAGE = "not_my_language", gettext_lazy("Not my language")
    OFFENSIVE = "offensive", gettext_lazy("Offensive")
    UNCLEAR = "unclear", gettext_lazy("Unclear")
    IDENTICAL = "identical", gettext_lazy("The responses are the same")
    TECHNICAL = "technical", gettext_lazy("Technical problem")


def claim_next(*, participation: Participation) -> int | None:
    """Lease the person's next place and return its id; None where there is nothing for them now.

    1. A place they already hold comes first, its lease renewed; then the places that are theirs alone.
       A block is made of these at the first claim, where the project has blocks.
    2. The queues of their languages, least recently served first, their stratum before the open
       places, places given back before fresh ones, each from where they left off.
    3. Before saying no, at most once in LAST_SEARCH_SECONDS: overdue leases of the project go back and
       every queue is searched from its start, for what appeared behind the cursor, and for places of
       groups that could be given in a language the person reads.
    """
    try:  # each is one statement, and commits by itself
        return (
            resume(participation=participation)
            or _from_block(participation)
            or _from_queues(participation, ahead=True)
            or _last_search(participation)
        )
    except IntegrityError:  # the same person asked twice at once: the other request holds the place
        return resume(participation=participation)


def resume(*, participation: Participation) -> int | None:
    """Return the place that the person holds, or lease the first of their own; None where there is none."""
    row = RESUME.row(
        {
            "person": participation.pk,
            "project": participation.project_id,
            "minutes": participation.project.lease_minutes,
        }
    )
    return int(row[0]) if row else None


def renew(*, assignment_id: int, participation: Participation, token: uuid.UUID) -> datetime | None:
    """Prolong a lease that is still held; return its new end, or None where it is gone."""
    row = _prolong(
        participation, "id = %(id)s AND token = %(token)s", id=assignment_id, token=token
    )
    return row[1] if row else None


def skip(*, assignment_id: int, participation: Participation, reason: str) -> None:
    """Give a place back and never offer its comparison to this person again."""
    if reason not in SkipReason.values:
        raise Refused(
            "skip_reason",
            _("Choose why you skip this task."),
            fields={"skip_reason": _("Choose a reason.")},
        )
    with transaction.atomic():
        share_changes(project_id=participation.project_id)
        offers = Offer.objects.filter(participation=participation, assignment_id=assignment_id)
        if not offers.exists():
            raise Missing(_("This task is not yours. Go on with the next one."))
        returned = _return_place(assignment_id, participation)
        offers.filter(outcome__in=(Offer.Outcome.SHOWN, Offer.Outcome.EXPIRED)).update(
            outcome=Offer.Outcome.SKIPPED, skip_reason=reason, ended_at=Now()
        )
        forget_draft(participation=participation, about=f"task-{assignment_id}")
        promote_surplus(returned)


def give_back_held(*, participation: Participation) -> None:
    """Return what the person holds to its queue at once, as if its time had passed."""
    with transaction.atomic():
        share_changes(project_id=participation.project_id)
        held = Assignment.objects.filter(participation=participation, state=Assignment.State.LEASED)
        if held.update(lease_until=Now()):
            give_back_overdue(project_id=participation.project_id)


def give_back_overdue(*, project_id: int | None = None, limit: int = 1000) -> int:
    """Return places whose lease has passed to their queues; answer how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        lock = Change.ADVISORY_LOCK
        cursor.execute(GIVE_BACK, {"project": project_id, "limit": limit, "lock": lock})
        places = [pk for (pk,) in cursor.fetchall()]
        promote_surplus(places)
    return len(places)


def _prolong(
    participation: Participation, condition: str, **values: int | uuid.UUID
) -> tuple[int, datetime] | None:
    """Prolong what the person holds, where the condition is true; return its id and its new end."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE annotator_assignment SET lease_until = clock_timestamp() + make_interval(mins => %(minutes)s)
            WHERE participation_id = %(person)s AND state = 'leased' AND {condition} RETURNING id, lease_until
            """,  # noqa: S608 - the condition is a constant of this module
            {"person": participation.pk, "minutes": participation.project.lease_minutes, **values},
        )
        row: tuple[int, datetime] | None = cursor.fetchone()
    return row


def _from_block(participation: Participation) -> int | None:
    """Where each person has a block, make it at their first claim and lease its first place."""
    if participation.block_number is not None or not participation.project.block_size:
        return None
    made = give_block(participation=participation)
    return resume(participation=participation) if made else None


def _from_queues(participation: Participation, *, ahead: bool) -> int | None:
    for language, stratum in _queues(participation):
        row = CLAIM.row(
            {
                "person": participation.pk,
                "project": participation.project_id,
                "minutes": participation.project.lease_minutes,
                "language": language,
                "stratum": stratum,
                "ahead": ahead,
                "target": participation.target_id,
            }
        )
        if row:
            return int(row[0])
    return None


def _queues(participation: Participation) -> Iterator[tuple[str, str]]:
    languages = list(participation.languages)
    if len(languages) > 1:
        served = dict(
            QueueCursor.objects.filter(participation=participation)
            .values_list("language")
            .annotate(models.Max("served_at"))
        )
        languages.sort(key=lambda language: (language in served, served.get(language)))
    strata = [participation.stratum, ""] if participation.stratum else [""]
    for language in languages:
        for stratum in strata:
            yield language, stratum


def _last_search(participation: Participation) -> int | None:
    """Search every queue from its start, at most once in LAST_SEARCH_SECONDS per person."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE annotator_participation SET searched_at = clock_timestamp()
            WHERE id = %s AND (searched_at IS NULL OR searched_at <= clock_timestamp() - make_interval(secs => %s))
            """,
            [participation.pk, settings.LAST_SEARCH_SECONDS],
        )
        if not cursor.rowcount:
            return None
    give_back_overdue(project_id=participation.project_id, limit=100)
    fetch_group_places(participation=participation)
    return _from_queues(participation, ahead=False)


def _return_place(assignment_id: int, participation: Participation) -> list[int]:
    """Give the place back; the conversation whose turn it answers ends, since nobody else may take it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH returned AS (
                UPDATE annotator_assignment
                SET state = 'open', tier = 0, key = nextval('annotator_assignment_key'), token = NULL, lease_until = NULL
                WHERE id = %s AND participation_id = %s AND state = 'leased' RETURNING id, owner_id, comparison_id
            ), ended AS (
                UPDATE annotator_conversation conversation SET finished_at = clock_timestamp()
                FROM returned
                JOIN annotator_comparison comparison ON comparison.id = returned.comparison_id
                JOIN annotator_candidateset candidate_set ON candidate_set.id = comparison.candidate_set_id
                JOIN annotator_turn turn ON turn.id = candidate_set.turn_id
                WHERE returned.owner_id IS NOT NULL AND conversation.id = turn.conversation_id AND conversation.finished_at IS NULL
            )
            SELECT id FROM returned
            """,
            [assignment_id, participation.pk],
        )
        return [pk for (pk,) in cursor.fetchall()]
