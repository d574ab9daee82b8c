"""The task page: one thing to decide, then the next."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST

from annotator.errors import Missing, Refused
from annotator.forms import Sent, read_judgment
from annotator.models import Participation, Wave
from annotator.selectors.people import get_participation
from annotator.selectors.tasks import Task, get_late_task, get_task, why_nothing
from annotator.services.assignments import renew, skip
from annotator.services.judgments import submit_judgment
from annotator.services.panels import end_without_work
from annotator.services.steps import next_step
from annotator.views.desk import describe, render_desk
from annotator.views.doors import gates, go, is_htmx, page, person, signed_in
from annotator.views.steps import describe_step

OUTCOMES = ("counted", "surplus", "repeated", "skipped")


@page
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def task(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the person's task, or take an answer and show the next.

    Queries of a POST through htmx, held by tests/annotator/test_task_page.py: session, account,
    participation with project and newest wave; what `submit_judgment`, `claim_next` and `get_task` need.
    """
    participation, wave = get_participation(annotator=person(request), slug=slug)
    if request.method == "POST":
        return _answer(request, participation, wave)
    gate = gates(participation, wave)
    if gate:
        return go(request, gate)
    return show_next(request, participation, wave, outcome=request.GET.get("saved", ""))


@page
@signed_in
@require_POST
def renew_lease(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the person more time for the task they are at."""
    participation, _wave = get_participation(annotator=person(request), slug=slug)
    sent = read_judgment(request.POST, guess_device=lambda: "desktop")
    until = renew(
        assignment_id=sent.assignment_id, participation=participation, token=sent.submission_id
    )
    return HttpResponse(
        str(int(until.timestamp())) if until else "",
        status=200 if until else 404,
        content_type="text/plain",
    )


def _answer(request: HttpRequest, participation: Participation, wave: Wave | None) -> HttpResponse:
    sent = read_judgment(request.POST, guess_device=lambda: guess_device(request))
    try:
        outcome = _store(participation, sent)
    except Missing:
        raise
    except Refused as refusal:
        return _show_again(request, participation, sent, refusal)
    if not is_htmx(request):
        return go(request, f"{reverse('task', args=[participation.project.slug])}?saved={outcome}")
    gate = gates(participation, wave)
    if gate:
        return go(request, gate)
    return show_next(request, participation, wave, outcome=outcome)


def _store(participation: Participation, sent: Sent) -> str:
    """Store the answer or the skip; return what came of it."""
    if sent.is_skip:
        skip(assignment_id=sent.assignment_id, participation=participation, reason=sent.skip_reason)
        return "skipped"
    sent.refuse_errors()
    return submit_judgment(
        participation=participation,
        assignment_id=sent.assignment_id,
        submission_id=sent.submission_id,
        answer=sent.answer,
        ui_language=get_language() or "",
        device=sent.device,
        active_ms=sent.active_ms,
    ).outcome


def show_next(
    request: HttpRequest,
    participation: Participation,
    wave: Wave | None,
    *,
    outcome: str = "",
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Show what comes next for the person; where that is nothing, say why and what to do."""
    step = next_step(participation, wave)
    if participation.panel and end_without_work(
        participation=participation, wave=wave, state=step.state
    ):
        return go(request, reverse("done", args=[participation.project.slug]))
    if step.state == "empty":
        context["why"] = why_nothing(participation=participation)
    return _render(
        request,
        participation,
        state=step.state,
        task=step.task,
        outcome=outcome if outcome in OUTCOMES else "",
        status=status,
        **describe_step(step, participation, wave),
        **context,
    )


def _show_again(
    request: HttpRequest, participation: Participation, sent: Sent, refusal: Refused
) -> HttpResponse:
    """Show the same task with a sentence at each field at fault and with everything that was typed."""
    shown = get_task(
        assignment_id=sent.assignment_id, participation=participation
    ) or get_late_task(
        assignment_id=sent.assignment_id,
        participation=participation,
        submission_id=sent.submission_id,
    )
    if shown is None:
        raise refusal
    return _render(
        request,
        participation,
        state="task",
        task=replace(shown, kept=""),  # what was sent is newer than what was kept
        answer=sent.answer,
        errors=refusal.fields,
        status=422,
    )


def _render(
    request: HttpRequest,
    participation: Participation,
    *,
    state: str,
    task: Task | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    project, is_part = participation.project, is_htmx(request)
    target = project.target_per_person
    given = participation.tasks_taken if target else participation.judgments_given
    if is_part and task and status == 200:
        html = render_desk(
            request,
            slug=project.slug,
            given=given,
            target=target,
            task=task,
            outcome=context["outcome"],
            waiting=context["waiting"],
        )
        return HttpResponse(html)
    if task:
        context |= describe(task, waiting=context.get("waiting"), slug=project.slug)
    context |= {"project": project, "given": given, "target": target}
    context |= {"state": state, "oob": is_part, "url": reverse("task", args=[project.slug])}
    context["drafts"] = reverse("drafts", args=[project.slug])
    template = "task/desk.html" if is_part else "task/page.html"
    return render(request, template, context, status=status)


def guess_device(request: HttpRequest) -> str:
    """Tell the kind of device by what the browser says of itself, where its script could not."""
    agent = request.headers.get("User-Agent", "")
    if "iPad" in agent or "Tablet" in agent or ("Android" in agent and "Mobile" not in agent):
        return "tablet"
    is_phone = request.headers.get("Sec-CH-UA-Mobile") == "?1" or "Mobi" in agent
    return "phone" if is_phone else "desktop"
