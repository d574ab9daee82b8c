"""What was decided about texts that may say who wrote them, as SQL: the same for live exports and for releases.

The texts stay as they are; only what comes out of an export differs. What is decided in the whole project is read
once for each statement, so that a row costs one look-up in a value that is empty in most projects.
"""

from collections.abc import Sequence
from typing import Any

from annotator.models import Finding

WITHHELD = "[withheld]"
"""Stands for a whole text, `[redacted: email]` and its like for some characters of one."""
AS_DECIDED = (Finding.Decision.REDACT.value, Finding.Decision.WITHHOLD.value)
AND_UNDECIDED = (*AS_DECIDED, Finding.Decision.OPEN.value)
"""Decisions that change what comes out; the second counts what is not decided as withheld."""

TEXTS = {
    "judgment": ("annotator_judgment", "explanation"),
    "turn": ("annotator_turn", "message"),
    "prompt": ("annotator_prompt", "text"),
    "response": ("annotator_response", "text"),
}


def values_of(decisions: Sequence[str] = AS_DECIDED) -> dict[str, Any]:
    """Return the value that the SQL of this module names."""
    return {"decisions": list(decisions)}


def as_decided(place: str, *, key: str, text: str) -> str:
    """Return the SQL of a text as it may come out; `key` is the id of the judgment, turn, prompt or response it stands in.

    A response that nobody decided about has its findings redacted where others are withheld: what was compared stays readable.
    """
    table, column = TEXTS[place]
    is_withheld = "false" if place == "response" else "bool_or(marked.decision <> 'redact')"
    return f"""COALESCE((
    SELECT jsonb_object_agg(decided.place, decided.said) FROM (
        SELECT marked.place, CASE WHEN {is_withheld} THEN '{WITHHELD}' ELSE
            string_agg(substr(source.{column}, marked.done + 1, greatest(marked.start - marked.done, 0))
                || '[redacted: ' || replace(marked.kind, '_', ' ') || ']', '' ORDER BY marked.start, marked."end")
            || substr(source.{column}, max(marked."end") + 1) END AS said
        FROM (
            SELECT {place}_id AS place, kind, start, "end", decision, COALESCE(max("end") OVER (
                PARTITION BY {place}_id ORDER BY start, "end" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS done
            FROM annotator_finding
            WHERE project_id = %(project)s AND decision = ANY(%(decisions)s::text[]) AND {place}_id IS NOT NULL
        ) marked JOIN {table} source ON source.id = marked.place
        GROUP BY marked.place, source.{column}
    ) decided) ->> {key}::text, {text})"""  # noqa: S608 - names of this file only


EXPLANATION = as_decided("judgment", key="judgment.id", text="judgment.explanation")
PROMPT_TEXT = as_decided("prompt", key="prompt.id", text="prompt.text")
RESPONSE_TEXT = as_decided("response", key="response.id", text="response.text")
WINNER = f"""JOIN LATERAL (
    SELECT response.id, response.candidate_set_id, {RESPONSE_TEXT} AS text
    FROM annotator_response response WHERE response.id = judgment.choice_response_id
) winner ON true"""  # noqa: S608 - constants of this file
"""The join of the chosen response."""


def before_withheld(turn: str) -> str:
    """Return the condition that no message of the conversation up to this turn is withheld, nor its own prompt.

    What models answered may repeat it.
    """
    return f"""{turn}.number < COALESCE(((
    SELECT jsonb_object_agg(withheld.conversation_id, withheld.number) FROM (
        SELECT marked.conversation_id, min(marked.number) AS number FROM (
            SELECT written.conversation_id, written.number, finding.decision
            FROM annotator_finding finding JOIN annotator_turn written ON written.id = finding.turn_id
            WHERE finding.project_id = %(project)s AND finding.decision = ANY(%(decisions)s::text[])
            UNION ALL
            SELECT begun.id, 1, finding.decision
            FROM annotator_finding finding
            JOIN annotator_conversation begun ON begun.participation_id = finding.participation_id AND begun.prompt_id = finding.prompt_id
            WHERE finding.project_id = %(project)s AND finding.decision = ANY(%(decisions)s::text[])
        ) marked WHERE marked.decision <> 'redact' GROUP BY marked.conversation_id
    ) withheld) ->> {turn}.conversation_id::text)::int, 32767)"""  # noqa: S608 - names of this file only
