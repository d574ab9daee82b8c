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
from annotator.selectors.exports.shapes import COLLECTED, PROMPT_SQL, Filters, Shape, said

UNPAIRED = (
    Column("prompt", PROMPT_SQL, MESSAGES),
    Column("completion", said("rated.text"), MESSAGES),
    Column("label", "rated.label", TRUTH),
    Column("label_source", "rated.source", TEXT),
    *COMMON,
    Column("project", "%(slug)s::text", TEXT),
    Column("wave", "wave.number", SMALL),
    Column("turn", "turn.number", SMALL),
    Column("prompt_id", "prompt.id", INTEGER),
    Column("comparison_id", "judgment.comparison_id", INTEGER),
    Column("response_id", "rated.id", INTEGER),
    Column("criterion", "'overall'", TEXT),
)

RATED = """
JOIN LATERAL (
    SELECT response.id, response.text, option.position,
        judgment.choice_kind = 'both_good' OR response.id = judgment.choice_response_id IS TRUE AS label,
        CASE WHEN judgment.choice_kind <> 'response' THEN judgment.choice_kind
             WHEN response.id = judgment.choice_response_id THEN 'chosen' ELSE 'unchosen' END AS source
    FROM annotator_comparisonoption option
    JOIN annotator_response response ON response.id = option.response_id
    WHERE option.comparison_id = judgment.comparison_id
    ORDER BY option.position
) rated ON true"""


def unpaired(project: Project, filters: Filters) -> Shape:  # noqa: ARG001 - the same for every project
    """Return the chosen one and those called good or bad together; those merely not chosen only when asked for.

    `none` says that nothing represents this person, and `no_difference` that two are alike: neither makes a
    response good or bad.
    """
    sources = ["chosen", "both_good", "both_bad", "all_bad"]
    if filters.negatives == "unchosen":
        sources.append("unchosen")
    listed = ", ".join(f"'{source}'" for source in sources)
    return Shape(
        columns=UNPAIRED, joins=RATED, conditions=(COLLECTED, f"rated.source IN ({listed})")
    )
