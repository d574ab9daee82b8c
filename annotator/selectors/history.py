"""What a person has answered so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from annotator.models import Comparison, ComparisonOption, Participation
from annotator.selectors.revisions import RECENT, WENT_ON, may_change, standing_answers
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
    is_changed: bool
    may_change: bool
    places: list[tuple[str, int]]
    """Of a ranking: the letters that have a place, the first one first."""


def list_answers(
    *, participation: Participation, before: int | None
) -> tuple[list[Answered], int | None]:
    """Return a page of answers as they stand, newest first, and where the next page begins. One query."""
    chosen = ComparisonOption.objects.filter(
        comparison=OuterRef("comparison"), response=OuterRef("choice_response")
    ).values("position")
    rows = (
        standing_answers(participation)
        .filter(Q(pk__lt=before) if before else Q())
        .annotate(chosen_position=Subquery(chosen), went_on=WENT_ON)
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
            "revision",
            "ranks",
            "comparison__kind",
            "went_on",
        )[: PAGE + 1]
    )
    recent = RECENT if before is None and may_change(participation.project) else 0
    answers = [_answered(row, is_recent=n < recent) for n, row in enumerate(rows)]
    return answers[:PAGE], answers[PAGE - 1].number if len(answers) > PAGE else None


def _answered(row: Mapping[str, Any], *, is_recent: bool) -> Answered:
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
        is_changed=row["revision"] > 1,
        may_change=is_recent
        and not row["went_on"]
        and row["comparison__kind"] == Comparison.Kind.COLLECT,
        places=sorted(
            (
                (letter, row["ranks"][i])
                for letter, i in zip(LETTERS, row["display_order"], strict=False)
                if row["ranks"] and row["ranks"][i]
            ),
            key=lambda place: place[1],
        ),
    )
