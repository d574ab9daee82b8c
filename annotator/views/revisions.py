"""The page on which a person changes one of their recent answers."""

import uuid
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotator.errors import Missing, Refused
from annotator.forms import read_judgment
from annotator.models import Participation
from annotator.models.fields import LARGEST_ID
from annotator.selectors.drafts import find_draft
from annotator.selectors.people import get_participation
from annotator.selectors.revisions import find_revisable, task_of
from annotator.services.answers import Answer, Shown, answer_of
from annotator.services.revisions import revise_judgment, undo_revision
from annotator.views.desk import describe
from annotator.views.doors import go, is_htmx, page, person, signed_in
from annotator.views.task import guess_device


@page
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def revise(request: HttpRequest, slug: str, judgment_id: int) -> HttpResponse:
    """Show an answer for changing, store the change, or take the last one back.

    Queries of a GET: session, account, participation, the judgment, how many are newer, its options, the draft.
    """
    participation, _wave = get_participation(annotator=person(request), slug=slug)
    if judgment_id > LARGEST_ID:
        raise Missing(_("There is no such answer of yours. Look at your answers again."))
    if request.method != "POST":
        return _show(request, participation, judgment_id)
    if request.POST.get("action") == "undo":
        undo_revision(
            participation=participation,
            judgment_id=judgment_id,
            submission_id=_number(request.POST.get("submission_id", "")),
        )
        return go(request, reverse("history", args=[slug]))
    return _store(request, participation, judgment_id)


def _store(request: HttpRequest, participation: Participation, judgment_id: int) -> HttpResponse:
    sent = read_judgment(request.POST, guess_device=lambda: guess_device(request))
    try:
        sent.refuse_errors()
        revise_judgment(
            participation=participation,
            judgment_id=judgment_id,
            submission_id=sent.submission_id,
            answer=sent.answer,
            ui_language=get_language() or "",
            device=sent.device,
            active_ms=sent.active_ms,
        )
    except Refused as refusal:
        if refusal.code != "incomplete":
            raise
        return _show(request, participation, judgment_id, answer=sent.answer, errors=refusal.fields)
    return go(request, reverse("history", args=[participation.project.slug]))


def _show(
    request: HttpRequest,
    participation: Participation,
    judgment_id: int,
    *,
    answer: Answer | None = None,
    errors: Mapping[str, str] | None = None,
) -> HttpResponse:
    earlier = find_revisable(participation=participation, judgment_id=judgment_id)
    judgment = earlier.judgment
    shown = Shown(judgment.display_order, earlier.responses, judgment.explanation_asked)
    context = describe(task_of(earlier)) | {
        "project": participation.project,
        "given": participation.judgments_given,
        "state": "task",
        "is_revision": True,
        "kept": ""
        if answer
        else find_draft(participation=participation, about=f"change-{judgment_id}"),
        "drafts": reverse("drafts", args=[participation.project.slug]),
        "answer": answer or answer_of(judgment, shown=shown),
        "errors": errors or {},
        "url": request.path,
    }
    template = "task/desk.html" if is_htmx(request) else "task/page.html"
    return render(request, template, context, status=422 if errors else 200)


def _number(value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError:
        raise Refused("submission_id", _("Open your answers again and press it there.")) from None
