"""`preference` and `preference-implicit`: TRL's conversational pairs, the winner against each other response."""

from dataclasses import replace

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
from annotator.selectors.exports.decided import RESPONSE_TEXT, WINNER
from annotator.selectors.exports.shapes import COLLECTED, PROMPT_SQL, Filters, Shape, said
from annotator.selectors.exports.verdicts import (
    asked_about,
    criterion_column,
    either,
    only_one_wins,
    scored,
)

EXPLICIT = (
    Column("prompt", PROMPT_SQL, MESSAGES),
    Column("chosen", said("winner.text"), MESSAGES),
    Column("rejected", said("loser.text"), MESSAGES),
)
IMPLICIT = (
    Column("chosen", f"({PROMPT_SQL})::jsonb || ({said('winner.text')})::jsonb", MESSAGES),
    Column("rejected", f"({PROMPT_SQL})::jsonb || ({said('loser.text')})::jsonb", MESSAGES),
)
"""The prompt inside both: RewardTrainer would put a `prompt` column before them once more."""
PAIR = (
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
)

STRENGTH = "CASE judgment.strength WHEN 1 THEN 0.3333333333333333 WHEN 2 THEN 0.6666666666666666 WHEN 3 THEN 1.0 ELSE 0.0 END"
MARGIN = Column("margin", STRENGTH, NUMBER)
"""0.0, which changes nothing in a loss, where the strength was not asked: in another wave, of a criterion."""

LOSERS = {
    "all": f"""
JOIN LATERAL (
    SELECT response.id, {RESPONSE_TEXT} AS text, count(*) OVER () AS pairs
    FROM annotator_comparisonoption option
    JOIN annotator_response response ON response.id = option.response_id
    WHERE option.comparison_id = judgment.comparison_id AND option.response_id <> judgment.choice_response_id
    ORDER BY option.position
) loser ON true""",  # noqa: S608 - constants
    # Drawn from the comparison's stored seed: the same pair in every export.
    "one": f"""
JOIN LATERAL (
    SELECT response.id, {RESPONSE_TEXT} AS text, 1 AS pairs
    FROM annotator_comparisonoption option
    JOIN annotator_response response ON response.id = option.response_id
    WHERE option.comparison_id = judgment.comparison_id AND option.response_id <> judgment.choice_response_id
    ORDER BY md5(concat_ws(':', comparison.seed, judgment.id, option.position))
    LIMIT 1
) loser ON true""",  # noqa: S608 - constants
}
"""Pairs per judgment: the winner against each other response, or against one."""

ORDERED = """
JOIN LATERAL (
    WITH scored AS ({scored})
    SELECT winner.id AS winner_id, winner.text AS winner_text, loser.id AS loser_id, loser.text AS loser_text, {pairs} AS pairs
    FROM scored winner JOIN scored loser ON winner.score > loser.score
    ORDER BY {order}
) pair ON true
JOIN LATERAL (SELECT pair.winner_id AS id, pair.winner_text AS text) winner ON true
JOIN LATERAL (SELECT pair.loser_id AS id, pair.loser_text AS text, pair.pairs) loser ON true"""
"""Where responses have scores: every strictly ordered pair, or one that the comparison's seed draws."""
ORDERS = {
    "all": ("count(*) OVER ()", "winner.position, loser.position"),
    "one": (
        "1",
        "md5(concat_ws(':', comparison.seed, judgment.id, winner.position, loser.position)) LIMIT 1",
    ),
}


def explicit(project: Project, filters: Filters) -> Shape:
    """Return the pairs with the prompt in a column of its own."""
    return _pairs(EXPLICIT, project, filters)


def implicit(project: Project, filters: Filters) -> Shape:
    """Return the pairs with the prompt inside `chosen` and `rejected`."""
    return _pairs(IMPLICIT, project, filters)


def _pairs(texts: tuple[Column, ...], project: Project, filters: Filters) -> Shape:
    """Add the pair's columns; `margin` is among them only where some wave of the project asked for the strength."""
    margin = replace(MARGIN, sql=either(filters, overall=STRENGTH, criterion="0.0"))
    columns = (*texts, *PAIR, criterion_column(filters))
    columns += (margin,) if is_strength_asked(project) else ()
    if only_one_wins(project, filters):
        return Shape(
            columns=columns,
            joins=WINNER + LOSERS[filters.pairs],
            conditions=(COLLECTED, "judgment.choice_kind = 'response'"),
        )
    pairs, order = ORDERS[filters.pairs]
    return Shape(
        columns=columns,
        joins=asked_about(filters)
        + ORDERED.format(scored=scored(filters), pairs=pairs, order=order),
        conditions=(COLLECTED,),
    )


def is_strength_asked(project: Project) -> bool:
    """Tell whether some wave of the project asks how much better the winner is."""
    return Wave.objects.filter(
        project=project,
        config__task_format__in=(Project.TaskFormat.PAIRWISE, Project.TaskFormat.TWO_PROMPTS),
        config__strength_asked=True,
    ).exists()
