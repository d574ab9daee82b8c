"""People of a panel: how they arrive, and how they go back."""

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotator.errors import Refused
from annotator.forms import JoinForm
from annotator.models import Outcome, PanelSession, Participation, Project
from annotator.selectors.panels import Visit, find_visit, latest_session, may_finish, way_back
from annotator.selectors.pay import list_earnings
from annotator.selectors.people import get_participation, get_project_of_panels
from annotator.services.panels import check_visit, end_visit, enter
from annotator.views.doors import page, person, signed_in


def arrive(request: HttpRequest, slug: str) -> HttpResponse | None:
    """Let in whom a panel's link brings, at once where their languages are clear; None: it is no panel's link."""
    project = get_project_of_panels(slug=slug) if request.GET else None
    visit = find_visit(project=project, parameters=request.GET.dict()) if project else None
    if project is None or visit is None:
        return None
    check_visit(visit)
    known = Participation.objects.filter(
        project=project, panel=visit.panel["slug"], external_id=visit.person
    ).exists()
    if not known and project.state == Project.State.CLOSED:
        return _turn_away(request, project, visit)
    language = visit.panel.get("language") or (
        project.languages[0] if len(project.languages) == 1 else ""
    )
    form = JoinForm(
        request.POST if request.method == "POST" else None,
        project=project,
        language=language,
        suggested=get_language() or "",
    )
    if not known and not language and not form.is_valid():
        context = {"offered": project, "invitation": True, "form": form, "from_panel": True}
        return render(request, "join.html", context, status=422 if form.is_bound else 200)
    participation = enter(
        project=project,
        visit=visit,
        languages=[language] if language else form.cleaned_data["languages"] if not known else (),
        ui_language=get_language() or "",
    )
    login(request, participation.annotator, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("task", slug)


def _turn_away(request: HttpRequest, project: Project, visit: Visit) -> HttpResponse:
    """Show whoever comes when the study is over the way back; nothing of them is kept."""
    code, link = way_back(
        participation=Participation(
            project=project, panel=visit.panel["slug"], external_id=visit.person
        ),
        session=PanelSession(
            session_id=visit.session, study_id=visit.study, outcome=Outcome.QUOTA_FULL
        ),
    )
    context = {"session": {"outcome": Outcome.QUOTA_FULL}, "code": code, "link": link}
    return render(request, "done.html", {**context, "turned_away": True})


@page
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def done(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell how it ended, what was earned, and the way back; or let a person end their visit.

    Queries: session, account, participation; earnings, and for people of a panel their visit and its panel.
    """
    participation, wave = get_participation(annotator=person(request), slug=slug)
    session = latest_session(participation=participation) if participation.panel else None
    if session is not None and session.ended_at is None:
        session = _perhaps_end(request, participation, session)
    code, link = ("", "")
    if session is not None:
        code, link = way_back(participation=participation, session=session)
    is_paid = wave is not None and wave.setting("pay_currency")
    context = {
        "project": participation.project,
        "given": participation.judgments_given,
        "target": participation.project.target_per_person,
        "taken": participation.tasks_taken,
        "session": session,
        "paused": participation.paused_at is not None,
        "excluded": participation.excluded_at is not None,
        "may_finish": session is not None and may_finish(participation),
        "code": code,
        "link": link,
        "earnings": list_earnings(project=participation.project, participation=participation)
        if is_paid
        else [],
    }
    return render(request, "done.html", context)


def _perhaps_end(
    request: HttpRequest, participation: Participation, session: PanelSession
) -> PanelSession | None:
    action = request.POST.get("action", "")
    target = participation.project.target_per_person
    if (target is not None and participation.tasks_taken >= target) or (
        action == "finish" and may_finish(participation)
    ):
        end_visit(participation=participation, outcome=Outcome.COMPLETE)
    elif action == "leave" and participation.project.state != Project.State.OPEN:
        end_visit(participation=participation, outcome=Outcome.TECHNICAL)
    elif action == "return":
        end_visit(participation=participation, outcome=Outcome.RETURNED)
    elif request.method == "POST":
        sentence = _("There are still tasks for you. Go on, or return the study.")
        raise Refused("action", sentence, fields={"action": sentence})
    else:
        return session
    return latest_session(participation=participation)
