"""Asking for a release, and taking one back."""

from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotator.bells import ring
from annotator.errors import Refused
from annotator.models import Annotator, AuditEvent, Project, Prompt, Release, Response
from annotator.selectors.exports import FORMATS, check_format
from annotator.selectors.findings import count_undecided
from annotator.services.audit import record
from annotator.services.releases.licences import derive_licence

State = Release.State


def start_release(
    *,
    project: Project,
    version: str,
    formats: Sequence[str] = (),
    licence: str = "",
    demographics: bool = False,
    created_by: Annotator | None = None,
) -> Release:
    """Ask for a release; a worker builds it.

    Without `formats`, all that fit the project. A version that failed may be asked for again; any other
    exists for good.
    """
    wanted = _fitting(project, formats)
    if project.unreviewed_texts == Project.UnreviewedTexts.REFUSE:
        refuse_undecided(project=project, undecided=count_undecided(project=project).total)
    release = Release(
        project=project,
        version=version,
        formats=wanted,
        licence=derive_licence(of_texts=licences_of_texts(project), wanted=licence),
        demographics=demographics,
        created_by=created_by,
    )
    try:
        release.clean_fields(exclude={"manifest"})
    except ValidationError as error:
        fields = {name: " ".join(sentences) for name, sentences in error.message_dict.items()}
        raise Refused("bad_release", " ".join(fields.values()), fields=fields) from None
    with transaction.atomic():
        again = Release.objects.filter(project=project, version=version, state=State.FAILED).first()
        if again is not None:
            release.pk, release.created_at = again.pk, again.created_at
        try:
            with transaction.atomic():
                release.save(force_update=again is not None)
        except IntegrityError:
            raise Refused(
                "release_exists",
                _(
                    "There is a release %(version)s already, and a release never changes. Choose the next version."
                )
                % {"version": version},
                fields={"version": _("This version exists.")},
            ) from None
        record(project=project, action=AuditEvent.Action.RELEASE, by=created_by, subject=version)
        ring("workers.build_release", release_id=release.pk)
    return release


def refuse_undecided(*, project: Project, undecided: int) -> None:
    """Refuse to go on while there are places in texts that nobody has decided about."""
    if undecided:
        page = reverse("admin:annotator_project_texts", args=[project.pk])
        raise Refused(
            "undecided_texts",
            ngettext(
                "%(count)d place in a text may say who somebody is, and nobody has decided what becomes of it. Decide at %(address)s, or let undecided texts be withheld in the project's settings.",
                "%(count)d places in texts may say who somebody is, and nobody has decided what becomes of them. Decide at %(address)s, or let undecided texts be withheld in the project's settings.",
                undecided,
            )
            % {"count": undecided, "address": f"{settings.PUBLIC_URL}{page}"},
        )


def licences_of_texts(project: Project) -> set[str]:
    """Return the licences of the project's prompts and of the models whose responses people compared."""
    named = Prompt.objects.filter(project=project).exclude(licence="").order_by()
    licences = set(named.values_list("licence", flat=True).distinct())
    for model, licence in project.model_licences.items():
        if Response.objects.filter(project=project, model=model).exists():
            licences.add(licence)
    return licences


@transaction.atomic
def retract_release(*, release: Release, reason: str, by: Annotator | None = None) -> None:
    """Take a release back: its files answer 410 from now on, its manifest and the reason stay."""
    if not reason.strip():
        raise Refused(
            "reason_missing",
            _("Say why the release is retracted: whoever cites it will read the reason."),
            fields={"reason": _("Say why.")},
        )
    taken_back = Release.objects.filter(pk=release.pk, state=State.PUBLISHED).update(
        state=State.RETRACTED, retracted_at=timezone.now(), retraction_reason=reason.strip()
    )
    if not taken_back:
        raise Refused("not_published", _("Only a published release can be retracted."))
    record(
        project=release.project,
        action=AuditEvent.Action.RETRACT,
        by=by,
        subject=release.version,
        reason=reason.strip(),
    )


def _fitting(project: Project, formats: Sequence[str]) -> list[str]:
    """Return the formats asked for, or all that this project can give; refuse what does not fit."""
    if formats:
        for name in formats:
            check_format(project=project, export_format=name)
        return list(dict.fromkeys(formats))
    fitting = []
    for name in FORMATS:
        try:
            check_format(project=project, export_format=name)
        except Refused:
            continue
        fitting.append(name)
    return fitting
