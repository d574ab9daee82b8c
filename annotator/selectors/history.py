"""What a person has answered so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from annotator.models import ComparisonOption, Judgment, Participation
from annotator.selectors.tasks import LETTERS

PAGE = 20


@dataclass(frozen=True)
class Answered:
    """One of the person's answers, as it was shown to them."""

    number: int
    submitted_at: datetime
    prompt_text: str
    prompt_language: str
    letter: str
    html: str
    choice_kind: str
    strength: int | None
    explanation: str
    language: str
    is_surplus: bool


def list_answers(
    *, participation: Participation, before: int | None
) -> tuple[list[Answered], int | None]:
    """Return a page of answers, newest first, and where the next page begins. One query."""
    chosen = ComparisonOption.objects.filter(
        comparison=OuterRef("comparison"), response=OuterRef("choice_response")
    ).values("position")
    rows = (
        Judgment.objects.filter(Q(pk__lt=before) if before else Q(), participation=participation)
        .annotate(chosen_position=Subquery(chosen))
        .order_by("-pk")
        .values(
            "pk",
            "submitted_at",
            "turn__message",
            "turn__conversation__prompt__text",
            "turn__conversation__prompt__language",
            "comparison__language",
            "choice_kind",
            "chosen_position",
            "display_order",
            "choice_response__html",
            "strength",
            "explanation",
            "place",
        )[: PAGE + 1]
    )
    answers = [_answered(row) for row in rows]
    return answers[:PAGE], answers[PAGE - 1].number if len(answers) > PAGE else None


def _answered(row: Mapping[str, Any]) -> Answered:
    position = row["chosen_position"]
    return Answered(
        number=row["pk"],
        submitted_at=row["submitted_at"],
        prompt_text=row["turn__message"] or row["turn__conversation__prompt__text"] or "",
        prompt_language=row["turn__conversation__prompt__language"] or row["comparison__language"],
        language=row["comparison__language"],
        choice_kind=row["choice_kind"],
        letter="" if position is None else LETTERS[row["display_order"].index(position)],
        html=row["choice_response__html"] or "",
        strength=row["strength"],
        explanation=row["explanation"],
        is_surplus=row["place"] is None,
    )
