"""What is said to models, in the languages it is written in, as data beside the code."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from pluralism.strategies.base import Message, Strategy, Task

T = TypeVar("T")

HERE = Path(__file__).parent
NATIVE_VERSION = 1
"""Counts the changes of the texts that are not English; the English ones are versioned by each strategy."""


class Wording(BaseModel):
    """The instructions in one language.

    `count` holds how many are asked for, 2 to 8, in the form that the other texts want; they may name
    {count}, `tails` {probability} and `language` {language}.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: Mapping[int, str]
    diversity: str
    hashes: str
    structured: str
    tails: str
    language: str


WORDINGS: Mapping[str, Wording] = {
    path.stem: Wording.model_validate_json(path.read_text(encoding="utf-8"))
    for path in sorted((HERE / "texts").glob("*.json"))
}
"""By BCP-47 tag."""
LANGUAGE_NAMES: Mapping[str, Mapping[str, str]] = json.loads(
    (HERE / "language_names.json").read_text(encoding="utf-8")
)
"""By BCP-47 tag: the name in English and in the language itself."""


def by_language(texts: Mapping[str, T], tag: str) -> tuple[str, T] | None:
    """Return the best entry for a BCP-47 tag, shortening it from its end (pt-BR, then pt); None without.

    References
    ----------
    RFC 4647, section 3.4 (lookup).
    """
    known = {name.lower(): name for name in texts}
    parts = tag.lower().split("-")
    while parts:
        if name := known.get("-".join(parts)):
            return name, texts[name]
        parts.pop()
    return None


def wording_for(strategy: Strategy, language: str) -> Wording:
    """Return the wording that the strategy instructs in for a prompt in `language`, English failing others."""
    found = None if strategy.instruction_language == "english" else by_language(WORDINGS, language)
    return found[1] if found else WORDINGS["en"]


def version_suffix(strategy: Strategy) -> str:
    """Return what a template version ends with where the wording is the prompt's language."""
    return "" if strategy.instruction_language == "english" else f"-p{NATIVE_VERSION}"


def language_sentence(strategy: Strategy, wording: Wording) -> str:
    """Return the sentence that asks for the language of the responses; empty where none is asked for."""
    tag = strategy.response_language
    if not tag:
        return ""
    found = by_language(LANGUAGE_NAMES, tag)
    kind = "english" if wording is WORDINGS["en"] else "own"
    return wording.language.format(language=found[1][kind] if found else tag)


def plain(strategy: Strategy, task: Task) -> tuple[Message, ...]:
    """Return the conversation as it is but for the language asked for, if one is."""
    sentence = language_sentence(strategy, wording_for(strategy, task.language))
    return with_system(task.conversation, sentence)


def with_system(conversation: Sequence[Message], text: str) -> tuple[Message, ...]:
    """Return the conversation with a text in its system message, behind what stands there."""
    if not text:
        return tuple(conversation)
    if conversation[0].role == "system":
        return (Message("system", f"{conversation[0].content}\n\n{text}"), *conversation[1:])
    return (Message("system", text), *conversation)


def behind_user(conversation: Sequence[Message], text: str) -> tuple[Message, ...]:
    """Return the conversation with a text behind its last message."""
    last = conversation[-1]
    return (*conversation[:-1], Message(last.role, f"{last.content}\n\n{text}"))
