"""`native`: one row a judgment, with everything that was shown, asked and answered.

Keys of features that are not asked for yet stand there too, empty, with their final types.
"""

from annotator.selectors.exports.columns import (
    ANY_OBJECT,
    COMMON,
    INTEGER,
    MESSAGES,
    MOMENT,
    SMALL,
    TEXT,
    TRUTH,
    Column,
    Feature,
    build_object,
    list_of,
    moment,
)
from annotator.selectors.exports.decided import EXPLANATION, PROMPT_TEXT, RESPONSE_TEXT
from annotator.selectors.exports.messages import said_so_far

CHOICE = {"kind": TEXT, "response_id": INTEGER, "position_shown": SMALL}
RESPONSES = list_of(
    {
        "id": INTEGER,
        "text": TEXT,
        "prompt": TEXT,
        "position_shown": SMALL,
        "origin": {
            "strategy": TEXT,
            "template_version": TEXT,
            "model": TEXT,
            "slot": SMALL,
            "seed": INTEGER,
            "finish_reason": TEXT,
            "source_response_id": INTEGER,
        },
        "detected_language": TEXT,
    }
)

PROMPT_SQL = f"""json_build_object(
    'id', prompt.id, 'external_id', prompt.external_id, 'group', prompt_group.key, 'group_kind', prompt_group.kind,
    'text', {PROMPT_TEXT}, 'source', prompt.source, 'licence', prompt.licence)"""

CONTEXT_SQL = (
    f"CASE WHEN prompt.id IS NULL THEN '[]'::json ELSE {said_so_far(with_system=False)} END"
)
"""With two prompts, each stands beside its response."""

RESPONSES_SQL = f"""(
    SELECT json_agg(json_build_object(
        'id', response.id, 'text', {RESPONSE_TEXT},
        'prompt', CASE WHEN comparison.candidate_set_id IS NULL THEN (
            SELECT own.text FROM annotator_candidateset origin JOIN annotator_prompt own ON own.id = origin.prompt_id
            WHERE origin.id = response.candidate_set_id) END,
        'position_shown', array_position(judgment.display_order, option.position) - 1,
        'origin', json_build_object(
            'strategy', response.strategy, 'template_version', response.template_version, 'model', response.model,
            'slot', response.slot, 'seed', response.seed, 'finish_reason', response.finish_reason,
            'source_response_id', response.source_response_id),
        'detected_language', NULLIF(response.detected_language, ''))
        ORDER BY array_position(judgment.display_order, option.position))
    FROM annotator_comparisonoption option
    JOIN annotator_response response ON response.id = option.response_id
    WHERE option.comparison_id = judgment.comparison_id)"""  # noqa: S608 - constants

CHOICE_SQL = """json_build_object(
    'kind', judgment.choice_kind, 'response_id', judgment.choice_response_id,
    'position_shown', array_position(judgment.display_order, (
        SELECT position FROM annotator_comparisonoption
        WHERE comparison_id = judgment.comparison_id AND response_id = judgment.choice_response_id)) - 1)"""

EMPTY_LIST = "'[]'::json"


def _options(item: str, *, where: str = "true") -> str:
    """Return the SQL of a list with an item for each option, in the order of their positions."""
    return f"""(SELECT COALESCE(json_agg({item} ORDER BY option.position), {EMPTY_LIST}) FROM annotator_comparisonoption option
        WHERE option.comparison_id = judgment.comparison_id AND {where})"""  # noqa: S608 - constants of this file


# Most judgments have none of these: what is empty costs no look-up.
RANKS_SQL = f"""CASE WHEN judgment.ranks IS NULL THEN {EMPTY_LIST} ELSE
    {_options("json_build_object('response_id', option.response_id, 'rank', judgment.ranks[option.position + 1])")} END"""
VETOES_SQL = f"""CASE WHEN judgment.vetoes = '{{}}' THEN {EMPTY_LIST} ELSE
    {_options("option.response_id", where="option.position = ANY(judgment.vetoes)")} END"""
