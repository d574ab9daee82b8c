"""Visits through a panel: coming in, going on, and how they end."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Outcome, PanelSession, Participation, Project
from annotator.selectors.panels import Visit, has_room, meets_requirements, panel_of
from annotator.services.assignments import give_back_held
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


@transaction.atomic
def enter(
    *, project: Project, visit: Visit, languages: Sequence[str], ui_language: str
) -> Participation:
    """Let a person of a panel in: an account per id of theirs, a session per visit.

    1. Who came before goes on as who they are: with the open session, or with a further one up to the
       panel's limit. What they hold and did is still theirs.
    2. Who is new joins. Where no place is free for such a person the session ends before any work.
    """
    check_visit(visit)
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
    if participation.outcome in FOR_GOOD:
        return participation
    _session, is_new = PanelSession.objects.get_or_create(
        participation=participation,
        session_id=visit.session,
        defaults={"study_id": visit.study},
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
    """Begin a further visit: earlier ones that were left open end, and the panel's limit is looked at."""
    sessions = PanelSession.objects.filter(participation=participation)
    earlier = sessions.exclude(session_id=visit.session)
    earlier.filter(ended_at=None).update(ended_at=Now(), outcome=Outcome.RETURNED)
    participation.outcome = ""
    participation.save(update_fields=["outcome"])
    used = earlier.exclude(outcome=Outcome.RETURNED).count()
    if used >= int(visit.panel.get("sessions_per_person", 1)) or not has_room(participation):
        end_visit(participation=participation, outcome=Outcome.QUOTA_FULL)


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
    ended = PanelSession.objects.filter(participation=participation, ended_at=None).update(
        ended_at=Now(), outcome=outcome
    )
    if ended:
        participation.outcome = outcome
        participation.save(update_fields=["outcome"])
        give_back_held(participation=participation)
