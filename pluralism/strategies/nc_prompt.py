"""Negatively-correlated candidates from one generation, by the prompt of the Community Alignment paper.

Zhang, Milli, Jusko et al., *Cultivating Pluralism in Algorithmic Monoculture: The Community Alignment
Dataset*, arXiv 2507.09650. The paper publishes the instruction; where it stands and how the model is
sampled it does not, so these are parameters.
"""

import json
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from pluralism.strategies.base import (
    Candidate,
    Message,
    Request,
    Strategy,
    Task,
    UnusableError,
    checked,
    gettext_noop,
    sampling_seeds,
)

NUMBER_WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight"}
DIVERSITY = "Generate {number} responses that represent diverse values."
DEMARCATION = {
    "hash": "Each response should start with ### to demarcate where one begins and the other ends.",
    "structured": "Give them as the {number} strings of the JSON list “responses”.",
}
VERSION = 1
"""Counts the changes of the texts above."""

MARKER = re.compile(r"^[ \t]*###(?!#)", re.MULTILINE)
LABEL = re.compile(
    r"[ \t]*\**(?:[^\W\d_]+[ \t]*)?#?(\d{1,2})[ \t]*(?:\([^)\n]*\))?[ \t]*(?:[:.)\-–—]\**|\**(?=\n|$))"
)
"""A number behind the marker, perhaps after one word of any language: “Response 1”, “**Réponse 2 :**”, “3.”"""


class NcPrompt(Strategy):
    """All candidates in one generation, which makes each unlike those before it."""

    name: ClassVar[str] = "nc_prompt"
    label: ClassVar[str] = gettext_noop("diverse values, one generation")
    description: ClassVar[str] = gettext_noop(
        "Asks the model once for several responses that represent diverse values, so that each is unlike the others."
    )

    max_tokens: Annotated[
        int,
        Field(
            ge=1,
            le=131_072,
            description=gettext_noop("Longest answer in tokens: all responses of a set together."),
        ),
    ] = 3072
    position: Annotated[
        Literal["system", "user"],
        Field(
            description=gettext_noop(
                "Where the instruction stands: in the system message or behind the user's message."
            )
        ),
    ] = "system"
    protocol: Annotated[
        Literal["hash", "structured"],
        Field(
            description=gettext_noop(
                "How the responses are told apart: ### before each, as in the paper, or a JSON list that the server enforces."
            )
        ),
    ] = "hash"
    tolerant: Annotated[
        bool,
        Field(
            description=gettext_noop(
                "Leave out an introduction before the first ###, a ### at the end and labels such as “Response 1”, instead of refusing the answer."
            )
        ),
    ] = False
    max_characters: Annotated[
        int | None,
        Field(
            ge=1,
            le=100_000,
            description=gettext_noop(
                "Longest response in characters, enforced by the server; for the JSON list only."
            ),
        ),
    ] = None

    @property
    def template_version(self) -> str:
        """Name the wording."""
        return f"nc_prompt-{self.protocol}-{self.position}-{VERSION}"

    def requests_per_set(self, k: int) -> int:  # noqa: ARG002 - one whatever k is
        """Return 1."""
        return 1

    def ask(self, task: Task) -> tuple[Request, ...]:
        """Return the one request."""
        k = task.k
        (drawn,) = sampling_seeds(seed=task.seed, attempt=task.attempt, count=1)
        return (
            Request(
                messages=_with_instruction(
                    task.conversation, self.instruction(k), position=self.position
                ),
                seed=drawn,
                sampling=self.sampling,
                response_format=_schema(k, self.max_characters)
                if self.protocol == "structured"
                else None,
            ),
        )

    def instruction(self, k: int) -> str:
        """Return what is asked for beside the conversation."""
        return f"{DIVERSITY} {DEMARCATION[self.protocol]}".format(number=NUMBER_WORDS[k])

    def read(
        self,
        requests: Sequence[Request],  # noqa: ARG002 - there is one
        answers: Sequence[str],
        *,
        k: int,
    ) -> tuple[Candidate, ...]:
        """Return the parts of the one answer."""
        (answer,) = answers
        if not answer.strip():
            raise UnusableError("empty_answer", "the model answered nothing")
        texts = (
            read_json(answer)
            if self.protocol == "structured"
            else read_hashes(answer, tolerant=self.tolerant)
        )
        return checked([Candidate(text=text.strip(), request=0) for text in texts], k=k)


def _with_instruction(
    conversation: Sequence[Message], instruction: str, *, position: str
) -> tuple[Message, ...]:
    if position == "user":
        last = conversation[-1]
        return (*conversation[:-1], Message(last.role, f"{last.content}\n\n{instruction}"))
    if conversation[0].role == "system":
        return (Message("system", f"{conversation[0].content}\n\n{instruction}"), *conversation[1:])
    return (Message("system", instruction), *conversation)


def _schema(k: int, max_characters: int | None) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string", "minLength": 1}
    if max_characters is not None:
        text["maxLength"] = max_characters
    schema = {
        "type": "object",
        "properties": {"responses": {"type": "array", "items": text, "minItems": k, "maxItems": k}},
        "required": ["responses"],
        "additionalProperties": False,
    }
    return {
        "type": "json_schema",
        "json_schema": {"name": "responses", "schema": schema, "strict": True},
    }


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


def read_json(answer: str) -> list[str]:
    """Return the strings of `{"responses": [...]}`.

    Raises
    ------
    UnusableError
        invalid_json, wrong_shape.
    """
    try:
        # Grammars of model servers let raw control characters into strings; they are kept as they are.
        value = json.loads(answer, strict=False)
    except (ValueError, RecursionError) as error:
        raise UnusableError("invalid_json", f"the answer is not JSON: {error}") from error
    responses = value.get("responses") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(responses, list) or not all(isinstance(text, str) for text in responses):
        raise UnusableError("wrong_shape", 'the answer is JSON but not {"responses": ["…", …]}')
    return responses


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else f"{flat[:39]}…"
