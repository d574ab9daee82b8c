"""Closing a period of pay: what is owed by then is listed for good, and owed no more."""

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Annotator, AuditEvent, PayLine, PayPeriod, Project
from annotator.selectors.pay import list_earnings, total_owed
from annotator.services.audit import record


@transaction.atomic
def close_period(*, project: Project, key: uuid.UUID, by: Annotator | None) -> PayPeriod:
    """List all that is owed now as paid, and return the period; the same key again gives the same period.

    The project's row is held, so that periods follow each other; `nothing_is_paid_twice` holds it in the
    database as well.
    """
    # Without the key: answers name the project, and go on being stored while all of them are added up.
    Project.objects.select_for_update(of=("self",), no_key=True).get(pk=project.pk)
    known = PayPeriod.objects.filter(project=project, key=key).first()
    if known is not None:
        return known
    owed = [each for each in list_earnings(project=project) if each.owed > 0]
    if not owed:
        raise Refused("nothing_owed", _("Nothing is owed at the moment."))
    period = PayPeriod.objects.create(project=project, key=key, closed_by=by)
    PayLine.objects.bulk_create(
        [
            PayLine(
                period=period,
                participation_id=each.participation_id,
                panel=each.panel,
                external_id=each.external_id,
                country=each.country,
                currency=each.currency,
                answers=each.answers - each.answers_paid,
                before=int(each.paid * 100),
                amount=int(each.owed * 100),
            )
            for each in owed
        ],
        batch_size=5000,
    )
    record(
        project=project,
        action=AuditEvent.Action.PAY,
        by=by,
        subject=f"period {period}",
        people=len({each.participation_id for each in owed}),
        **{total.currency: str(total.owed) for total in total_owed(owed)},
    )
    return period
