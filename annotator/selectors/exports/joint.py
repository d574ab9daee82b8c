"""`joint`: one prompt with its response against another prompt with its own, in the two-prompt format."""

from annotator.models import Project
from annotator.selectors.exports.columns import COMMON, INTEGER, SMALL, TEXT, Column
from annotator.selectors.exports.decided import RESPONSE_TEXT, WINNER
from annotator.selectors.exports.preference import MARGIN, is_strength_asked
from annotator.selectors.exports.shapes import COLLECTED, Filters, Shape

JOINT = (
    Column("i_chosen", "chosen_prompt.text", TEXT),
    Column("r_chosen", "winner.text", TEXT),
    Column("i_rejected", "rejected_prompt.text", TEXT),
    Column("r_rejected", "loser.text", TEXT),
    *COMMON,
    Column("project", "%(slug)s::text", TEXT),
    Column("wave", "wave.number", SMALL),
    Column("comparison_id", "judgment.comparison_id", INTEGER),
    Column("chosen_prompt_id", "chosen_prompt.id", INTEGER),
    Column("rejected_prompt_id", "rejected_prompt.id", INTEGER),
    Column("chosen_id", "winner.id", INTEGER),
    Column("rejected_id", "loser.id", INTEGER),
)

SIDES = f"""
{WINNER}
JOIN annotator_candidateset chosen_set ON chosen_set.id = winner.candidate_set_id
JOIN annotator_prompt chosen_prompt ON chosen_prompt.id = chosen_set.prompt_id
JOIN annotator_comparisonoption other ON other.comparison_id = judgment.comparison_id AND other.response_id <> winner.id
JOIN LATERAL (
    SELECT response.id, response.candidate_set_id, {RESPONSE_TEXT} AS text
    FROM annotator_response response WHERE response.id = other.response_id
) loser ON true
JOIN annotator_candidateset rejected_set ON rejected_set.id = loser.candidate_set_id
JOIN annotator_prompt rejected_prompt ON rejected_prompt.id = rejected_set.prompt_id"""  # noqa: S608 - constants


def joint(project: Project, filters: Filters) -> Shape:  # noqa: ARG001 - a choice is between pairs as a whole
    """Return one row for each judgment with a winner."""
    return Shape(
        columns=(*JOINT, *([MARGIN] if is_strength_asked(project) else [])),
        joins=SIDES,
        conditions=(COLLECTED, "judgment.choice_kind = 'response'"),
    )
