"""My data: what is stored about me, to read, take along, correct and take back."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotator.errors import Refused
from annotator.selectors.account import describe_person, list_involvements
from annotator.selectors.people import get_participation
from annotator.services.people import set_languages
from annotator.services.withdrawal import delete_account, withdraw
from annotator.views.doors import go, page, person, signed_in


@page
@signed_in
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show what is stored. Queries: session, account, participations, consents, reports, visits, payments."""
    found = list_involvements(annotator=person(request))
    context = {
        "involvements": [each for each in found if each.participation.withdrawn_at is None],
        "past": [each for each in found if each.participation.withdrawn_at],
    }
    return render(request, "account.html", context)


@page
@signed_in
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """Give everything as one file."""
    response = JsonResponse(
        describe_person(annotator=person(request)),
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@page
@signed_in
@require_POST
def languages(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the languages the person judges in."""
    participation, _wave = get_participation(annotator=person(request), slug=slug)
    set_languages(participation=participation, languages=request.POST.getlist("languages"))
    return go(request, reverse("account"))


@page
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell what leaving a project does, and do it. Queries: session, account, participation."""
    participation, wave = get_participation(annotator=person(request), slug=slug)
    if request.method == "POST":
        withdraw(participation=participation)
        return render(request, "left.html", {"left": participation.project})
    policy = wave.setting("after_withdrawal") if wave else "erase"
    context = {"project": participation.project, "after_withdrawal": policy}
    return render(request, "leave.html", context)


@page
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """Tell what deleting the account does, and do it."""
    if request.method != "POST":
        return render(request, "delete_account.html")
    if request.POST.get("sure") != "yes":
        sentence = _("Tick the box if you want to delete your account.")
        raise Refused("sure", sentence, fields={"sure": sentence})
    delete_account(annotator=person(request))
    logout(request)
    return render(request, "left.html", {"left": None})
