"""Rows of other people's data sets, brought into the shape that imports know.

Known are `prompt, responses[]`; `prompt, chosen, rejected` (texts or conversations, the prompt beside or inside them);
`prompt, answers[]` (rankings); the published Community Alignment columns, of which the first turn is taken; and our own
`native` rows. Texts go through untouched.
"""

from collections.abc import Mapping
from typing import TypeGuard

from django.utils.translation import gettext as _

from annotator.services.prompt_rows import digest
from annotator.services.readers import BadRow

Values = Mapping[str, object]
FIRST_TURN = [f"first_turn_response_{letter}" for letter in "abcd"]
KEPT = ("external_id", "group", "group_kind", "topic", "licence")


def brings_responses(row: Values) -> bool:
    """Tell whether a row says anything of responses, in whatever shape."""
    names = ("responses", "answers", "chosen", "rejected", "first_turn_prompt")
    return any(row.get(name) is not None for name in names)


def adapt_row(row: Values) -> Values | BadRow:
    """Return the row with `text`, `system`, `language` and `responses`, or why it can't be read so.

    A row without an id of its own gets one from its language and text, so that several sets of responses to
    one prompt stay with one prompt.
    """
    if "text" in row:
        return row
    adapted: Values | BadRow
    if "first_turn_prompt" in row:
        adapted = _of_community_alignment(row)
    elif isinstance(row.get("prompt"), Mapping):
        adapted = _of_native(row)
    elif "prompt" in row or "chosen" in row:
        adapted = _of_conversations(row)
    else:
        return row
    if isinstance(adapted, BadRow):
        return adapted
    language = row.get("language") or row.get("assigned_lang")
    kept = {name: row[name] for name in KEPT if row.get(name) is not None}
    whole = {"language": language, **kept, **adapted}
    if whole.get("external_id") is None:
        whole["external_id"] = _id_from(language, whole)
    return whole


def _of_community_alignment(row: Values) -> Values:
    responses = [row[name] for name in FIRST_TURN if row.get(name) is not None]
    return {"text": row["first_turn_prompt"], "responses": responses}


def _of_native(row: Values) -> Values | BadRow:
    if row.get("turn") not in (None, 1):
        return _later_turn()
    prompt = row["prompt"]
    assert isinstance(prompt, Mapping)
    said = {"text": prompt.get("text"), "system": prompt.get("system")}
    kept = {name: prompt[name] for name in KEPT if prompt.get(name) is not None}
    return {**said, **kept, "responses": _in_generated_order(row.get("responses"))}


def _in_generated_order(responses: object) -> object:
    """Undo the order in which one person saw them, so that all judgments of a set name the same set."""
    if not isinstance(responses, list) or not all(isinstance(item, Mapping) for item in responses):
        return responses
    return [
        {"text": item.get("text"), "model": _origin(item).get("model")}
        for item in sorted(responses, key=_slot)
    ]


def _origin(response: Values) -> Values:
    origin = response.get("origin")
    return origin if isinstance(origin, Mapping) else {}


def _slot(response: Values) -> int:
    slot = _origin(response).get("slot")
    return slot if isinstance(slot, int) else 0


def _of_conversations(row: Values) -> Values | BadRow:
    if "chosen" in row or "rejected" in row:
        sides = [_split(row.get(name)) for name in ("chosen", "rejected")]
    elif isinstance(row.get("answers"), list):
        sides = [([], _answer(item)) for item in _listed(row["answers"])]
    else:
        return _with_prompt(row.get("prompt"), row.get("responses"))
    inside = sides[0][0]
    if any(before != inside for before, _text in sides):
        return BadRow(_("chosen, rejected: They answer two different prompts."))
    prompt = row.get("prompt") if row.get("prompt") is not None else inside
    return _with_prompt(prompt, [text for _before, text in sides])


def _with_prompt(prompt: object, responses: object) -> Values | BadRow:
    """Read a prompt that is a text or messages: at most a system message, then one of the user."""
    if not _are_messages(prompt):
        return {"text": prompt, "responses": responses}
    roles = [message.get("role") for message in prompt]
    if roles not in (["user"], ["system", "user"]):
        return _later_turn()
    system = prompt[0].get("content") if len(prompt) == 2 else None
    return {"text": prompt[-1].get("content"), "system": system, "responses": responses}


def _split(side: object) -> tuple[list[Values], object]:
    """Return what comes before the answer in a conversation, and the answer; a text is an answer."""
    if not _are_messages(side):
        return [], side
    return list(side[:-1]), side[-1].get("content")


def _answer(item: object) -> object:
    return item.get("answer") if isinstance(item, Mapping) else item


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _are_messages(value: object) -> TypeGuard[list[Values]]:
    return (
        isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)
    )


def _later_turn() -> BadRow:
    return BadRow(
        _("prompt: It must be one message of a user, with at most a system message before it.")
    )


def _id_from(language: object, row: Values) -> str | None:
    """Return an id that the same text in the same language always has; what is no text is refused later."""
    said = [language or "", row.get("text"), row.get("system") or ""]
    if not all(isinstance(part, str) for part in said):
        return None
    try:
        return f"text-{digest(said)[:32]}"
    except TypeError:  # a lone surrogate, refused later with its name
        return None
