"""What every page begins with: who is there, and what they have still to pass."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeAlias

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from annotator.errors import Missing, Refused
from annotator.models import Annotator, Participation, Wave

View: TypeAlias = Callable[..., HttpResponse]


def page(view: View) -> View:
    """Turn refusals into pages: 404 for what is not there, else 422 with the sentence."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refused as refusal:
            return _refusal_page(request, refusal)

    return guarded


def _refusal_page(request: HttpRequest, refusal: Refused) -> HttpResponse:
    is_missing = isinstance(refusal, Missing)
    template = "404.html" if is_missing else "refused.html"
    if is_htmx(request) and request.headers.get("HX-Target") != "main":
        template = "task/desk.html"
    slug = request.resolver_match.kwargs.get("slug") if request.resolver_match else None
    context = {
        "state": "refused",
        "project_slug": slug,
        "url": reverse("task", args=[slug]) if slug else reverse("home"),
        "sentence": refusal.sentence,
        "fields": refusal.fields,
        "written": _written(request),
    }
    return render(request, template, context, status=404 if is_missing else 422)


def _written(request: HttpRequest) -> str:
    """Return the text that a person sent in vain, so that they get it back."""
    texts = (request.POST.get(name, "").strip() for name in ("explanation", "message", "note"))
    return next(filter(None, texts), "")


def signed_in(view: View) -> View:
    """Lead who is not signed in to the sign-in page and back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            to_login = redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
            if is_htmx(request):  # 401: what was sent is not stored, and stays with the page
                return HttpResponseClientRedirect(to_login.url, status=401)
            return to_login
        return view(request, *args, **kwargs)

    return guarded


def gates(participation: Participation, wave: Wave | None) -> str | None:
    """Return the address of the first page this person has to pass before working, or None. Asks nothing."""
    ways = _shut_gates(participation, wave)
    return next((reverse(way, args=[participation.project.slug]) for way in ways), None)


def _shut_gates(participation: Participation, wave: Wave | None) -> Iterator[str]:
    if participation.paused_at or participation.excluded_at or participation.outcome:
        yield "done"  # paused by checks; left out; their visit through a panel has ended
    if wave is None:
        return
    if wave.consent_version and wave.consent_version != participation.consent_version:
        yield "consent"
    if wave.demographics_version and wave.demographics_version != participation.profile_version:
        yield "profile"
    if wave.setting("own_words_asked") and participation.words_id is None:
        yield "words"
    if wave.setting("training_items") and participation.trained_at is None:
        yield "training"


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Lead on to another page, also from within an htmx request."""
    return HttpResponseClientRedirect(url) if is_htmx(request) else redirect(url)


def is_htmx(request: HttpRequest) -> bool:
    """Tell whether htmx asked, and so takes a part of a page."""
    return "HX-Request" in request.headers


def person(request: HttpRequest) -> Annotator:
    """Return who is signed in; only for views behind `signed_in`."""
    assert isinstance(request.user, Annotator)
    return request.user
