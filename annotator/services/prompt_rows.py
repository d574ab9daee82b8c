"""What one row of an import must be, whatever file or request it came from."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import orjson
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import PromptGroup
from annotator.models.fields import validate_language_tag
from annotator.services.readers import BadRow

MAX_TEXT = 100_000
"""Characters of a prompt or of a response."""

LENGTHS = {
    "text": MAX_TEXT,
    "external_id": 200,
    "language": 35,
    "group": 200,
    "group_kind": 11,
    "system": MAX_TEXT,
    "topic": 200,
    "licence": 100,
}
"""The fields of a prompt, each with the characters it may have."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_IDENTIFIERS = ("external_id", "group")
# Letters and marks that show nothing: fillers, the combining grapheme joiner, variation selectors, blank Braille.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


class StagedPrompt(NamedTuple):
    """A checked row, in the order of the staging table's columns."""

    external_id: str | None
    import_key: str | None
    """What tells a second import of the row: known at once where there is an external id."""
    digest: str
    """Of the content of a row without one; equal rows are still to be numbered."""
    language: str
    text: str
    system: str
    topic: str
    licence: str
    group_key: str | None
    group_kind: str


@dataclass(frozen=True, kw_only=True)
class RowRules:
    """How an import reads its rows.

    `mapping` says which column holds a field where it is not the one of the same name; `language` and
    `group_kind` serve rows that bring none; `id_prefix` is put before every external id.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    id_prefix: str = ""
    group_kind: str = ""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.mapping) - set(LENGTHS))
        if unknown:
            sentence = _("There is no field “%(field)s”. The fields are: %(fields)s.")
            raise Refused(
                "unknown_field", sentence % {"field": unknown[0], "fields": ", ".join(LENGTHS)}
            )
        if self.language:
            problem = _language_problem(self.language)
            if problem:
                raise Refused("invalid_language", problem, fields={"language": problem})
        if self.group_kind and self.group_kind not in PromptGroup.Kind.values:
            raise Refused("invalid_group_kind", _kind_problem(self.group_kind))

    def columns(self) -> list[str]:
        """Return the columns that a table must have."""
        return sorted({self.mapping.get("text", "text"), *self.mapping.values()})

    def read(self, values: Mapping[str, object]) -> StagedPrompt | BadRow:
        """Check a row; return what to store, or why not."""
        texts: dict[str, str] = {}
        for name, limit in LENGTHS.items():
            value = values.get(self.mapping.get(name, name))
            if value is None:
                texts[name] = ""
                continue
            if isinstance(value, int) and not isinstance(value, bool) and name in _IDENTIFIERS:
                value = str(value)
            problem = text_problem(value, limit)
            if problem or not isinstance(value, str):
                return BadRow(f"{name}: {problem}")
            texts[name] = value
        return self._stage(texts)

    def _stage(self, texts: dict[str, str]) -> StagedPrompt | BadRow:
        language = texts["language"].strip() or self.language
        group = texts["group"] if is_visible(texts["group"]) else ""
        kind = (texts["group_kind"] or self.group_kind) if group else ""
        external_id = (
            self.id_prefix + texts["external_id"] if is_visible(texts["external_id"]) else None
        )
        problem = _row_problem(texts["text"], language, kind, external_id)
        if problem:
            return BadRow(problem)
        language = canonical_language(language)
        content = (
            language,
            texts["text"],
            texts["system"],
            texts["topic"],
            texts["licence"],
            group,
            kind,
        )
        return StagedPrompt(
            external_id=external_id,
            import_key=None if external_id is None else f"id:{external_id}",
            digest=digest(content) if external_id is None else "",
            language=language,
            text=texts["text"],
            system=texts["system"],
            topic=texts["topic"],
            licence=texts["licence"],
            group_key=group or None,
            group_kind=kind,
        )


def _row_problem(text: str, language: str, kind: str, external_id: str | None) -> str:
    if not is_visible(text):
        return _("text: There is nothing to read in it.")
    if not language:
        return _("language: None is given; add a column “language” or say one for the whole file.")
    problem = _language_problem(language)
    if problem:
        return f"language: {problem}"
    if kind and kind not in PromptGroup.Kind.values:
        return f"group_kind: {_kind_problem(kind)}"
    if external_id and len(external_id) > LENGTHS["external_id"]:
        return "external_id: " + _too_long(LENGTHS["external_id"])
    return ""


def text_problem(value: object, limit: int) -> str:
    """Return why this can't be stored as text of at most `limit` characters; nothing if it can."""
    if not isinstance(value, str):
        return _("This must be text.")
    if len(value) > limit:
        return _too_long(limit)
    if "\0" in value:
        return _("It holds a NUL character, which cannot be stored.")
    if _SURROGATE.search(value):
        return _("It holds half a character (a lone surrogate), which is not text.")
    return ""


def is_visible(text: str) -> bool:
    """Tell whether a reader would see anything of a text."""
    return any(
        unicodedata.category(char) not in ("Cc", "Cf", "Zs", "Zl", "Zp")
        and not _INVISIBLE.match(char)
        for char in text
    )


@lru_cache(maxsize=1000)
def canonical_language(tag: str) -> str:
    """Return a tag as RFC 5646 writes it, so that `pt-br` and `pt-BR` are one language: zh-Hant-TW."""
    first, *rest = tag.split("-")
    parts = [first.lower()]
    for part in rest:
        if "x" in parts:
            parts.append(part.lower())
        else:
            parts.append({2: part.upper(), 4: part.title()}.get(len(part), part.lower()))
    return "-".join(parts)


def digest(content: object) -> str:
    """Return the SHA-256 of a value, as hexadecimal digits."""
    return hashlib.sha256(orjson.dumps(content)).hexdigest()


def _language_problem(tag: str) -> str:
    try:
        validate_language_tag(tag)
    except ValidationError as error:
        return str(error.messages[0])
    return ""


def _kind_problem(kind: str) -> str:
    sentence = _("“%(kind)s” is not a kind of group; it is one of: %(kinds)s.")
    return sentence % {"kind": kind, "kinds": ", ".join(PromptGroup.Kind.values)}


def _too_long(limit: int) -> str:
    return _("It is longer than %(limit)d characters.") % {"limit": limit}
