"""Who a visitor is in a project, and which projects they may enter."""

from functools import lru_cache

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from annotator.errors import Missing
from annotator.models import Annotator, Invitation, Participation, Project, Wave


def get_participation(*, annotator: Annotator, slug: str) -> tuple[Participation, Wave | None]:
    """Return the person in the project, and the wave that counts now (none before the project first opens).

    One query: waves never change, so a process reads each of them once.
    """
    newest_wave = (
        Wave.objects.filter(project=OuterRef("project")).order_by("-number").values("pk")[:1]
    )
    participation = (
        Participation.objects.filter(
            annotator=annotator, project__slug=slug, withdrawn_at__isnull=True
        )
        .select_related("project")
        .defer(
            "project__instructions",
            "project__consent_text",
            "project__description",
            "project__strategy_parameters",
        )
        .annotate(newest_wave=Subquery(newest_wave))
        .first()
    )
    if participation is None:
        raise Missing(_("There is no such project here. Go back to your projects."))
    return participation, _get_wave(
        participation.newest_wave
    ) if participation.newest_wave else None


@lru_cache(maxsize=256)
def _get_wave(pk: int) -> Wave:
    return Wave.objects.get(pk=pk)


def list_participations(*, annotator: Annotator) -> QuerySet[Participation]:
    """Return the projects the person takes part in, the newest first."""
    return (
        Participation.objects.filter(annotator=annotator, withdrawn_at__isnull=True)
        .select_related("project")
        .order_by("-pk")
    )


def list_open_projects(*, annotator: Annotator) -> QuerySet[Project]:
    """Return the projects anyone may join that this person has not joined."""
    mine = Participation.objects.filter(annotator=annotator).values("project")
    return Project.objects.filter(open_to_all=True, state=Project.State.OPEN).exclude(pk__in=mine)


def get_project_to_join(
    *, slug: str, invitation_digest: str = ""
) -> tuple[Project, Invitation | None]:
    """Return the project if it is open to all or the invitation leads to it; absent and closed-off are alike."""
    invitation = None
    if invitation_digest:
        invitation = (
            Invitation.objects.filter(project__slug=slug, digest=invitation_digest)
            .select_related("project")
            .first()
        )
    project = (
        invitation.project
        if invitation
        else Project.objects.filter(slug=slug, open_to_all=True).first()
    )
    if project is None or (invitation is None and project.state == Project.State.DRAFT):
        raise Missing(
            _(
                "There is nothing to join here. Check the link, or ask the person who sent it for a new one."
            )
        )
    return project, invitation


def is_spent(invitation: Invitation) -> bool:
    """Tell whether an invitation lets nobody in any more."""
    return invitation.uses >= invitation.max_uses or (
        invitation.expires_at is not None and invitation.expires_at <= timezone.now()
    )
