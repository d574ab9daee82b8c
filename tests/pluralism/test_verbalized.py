"""Candidates with the probability that the model states for each."""

import json
from typing import Any

import pytest

from tests.pluralism.asking import ask, bodies, made, reason, task


def entries(*probabilities: Any) -> str:
    return json.dumps(
        {
            "responses": [
                {"text": f"{number}. Call them.", "probability": probability}
                for number, probability in enumerate(probabilities)
            ]
        }
    )


def test_the_model_is_asked_for_the_tails_below_a_probability() -> None:
    (body,) = bodies(ask("verbalized", k=3, parameters={"below": 0.05, "max_characters": 400}))
    system, user = body["messages"]
    assert "Generate three responses" in system["content"]
    assert "the probability of each is below 0.05" in system["content"]
    assert user["content"] == "What do you owe your parents?"
    entry = body["response_format"]["json_schema"]["schema"]["properties"]["responses"]
    assert (entry["minItems"], entry["maxItems"]) == (3, 3)
    assert entry["items"] == {
        "type": "object",
        "properties": {
            "text": {"type": "string", "minLength": 1, "maxLength": 400},
            "probability": {"type": "number", "minimum": 0, "maximum": 1},
        },
        "required": ["text", "probability"],
        "additionalProperties": False,
    }


def test_the_stated_probability_becomes_the_origin_whatever_was_asked_for() -> None:
    strategy = made("verbalized")
    candidates = strategy.read(strategy.ask(task()), [entries(0.05, 0, 1, 0.4)], k=4)
    assert [candidate.text for candidate in candidates] == [f"{n}. Call them." for n in range(4)]
    assert [candidate.origin for candidate in candidates] == [
        {"probability": probability} for probability in (0.05, 0.0, 1.0, 0.4)
    ]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", "empty_answer"),
        ("### a\n### b", "invalid_json"),
        (entries(0.1, 0.1, 0.1), "wrong_count"),
        (entries(0.1, 0.1, 0.1, 0.1, 0.1), "wrong_count"),
        (entries(0.1, 0.1, 0.1, 1.01), "bad_probability"),
        (entries(0.1, 0.1, 0.1, -0.1), "bad_probability"),
        (entries(0.1, 0.1, 0.1, float("nan")), "bad_probability"),
        (entries(0.1, 0.1, 0.1, float("inf")), "bad_probability"),
        (entries(0.1, 0.1, 0.1, "0.1"), "wrong_shape"),
        (entries(0.1, 0.1, 0.1, True), "wrong_shape"),
        (entries(0.1, 0.1, 0.1, None), "wrong_shape"),
        ('{"responses": ["a", "b", "c", "d"]}', "wrong_shape"),
        ('{"responses": [{"text": "a"}]}', "wrong_shape"),
        ('{"responses": [{"text": 1, "probability": 0.1}]}', "wrong_shape"),
        ('{"responses": [{"text": "a", "probability": 0.1, "why": ""}]}', "wrong_shape"),
        ('{"responses": [{"text": "a", "text": "b", "probability": 0.1}]}', "invalid_json"),
    ],
)
def test_what_is_not_as_asked_is_refused_with_a_reason(answer: str, expected: str) -> None:
    assert reason(made("verbalized"), [answer]) == expected
