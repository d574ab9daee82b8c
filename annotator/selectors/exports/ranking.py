"""`ranking`: all responses of a judgment with their ranks, from 1, ties as in competitions (1, 2, 2, 2)."""

from annotator.models import Project
from annotator.selectors.exports.columns import (
    COMMON,
    INTEGER,
    MESSAGES,
    SMALL,
    TEXT,
    Column,
    list_of,
)
from annotator.selectors.exports.shapes import COLLECTED, PROMPT_SQL, Filters, Shape

ANSWERS = """(
    SELECT json_agg(json_build_object(
        'answer', response.text, 'rank', CASE WHEN response.id = judgment.choice_response_id THEN 1 ELSE 2 END,
        'response_id', response.id)
        ORDER BY response.id <> judgment.choice_response_id, option.position)
    FROM annotator_comparisonoption option
    JOIN annotator_response response ON response.id = option.response_id
    WHERE option.comparison_id = judgment.comparison_id)"""

RANKING = (
    Column("prompt", PROMPT_SQL, MESSAGES),
    Column("answers", ANSWERS, list_of({"answer": TEXT, "rank": SMALL, "response_id": INTEGER})),
    *COMMON,
    Column("project", "%(slug)s::text", TEXT),
    Column("wave", "wave.number", SMALL),
    Column("turn", "turn.number", SMALL),
    Column("prompt_id", "prompt.id", INTEGER),
    Column("comparison_id", "judgment.comparison_id", INTEGER),
    Column("criterion", "'overall'", TEXT),
)


def ranking(project: Project, filters: Filters) -> Shape:  # noqa: ARG001 - the same for every project
    """Return the judgments that order something; an answer without a winner orders nothing."""
    return Shape(columns=RANKING, conditions=(COLLECTED, "judgment.choice_kind = 'response'"))
