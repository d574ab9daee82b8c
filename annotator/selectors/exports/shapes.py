"""What an export is narrowed to, and what the rows of a format are made of."""

from dataclasses import dataclass
from typing import Literal

from annotator.selectors.exports.columns import Column
from annotator.selectors.exports.messages import said_so_far

Counted = Literal["true", "false", "all"]

FROM = """
FROM annotator_judgment judgment
JOIN annotator_wave wave ON wave.id = judgment.wave_id
JOIN annotator_participation person ON person.id = judgment.participation_id
JOIN annotator_comparison comparison ON comparison.id = judgment.comparison_id
JOIN annotator_turn turn ON turn.id = judgment.turn_id
JOIN annotator_conversation conversation ON conversation.id = turn.conversation_id
LEFT JOIN annotator_candidateset candidate_set ON candidate_set.id = comparison.candidate_set_id
LEFT JOIN annotator_prompt prompt ON prompt.id = conversation.prompt_id
LEFT JOIN annotator_promptgroup prompt_group ON prompt_group.id = prompt.group_id
LEFT JOIN annotator_assignment place ON place.id = judgment.assignment_id
LEFT JOIN annotator_assignment counting ON counting.judgment_id = judgment.id AND person.excluded_at IS NULL
"""
"""Each judgment, and by key what belongs to it; nothing of an excluded person counts, nor a place of their own."""

PROMPT_SQL = said_so_far(with_system=True)

COLLECTED = "comparison.kind = 'collect'"


def said(text: str) -> str:
    """Return the SQL of a conversation that holds one answer."""
    return f"json_build_array(json_build_object('role', 'assistant', 'content', {text}))"


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which judgments an export holds; what is None doesn't narrow it.

    `counted` is `all` by default in `native`, `true` elsewhere; `false` gives the surplus.
    """

    language: str | None = None
    country: str | None = None
    strategy: str | None = None
    wave: int | None = None
    turn: int | None = None
    criterion: str | None = None
    counted: Counted | None = None
    pairs: Literal["all", "one"] = "all"
    negatives: Literal["rated", "unchosen"] = "rated"
    since: int | None = None
    demographics: bool = False
    """Whether the reader may see what people said of themselves."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The rows of a format: its columns, where they come from beside `FROM`, and which judgments give any."""

    columns: tuple[Column, ...]
    joins: str = ""
    conditions: tuple[str, ...] = ()
    personal: bool = True
    """Whether a row is what one person said."""
    source: str = FROM
    in_project: str = "judgment.project_id = %(project)s"
    order: str = "judgment.id"
    counts: bool = True
    """Whether rows are judgments, of which some fill a place and others don't."""
