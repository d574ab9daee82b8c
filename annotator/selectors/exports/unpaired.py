"""`unpaired`: one response and whether it was wanted, as TRL's KTO takes it."""

from annotator.models import Project
from annotator.selectors.exports.columns import (
    COMMON,
    INTEGER,
    MESSAGES,
    SMALL,
    TEXT,
    TRUTH,
    Column,
)
from annotator.selectors.exports.decided import RESPONSE_TEXT
from annotator.selectors.exports.shapes import COLLECTED, PROMPT_SQL, Filters, Shape, said
from annotator.selectors.exports.verdicts import asked_about, criterion_column, either

UNPAIRED = (
    Column("prompt", PROMPT_SQL, MESSAGES),
    Column("completion", said("rated.text"), MESSAGES),
    Column("label", "rated.source IN ('chosen', 'both_good')", TRUTH),
    Column("label_source", "rated.source", TEXT),
    *COMMON,
    Column("project", "%(slug)s::text", TEXT),
    Column("wave", "wave.number", SMALL),
    Column("turn", "turn.number", SMALL),
    Column("prompt_id", "prompt.id", INTEGER),
    Column("comparison_id", "judgment.comparison_id", INTEGER),
    Column("response_id", "rated.id", INTEGER),
)

RATED = f"""
JOIN LATERAL (
    SELECT response.id, {RESPONSE_TEXT} AS text, option.position, {{source}} AS source
    FROM annotator_comparisonoption option
    JOIN annotator_response response ON response.id = option.response_id
    WHERE option.comparison_id = judgment.comparison_id
    ORDER BY option.position
) rated ON true"""  # noqa: S608 - constants


OVERALL_SOURCE = """CASE WHEN option.position = ANY(judgment.vetoes) THEN 'veto'
    WHEN judgment.choice_kind NOT IN ('response', 'ranking') THEN judgment.choice_kind
    WHEN response.id = judgment.choice_response_id THEN 'chosen'
    WHEN judgment.choice_response_id IS NOT NULL THEN 'unchosen' END"""
"""A veto weighs more than a choice: the best of several unacceptable ones stays unacceptable."""
CRITERION_SOURCE = """CASE WHEN asked.answer->>'kind' = 'response'
    THEN CASE WHEN option.position = (asked.answer->>'position')::int THEN 'chosen' ELSE 'unchosen' END END"""


def unpaired(project: Project, filters: Filters) -> Shape:  # noqa: ARG001 - the same for every project
    """Return the chosen one and those called good or bad; those merely not chosen only when asked for.

    `none` says that nothing represents this person, and `no_difference` that two are alike: neither makes a
    response good or bad.
    """
    sources = ["chosen", "both_good", "both_bad", "all_bad", "veto"]
    if filters.negatives == "unchosen":
        sources.append("unchosen")
    listed = ", ".join(f"'{source}'" for source in sources)
    source = either(filters, overall=OVERALL_SOURCE, criterion=CRITERION_SOURCE)
    return Shape(
        columns=(*UNPAIRED, criterion_column(filters)),
        joins=asked_about(filters) + RATED.format(source=source),
        conditions=(COLLECTED, f"rated.source IN ({listed})"),
    )
