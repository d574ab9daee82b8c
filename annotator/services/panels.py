"""Visits through a panel: coming in, going on, and how they end."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Outcome, PanelSession, Participation, Project, Wave
from annotator.selectors.endpoints import generating_endpoints
from annotator.selectors.panels import (
    Visit,
    has_room,
    latest_session,
    may_finish,
    meets_requirements,
    panel_of,
)
from annotator.services.assignments import give_back_held
from annotator.services.changes import share_changes
from annotator.services.people import join_project, make_guest

FOR_GOOD = (Outcome.SCREEN_OUT, Outcome.QUALITY)
"""Who was left out for one of these does not work in the project again."""


def check_visit(visit: Visit) -> None:
    """Refuse what is too long or holds what no column takes; the panel's link is broken then."""
    for value in (visit.person, visit.study, visit.session):
        if len(value) > 200 or not value.isprintable():
            raise Refused(
                "panel",
                _("This link is not complete. Open the study once more from where you found it."),
            )


def enter(
    *, project: Project, visit: Visit, languages: Sequence[str], ui_language: str
) -> Participation:
    """Let a person of a panel in: an account per id of theirs, a session per visit.

    1. Who came before goes on as who they are: with the open session, or with a further one up to the
       panel's limit. What they hold and did is still theirs.
    2. Who is new joins. Where no place is free for such a person the session ends before any work.
    3. A link that is opened twice at once lets one person in: the second finds who the first made.
    """
    check_visit(visit)
    try:
        return _enter(project, visit, languages, ui_language)
    except IntegrityError:
        return _enter(project, visit, languages, ui_language)


@transaction.atomic
def _enter(
    project: Project, visit: Visit, languages: Sequence[str], ui_language: str
) -> Participation:
    share_changes(project_id=project.pk)  # before the person: a visit that ends at once needs it
    found = (
        Participation.objects.select_for_update(of=("self",))
        .select_related("project", "annotator")
        .filter(project=project, panel=visit.panel["slug"], external_id=visit.person)
        .first()
    )
    participation = found or _join(project, visit, languages, ui_language)
    if participation.withdrawn_at:
        raise Refused(
            "withdrawn",
            _("You have left this project. Write to its researchers if you want to come back."),
        )
    _session, is_new = PanelSession.objects.get_or_create(
        participation=participation,
        session_id=visit.session,
        defaults={"project": project, "study_id": visit.study},
    )
    if is_new:
        _begin(participation, visit)
    return participation


def _join(
    project: Project, visit: Visit, languages: Sequence[str], ui_language: str
) -> Participation:
    language = visit.panel.get("language", "")
    participation = join_project(
        project=project,
        annotator=make_guest(ui_language=ui_language),
        languages=[language] if language else languages,
        country=visit.panel.get("country", ""),
    )
    participation.panel, participation.external_id = visit.panel["slug"], visit.person
    participation.save(update_fields=["panel", "external_id"])
    return participation


def _begin(participation: Participation, visit: Visit) -> None:
    """Begin a further visit: earlier ones that were left open end, and the panel's limit is looked at.

    Who was left out ends this visit as the one before: each goes back to the panel with a link of its own.
    """
    sessions = PanelSession.objects.filter(participation=participation)
    earlier = sessions.exclude(session_id=visit.session)
    earlier.filter(ended_at=None).update(ended_at=Now(), outcome=Outcome.RETURNED)
    barred, project = _barred(participation), participation.project
    participation.outcome = ""
    participation.save(update_fields=["outcome"])
    if barred:
        end_visit(participation=participation, outcome=barred)
        return
    used = earlier.exclude(outcome=Outcome.RETURNED).count()
    is_full = used >= int(visit.panel.get("sessions_per_person", 1))
    if is_full or project.state == Project.State.CLOSED or not has_room(participation):
        end_visit(participation=participation, outcome=Outcome.QUOTA_FULL)
    elif project.state != Project.State.OPEN:
        end_visit(participation=participation, outcome=Outcome.TECHNICAL)


def _barred(participation: Participation) -> Outcome | None:
    """Return what a person was left out for, None where they may work."""
    if participation.excluded_at or participation.paused_at:
        return Outcome.QUALITY
    return Outcome(participation.outcome) if participation.outcome in FOR_GOOD else None


def end_without_work(*, participation: Participation, wave: Wave | None, state: str) -> bool:
    """End the visit of a person for whom no work comes any more, as far as that is clear; tell whether to say so.

    `state` is that of the next step. It is `quota_full` where all places are taken, and `technical` where that is
    our doing: the study was closed while they worked, or what they were to write would be answered by no model.
    While it is paused they choose themselves whether to wait.
    """
    if state == Project.State.CLOSED:
        is_through = may_finish(participation)
        outcome = Outcome.COMPLETE if is_through else Outcome.TECHNICAL
        end_visit(participation=participation, outcome=outcome)
    elif state == "empty" and not participation.judgments_given:
        writes = wave is not None and wave.setting("own_prompt_share") > 0
        is_ours = writes and not generating_endpoints()
        outcome = Outcome.TECHNICAL if is_ours else Outcome.QUOTA_FULL
        end_visit(participation=participation, outcome=outcome)
    return state in ("done", Project.State.CLOSED, Project.State.PAUSED) or (
        state == "empty" and not participation.judgments_given
    )


def screen(*, participation: Participation) -> None:
    """End the visit of a person whom the panel's study does not need, as far as they said, before they work."""
    panel = panel_of(participation) if participation.panel else None
    if panel is None:
        return
    if not meets_requirements(panel=panel, participation=participation):
        end_visit(participation=participation, outcome=Outcome.SCREEN_OUT)
    elif not participation.judgments_given and not has_room(participation):
        end_visit(participation=participation, outcome=Outcome.QUOTA_FULL)


@transaction.atomic
def end_visit(*, participation: Participation, outcome: Outcome) -> None:
    """End the open visit: what is held goes back at once, what was done stays. An ended one stays as it is."""
    share_changes(project_id=participation.project_id)
    ended = PanelSession.objects.filter(participation=participation, ended_at=None).update(
        ended_at=Now(), outcome=outcome
    )
    if ended:
        participation.outcome = outcome
        participation.save(update_fields=["outcome"])
        give_back_held(participation=participation)


@transaction.atomic
def reopen_visit(*, participation: Participation) -> None:
    """Let the last visit go on where quality had ended it: the person is not left out any more."""
    last = latest_session(participation=participation)
    ended = PanelSession.objects.filter(pk=last.pk if last else 0, outcome=Outcome.QUALITY)
    if ended.update(ended_at=None, outcome=""):
        participation.outcome = ""
        participation.save(update_fields=["outcome"])