GENERAL_SQL = """CASE WHEN judgment.general_kind <> '' THEN json_build_object(
    'kind', judgment.general_kind, 'response_id', judgment.general_response_id,
    'position_shown', array_position(judgment.display_order, (
        SELECT position FROM annotator_comparisonoption
        WHERE comparison_id = judgment.comparison_id AND response_id = judgment.general_response_id)) - 1) END"""
RATINGS_SQL = _options(
    "json_build_object('response_id', option.response_id, 'rating', (entry->'ratings'->>option.position)::int)",
    where="entry ? 'ratings'",
)
CRITERIA_SQL = f"""CASE WHEN judgment.criteria = '[]' THEN {EMPTY_LIST} ELSE (
    SELECT json_agg(json_build_object(
        'criterion', entry->>'criterion', 'kind', entry->>'kind',
        'response_id', (SELECT response_id FROM annotator_comparisonoption
                        WHERE comparison_id = judgment.comparison_id AND position = (entry->>'position')::int),
        'position_shown', array_position(judgment.display_order, (entry->>'position')::smallint) - 1,
        'ratings', {RATINGS_SQL}) ORDER BY nth)
    FROM jsonb_array_elements(judgment.criteria) WITH ORDINALITY answers (entry, nth)) END"""  # noqa: S608 - constants of this file

DURATION_SQL = "round(extract(epoch FROM judgment.submitted_at - judgment.shown_at) * 1000)::bigint"

ANNOTATOR_SQL = """json_build_object(
    'id', person.pseudonym, 'country', NULLIF(person.country, ''), 'demographics', '{}'::json)"""

TOLD = "(%(people)s::jsonb -> person.id::text)"
"""What a release tells of a person; see `released_people`."""
TEXTS_ALLOWED = "person.allows_texts IS NOT FALSE"
"""Who said no keeps what they wrote out of releases."""


def released_column(column: Column) -> Column:
    """Return a column of `native` as it stands in a release."""
    if column.name == "explanation":
        sql = f"CASE WHEN {TEXTS_ALLOWED} THEN {column.sql} ELSE '' END"
        return Column(column.name, sql, column.feature)
    if column.name == "annotator":
        sql = f"""json_build_object('id', person.pseudonym, 'country', {TOLD} ->> 'country',
            'demographics', COALESCE({TOLD} ->> 'answers', '{{}}'))"""
        return Column(column.name, sql, {"id": TEXT, "country": TEXT, "demographics": TEXT})
    return column


SURPLUS = """(counting.id IS NULL AND comparison.kind = 'collect' AND person.excluded_at IS NULL AND NOT EXISTS (
    SELECT FROM annotator_judgment later
    WHERE later.participation_id = judgment.participation_id AND later.comparison_id = judgment.comparison_id
        AND later.revision > judgment.revision))"""
"""Kept although the comparison had all it wanted; a superseded revision is not surplus, nor is an excluded person's."""

FLAGS_SQL = """COALESCE((
    SELECT json_agg(flag.kind ORDER BY flag.kind) FROM annotator_qualityflag flag WHERE flag.judgment_id = judgment.id), '[]')"""

