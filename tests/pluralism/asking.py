"""Asking a strategy, answering for a model, and reading; every strategy with parameters that it takes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pluralism.strategies import (
    STRATEGIES,
    Candidate,
    Message,
    OwnWords,
    Request,
    Strategy,
    Task,
    UnusableError,
    make_strategy,
)

NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight")
QUESTION = (Message("user", "What do you owe your parents?"),)
PROFILES: list[dict[str, Any]] = [
    {"slug": "tradition", "texts": {"en": "You honour tradition.", "pt": "Você honra a tradição."}},
    {"slug": "autonomy", "texts": {"en": "You prize autonomy.", "fr": "L'autonomie t'est chère."}},
    {"slug": "security", "texts": {"hi": "आप सुरक्षा को महत्व देते हैं।", "ar": "تقدّر الأمان."}},
]
NEEDED: Mapping[str, Mapping[str, Any]] = {
    "value_systems": {"profiles": PROFILES},
    "models": {"models": ["small", "large"]},
}
"""The parameters without which a strategy can't be."""


def made(name: str, **parameters: Any) -> Strategy:
    return make_strategy(name, {**NEEDED.get(name, {}), **parameters})


VARIANTS = [
    *[pytest.param(made(name), id=name) for name in STRATEGIES],
    *[
        pytest.param(made("nc_prompt", protocol=protocol, composition=composition, position="user"), id=f"{protocol}-{composition}")
        for protocol in ("hash", "structured")
        for composition in ("k_nc", "k_minus_1_nc_plus_default")
    ],
    *[
        pytest.param(made("select_dpp", base=base, base_parameters=NEEDED.get(base, {}), pool=19), id=f"select_dpp-{base}")
        for base in ("nc_prompt", "verbalized", "value_systems", "models")
    ],
]  # fmt: skip
"""Every strategy, and every way of asking and reading that one of them has."""


def task(
    *,
    k: int = 4,
    conversation: tuple[Message, ...] = QUESTION,
    language: str = "en",
    seed: int = 7,
    attempt: int = 1,
    words: tuple[OwnWords, ...] = (),
) -> Task:
    return Task(conversation, language, k, seed, attempt, words=words)


def bodies(requests: Sequence[Request]) -> list[dict[str, Any]]:
    return [request.body(model="m") for request in requests]


def ask(name: str, *, parameters: Mapping[str, Any] | None = None, **of: Any) -> list[Request]:
    return list(made(name, **(parameters or {})).ask(task(**of)))


def reason(strategy: Strategy, answers: Sequence[str], *, k: int = 4) -> str:
    requests = strategy.ask(task(k=k))
    with pytest.raises(UnusableError) as refusal:
        strategy.read(requests, answers, k=k)
    return refusal.value.reason


def answered(requests: Sequence[Request], texts: Sequence[str]) -> list[str]:
    """Return what a model would answer that says these texts, one after the other, as it is asked to."""
    left = iter(texts)
    return [_answer(request, left) for request in requests]


def _answer(request: Request, left: Any) -> str:
    if request.response_format:
        schema = request.response_format["json_schema"]["schema"]["properties"]["responses"]
        alone = schema["items"]["type"] == "string"
        entries: list[Any] = [
            text if alone else {"text": text, "probability": 0.05}
            for _, text in zip(range(schema["minItems"]), left, strict=False)
        ]
        return json.dumps({"responses": entries}, ensure_ascii=False)
    if any("###" in message.content for message in request.messages):
        asked = next(m.content for m in request.messages if "Generate" in m.content)
        count = next(
            count
            for count, word in enumerate(NUMBERS, start=2)
            if f"Generate {word} responses" in asked
        )
        return "\n".join(f"### {next(left)}" for _ in range(count))
    return str(next(left))


def texts(candidates: Sequence[Candidate]) -> list[str]:
    return [candidate.text for candidate in candidates]
