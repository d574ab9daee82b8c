"""Plain, typed makers of rows. People have fixed roles: alice and bob annotate, rita researches, adam administers."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.html import escape


from annotator.models import Annotator, CandidateSet, Comparison, Participation, Project, Prompt, Response
from annotator.services.comparisons import open_for
from annotator.services.projects import create_project, open_project


def make_annotator(username: str = "alice", **fields: Any) -> Annotator:
    """Make an account with the password "correct horse"."""
    return Annotator.objects.create_user(username=username, password="correct horse", **fields)


def make_admin(username: str = "adam") -> Annotator:
    """Make a superuser with the password "correct horse"."""
    return Annotator.objects.create_superuser(username=username, password="correct horse")


def make_project(slug: str = "everyday", *, opened: bool = True, **settings: Any) -> Project:
    """Make a project, open unless said otherwise."""
    defaults: dict[str, Any] = {"slug": slug, "name": slug.title(), "languages": ["en"], "ways_out": ["none", "all_bad"]}
    project = create_project(**{**defaults, **settings})
    if opened:
        open_project(project=project)
    return project


def make_participation(project: Project, annotator: Annotator, *, languages: Sequence[str] = ("en",), **fields: Any) -> Participation:
    """Let a person take part, without the gates."""
    defaults = {"pseudonym": f"p{annotator.pk:08d}", "stratum": fields.get("country", "") if project.stratum_by else ""}
    return Participation.objects.create(project=project, annotator=annotator, languages=list(languages), **{**defaults, **fields})


def make_prompt(project: Project, text: str = "What do you owe your parents?", *, language: str = "en", **fields: Any) -> Prompt:
    """Make a prompt."""
    return Prompt.objects.create(project=project, text=text, language=language, **{"import_key": f"test-{uuid.uuid4()}", **fields})


def make_set(project: Project, prompt: Prompt | None = None, *, texts: Sequence[str] = ("One.", "Two.", "Three.", "Four."), **fields: Any) -> CandidateSet:
    """Make a complete candidate set and open its comparisons."""
    prompt = prompt or make_prompt(project)
    with transaction.atomic():
        candidate_set = CandidateSet.objects.create(
            project=project,
            prompt=prompt,
            language=prompt.language,
            state=CandidateSet.State.COMPLETE,
            completed_at=timezone.now(),
            **{"strategy": "imported", **fields},
        )
        Response.objects.bulk_create(
            Response(project=project, candidate_set=candidate_set, slot=slot, text=text, html=f"<p>{escape(text)}</p>", strategy="imported", model=f"model-{slot}")
            for slot, text in enumerate(texts)
        )
        open_for(candidate_sets=[candidate_set])
    return candidate_set


def make_comparison(project: Project, **fields: Any) -> Comparison:
    """Make a set and return its first comparison."""
    return Comparison.objects.filter(candidate_set=make_set(project, **fields)).earliest("number")
