"""`offers`: every task that was shown to somebody, and what came of it: judged, skipped and why, or left.

Rows stand person by person, so that nothing is sorted: the pseudonym's index leads to a person's offers.
"""

from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Project
from annotator.selectors.exports.columns import (
    COMMON,
    INTEGER,
    MOMENT,
    SMALL,
    TEXT,
    Column,
    moment,
)
from annotator.selectors.exports.shapes import Filters, Shape

FROM_OFFERS = """
FROM annotator_participation person
JOIN annotator_offer offer ON offer.participation_id = person.id
JOIN annotator_comparison comparison ON comparison.id = offer.comparison_id
JOIN annotator_wave wave ON wave.id = offer.wave_id
JOIN annotator_assignment place ON place.id = offer.assignment_id
LEFT JOIN annotator_candidateset candidate_set ON candidate_set.id = comparison.candidate_set_id
LEFT JOIN LATERAL (
    SELECT given.id, given.turn_id FROM annotator_judgment given
    WHERE given.participation_id = offer.participation_id AND given.comparison_id = offer.comparison_id
    ORDER BY given.revision LIMIT 1
) judgment ON true
LEFT JOIN annotator_turn turn ON turn.id = judgment.turn_id
LEFT JOIN annotator_conversation conversation ON conversation.id = turn.conversation_id
LEFT JOIN annotator_prompt prompt ON prompt.id = COALESCE(candidate_set.prompt_id, conversation.prompt_id)
LEFT JOIN annotator_promptgroup prompt_group ON prompt_group.id = prompt.group_id
"""

OFFERS = (
    *COMMON,
    Column("project", "%(slug)s::text", TEXT),
    Column("wave", "wave.number", SMALL),
    Column("comparison_id", "offer.comparison_id", INTEGER),
    Column("prompt_id", "prompt.id", INTEGER),
    Column("kind", "comparison.kind", TEXT),
    Column("assigned_language", "place.language", TEXT),
    Column("explanation_asked", "place.explanation_asked", TEXT),
    Column("shown_at", moment("offer.shown_at"), MOMENT),
    Column("ended_at", moment("offer.ended_at"), MOMENT),
    Column("outcome", "offer.outcome", TEXT),
    Column("skip_reason", "NULLIF(offer.skip_reason, '')", TEXT),
)


def offers(project: Project, filters: Filters) -> Shape:  # noqa: ARG001 - the same for every project
    """Return one row per task shown to a person."""
    for name in ("turn", "counted"):
        if getattr(filters, name) is not None:
            raise Refused(
                "filter_of_judgments",
                _("A task that was left has no %(name)s. Leave it out, or ask for native.")
                % {"name": name},
                fields={name: _("Not in this format.")},
            )
    return Shape(
        columns=OFFERS,
        source=FROM_OFFERS,
        in_project="person.project_id = %(project)s AND person.excluded_at IS NULL",
        order="person.pseudonym, offer.comparison_id",
        counts=False,
    )
