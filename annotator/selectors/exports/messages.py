"""What had been said when a judgment was given, as messages: the prompt, and in later turns all that came before."""

from annotator.selectors.exports.decided import PROMPT_TEXT, RESPONSE_TEXT, as_decided

MESSAGE = as_decided("turn", key="step.id", text="step.message")


def said_so_far(*, with_system: bool) -> str:
    """Return the SQL of the messages up to the turn's own.

    Each earlier message is followed by the response that was gone on from, whatever a later revision chose.
    The prompt's system message was given to every candidate; what only one was told never stands here.
    """
    prompt = f"json_build_object('role', 'user', 'content', {PROMPT_TEXT})"
    system = "json_build_object('role', 'system', 'content', prompt.system)"
    first = f"WHEN turn.number = 1 THEN json_build_array({prompt})"
    if with_system:
        first = f"""WHEN turn.number = 1 AND prompt.system = '' THEN json_build_array({prompt})
    WHEN turn.number = 1 THEN json_build_array({system}, {prompt})"""
    opening = (
        "UNION ALL SELECT 0, 'system', prompt.system WHERE prompt.system <> ''"
        if with_system
        else ""
    )
    return f"""CASE {first}
    ELSE (
        SELECT json_agg(json_build_object('role', said.role, 'content', said.content) ORDER BY said.place)
        FROM (
            SELECT 2 * step.number - 1 AS place, 'user' AS role, CASE WHEN step.number = 1 THEN {PROMPT_TEXT} ELSE {MESSAGE} END AS content
            FROM annotator_turn step WHERE step.conversation_id = turn.conversation_id AND step.number <= turn.number
            UNION ALL
            SELECT 2 * step.number - 2, 'assistant', {RESPONSE_TEXT}
            FROM annotator_turn step JOIN annotator_response response ON response.id = step.continues_id
            WHERE step.conversation_id = turn.conversation_id AND step.number <= turn.number
            {opening}
        ) said)
    END"""  # noqa: S608 - constants
