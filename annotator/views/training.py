"""Training: items with feedback, before the first task."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from annotator.errors import Refused
from annotator.forms import read_id, read_judgment
from annotator.models import Judgment, Participation, Wave
from annotator.selectors.people import get_participation
from annotator.selectors.tasks import get_task
from annotator.selectors.training import get_feedback
from annotator.services.answers import Answer
from annotator.services.assignments import resume
from annotator.services.checks import begin_training, finish_training
from annotator.services.judgments import submit_judgment
from annotator.views.desk import describe
from annotator.views.doors import gates, go, page, person, signed_in


@page
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def training(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the next training item, or what was right in the last one; at the end, let people through or not."""
    participation, wave = get_participation(annotator=person(request), slug=slug)
    here = reverse("training", args=[slug])
    if request.method == "POST":
        return _answer(request, participation, here)
    if wave is None or gates(participation, wave) != here:
        answered = _read_answered(request, participation, wave)
        return answered or redirect("task", slug)
    begin_training(participation=participation, wave=wave)
    answered = _read_answered(request, participation, wave)
    if answered:
        return answered
    place = resume(participation=participation)
    task = get_task(assignment_id=place, participation=participation) if place else None
    if task is None:
        passed = finish_training(participation=participation, wave=wave)
        if (
            passed or participation.outcome
        ):  # their visit through a panel ended: it leads to the last page
            return redirect("task", slug)
        return render(request, "training.html", {"project": participation.project, "failed": True})
    return _show(request, participation, {**describe(task), "url": here})


def _show(
    request: HttpRequest, participation: Participation, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    context["project"] = participation.project
    return render(request, "training.html", context, status=status)


def _answer(request: HttpRequest, participation: Participation, here: str) -> HttpResponse:
    sent = read_judgment(request.POST, guess_device=lambda: "desktop")
    try:
        submitted = submit_judgment(
            participation=participation,
            assignment_id=sent.assignment_id,
            submission_id=sent.submission_id,
            answer=Answer(choice=sent.answer.choice),
            ui_language=get_language() or "",
            device=sent.device,
            active_ms=sent.active_ms,
        )
    except Refused as refusal:
        task = get_task(assignment_id=sent.assignment_id, participation=participation)
        if task is None or not isinstance(sent.submission_id, uuid.UUID):
            raise
        context = {**describe(task), "url": here, "errors": refusal.fields}
        return _show(request, participation, context, status=422)
    return go(request, f"{here}?answered={submitted.judgment_id}")


def _read_answered(
    request: HttpRequest, participation: Participation, wave: Wave | None
) -> HttpResponse | None:
    """Return the feedback to one of the person's own training answers, where the address names one."""
    answered = read_id(request.GET.get("answered", ""))
    if wave is None or answered is None:
        return None
    judgment = Judgment.objects.filter(pk=answered, participation=participation).first()
    feedback = (
        get_feedback(judgment=judgment, language=get_language() or "en") if judgment else None
    )
    if feedback is None:
        return None
    return _show(request, participation, {"feedback": feedback})
