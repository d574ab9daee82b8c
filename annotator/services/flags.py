"""Reporting a response as harmful."""

from django.db import transaction
from django.utils.translation import gettext as _

from annotator.errors import Missing, Refused
from annotator.models import HarmFlag, Offer, Participation
from annotator.selectors.tasks import LETTERS

LONGEST_NOTE = 1000


def flag_response(
    *, participation: Participation, assignment_id: int, letter: str, note: str = ""
) -> None:
    """Keep that a person finds a response of a task they were shown harmful; a second report changes nothing.

    Raises Missing, or Refused with the field that is at fault.
    """
    offer = (
        Offer.objects.filter(participation=participation, assignment_id=assignment_id)
        .select_related("assignment")
        .first()
    )
    if offer is None:
        raise Missing(_("This task is not yours. Go on with the next one."))
    order = offer.assignment.display_order
    if len(letter) != 1 or letter not in LETTERS[: len(order)]:
        sentence = _("Choose the response that is harmful.")
        raise Refused("response", sentence, fields={"response": sentence})
    if len(note) > LONGEST_NOTE:
        sentence = _("Please shorten this to %(most)s characters.") % {"most": LONGEST_NOTE}
        raise Refused("note", sentence, fields={"note": sentence})
    option = offer.comparison.options.get(position=order[LETTERS.index(letter)])
    with transaction.atomic():
        present = Participation.objects.select_for_update(no_key=True).filter(
            pk=participation.pk, withdrawn_at=None
        )
        if present.first() is None:  # they left meanwhile, and what they wrote was erased
            raise Missing(_("You have left this project, so it has no tasks for you."))
        HarmFlag.objects.get_or_create(
            participation=participation,
            response_id=option.response_id,
            defaults={
                "project_id": participation.project_id,
                "comparison_id": offer.comparison_id,
                "note": note,
            },
        )
