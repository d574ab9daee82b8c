"""Projects and their waves."""

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Annotator, AuditEvent, Membership, Project, Role, Wave
from annotator.services.audit import record
from annotator.services.quotas import put_into_force


@transaction.atomic
def create_project(*, owner: Annotator | None = None, **settings: Any) -> Project:
    """Create a project in draft from complete, valid settings, and give it its first owner."""
    project = Project(**settings)
    project.full_clean()
    project.save()
    if owner is not None:
        own_project(project=project, owner=owner)
    return project


def own_project(*, project: Project, owner: Annotator) -> None:
    """Make the creator of a new project its owner."""
    Membership.objects.create(project=project, annotator=owner, role=Role.OWNER)


def record_settings(*, project: Project, names: Sequence[str], by: Annotator | None) -> None:
    """Write down which settings were changed."""
    record(project=project, action=AuditEvent.Action.SETTINGS, by=by, names=list(names))


def ensure_wave(*, project: Project) -> Wave:
    """Freeze the project's settings as they stand.

    The same settings as the latest wave give that wave; any change opens the next. The format can't
    change any more once it was frozen: places and display orders were drawn for it.
    """
    return _wave(project, Wave.objects.filter(project=project).order_by("-number").first())


def current_wave(*, project_id: int) -> Wave:
    """Freeze the stored settings in the same way; the wave comes with its project, read just now."""
    waves = Wave.objects.filter(project=project_id).order_by("-number")
    latest = waves.select_related("project").first()
    project = latest.project if latest else Project.objects.get(pk=project_id)
    wave = _wave(project, latest)
    wave.project = project
    return wave


def _wave(project: Project, latest: Wave | None) -> Wave:
    config = {name: getattr(project, name) for name in Project.FROZEN}
    config_hash = _digest(config)
    if latest is not None and latest.config_hash == config_hash:
        return latest
    if latest is not None and latest.config["task_format"] != project.task_format:
        raise Refused(
            "format_is_frozen",
            _(
                "The format can't change once comparisons are made. Make a new project for the other format."
            ),
            fields={"task_format": _("This can't change any more.")},
        )
    terms = {name: config[name] for name in ("consent_text", "consent_ticks", "after_withdrawal")}
    consent_version = _digest(terms) if any(project.consent_text.values()) else ""
    number = latest.number + 1 if latest else 1
    try:
        with transaction.atomic():
            return Wave.objects.create(
                project=project,
                number=number,
                config=config,
                config_hash=config_hash,
                consent_version=consent_version,
            )
    except IntegrityError:  # somebody else froze it at the same moment
        return Wave.objects.get(project=project, number=number)


def open_project(*, project: Project, by: Annotator | None = None) -> None:
    """Let people work, under the settings as they stand now.

    Where strata, quotas or targets changed, people are divided and open places cut anew.
    """
    with transaction.atomic():
        wave = ensure_wave(project=project)
        put_into_force(wave=wave, by=by)
    _move(
        project,
        Project.State.OPEN,
        {Project.State.DRAFT, Project.State.PAUSED, Project.State.CLOSED},
        AuditEvent.Action.OPEN,
        by,
    )


def pause_project(*, project: Project, by: Annotator | None = None) -> None:
    """Hand out nothing more for now; what is being worked on may still be submitted."""
    _move(project, Project.State.PAUSED, {Project.State.OPEN}, AuditEvent.Action.PAUSE, by)


def close_project(*, project: Project, by: Annotator | None = None) -> None:
    """End the collection."""
    _move(
        project,
        Project.State.CLOSED,
        {Project.State.DRAFT, Project.State.OPEN, Project.State.PAUSED},
        AuditEvent.Action.CLOSE,
        by,
    )


@transaction.atomic
def _move(
    project: Project,
    to: Project.State,
    froms: set[Project.State],
    action: AuditEvent.Action,
    by: Annotator | None,
) -> None:
    """Change the state where it is one of `froms`; being there already is fine."""
    if Project.objects.filter(pk=project.pk, state__in=froms).update(state=to):
        record(project=project, action=action, by=by)
    elif not Project.objects.filter(pk=project.pk, state=to).exists():
        raise Refused(
            "wrong_state",
            _("The project can't go there from its present state. Reload the page to see it."),
        )
    project.state = to


def _digest(value: object) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
