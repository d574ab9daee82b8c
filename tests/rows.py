"""A project with one row of everything that the admin shows."""

from django.utils import timezone

from annotator.models import (
    Annotator,
    CandidateSet,
    HarmFlag,
    PanelSession,
    Project,
    PromptGroup,
    QualityFlag,
    Release,
    ValueProfile,
)
from annotator.services.checks import flag, import_checks
from annotator.services.generation import start_run
from annotator.services.people import create_invitations
from tests.factories import (
    make_judgment,
    make_participation,
    make_project,
    make_prompt,
    make_set,
    make_token,
)

CHECK = {
    "kind": "attention",
    "text": "Choose the one about bread.",
    "language": "en",
    "responses": ["Bread.", "Milk."],
    "right": [0],
}


def make_rows(project: Project) -> None:
    """Make one of everything; accounts get no password, since hashing takes its time."""
    group = PromptGroup.objects.create(project=project, key="g", kind="template")
    source = make_set(project, make_prompt(project, group=group))
    make_prompt(project, "Another?")
    maker = Annotator.objects.create(username=f"maker-{project.slug}")
    start_run(project=project, created_by=maker)
    alice = Annotator.objects.create(username=f"alice-{project.slug}")
    judgment = make_judgment(make_participation(project, alice))
    HarmFlag.objects.create(
        project=project,
        participation=judgment.participation,
        comparison=judgment.comparison,
        response=judgment.comparison.options.earliest("position").response,
    )
    create_invitations(project=project, count=1)
    import_checks(project=project, rows=[CHECK])
    flag(judgment=judgment, kind=QualityFlag.Kind.ATTENTION)
    PanelSession.objects.create(
        project=project, participation=judgment.participation, session_id="s1"
    )
    make_token(project)
    CandidateSet.objects.create(
        project=project,
        prompt=make_prompt(project, "Et encore ?", language="fr", group=group),
        language="fr",
        strategy="translation",
        source_set=source,
        state=CandidateSet.State.REVIEW,
    )
    Release.objects.create(
        project=project,
        version="1.0",
        formats=["native"],
        licence="CC-BY-4.0",
        state=Release.State.PUBLISHED,
        published_at=timezone.now(),
        manifest={"files": [{"path": "README.md", "format": "", "rows": 0, "bytes": 7}]},
    )
    ValueProfile.objects.create(
        project=project, name=project.name, slug="kind", dimension="d", texts={"en": "Be kind."}
    )


def fill(projects: int) -> None:
    """Make so many more projects with one of everything in each."""
    for number in range(Project.objects.count(), Project.objects.count() + projects):
        make_rows(make_project(f"project-{number}"))
