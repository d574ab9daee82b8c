"""`preference`: TRL's explicit, conversational pairs, the winner against each other response."""

from annotator.models import Project, Wave
from annotator.selectors.exports.columns import (
    COMMON,
    INTEGER,
    MESSAGES,
    NUMBER,
    SMALL,
    TEXT,
    Column,
)

PROMPT_SQL = """CASE WHEN prompt.system = ''
    THEN json_build_array(json_build_object('role', 'user', 'content', prompt.text))
    ELSE json_build_array(
        json_build_object('role', 'system', 'content', prompt.system), json_build_object('role', 'user', 'content', prompt.text))
    END"""
"""The prompt's system message was given to every candidate; what only one was told never stands here."""


def _said(text: str) -> str:
    return f"json_build_array(json_build_object('role', 'assistant', 'content', {text}))"


PREFERENCE = (
    Column("prompt", PROMPT_SQL, MESSAGES),
    Column("chosen", _said("winner.text"), MESSAGES),
    Column("rejected", _said("loser.text"), MESSAGES),
    # Written with decimals on every row: a bare 1 would make the first block's type an integer.
    Column(
        "pair_weight",
        "CASE WHEN loser.pairs = 1 THEN 1.0 ELSE round(1.0 / loser.pairs, 17) END",
        NUMBER,
    ),
    *COMMON,
    Column("project", "%(slug)s::text", TEXT),
    Column("wave", "wave.number", SMALL),
    Column("turn", "turn.number", SMALL),
    Column("prompt_id", "prompt.id", INTEGER),
    Column("comparison_id", "judgment.comparison_id", INTEGER),
    Column("chosen_id", "winner.id", INTEGER),
    Column("rejected_id", "loser.id", INTEGER),
    Column("criterion", "'overall'", TEXT),
)

MARGIN = Column(
    "margin",
    "CASE judgment.strength WHEN 1 THEN 0.3333333333333333 WHEN 2 THEN 0.6666666666666666 WHEN 3 THEN 1.0 ELSE 0.0 END",
    NUMBER,
)
"""0.0, which changes nothing in a loss, where the judgment's wave didn't ask for the strength."""

LOSERS = {
    "all": """
JOIN LATERAL (
    SELECT response.id, response.text, count(*) OVER () AS pairs
    FROM annotator_comparisonoption option
    JOIN annotator_response response ON response.id = option.response_id
    WHERE option.comparison_id = judgment.comparison_id AND option.response_id <> judgment.choice_response_id
    ORDER BY option.position
) loser ON true""",
    # Drawn from the comparison's stored seed: the same pair in every export.
    "one": """
JOIN LATERAL (
    SELECT response.id, response.text, 1 AS pairs
    FROM annotator_comparisonoption option
    JOIN annotator_response response ON response.id = option.response_id
    WHERE option.comparison_id = judgment.comparison_id AND option.response_id <> judgment.choice_response_id
    ORDER BY md5(concat_ws(':', comparison.seed, judgment.id, option.position))
    LIMIT 1
) loser ON true""",
}
"""Pairs per judgment: the winner against each other response, or against one."""


def preference_columns(*, project: Project) -> tuple[Column, ...]:
    """Return the columns; `margin` is among them only where some wave of the project asked for the strength."""
    asked = Wave.objects.filter(
        project=project,
        config__task_format=Project.TaskFormat.PAIRWISE,
        config__strength_asked=True,
    )
    return (*PREFERENCE, MARGIN) if asked.exists() else PREFERENCE
