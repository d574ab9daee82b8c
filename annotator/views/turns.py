"""The pages of a conversation: wait for the responses to one's own message, write the next one, or end it."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from annotator.errors import Refused
from annotator.forms import UNSTORABLE, read_number
from annotator.models import Participation, Turn, Wave
from annotator.selectors.people import get_participation
from annotator.selectors.waiting import WaitingTurn, find_waiting_turn
from annotator.services.conversations import (
    begin_with_own_prompt,
    finish_conversation,
    give_up_waiting,
    send_message,
)
from annotator.services.generation import ask_for_turn
from annotator.views.doors import gates, go, is_htmx, page, person, signed_in
from annotator.views.task import show_next


@page
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def turn(request: HttpRequest, slug: str, turn_id: int) -> HttpResponse:
    """Show how far the responses are, and lead to them when they are there.

    A POST asks (again) for them; with an `action` it writes on after the turn or ends the conversation. The
    page asks anew as long as it waits, with the stage that it shows. Queries of a GET: session, account, the
    turn with its set.
    """
    waiting = find_waiting_turn(annotator=person(request), slug=slug, turn_id=turn_id)
    if request.method == "POST":
        return _act(request, waiting)
    if waiting.making.stage == "complete" or waiting.is_finished:
        return go(request, reverse("task", args=[slug]))
    return _show(request, waiting)


@page
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def own_prompt(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a prompt of the person's own and lead to where its responses come; the task page has the form."""
    if request.method != "POST":
        return go(request, reverse("task", args=[slug]))
    participation, wave = get_participation(annotator=person(request), slug=slug)
    gate = gates(participation, wave)
    if gate or wave is None:
        return go(request, gate or reverse("task", args=[slug]))
    text = _message(request)
    try:
        begun = begin_with_own_prompt(
            participation=participation,
            wave=wave,
            text=text,
            language=request.POST.get("language", ""),
            number=read_number(request.POST, "number"),
        )
    except Refused as refusal:
        return _write_again(request, participation, wave, text, refusal)
    return _ask_and_wait(request, begun)


def _act(request: HttpRequest, waiting: WaitingTurn) -> HttpResponse:
    slug, action = waiting.project.slug, request.POST.get("action", "")
    participation, wave = get_participation(annotator=person(request), slug=slug)
    gate = gates(participation, wave)
    if gate:
        return go(request, gate)
    if action == "send":
        return _send(request, participation, wave, waiting.turn_id)
    if action == "finish" and wave is not None:
        finish_conversation(participation=participation, wave=wave, turn_id=waiting.turn_id)
    elif action == "stop" and (waiting.may_stop or waiting.is_finished):
        give_up_waiting(participation=participation, turn_id=waiting.turn_id)
    else:
        return _ask(request, waiting)
    return go(request, reverse("task", args=[slug]))


def _send(
    request: HttpRequest, participation: Participation, wave: Wave | None, turn_id: int
) -> HttpResponse:
    assert wave is not None, "a turn is there, so the project was opened"
    message = _message(request)
    try:
        sent = send_message(
            participation=participation, wave=wave, turn_id=turn_id, message=message
        )
    except Refused as refusal:
        return _write_again(request, participation, wave, message, refusal)
    return _ask_and_wait(request, sent)


def _message(request: HttpRequest) -> str:
    return request.POST.get("message", "").replace("\r\n", "\n").strip()


def _write_again(
    request: HttpRequest,
    participation: Participation,
    wave: Wave | None,
    message: str,
    refusal: Refused,
) -> HttpResponse:
    """Show the form again with what was typed, where the text is at fault."""
    if not refusal.fields:
        raise refusal
    return show_next(
        request,
        participation,
        wave,
        status=422,
        message=UNSTORABLE.sub("", message),
        written_in=request.POST.get("language", ""),
        errors=refusal.fields,
    )


def _ask_and_wait(request: HttpRequest, asked: Turn) -> HttpResponse:
    with suppress(Refused):  # the message is stored, and its page says that nothing was asked for
        ask_for_turn(turn=asked)
    slug = asked.conversation.project.slug
    return go(request, reverse("turn", args=[slug, asked.pk]))


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
