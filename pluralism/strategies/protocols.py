"""How several responses stand in one answer: behind ###, or as a list of JSON; shared by strategies."""

import json
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field

from pluralism.strategies.base import UnusableError, gettext_noop

MaxCharacters = Annotated[
    int | None,
    Field(
        ge=1,
        le=100_000,
        title=gettext_noop("Longest response"),
        description=gettext_noop(
            "Longest response in characters, enforced by the server; for the JSON list only."
        ),
    ),
]

MARKER = re.compile(r"^[ \t]*###(?!#)", re.MULTILINE)
LABEL = re.compile(
    r"[ \t]*\**(?:[^\W\d_]+[ \t]*)?#?(\d{1,2})[ \t]*(?:\([^)\n]*\))?[ \t]*(?:[:.)\-–—]\**|\**(?=\n|$))"
)
"""A number behind the marker, perhaps after one word of any language: “Response 1”, “**Réponse 2 :**”, “3.”"""


def read_hashes(answer: str, *, tolerant: bool) -> list[str]:
    """Return the texts behind the ### that begin a line.

    Raises
    ------
    UnusableError
        no_marker; and unless `tolerant`: preamble, trailing_marker, labelled.
    """
    starts = [match.start() for match in MARKER.finditer(answer)]
    if not starts:
        raise UnusableError("no_marker", "no line of the answer begins with ###")
    preamble = answer[: starts[0]].strip()
    if preamble and not tolerant:
        raise UnusableError(
            "preamble", f"the answer begins with “{_excerpt(preamble)}” instead of ###"
        )
    parts = [
        MARKER.sub("", answer[start:end], count=1)
        for start, end in pairwise([*starts, len(answer)])
    ]
    if len(parts) > 1 and not parts[-1].strip():
        if not tolerant:
            raise UnusableError(
                "trailing_marker", "the answer ends with a ### that nothing follows"
            )
        parts.pop()
    return _without_labels(parts, tolerant=tolerant)


def _without_labels(parts: list[str], *, tolerant: bool) -> list[str]:
    """Refuse or remove labels. They count only when they number all parts: a response may begin with “1.”."""
    labels = [LABEL.match(part) for part in parts]
    numbered = all(
        label is not None and int(label[1]) == number
        for number, label in enumerate(labels, start=1)
    )
    if len(parts) < 2 or not numbered:
        return parts
    if not tolerant:
        raise UnusableError(
            "labelled",
            f"the responses carry labels such as “{_excerpt(labels[0][0]) if labels[0] else ''}”",
        )
    return [
        part[label.end() :] if label else part for part, label in zip(parts, labels, strict=True)
    ]


def text_schema(max_characters: int | None) -> dict[str, Any]:
    """Return the JSON schema of one response."""
    text: dict[str, Any] = {"type": "string", "minLength": 1}
    return text if max_characters is None else text | {"maxLength": max_characters}


def responses_schema(entry: dict[str, Any], *, k: int) -> dict[str, Any]:
    """Return the `response_format` of `{"responses": [...]}` with exactly `k` entries."""
    entries = {"type": "array", "items": entry, "minItems": k, "maxItems": k}
    return {
        "type": "json_schema",
        "json_schema": {
            "name": "responses",
            "schema": object_schema({"responses": entries}),
            "strict": True,
        },
    }


def object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def read_entries(answer: str) -> list[Any]:
    """Return the entries of `{"responses": [...]}`.

    Raises
    ------
    UnusableError
        invalid_json, wrong_shape.
    """
    try:
        # Grammars of model servers let raw control characters into strings; they are kept as they are.
        value = json.loads(answer, strict=False, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise UnusableError("invalid_json", f"the answer is not JSON: {error}") from error
    responses = value.get("responses") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(responses, list):
        raise UnusableError("wrong_shape", 'the answer is JSON but not {"responses": [ … ]}')
    return responses


def read_strings(answer: str) -> list[str]:
    """Return the strings of `{"responses": ["…", …]}`; raises as `read_entries` does."""
    entries = read_entries(answer)
    if not all(isinstance(text, str) for text in entries):
        raise UnusableError("wrong_shape", 'the answer is JSON but not {"responses": ["…", …]}')
    return entries


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else f"{flat[:39]}…"
