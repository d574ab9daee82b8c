"""What a person can read about their work: their answers, and the project's instructions."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from annotator.errors import Refused
from annotator.forms import read_id
from annotator.selectors.effort import get_effort
from annotator.selectors.history import list_answers
from annotator.selectors.people import get_participation
from annotator.views.doors import page, person, signed_in
from annotator.views.reading import read


@page
@signed_in
@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the person's own answers, newest first. Queries: session, account, participation, answers."""
    participation, _wave = get_participation(annotator=person(request), slug=slug)
    before = _read_before(request.GET.get("before", ""))
    answers, following = list_answers(participation=participation, before=before)
    context = {
        "project": participation.project,
        "given": participation.judgments_given,
        "answers": answers,
        "following": following,
        "is_first": before is None,
    }
    return render(request, "history.html", context)


@page
@signed_in
@require_safe
def instructions(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the researchers ask of people, and how long it takes. Queries: session, account, participation, board count."""
    participation, wave = get_participation(annotator=person(request), slug=slug)
    context = {
        "project": participation.project,
        "reading": wave
        and read(request, participation=participation, wave=wave, name="instructions"),
        "effort": get_effort(project=participation.project),
    }
    return render(request, "instructions.html", context)


def _read_before(value: str) -> int | None:
    """Return where the page begins; None is the newest answer."""
    if not value:
        return None
    before = read_id(value)
    if before is None:
        sentence = _("This is not a page of your answers. Begin with the newest.")
        raise Refused("before", sentence, fields={"before": sentence})
    return before
