"""Who a visitor is in a project, and which projects they may enter."""

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotator.errors import Missing
from annotator.models import Annotator, Invitation, Participation, Project, Wave
from annotator.selectors.questions import get_wave
from annotator.statements import Statement

# In the order of the model's fields: `from_db` takes them so.
PERSON_COLUMNS = (
    "id",
    "annotator_id",
    "project_id",
    "languages",
    "country",
    "stratum",
    "target_id",
    "block_number",
    "consent_version",
    "allows_sensitive",
    "allows_texts",
    "allows_training",
    "profile_id",
    "profile_version",
    "words_id",
    "panel",
    "outcome",
    "trained_at",
    "paused_at",
    "excluded_at",
    "next_check",
    "next_repeat",
    "judgments_given",
    "conversations_begun",
    "fallbacks_due",
    "withdrawn_at",
)
PROJECT_COLUMNS = (
    "id",
    "block_size",
    "slug",
    "name",
    "state",
    "lease_minutes",
    "target_per_person",
    "seed",
)

IN_PROJECT = Statement(
    "in_project",
    f"""
    SELECT {", ".join(f"person.{column}" for column in PERSON_COLUMNS)}, {", ".join(f"project.{column}" for column in PROJECT_COLUMNS)},
           (SELECT id FROM annotator_wave WHERE project_id = project.id ORDER BY number DESC LIMIT 1)
    FROM annotator_project project JOIN annotator_participation person ON person.project_id = project.id
    WHERE project.slug = %(slug)s AND person.annotator_id = %(annotator)s AND person.withdrawn_at IS NULL
    """,  # noqa: S608 - columns named above
    annotator="bigint",
    slug="text",
)


def get_participation(*, annotator: Annotator, slug: str) -> tuple[Participation, Wave | None]:
    """Return the person in the project, and the wave that counts now (none before the project first opens).

    One planned statement, since every page of the desk begins with it; the columns it leaves out are
    deferred. Waves never change, so a process reads each of them once.
    """
    row = IN_PROJECT.row({"annotator": annotator.pk, "slug": slug})
    if row is None:
        raise Missing(_("There is no such project here. Go back to your projects."))
    split = len(PERSON_COLUMNS)
    participation = Participation.from_db("default", PERSON_COLUMNS, row[:split])
    participation.project = Project.from_db("default", PROJECT_COLUMNS, row[split:-1])
    participation.annotator = annotator
    return participation, get_wave(row[-1]) if row[-1] else None


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


def get_project_of_panels(*, slug: str) -> Project | None:
    """Return a project that panels send people to, once it is ready."""
    found = Project.objects.filter(slug=slug).exclude(state=Project.State.DRAFT).exclude(panels=[])
    return found.first()


def is_spent(invitation: Invitation) -> bool:
    """Tell whether an invitation lets nobody in any more."""
    return invitation.uses >= invitation.max_uses or (
        invitation.expires_at is not None and invitation.expires_at <= timezone.now()
    )
