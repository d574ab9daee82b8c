"""Reporting a response as harmful, from beside the task."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotator.errors import Refused
from annotator.forms import UNSTORABLE, read_id
from annotator.selectors.people import get_participation
from annotator.services.flags import flag_response
from annotator.views.doors import go, is_htmx, page, person, signed_in


@page
@signed_in
@require_POST
def flag(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the report and say so; the task stays as it is. Queries: session, account, participation, three of the service."""
    participation, _wave = get_participation(annotator=person(request), slug=slug)
    place, note = read_id(request.POST.get("place", "")), request.POST.get("note", "")
    if place is None:
        raise Refused("place", _("Open the task again and report it there."))
    flag_response(
        participation=participation,
        assignment_id=place,
        letter=request.POST.get("response", ""),
        note=UNSTORABLE.sub("", note).strip(),
    )
    if is_htmx(request):
        return render(request, "task/flagged.html")
    return go(request, reverse("task", args=[slug]))