NATIVE = (
    *COMMON,
    Column("project", "%(slug)s::text", TEXT),
    Column("wave", "wave.number", SMALL),
    Column("config_hash", "wave.config_hash", TEXT),
    Column("submitted_at", moment("judgment.submitted_at"), MOMENT),
    Column("shown_at", moment("judgment.shown_at"), MOMENT),
    Column("active_ms", "judgment.active_ms", INTEGER),
    Column("duration_ms", DURATION_SQL, INTEGER),
    Column("conversation_id", "turn.conversation_id", INTEGER),
    Column("comparison_id", "judgment.comparison_id", INTEGER),
    Column("run_id", "candidate_set.run_id", INTEGER),
    Column("kind", "comparison.kind", TEXT),
    Column("repeat_of", "comparison.repeat_of_id", INTEGER),
    Column("turn", "turn.number", SMALL),
    Column("opening", "conversation.opening", TEXT),
    Column("continues_response_id", "turn.continues_id", INTEGER),
    Column("continues_drawn", "turn.is_drawn", TRUTH),
    Column("assigned_language", "COALESCE(place.language, comparison.language)", TEXT),
    Column("ui_language", "NULLIF(judgment.ui_language, '')", TEXT),
    Column("device", "NULLIF(judgment.device, '')", TEXT),
    Column(
        "prompt",
        PROMPT_SQL,
        {
            "id": INTEGER,
            "external_id": TEXT,
            "group": TEXT,
            "group_kind": TEXT,
            "text": TEXT,
            "source": TEXT,
            "licence": TEXT,
        },
    ),
    Column("context", CONTEXT_SQL, MESSAGES),
    Column("responses", RESPONSES_SQL, RESPONSES),
    Column("choice", CHOICE_SQL, CHOICE),
    Column("strength", "judgment.strength", SMALL),
    Column("ranks", RANKS_SQL, list_of({"response_id": INTEGER, "rank": SMALL})),
    Column("vetoes", VETOES_SQL, list_of(INTEGER)),
    Column("general", GENERAL_SQL, CHOICE),
    Column(
        "criteria",
        CRITERIA_SQL,
        list_of(
            {
                "criterion": TEXT,
                **CHOICE,
                "ratings": list_of({"response_id": INTEGER, "rating": SMALL}),
            }
        ),
    ),
    Column("reasons", "to_json(judgment.reasons)", list_of(TEXT)),
    Column("explanation", EXPLANATION, TEXT),
    Column("explanation_asked", "judgment.explanation_asked", TEXT),
    Column("place_kind", "judgment.place_kind", TEXT),
    Column("counted", "counting.id IS NOT NULL", TRUTH),
    Column("surplus", SURPLUS, TRUTH),
    Column("revision", "judgment.revision", SMALL),
    Column("flags", FLAGS_SQL, list_of(TEXT)),
    Column("consent_version", "NULLIF(wave.consent_version, '')", TEXT),
    Column("annotator", ANNOTATOR_SQL, {"id": TEXT, "country": TEXT, "demographics": ANY_OBJECT}),
    Column("excluded", "person.excluded_at IS NOT NULL", TRUTH),
    Column("withdrawn", "false", TRUTH),
)

NATIVE_RELEASED = tuple(released_column(column) for column in NATIVE)
"""The same in a release: what it may tell of people, and a type for everything; demographics are JSON in a text."""

KEPT_IN_A_TOMBSTONE = ("judgment_id", "project", "schema_version")


def _buried(column: Column) -> Column:
    if column.name in KEPT_IN_A_TOMBSTONE:
        return column
    if column.name == "withdrawn":
        return Column(column.name, "true", column.feature)
    return Column(column.name, EMPTY_LIST if _is_list(column.feature) else "NULL", column.feature)


def _is_list(feature: Feature) -> bool:
    return feature.get("_type") == "List"


DEMOGRAPHICS_SQL = """COALESCE((
    SELECT profile.answers || CASE WHEN person.allows_sensitive THEN profile.sensitive_answers ELSE '{}' END
        || jsonb_strip_nulls(jsonb_build_object('language_skill', profile.language_skills ->> comparison.language))
    FROM annotator_profilerevision profile WHERE profile.id = judgment.profile_id), '{}')"""
"""What the person had said of themselves when they judged; sensitive answers as long as they agree to them."""

NATIVE_ROW = build_object(NATIVE)
NATIVE_ROW_WITH_DEMOGRAPHICS = NATIVE_ROW.replace("'{}'::json)", f"{DEMOGRAPHICS_SQL})")
TOMBSTONE = tuple(_buried(column) for column in NATIVE)
TOMBSTONE_ROW = build_object(TOMBSTONE)
"""What an increment says of a judgment whose author has withdrawn: forget it."""
