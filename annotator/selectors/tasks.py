"""What the task page shows, and nothing a browser must not know."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from annotator.models import ComparisonOption, Participation, Wave

LETTERS = "abcdefgh"


@dataclass(frozen=True)
class ShownResponse:
    """One response as it is shown: no id, no origin."""

    letter: str
    html: str
    language: str


@dataclass(frozen=True)
class Task:
    """One leased place, ready to be shown."""

    assignment_id: int
    submission_id: uuid.UUID
    lease_until: datetime
    prompt_text: str
    prompt_language: str
    responses: list[ShownResponse]
    task_format: str
    ways_out: list[str]
    strength_asked: bool
    explanation_asked: str


def get_task(*, assignment_id: int, participation: Participation, wave: Wave) -> Task | None:
    """Return the task of a place that this person holds; None where they don't. One query."""
    rows = list(
        ComparisonOption.objects.filter(
            comparison__assignments=assignment_id,
            comparison__assignments__participation=participation,
            comparison__assignments__state="leased",
        )
        .order_by("position")
        .values_list(
            "response__html",
            "comparison__language",
            "comparison__candidate_set__prompt__text",
            "comparison__candidate_set__prompt__language",
            "comparison__assignments__display_order",
            "comparison__assignments__token",
            "comparison__assignments__lease_until",
            "comparison__assignments__explanation_asked",
        )
    )
    if not rows:
        return None
    _html, language, prompt, prompt_language, order, token, lease_until, explanation_asked = rows[0]
    assert token is not None and lease_until is not None, (
        "leased_places_have_a_holder_a_token_and_an_end"
    )  # noqa: PT018
    pairwise = wave.setting("task_format") == "pairwise"
    return Task(
        assignment_id=assignment_id,
        submission_id=token,
        lease_until=lease_until,
        prompt_text=prompt,
        prompt_language=prompt_language,
        responses=[
            ShownResponse(letter, rows[i][0], language)
            for letter, i in zip(LETTERS, order, strict=False)
        ],
        task_format=wave.setting("task_format"),
        ways_out=wave.setting("ways_out"),
        strength_asked=pairwise and wave.setting("strength_asked"),
        explanation_asked=explanation_asked,
    )
