"""`rewardbench-2`: the sets of the first turn on which people agree, as the benchmark's reader takes them.

A set is in it when at least five judgments count and the lower end of the 95 % Wilson interval of the share
of its favourite lies above 1/k. Answers without a winner count in n: they are people who did not choose it.
"""

from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Project
from annotator.selectors.exports.columns import (
    INTEGER,
    NUMBER,
    SCHEMA_VERSION,
    SMALL,
    TEXT,
    Column,
    list_of,
)
from annotator.selectors.exports.decided import PROMPT_TEXT, RESPONSE_TEXT
from annotator.selectors.exports.shapes import COLLECTED, Filters, Shape

FEWEST = 5
Z = 1.959964

SHARES = f"""
JOIN LATERAL (
    SELECT count(*) AS k, count(*) FILTER (WHERE votes = most) AS favourites,
        json_agg(text ORDER BY position) FILTER (WHERE votes < most) AS rejected,
        json_agg(text) FILTER (WHERE votes = most) AS chosen,
        json_agg(model ORDER BY votes < most, position) AS models,
        json_agg(json_build_object('response_id', id, 'share', votes::float / n) ORDER BY votes < most, position) AS shares,
        max(n) AS n,
        (max(votes)::float / max(n) + {Z}^2 / (2 * max(n))
         - {Z} * sqrt(max(votes)::float / max(n) * (1 - max(votes)::float / max(n)) / max(n) + {Z}^2 / (4 * max(n)::float ^ 2)))
        / (1 + {Z}^2 / max(n)) AS lower
    FROM (
        SELECT response.id, {RESPONSE_TEXT} AS text, response.model, option.position, votes.votes,
            max(votes.votes) OVER () AS most, votes.n
        FROM annotator_comparisonoption option
        JOIN annotator_response response ON response.id = option.response_id
        JOIN LATERAL (
            SELECT count(*) FILTER (WHERE other.choice_response_id = response.id) AS votes, count(*) AS n
            FROM annotator_assignment filled
            JOIN annotator_judgment other ON other.id = filled.judgment_id
            JOIN annotator_participation voter ON voter.id = other.participation_id
            WHERE filled.comparison_id = judgment.comparison_id AND voter.withdrawn_at IS NULL AND voter.excluded_at IS NULL
        ) votes ON true
        WHERE option.comparison_id = judgment.comparison_id
    ) voted
) agreed ON agreed.n >= {FEWEST} AND agreed.favourites = 1 AND agreed.lower > 1.0 / agreed.k"""  # noqa: S608 - numbers and constants only

# A set's row stands at the first of its judgments, so that it is written once.
FIRST_OF_ITS_SET = """NOT EXISTS (
    SELECT FROM annotator_assignment earlier
    JOIN annotator_judgment other ON other.id = earlier.judgment_id
    JOIN annotator_participation voter ON voter.id = other.participation_id
    WHERE earlier.comparison_id = judgment.comparison_id AND voter.withdrawn_at IS NULL AND voter.excluded_at IS NULL AND earlier.judgment_id < judgment.id)"""

REWARDBENCH = (
    Column("id", "judgment.comparison_id::text", TEXT),
    Column("prompt", PROMPT_TEXT, TEXT),
    Column("chosen", "agreed.chosen", list_of(TEXT)),
    Column("rejected", "agreed.rejected", list_of(TEXT)),
    Column("num_correct", "1", SMALL),
    Column("num_incorrect", "agreed.k - 1", SMALL),
    Column("total_completions", "agreed.k", SMALL),
    Column("models", "agreed.models", list_of(TEXT)),
    Column("subset", "COALESCE(NULLIF(prompt.topic, ''), comparison.language)", TEXT),
    Column(
        "additional_metadata",
        "json_build_object('shares', agreed.shares, 'n', agreed.n)",
        {"shares": list_of({"response_id": INTEGER, "share": NUMBER}), "n": SMALL},
    ),
    Column("judgment_id", "NULL", INTEGER),
    Column("candidate_set_id", "comparison.candidate_set_id", INTEGER),
    Column("annotator_id", "NULL", TEXT),
    Column("language", "comparison.language", TEXT),
    Column("schema_version", str(SCHEMA_VERSION), SMALL),
)


def rewardbench(project: Project, filters: Filters) -> Shape:
    """Return one row per agreed set."""
    if filters.counted not in (None, "true"):
        raise Refused(
            "counted_only",
            _("This format counts what fills a place. Leave counted out, or ask for native."),
            fields={"counted": _("Only true in this format.")},
        )
    if project.task_format != Project.TaskFormat.BEST_OF_K:
        raise Refused(
            "format_needs_best_of_k",
            _(
                "rewardbench-2 needs a choice among all responses of a set at once, and this project asks otherwise. Ask for preference."
            ),
            fields={"format": _("Only for projects that choose the best of several.")},
        )
    return Shape(
        columns=REWARDBENCH,
        joins=SHARES,
        conditions=(COLLECTED, "turn.number = 1", FIRST_OF_ITS_SET),
        personal=False,
    )
