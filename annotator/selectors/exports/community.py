"""`community-alignment`: the columns of the published dataset (arXiv 2507.09650), one row per conversation.

The letters a–d are a permutation that a set's seed fixes: equal in all rows, unlike the order anybody saw.
A conversation ends before its first turn without one chosen response; one that has no such turn is left out.
Demographics are those the person gave last, the same in all their rows; null where a question was left open,
or where the reader may not see them. The balanced subsets are drawn for a release; here nobody is in them.
"""

from dataclasses import replace

from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Project
from annotator.selectors.exports.columns import INTEGER, TEXT, TRUTH, Column
from annotator.selectors.exports.countries import COUNTRY_SQL
from annotator.selectors.exports.decided import (
    EXPLANATION,
    PROMPT_TEXT,
    RESPONSE_TEXT,
    as_decided,
    before_withheld,
)
from annotator.selectors.exports.native import TEXTS_ALLOWED, TOLD
from annotator.selectors.exports.shapes import COLLECTED, Filters, Shape

TURNS = ("first", "second", "third", "fourth")
MOST_CANDIDATES = 4

LATER_TURN = "step.conversation_id = turn.conversation_id"
SAID = as_decided("turn", key="step.id", text="step.message")
EXPLAINED = as_decided("judgment", key="answer.id", text="answer.explanation")
LATEST = """NOT EXISTS (
    SELECT FROM annotator_judgment later
    WHERE later.participation_id = {0}.participation_id AND later.comparison_id = {0}.comparison_id AND later.revision > {0}.revision)"""


def _lettered(name: str, judged: str) -> str:
    """Return the join that gives the responses of a judged turn their letters."""
    return f"""
LEFT JOIN LATERAL (
    SELECT max(text) FILTER (WHERE letter = 1) AS a, max(text) FILTER (WHERE letter = 2) AS b,
        max(text) FILTER (WHERE letter = 3) AS c, max(text) FILTER (WHERE letter = 4) AS d,
        string_agg('# Response ' || chr(64 + letter::int) || E':\\n' || text, E'\\n' ORDER BY letter) AS listed,
        'response_' || chr(96 + (max(letter) FILTER (WHERE id = {judged}.choice_response_id))::int) AS preferred
    FROM (
        SELECT response.id, {RESPONSE_TEXT} AS text, row_number() OVER (ORDER BY md5(concat_ws(':', origin.seed, response.slot))) AS letter
        FROM annotator_comparisonoption option
        JOIN annotator_response response ON response.id = option.response_id
        JOIN annotator_candidateset origin ON origin.id = response.candidate_set_id
        WHERE option.comparison_id = {judged}.comparison_id
    ) lettered
) {name}_turn ON {judged}.comparison_id IS NOT NULL"""  # noqa: S608 - names of this file only


def _later(number: int) -> str:
    """Return the joins of a later turn; it is empty where the one before it is."""
    name, before = TURNS[number - 1], "judgment" if number == 2 else TURNS[number - 2]
    joined = f"""
LEFT JOIN LATERAL (
    SELECT {SAID} AS message, answer.comparison_id, answer.choice_response_id, {EXPLAINED} AS explanation
    FROM annotator_turn step
    JOIN annotator_judgment answer ON answer.turn_id = step.id
    WHERE {LATER_TURN} AND step.number = {number}
        AND answer.choice_kind = 'response' AND {LATEST.format("answer")}
) {name} ON {before}.comparison_id IS NOT NULL"""  # noqa: S608 - names of this file only
    return joined + _lettered(name, name)


def _columns(number: int) -> tuple[Column, ...]:
    name = TURNS[number - 1]
    said, why = (
        (PROMPT_TEXT, EXPLANATION) if number == 1 else (f"{name}.message", f"{name}.explanation")
    )
    return (
        Column(f"{name}_turn_prompt", said, TEXT),
        Column(f"{name}_turn_responses", f"{name}_turn.listed", TEXT),
        *(
            Column(f"{name}_turn_response_{letter}", f"{name}_turn.{letter}", TEXT)
            for letter in "abcd"
        ),
        Column(f"{name}_turn_preferred_response", f"{name}_turn.preferred", TEXT),
        Column(f"{name}_turn_feedback", f"NULLIF({why}, '')", TEXT),
    )


