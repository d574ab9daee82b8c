"""Plain, typed makers of rows. People have fixed roles: alice and bob annotate, rita researches, adam administers."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.html import escape

from annotator.models import (
    Annotator,
    Assignment,
    CandidateSet,
    Comparison,
    Conversation,
    Judgment,
    Membership,
    Participation,
    Project,
    Prompt,
    Response,
    Role,
    Scope,
    Turn,
)
from annotator.services.assignments import claim_next, give_back_overdue
from annotator.services.comparisons import open_for
from annotator.services.judgments import Answer, submit_judgment
from annotator.services.projects import create_project, open_project
from annotator.services.strata import place_of
from annotator.services.tokens import create_token


def make_annotator(username: str = "alice", **fields: Any) -> Annotator:
    """Make an account with the password "correct horse"."""
    return Annotator.objects.create_user(username=username, password="correct horse", **fields)


def make_admin(username: str = "adam") -> Annotator:
    """Make a superuser with the password "correct horse"."""
    return Annotator.objects.create_superuser(username=username, password="correct horse")


def make_project(slug: str = "everyday", *, opened: bool = True, **settings: Any) -> Project:
    """Make a project, open unless said otherwise."""
    defaults: dict[str, Any] = {
        "slug": slug,
        "name": slug.title(),
        "languages": ["en"],
        "ways_out": ["none", "all_bad"],
        "demographics": [],
    }
    project = create_project(**{**defaults, **settings})
    if opened:
        open_project(project=project)
    return project


def make_participation(
    project: Project, annotator: Annotator, *, languages: Sequence[str] = ("en",), **fields: Any
) -> Participation:
    """Let a person take part, without the gates."""
    defaults = {
        "pseudonym": f"p{annotator.pk:08d}",
        **place_of(project=project, answers={"country": fields.get("country", "")}),
    }
    return Participation.objects.create(
        project=project, annotator=annotator, languages=list(languages), **{**defaults, **fields}
    )


def make_prompt(
    project: Project,
    text: str = "What do you owe your parents?",
    *,
    language: str = "en",
    **fields: Any,
) -> Prompt:
    """Make a prompt."""
    return Prompt.objects.create(
        project=project,
        text=text,
        language=language,
        **{"import_key": f"test-{uuid.uuid4()}", **fields},
    )


def make_set(
    project: Project,
    prompt: Prompt | None = None,
    *,
    texts: Sequence[str] = ("One.", "Two.", "Three.", "Four."),
    model: str = "",
    **fields: Any,
) -> CandidateSet:
    """Make a complete candidate set, of several models unless one is named, and open its comparisons."""
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
            Response(
                project=project,
                candidate_set=candidate_set,
                slot=slot,
                text=text,
                html=f"<p>{escape(text)}</p>",
                strategy="imported",
                model=model or f"model-{slot}",
            )
            for slot, text in enumerate(texts)
        )
        open_for(candidate_sets=[candidate_set])
    return candidate_set


def make_comparison(project: Project, **fields: Any) -> Comparison:
    """Make a set and return its first comparison."""
    return Comparison.objects.filter(candidate_set=make_set(project, **fields)).earliest("number")


def make_member(project: Project, username: str = "rita", role: str = Role.MANAGER) -> Annotator:
    """Let a member of the staff into a project's team."""
    account = Annotator.objects.filter(username=username).first() or make_annotator(
        username, is_staff=True
    )
    Membership.objects.update_or_create(project=project, annotator=account, defaults={"role": role})
    return account


def make_token(
    *projects: Project,
    owner: Annotator | None = None,
    scopes: Sequence[str] = Scope.values,
    lifetime: timedelta = timedelta(days=30),
) -> str:
    """Make a key to the projects with every scope unless said otherwise; rita, who manages them, owns it."""
    if owner is None:
        for project in projects:
            make_member(project)
    owner = owner or Annotator.objects.get(username="rita")
    _token, key = create_token(
        name="notebook",
        owner=owner,
        scopes=scopes,
        projects=projects,
        expires_at=timezone.now() + lifetime,
    )
    return key


def hold(participation: Participation) -> Assignment:
    """Let a person open the page of their next task."""
    claimed = claim_next(participation=participation)
    assert claimed is not None, "there is no place for this person"
    return Assignment.objects.get(pk=claimed)


def hold_too_long(participation: Participation) -> Assignment:
    """Let a person hold a place until its time is over and it has gone back; return it as it was held."""
    held = hold(participation)
    Assignment.objects.filter(pk=held.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    give_back_overdue()
    return held


def make_judgment(participation: Participation, choice: str = "a", **answer: Any) -> Judgment:
    """Let a person claim their next place and answer it, as the task page does."""
    place = hold(participation)
    submitted = submit_judgment(
        participation=participation,
        assignment_id=place.pk,
        submission_id=place.token or uuid.uuid4(),
        answer=Answer(choice=choice, **answer),
        ui_language="en",
        device="desktop",
        active_ms=1200,
    )
    return Judgment.objects.get(pk=submitted.judgment_id)


def make_own_turn(participation: Participation, **prompt: Any) -> Turn:
    """Make a person's own prompt with its conversation; return the turn that waits for candidates."""
    own = make_prompt(
        participation.project, **{"source": Prompt.Source.OWN, "author": participation, **prompt}
    )
    conversation = Conversation.objects.create(
        project=participation.project, participation=participation, prompt=own
    )
    return Turn.objects.create(conversation=conversation, number=1)


def make_next_turn(judgment: Judgment, message: str) -> Turn:
    """Let a person write on after a judgment."""
    return Turn.objects.create(
        conversation=judgment.turn.conversation,
        number=judgment.turn.number + 1,
        message=message,
        continues=judgment.choice_response,
    )
