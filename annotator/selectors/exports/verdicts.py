"""What a judgment says about its responses: overall, and by each criterion that was asked.

`overall` is the choice or the ranking itself, and what an export follows unless it is told otherwise. A
criterion's answer makes rows of its own; `all` gives them all, told apart by the column `criterion`.
"""

from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Project, Wave
from annotator.selectors.exports.columns import TEXT, Column
from annotator.selectors.exports.decided import RESPONSE_TEXT
from annotator.selectors.exports.shapes import Filters

OVERALL, ALL = "overall", "all"

ANSWERS = "SELECT entry->>'criterion' AS criterion, entry AS answer FROM jsonb_array_elements(judgment.criteria) entry"
ASKED = {
    OVERALL: "",
    ALL: f"\nJOIN LATERAL (SELECT 'overall' AS criterion, NULL::jsonb AS answer UNION ALL {ANSWERS}) asked ON true",
}
ASKED_ONE = f"\nJOIN LATERAL ({ANSWERS} WHERE entry->>'criterion' = %(criterion)s) asked ON true"

OVERALL_SCORE = """CASE judgment.choice_kind
    WHEN 'response' THEN (option.response_id = judgment.choice_response_id)::int
    WHEN 'ranking' THEN -COALESCE(judgment.ranks[option.position + 1], 100) END"""
"""The higher, the better; what was left unranked comes after all that was ranked; a way out orders nothing."""
CRITERION_SCORE = """CASE asked.answer->>'kind'
    WHEN 'response' THEN (option.position = (asked.answer->>'position')::int)::int
    WHEN 'rating' THEN (asked.answer->'ratings'->>option.position)::int END"""


def asked_about(filters: Filters) -> str:
    """Return the join that gives a row for each question that the export follows."""
    return ASKED.get(filters.criterion or OVERALL, ASKED_ONE)


def either(filters: Filters, *, overall: str, criterion: str) -> str:
    """Return the SQL for what is asked overall, for a criterion, or for whichever a row is about."""
    if (filters.criterion or OVERALL) == OVERALL:
        return overall
    return f"CASE WHEN asked.answer IS NULL THEN {overall} ELSE {criterion} END"


def criterion_column(filters: Filters) -> Column:
    """Return the column that tells which question a row answers."""
    return Column(
        "criterion", either(filters, overall="'overall'", criterion="asked.criterion"), TEXT
    )


def scored(filters: Filters) -> str:
    """Return the SELECT of a judgment's responses, each with its score for the question of the row."""
    score = either(filters, overall=OVERALL_SCORE, criterion=CRITERION_SCORE)
    return f"""SELECT response.id, {RESPONSE_TEXT} AS text, option.position, {score} AS score
    FROM annotator_comparisonoption option
    JOIN annotator_response response ON response.id = option.response_id
    WHERE option.comparison_id = judgment.comparison_id"""  # noqa: S608 - constants of this file


def only_one_wins(project: Project, filters: Filters) -> bool:
    """Tell whether every judgment of the export says no more than which response is best."""
    overall = (filters.criterion or OVERALL) == OVERALL
    return overall and project.task_format != Project.TaskFormat.RANKING


def refuse_unknown_criterion(project: Project, filters: Filters) -> None:
    """Refuse a criterion that no wave of the project asks about."""
    if filters.criterion in (None, OVERALL, ALL):
        return
    configs = Wave.objects.filter(project=project).values_list("config", flat=True)
    known = {entry["slug"] for config in configs for entry in config.get("criteria", [])}
    if filters.criterion not in known:
        offered = ", ".join([OVERALL, *sorted(known), ALL])
        raise Refused(
            "unknown_criterion",
            _("This project does not ask about “%(criterion)s”. Ask for one of: %(offered)s.")
            % {"criterion": filters.criterion, "offered": offered},
            fields={"criterion": _("One of: %(offered)s.") % {"offered": offered}},
        )
