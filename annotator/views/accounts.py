"""Signing in and out, and how the pages look to a person: language, theme, text size."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from annotator.errors import Refused
from annotator.forms import SignInForm
from annotator.models import Annotator
from annotator.selectors.people import list_participations
from annotator.services.people import DEMO_SALT, set_ui_language
from annotator.views.doors import page

LOOKS = {"theme": ("auto", "light", "dark"), "size": ("small", "medium", "large")}
A_YEAR = 365 * 24 * 3600


@sensitive_post_parameters("password")
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with user name and password."""
    following = _safe_path(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.user.is_authenticated:
        return redirect(following)
    form = SignInForm(request, request.POST if request.method == "POST" else None)
    if form.is_valid():
        user = form.get_user()
        assert isinstance(user, Annotator)
        login(request, user)
        return remember_language(redirect(following), user.ui_language)
    return render(
        request,
        "login.html",
        {"form": form, "next": following},
        status=422 if form.is_bound else 200,
    )


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out and go home."""
    logout(request)
    return redirect("home")


@never_cache
@require_safe
def demo_login(request: HttpRequest, signed: str) -> HttpResponse:
    """Sign in whom the link names; in the demo only. The link works again and again."""
    if not settings.DEMO:
        raise Http404
    try:
        annotator = Annotator.objects.get(
            pk=signing.Signer(salt=DEMO_SALT).unsign(signed), is_active=True
        )
    except (signing.BadSignature, Annotator.DoesNotExist):
        raise Http404 from None
    login(request, annotator, backend=settings.AUTHENTICATION_BACKENDS[0])
    participation = list_participations(annotator=annotator).first()
    url = reverse("task", args=[participation.project.slug]) if participation else reverse("home")
    return remember_language(redirect(url), annotator.ui_language)


@page
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Show the pages in another language from now on, on this device and for this account."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES) or not check_for_language(language):
        sentence = _("Choose one of the languages in the menu.")
        raise Refused("language", sentence, fields={"language": sentence})
    if isinstance(request.user, Annotator):
        set_ui_language(annotator=request.user, language=language)
    return remember_language(redirect(_safe_path(request, request.POST.get("next", ""))), language)


@page
@require_POST
def set_look(request: HttpRequest) -> HttpResponse:
    """Keep the theme or the text size on this device. With JavaScript this happens without a request."""
    response = redirect(_safe_path(request, request.POST.get("next", "")))
    for name, values in LOOKS.items():
        value = request.POST.get(name)
        if value is None:
            continue
        if value not in values:
            sentence = _("Choose one of the settings in the menu.")
            raise Refused(name, sentence, fields={name: sentence})
        response.set_cookie(
            name, value, max_age=A_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    return response


def remember_language(response: HttpResponse, language: str) -> HttpResponse:
    """Keep the interface language on this device, so that no request has to look it up."""
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=A_YEAR,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


def _safe_path(request: HttpRequest, path: str) -> str:
    is_ours = url_has_allowed_host_and_scheme(
        path, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return path if is_ours and path.startswith("/") else reverse("home")
