"""Items with a right answer, one by one: corrected, retired. Making them is `services.checks.import_checks`."""

from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Annotator, AuditEvent, CheckItem, QualityFlag
from annotator.services.audit import record
from annotator.services.checks import problem_of

# Who has it open, or was shown it, may still answer.
TAKE_AWAY = """
UPDATE annotator_assignment place SET state = 'closed'
WHERE place.comparison_id = %s AND place.state = 'open' AND place.owner_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM annotator_offer WHERE participation_id = place.owner_id AND comparison_id = place.comparison_id)
"""


@transaction.atomic
def correct_check(
    *, item: CheckItem, right: list[int], feedback: Mapping[str, str], by: Annotator | None
) -> None:
    """Say anew what is right in an item, and what is told after it. Flags that it made before stay."""
    if problem_of(right, of=item.comparison.options.count()):
        sentence = _("Mark those that are right: at least one, and not all.")
        raise Refused("right", sentence, fields={"right": sentence})
    before = item.right
    item.right, item.feedback = sorted(right), {**item.feedback, **feedback}
    item.save(update_fields=["right", "feedback"])
    record(
        project=item.project,
        action=AuditEvent.Action.SETTINGS,
        by=by,
        subject=f"check #{item.pk}",
        right=item.right,
        before=before,
    )


@transaction.atomic
def retire_check(*, item: CheckItem, by: Annotator | None) -> None:
    """Give an item to nobody any more; who was shown it may still answer. A second time changes nothing."""
    if not CheckItem.objects.filter(pk=item.pk, retired_at=None).update(retired_at=Now()):
        return
    with connection.cursor() as cursor:
        cursor.execute(TAKE_AWAY, [item.comparison_id])
    item.refresh_from_db(fields=["retired_at"])
    record(
        project=item.project,
        action=AuditEvent.Action.SETTINGS,
        by=by,
        subject=f"check #{item.pk}",
        retired=True,
    )


def mark_seen(*, flag_ids: list[int], by: Annotator) -> int:
    """Note that somebody looked at these flags and return at how many; who looked first stays."""
    return QualityFlag.objects.filter(pk__in=flag_ids, seen_at=None).update(
        seen_at=Now(), seen_by=by
    )
