"""What every strategy is: validated parameters, what to ask, and how to read the answers."""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

SPECIAL_TOKEN = re.compile(r"<\|[A-Za-z_]+\|>")


def gettext_noop(message: str) -> str:
    """Mark a text for translation; whoever shows it translates it."""
    return message


@dataclass(frozen=True)
class Message:
    """One message of a conversation; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Source:
    """A set in another language: its question, and its responses in the order of their slots."""

    language: str
    question: str
    responses: tuple[str, ...]


@dataclass(frozen=True)
class OwnWords:
    """What somebody says matters to them: the id under which the words are kept, their BCP-47 tag, the words."""

    id: int
    language: str
    text: str


@dataclass(frozen=True)
class Task:
    """What one attempt at a set is asked for.

    Attributes
    ----------
    conversation
        What the person has seen so far, ending with a user message; a system message may lead.
    language
        BCP-47 tag of the conversation's last message.
    k
        How many candidates are wanted, 2 to 8.
    seed
        The set's own seed, at least 0.
    attempt
        Counts from 1; each attempt draws other sampling seeds.
    source
        What is to be translated, where that is the task.
    words
        What people say matters to them, where candidates are to be made for somebody like them.
    """

    conversation: tuple[Message, ...]
    language: str
    k: int
    seed: int
    attempt: int = 1
    source: Source | None = None
    words: tuple[OwnWords, ...] = ()


@dataclass(frozen=True)
class Request:
    """One request to a model, in the words of the OpenAI chat API.

    `model` is set where a strategy asks a certain one; otherwise the run's model answers. `origin` is
    what is known beforehand of the candidates in the answer: it becomes part of their origin.
    """

    messages: tuple[Message, ...]
    seed: int
    sampling: Mapping[str, float | int]
    response_format: Mapping[str, Any] | None = None
    model: str = ""
    origin: Mapping[str, Any] = field(default_factory=dict)

    def body(self, *, model: str) -> dict[str, Any]:
        """Return the JSON body to send; `model` answers unless the request names another."""
        body: dict[str, Any] = {
            "model": self.model or model,
            "messages": [
                {"role": message.role, "content": message.content} for message in self.messages
            ],
            "seed": self.seed,
            **self.sampling,
        }
        return (
            body
            if self.response_format is None
            else body | {"response_format": self.response_format}
        )


@dataclass(frozen=True)
class Candidate:
    """One response, the index of the request whose answer held it, and what the strategy tells of it.

    `origin` is JSON: {"part": "default"}, {"probability": 0.08}, {"profile": "tradition"} …
    """

    text: str
    request: int
    origin: Mapping[str, Any] = field(default_factory=dict)


class UnfitError(ValueError):
    """A parameter does not go with the size of the set; `sentence` says what to do and is marked for translation."""

    def __init__(self, parameter: str, sentence: str) -> None:
        super().__init__(f"{parameter}: {sentence}")
        self.parameter = parameter
        self.sentence = sentence


class UnusableError(Exception):
    """The answers don't make a set; `reason` is a code, `detail` a sentence with the particulars."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def longest_answer(description: str) -> Any:
    """Return the field of `max_tokens`, which each strategy describes in its own words."""
    return Field(ge=1, le=131_072, title=gettext_noop("Longest answer"), description=description)


MaxLengthRatio = Annotated[
    float | None,
    Field(
        gt=1,
        le=1000,
        title=gettext_noop("Longest over shortest response"),
        description=gettext_noop(
            "Sets whose longest response has more than this many times the characters of the shortest are made again; empty: any."
        ),
    ),
]
"""The longest response over the shortest, in characters, that people may still be shown side by side."""


