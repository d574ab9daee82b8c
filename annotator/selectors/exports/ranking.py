"""`ranking`: all responses of a judgment with their ranks, from 1, ties as in competitions (1, 2, 2, 2)."""

from dataclasses import replace

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
from annotator.selectors.exports.decided import RESPONSE_TEXT
from annotator.selectors.exports.shapes import COLLECTED, PROMPT_SQL, Filters, Shape
from annotator.selectors.exports.verdicts import (
    asked_about,
    criterion_column,
    only_one_wins,
    scored,
)

ANSWERS = f"""(
    SELECT json_agg(json_build_object(
        'answer', {RESPONSE_TEXT}, 'rank', CASE WHEN response.id = judgment.choice_response_id THEN 1 ELSE 2 END,
        'response_id', response.id)
        ORDER BY response.id <> judgment.choice_response_id, option.position)
    FROM annotator_comparisonoption option
    JOIN annotator_response response ON response.id = option.response_id
    WHERE option.comparison_id = judgment.comparison_id)"""  # noqa: S608 - constants

RANKING = (
    Column("prompt", PROMPT_SQL, MESSAGES),
    Column("answers", ANSWERS, list_of({"answer": TEXT, "rank": SMALL, "response_id": INTEGER})),
    *COMMON,
    Column("project", "%(slug)s::text", TEXT),
    Column("wave", "wave.number", SMALL),
    Column("turn", "turn.number", SMALL),
    Column("prompt_id", "prompt.id", INTEGER),
    Column("comparison_id", "judgment.comparison_id", INTEGER),
)

ORDERED = """
JOIN LATERAL (
    SELECT json_agg(json_build_object('answer', text, 'rank', rank, 'response_id', id) ORDER BY rank, position) AS answers, max(rank) AS last
    FROM (SELECT *, rank() OVER (ORDER BY score DESC) AS rank FROM ({scored}) scored WHERE score IS NOT NULL) ranked
) ordered ON ordered.last > 1"""


def ranking(project: Project, filters: Filters) -> Shape:
    """Return the judgments that order something; an answer without a winner orders nothing."""
    columns = (*RANKING, criterion_column(filters))
    if only_one_wins(project, filters):
        return Shape(columns=columns, conditions=(COLLECTED, "judgment.choice_kind = 'response'"))
    return Shape(
        columns=tuple(
            replace(column, sql="ordered.answers") if column.name == "answers" else column
            for column in columns
        ),
        joins=asked_about(filters) + ORDERED.format(scored=scored(filters)),
        conditions=(COLLECTED,),
    )
