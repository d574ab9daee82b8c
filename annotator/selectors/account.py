"""What is stored about a person: for their own eyes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from annotator.models import (
    Annotator,
    Consent,
    Draft,
    HarmFlag,
    Judgment,
    Outcome,
    OwnWords,
    PanelSession,
    Participation,
    PayLine,
    ProfileRevision,
    Turn,
)
from annotator.selectors.demographics import OPTIONS, QUESTIONS
from annotator.selectors.pay import list_earnings

Row = TypeVar("Row", HarmFlag, PanelSession, PayLine)
ENDINGS: Mapping[str, Any] = {
    "": _("it goes on"),
    Outcome.COMPLETE: _("you completed it"),
    Outcome.SCREEN_OUT: _("it looked for somebody else"),
    Outcome.QUOTA_FULL: _("all places were taken"),
    Outcome.QUALITY: _("it ended after checks"),
    Outcome.TECHNICAL: _("something went wrong on our side"),
    Outcome.RETURNED: _("you returned it"),
}
"""How a visit through a panel ended, said to the person."""


@dataclass(frozen=True)
class Involvement:
    """A person in one project, as their own page tells it."""

    participation: Participation
    consent: Consent | None
    said: list[tuple[str, str]]
    """Questions and answers, in the words of the pages."""
    reports: list[HarmFlag]
    visits: list[tuple[PanelSession, str]]
    """Each visit through a panel, and how it ended."""
    payments: list[tuple[PayLine, Decimal]]
    """What was listed to be paid, each with its amount."""


def list_involvements(*, annotator: Annotator) -> list[Involvement]:
    """Return the projects the person is or was in, the newest first, with what is stored. Five queries.

    Of a project they have left, only what stays in the books.
    """
    participations = list(_participations(annotator).select_related("project", "profile"))
    newest: dict[int, Consent] = {
        consent.participation_id: consent
        for consent in Consent.objects.filter(participation__in=participations).order_by("pk")
    }
    reports = _by_person(_reports(participations))
    visits = _by_person(_visits(participations))
    payments = _by_person(_payments(participations))
    return [
        Involvement(
            each,
            newest.get(each.pk),
            _said(each.profile) if each.profile else [],
            reports[each.pk],
            [(visit, str(ENDINGS[visit.outcome])) for visit in visits[each.pk]],
            [(line, Decimal(line.amount) / 100) for line in payments[each.pk]],
        )
        for each in participations
    ]


def _by_person(rows: "QuerySet[Row]") -> defaultdict[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.participation_id].append(row)
    return found


def _reports(participations: list[Participation]) -> QuerySet[HarmFlag]:
    rows = HarmFlag.objects.filter(participation__in=participations).order_by("pk")
    return rows.select_related("response")


def _visits(participations: list[Participation]) -> QuerySet[PanelSession]:
    return PanelSession.objects.filter(participation__in=participations).order_by("pk")


def _payments(participations: list[Participation]) -> QuerySet[PayLine]:
    rows = PayLine.objects.filter(participation__in=participations).order_by("pk")
    return rows.select_related("period")


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
        "answers": list(_answers(participation)),
        **_books(participation),
    }


def _books(participation: Participation) -> dict[str, Any]:
    """Return what stays in the books when the person leaves: reports, visits, what was earned and paid."""
    return {
        "reports": [
            {"at": each.at, "response": each.response.text, "note": each.note}
            for each in _reports([participation])
        ],
        "visits": list(
            _visits([participation]).values(
                "session_id", "study_id", "started_at", "ended_at", "outcome"
            )
        ),
        "earned": [
            {"currency": each.currency, "amount": each.amount, "answers": each.answers}
            for each in list_earnings(project=participation.project, participation=participation)
        ],
        "listed_to_be_paid": [
            {
                "at": each.period.closed_at,
                "currency": each.currency,
                "amount": Decimal(each.amount) / 100,
                "answers": each.answers,
                "panel": each.panel,
                "external_id": each.external_id,
                "country": each.country,
            }
            for each in _payments([participation])
        ],
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