class Strategy(BaseModel, ABC):
    """A way to make the k candidates of a set.

    An instance is the strategy with its parameters: `model_validate` checks them, `model_dump` shows
    them complete with their defaults, `model_json_schema` describes them for a form or an API.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]
    promises_difference: ClassVar[bool] = True
    """Whether near-identical candidates make a set unusable; a baseline keeps what it drew."""
    spares_answers: ClassVar[bool] = False
    """Whether a set can do without some of its answers; one that was cut then counts as empty."""

    temperature: Annotated[
        float,
        Field(
            ge=0,
            le=2,
            title=gettext_noop("Temperature"),
            description=gettext_noop("Sampling temperature."),
        ),
    ] = 1.0
    top_p: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            title=gettext_noop("Top p"),
            description=gettext_noop(
                "Nucleus sampling: the share of probability that is sampled from."
            ),
        ),
    ] = 1.0
    max_tokens: Annotated[
        int,
        longest_answer(gettext_noop("Longest answer of the model to one request, in tokens.")),
    ] = 1024
    instruction_language: Annotated[
        Literal["english", "prompt"],
        Field(
            title=gettext_noop("Language of the instruction"),
            description=gettext_noop(
                "Whether the model is instructed in English or in the prompt's language, where the instruction is written in it."
            ),
        ),
    ] = "english"
    response_language: Annotated[
        str,
        Field(
            max_length=35,
            pattern="^([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*)?$",
            title=gettext_noop("Language of the responses"),
            description=gettext_noop(
                "A language tag such as pt-BR, which the model is asked to write in; empty: the model is left to answer in the prompt's language."
            ),
        ),
    ] = ""
    max_length_ratio: MaxLengthRatio = 8.0

    @property
    @abstractmethod
    def template_version(self) -> str:
        """Name the wording that is sent; it changes whenever the wording does. At most 32 characters."""

    @property
    def words_per_set(self) -> int | None:
        """How many candidates are to be made from people's own words; None where there is no use for any."""
        return None

    @abstractmethod
    def requests_per_set(self, k: int) -> int:
        """Return how many requests make one set of `k`."""

    def check_k(self, k: int) -> None:
        """Refuse a size of set that these parameters can't make.

        Raises
        ------
        UnfitError
            Names the parameter at fault.
        """

    @abstractmethod
    def ask(self, task: Task) -> tuple[Request, ...]:
        """Return the requests of one attempt; an equal task gives equal requests."""

    @abstractmethod
    def read(
        self, requests: Sequence[Request], answers: Sequence[str], *, k: int
    ) -> tuple[Candidate, ...]:
        """Return the `k` candidates held by the answers to the requests of `ask`, in their order.

        Raises
        ------
        UnusableError
            When they are not exactly `k` different texts that can be shown.
        """

    @property
    def sampling(self) -> dict[str, float | int]:
        """The sampling parameters of each request."""
        return {"temperature": self.temperature, "top_p": self.top_p, "max_tokens": self.max_tokens}


class OneEach(Strategy):
    """A strategy whose every candidate is the whole answer to a request of its own; any k is fine."""

    def requests_per_set(self, k: int) -> int:
        """Return `k`."""
        return k

    def read(
        self,
        requests: Sequence[Request],  # noqa: ARG002 - each answer stands for itself
        answers: Sequence[str],
        *,
        k: int,
    ) -> tuple[Candidate, ...]:
        """Return the answers themselves, trimmed."""
        if not any(answer.strip() for answer in answers):
            raise UnusableError("empty_answer", "the model answered nothing")
        return checked(
            [Candidate(text=answer.strip(), request=index) for index, answer in enumerate(answers)],
            k=k,
        )


def sampling_seeds(*, seed: int, attempt: int, count: int) -> tuple[int, ...]:
    """Return `count` seeds below 2^32 for one attempt at a set."""
    state = np.random.SeedSequence(entropy=seed, spawn_key=(attempt,)).generate_state(
        count, np.uint32
    )
    return tuple(int(value) for value in state)


def round_seeds(*, seed: int, count: int) -> tuple[int, ...]:
    """Return `count` seeds below 2^64 for the rounds of a set that is asked for in several."""
    state = np.random.SeedSequence(entropy=seed, spawn_key=(0, 0)).generate_state(count, np.uint64)
    return tuple(int(value) for value in state)


def drawn_items(count: int, k: int, *, seed: int) -> list[int]:
    """Return `k` indices below `count`, the same for every attempt at a set.

    Of more than `k` the seed draws some, each equally likely; fewer are used in turn. Both keep their order.
    """
    if count <= k:
        return [index % count for index in range(k)]
    # Attempts count from 1, so their spawn keys are others; generators may change between releases of
    # numpy, the states of a SeedSequence do not.
    state = np.random.SeedSequence(entropy=seed, spawn_key=(0,)).generate_state(count, np.uint64)
    return sorted(int(index) for index in np.argsort(state, kind="stable")[:k])


def checked(candidates: Sequence[Candidate], *, k: int) -> tuple[Candidate, ...]:
    """Return the candidates, or raise UnusableError where they don't make a set of `k`."""
    if len(candidates) != k:
        raise UnusableError("wrong_count", f"{len(candidates)} responses instead of {k}")
    seen: dict[str, int] = {}
    for number, candidate in enumerate(candidates, start=1):
        check_text(candidate.text, what=f"response {number}")
        twin = seen.setdefault(" ".join(candidate.text.split()).casefold(), number)
        if twin != number:
            raise UnusableError(
                "identical_responses", f"response {number} says the same as response {twin}"
            )
    return tuple(candidates)


def check_text(text: str, *, what: str) -> None:
    """Raise UnusableError for a text that can't be shown to anybody."""
    if (
        not any(unicodedata.category(character)[0] not in "ZC" for character in text)
        or text == "EMPTY STRING"
    ):
        raise UnusableError("empty_response", f"{what} is empty")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise UnusableError("unstorable_text", f"{what} holds a NUL or half of a surrogate pair")
    if token := SPECIAL_TOKEN.search(text):
        raise UnusableError("special_token", f"{what} holds the control token {token.group()}")
