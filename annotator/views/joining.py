"""Coming in: the home page, joining a project."""

import re
import uuid

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotator.errors import Refused
from annotator.forms import JoinForm
from annotator.models import Annotator, Invitation, Participation, Project
from annotator.selectors.people import (
    get_project_to_join,
    is_spent,
    list_open_projects,
    list_participations,
)
from annotator.services.people import accept_invitation, digest_secret, join_project
from annotator.views.doors import page
from annotator.views.panels import arrive

SECRET = re.compile(r"[A-Za-z0-9_-]{16,64}")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the person's projects and those they may join. Queries: session, account, two lists."""
    if not isinstance(request.user, Annotator):
        return render(request, "home.html")
    context = {
        "participations": list_participations(annotator=request.user),
        "open_projects": list_open_projects(annotator=request.user),
    }
    return render(request, "home.html", context)


@never_cache
@page
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Take part in a project that is open to all, by an invitation, or through a panel.

    Only a POST joins: programs that look at links in mails must not use an invitation up.
    """
    arrived = arrive(request, slug)
    if arrived is not None:
        return arrived
    secret = _read_secret(request)
    project, invitation = get_project_to_join(
        slug=slug, invitation_digest=digest_secret(secret) if secret else ""
    )
    annotator = request.user if isinstance(request.user, Annotator) else None
    if (
        annotator
        and Participation.objects.filter(
            project=project, annotator=annotator, withdrawn_at__isnull=True
        ).exists()
    ):
        return redirect("task", project.slug)
    page_number = request.POST.get("page", "")
    if invitation is not None and is_spent(invitation) and not page_number:
        raise Refused(
            "invitation",
            _(
                "This invitation has been used or is no longer valid. Ask the person who sent it for a new one."
            ),
        )
    form = JoinForm(
        request.POST if request.method == "POST" else None,
        project=project,
        language=invitation.language if invitation else "",
        suggested=get_language() or "",
    )
    if form.is_valid() and (annotator or invitation):
        return _enter(
            request,
            project=project,
            invitation=invitation,
            secret=secret,
            annotator=annotator,
            languages=form.cleaned_data["languages"],
            page_number=page_number,
        )
    context = {"offered": project, "invitation": invitation, "secret": secret, "form": form}
    context["page"] = uuid.uuid4().hex
    return render(request, "join.html", context, status=422 if form.is_bound else 200)


def _read_secret(request: HttpRequest) -> str:
    secret = request.POST.get("invitation") or request.GET.get("invitation", "")
    if secret and not SECRET.fullmatch(secret):
        sentence = _("This invitation link is not complete. Copy the whole link from the message.")
        raise Refused("invitation", sentence, fields={"invitation": sentence})
    return secret


def _enter(
    request: HttpRequest,
    *,
    project: Project,
    invitation: Invitation | None,
    secret: str,
    annotator: Annotator | None,
    languages: list[str],
    page_number: str,
) -> HttpResponse:
    if invitation is None:
        assert annotator is not None
        join_project(project=project, annotator=annotator, languages=languages)
        return redirect("task", project.slug)
    participation = accept_invitation(
        project=project,
        secret=secret,
        annotator=annotator,
        languages=languages,
        ui_language=get_language() or "",
        page=page_number,
    )
    if annotator is None:
        login(request, participation.annotator, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("task", project.slug)