DEMOGRAPHICS = ("age", "gender", "education_level", "political", "ethnicity")

COMMUNITY_ALIGNMENT = (
    Column("conversation_id", "turn.conversation_id", INTEGER),
    Column("assigned_lang", "comparison.language", TEXT),
    # 52 bits of the pseudonym: an integer that every reader holds exactly.
    Column(
        "annotator_id",
        "('x' || substr(md5(person.pseudonym), 1, 13))::bit(52)::bigint",
        INTEGER,
    ),
    Column("wave", "wave.number", INTEGER),
    *(column for number in range(1, 5) for column in _columns(number)),
    *(Column(f"annotator_{slug}", "NULL", TEXT) for slug in DEMOGRAPHICS),
    Column("annotator_country", COUNTRY_SQL, TEXT),
    Column("is_pregenerated_first_prompt", "prompt.source = 'pregenerated'", TRUTH),
    Column("in_balanced_subset", "false", TRUTH),
    Column("in_balanced_subset_10", "false", TRUTH),
)


WITH_DEMOGRAPHICS = tuple(
    Column(
        column.name,
        f"newest_profile.answers ->> '{column.name.removeprefix('annotator_')}'",
        column.feature,
    )
    if column.name.removeprefix("annotator_") in DEMOGRAPHICS
    else column
    for column in COMMUNITY_ALIGNMENT
)
RELEASED = {
    **{f"annotator_{slug}": f"{TOLD} -> 'answers' ->> '{slug}'" for slug in DEMOGRAPHICS},
    "annotator_country": f"%(countries)s::jsonb ->> ({TOLD} ->> 'country')",
    "in_balanced_subset": f"COALESCE(({TOLD} -> 'balanced')::boolean, false)",
    "in_balanced_subset_10": f"COALESCE(({TOLD} -> 'balanced')::boolean, false) AND comparison.candidate_set_id = ANY(%(balanced_sets)s::bigint[])",
}
"""The columns that a release fills from what it may tell of its people."""


def released_community(shape: Shape) -> Shape:
    """Return the rows as they stand in a release: nothing a person wrote where they said no to that, or that is withheld."""
    columns = []
    for column in shape.columns:
        sql = RELEASED.get(column.name, column.sql)
        if column.name.endswith("_feedback"):
            sql = f"CASE WHEN {TEXTS_ALLOWED} THEN {sql} END"
        columns.append(Column(column.name, sql, column.feature))
    joins = shape.joins.replace(
        LATER_TURN, f"{LATER_TURN} AND {TEXTS_ALLOWED} AND {before_withheld('step')}"
    )
    return replace(shape, columns=tuple(columns), joins=joins)


NEWEST_PROFILE = """
LEFT JOIN LATERAL (
    SELECT answers || CASE WHEN person.allows_sensitive THEN sensitive_answers ELSE '{}' END AS answers
    FROM annotator_profilerevision WHERE id = person.profile_id
) newest_profile ON true"""


def community_alignment(project: Project, filters: Filters) -> Shape:
    """Return one row per conversation."""
    if project.candidates > MOST_CANDIDATES:
        raise Refused(
            "too_many_candidates",
            _(
                "community-alignment has columns for four responses, and this project compares %(k)d. Ask for native or preference."
            )
            % {"k": project.candidates},
            fields={"format": _("Only for projects of at most four candidates.")},
        )
    if project.task_format == Project.TaskFormat.RANKING:
        raise Refused(
            "format_needs_a_choice",
            _(
                "community-alignment has a column for the one preferred response, and this project asks for rankings. Ask for ranking or preference."
            ),
            fields={"format": _("Not for projects that rank.")},
        )
    if filters.turn not in (None, 1):
        raise Refused(
            "whole_conversations",
            _("A row of community-alignment is a whole conversation. Leave turn out."),
            fields={"turn": _("Not in this format.")},
        )
    return Shape(
        columns=WITH_DEMOGRAPHICS if filters.demographics else COMMUNITY_ALIGNMENT,
        joins=_lettered("first", "judgment")
        + "".join(_later(number) for number in (2, 3, 4))
        + (NEWEST_PROFILE if filters.demographics else ""),
        conditions=(
            COLLECTED,
            "turn.number = 1",
            "judgment.choice_kind = 'response'",
            LATEST.format("judgment"),
        ),
    )
