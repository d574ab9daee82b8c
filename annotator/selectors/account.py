"""What is stored about a person: for their own eyes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from annotator.models import (
    Annotator,
    Consent,
    Draft,
    Judgment,
    OwnWords,
    Participation,
    ProfileRevision,
    Turn,
)
from annotator.selectors.demographics import OPTIONS, QUESTIONS


@dataclass(frozen=True)
class Involvement:
    """A person in one project, as their own page tells it."""

    participation: Participation
    consent: Consent | None
    said: list[tuple[str, str]]
    """Questions and answers, in the words of the pages."""


def list_involvements(*, annotator: Annotator) -> list[Involvement]:
    """Return the projects the person is in, the newest first, with what they agreed to and said. Two queries."""
    participations = list(
        _participations(annotator).filter(withdrawn_at=None).select_related("project", "profile")
    )
    newest: dict[int, Consent] = {
        consent.participation_id: consent
        for consent in Consent.objects.filter(participation__in=participations).order_by("pk")
    }
    return [
        Involvement(each, newest.get(each.pk), _said(each.profile) if each.profile else [])
        for each in participations
    ]


def describe_person(*, annotator: Annotator) -> dict[str, Any]:
    """Return everything stored about the person, ready for JSON. Queries: one for each kind of row."""
    return {
        "account": {
            "username": annotator.username,
            "email": annotator.email,
            "name": annotator.get_full_name(),
            "interface_language": annotator.ui_language,
            "since": annotator.date_joined,
            "last_login": annotator.last_login,
        },
        "projects": [
            _describe(each) for each in _participations(annotator).select_related("project")
        ],
    }


def _participations(annotator: Annotator) -> QuerySet[Participation]:
    return Participation.objects.filter(annotator=annotator).order_by("-pk")


def _said(profile: ProfileRevision) -> list[tuple[str, str]]:
    answers = {**profile.answers, **profile.sensitive_answers}
    return [
        (str(QUESTIONS.get(slug, slug)), str(OPTIONS.get(value, value)))
        for slug, value in answers.items()
    ]


def _describe(participation: Participation) -> dict[str, Any]:
    return {
        "project": participation.project.name,
        "made_up_name": participation.pseudonym,
        "languages": participation.languages,
        "country": participation.country,
        "joined": participation.joined_at,
        "panel": participation.panel,
        "name_in_the_panel": participation.external_id,
        "paused": participation.paused_at,
        "left_out": participation.excluded_at,
        "left": participation.withdrawn_at,
        "consents": list(
            Consent.objects.filter(participation=participation)
            .order_by("pk")
            .values(
                "given_at", "language", "version", "text_hash", "sensitive", "texts", "training"
            )
        ),
        "about_you": list(
            ProfileRevision.objects.filter(participation=participation)
            .order_by("pk")
            .values("given_at", "answers", "sensitive_answers", "language_skills")
        ),
        "what_matters_to_you": list(
            OwnWords.objects.filter(participation=participation)
            .order_by("number")
            .values("given_at", "language", "text", "lent")
        ),
        "messages": list(
            Turn.objects.filter(conversation__participation=participation)
            .exclude(message="")
            .order_by("pk")
            .values("conversation_id", "number", "message")
        ),
        "own_prompts": list(
            participation.prompts.order_by("pk").values("text", "language", "created_at")
        ),
        "drafts": list(
            Draft.objects.filter(participation=participation).values("saved_at", "content")
        ),
        "payments": list(
            participation.pay_lines.order_by("pk").values(
                "period__closed_at",
                "answers",
                "amount",
                "currency",
                "panel",
                "external_id",
                "country",
            )
        ),
        "answers": list(_answers(participation)),
    }


def _answers(participation: Participation) -> Iterator[dict[str, Any]]:
    names = {
        "id": "pk",
        "shown_at": "shown_at",
        "submitted_at": "submitted_at",
        "active_ms": "active_ms",
        "device": "device",
        "prompt": "turn__conversation__prompt__text",
        "choice": "choice_kind",
        "chosen_text": "choice_response__text",
        "strength": "strength",
        "ranks": "ranks",
        "general": "general_kind",
        "criteria": "criteria",
        "reasons": "reasons",
        "explanation": "explanation",
    }
    rows = Judgment.objects.filter(participation=participation).order_by("pk")
    for row in rows.values_list(*names.values()):
        yield dict(zip(names, row, strict=True))
