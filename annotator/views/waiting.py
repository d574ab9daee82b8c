"""The page of a person who waits for the candidates of their own message."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from annotator.errors import Refused
from annotator.models import Turn
from annotator.selectors.waiting import WaitingTurn, find_waiting_turn
from annotator.services.generation import ask_for_turn
from annotator.views.doors import go, is_htmx, page, person, signed_in


@page
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def turn(request: HttpRequest, slug: str, turn_id: int) -> HttpResponse:
    """Show how far the responses are, and lead to them when they are there; a POST asks (again) for them.

    The page asks anew every second, with the stage that it shows. Queries of a GET: session, account, the
    turn with its set.
    """
    waiting = find_waiting_turn(annotator=person(request), slug=slug, turn_id=turn_id)
    if request.method == "POST":
        return _ask(request, waiting)
    if waiting.making.stage == "complete":
        return go(request, reverse("task", args=[slug]))
    return _show(request, waiting)


def _ask(request: HttpRequest, waiting: WaitingTurn) -> HttpResponse:
    try:
        ask_for_turn(turn=Turn.objects.select_related("conversation").get(pk=waiting.turn_id))
    except Refused as refusal:
        return _show(request, waiting, refusal=refusal)
    return go(request, request.path)


def _show(
    request: HttpRequest, waiting: WaitingTurn, *, refusal: Refused | None = None
) -> HttpResponse:
    context = {
        "project": waiting.project,
        "waiting": waiting,
        "making": waiting.making,
        "shown": request.GET.get("shown", ""),
        "refusal": refusal,
        "url": request.path,
    }
    template = "turns/making.html" if is_htmx(request) else "turns/page.html"
    return render(request, template, context, status=422 if refusal else 200)
