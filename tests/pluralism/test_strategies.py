"""What strategies ask for."""

from typing import Any

import pytest
from pydantic import ValidationError

from pluralism.strategies import STRATEGIES, Message, Task, make_strategy

PAPER = "Generate four responses that represent diverse values. Each response should start with ### to demarcate where one begins and the other ends."
QUESTION = (Message("user", "What do you owe your parents?"),)


def ask(
    name: str,
    *,
    k: int = 4,
    conversation: tuple[Message, ...] = QUESTION,
    seed: int = 7,
    attempt: int = 1,
    **parameters: Any,
) -> list[dict[str, Any]]:
    strategy = make_strategy(name, parameters)
    return [
        request.body(model="m")
        for request in strategy.ask(Task(tuple(conversation), "en", k, seed, attempt))
    ]


def test_the_papers_instruction_stands_word_for_word_in_the_system_message() -> None:
    (body,) = ask("nc_prompt")
    assert body["messages"] == [
        {"role": "system", "content": PAPER},
        {"role": "user", "content": "What do you owe your parents?"},
    ]
    assert "response_format" not in body


def test_the_instruction_may_stand_behind_the_users_message() -> None:
    (body,) = ask("nc_prompt", position="user")
    assert body["messages"] == [
        {"role": "user", "content": f"What do you owe your parents?\n\n{PAPER}"}
    ]


def test_a_prompts_own_system_message_leads_and_is_kept() -> None:
    conversation = (Message("system", "You are brief."), *QUESTION)
    (in_system,) = ask("nc_prompt", conversation=conversation)
    (in_user,) = ask("nc_prompt", conversation=conversation, position="user")
    assert in_system["messages"][0] == {"role": "system", "content": f"You are brief.\n\n{PAPER}"}
    assert in_user["messages"][0] == {"role": "system", "content": "You are brief."}
    assert [body["messages"][0] for body in ask("independent", conversation=conversation)] == [
        {"role": "system", "content": "You are brief."}
    ] * 4


@pytest.mark.parametrize(
    ("k", "word"),
    [(2, "two"), (3, "three"), (4, "four"), (5, "five"), (6, "six"), (7, "seven"), (8, "eight")],
)
def test_the_number_word_follows_k(k: int, word: str) -> None:
    (body,) = ask("nc_prompt", k=k)
    assert body["messages"][0]["content"] == PAPER.replace("four", word)


def test_the_structured_protocol_asks_for_exactly_k_strings_and_never_mentions_hashes() -> None:
    (body,) = ask("nc_prompt", k=3, protocol="structured", max_characters=500)
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["responses"] == {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": 500},
        "minItems": 3,
        "maxItems": 3,
    }
    assert schema["required"] == ["responses"]
    assert schema["additionalProperties"] is False
    assert body["messages"][0]["content"].startswith(
        "Generate three responses that represent diverse values."
    )
    assert "#" not in body["messages"][0]["content"]


def test_independent_sends_the_prompt_as_it_is_k_times_with_different_seeds() -> None:
    bodies = ask("independent", k=4, temperature=0.7, top_p=0.9, max_tokens=128)
    assert [body["messages"] for body in bodies] == [
        [{"role": "user", "content": "What do you owe your parents?"}]
    ] * 4
    assert {(body["temperature"], body["top_p"], body["max_tokens"]) for body in bodies} == {
        (0.7, 0.9, 128)
    }
    assert len({body["seed"] for body in bodies}) == 4


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_same_seed_and_attempt_ask_the_same_and_another_attempt_draws_other_seeds(
    name: str,
) -> None:
    assert ask(name, seed=2**63 - 1, attempt=2) == ask(name, seed=2**63 - 1, attempt=2)
    first, second = ({body["seed"] for body in ask(name, attempt=attempt)} for attempt in (1, 2))
    assert not first & second
    assert all(0 <= seed < 2**32 for seed in first)


def test_sampling_seeds_do_not_change_between_releases() -> None:
    """Stored seeds must give the same requests for ever."""
    assert [body["seed"] for body in ask("independent", k=2, seed=7, attempt=1)] == [
        3618983171,
        941218350,
    ]


@pytest.mark.parametrize(
    ("name", "parameters", "at_fault"),
    [
        ("nc_prompt", {"temperature": 3}, "temperature"),
        ("nc_prompt", {"temperature": float("nan")}, "temperature"),
        ("nc_prompt", {"temperature": "warm"}, "temperature"),
        ("nc_prompt", {"top_p": 0}, "top_p"),
        ("nc_prompt", {"max_tokens": 0}, "max_tokens"),
        ("nc_prompt", {"position": "behind"}, "position"),
        ("nc_prompt", {"protocol": "xml"}, "protocol"),
        ("nc_prompt", {"colour": "red"}, "colour"),
        ("independent", {"temperature": 0}, "temperature"),
        ("independent", {"protocol": "hash"}, "protocol"),
    ],
)
def test_parameters_out_of_range_are_refused_by_name(
    name: str, parameters: dict[str, Any], at_fault: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        make_strategy(name, parameters)
    assert [item["loc"] for item in refusal.value.errors()] == [(at_fault,)]


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_describes_itself_and_its_parameters(name: str) -> None:
    strategy = STRATEGIES[name]
    properties = strategy.model_json_schema()["properties"]
    assert strategy.name == name
    assert strategy.label
    assert strategy.description
    assert all(field["description"] for field in properties.values())
    assert set(make_strategy(name, {}).model_dump()) == set(properties)


@pytest.mark.parametrize(
    "parameters",
    [{"protocol": p, "position": s} for p in ("hash", "structured") for s in ("system", "user")],
)
def test_template_versions_name_the_wording_and_fit_their_column(
    parameters: dict[str, Any],
) -> None:
    version = make_strategy("nc_prompt", parameters).template_version
    assert version == f"nc_prompt-{parameters['protocol']}-{parameters['position']}-1"
    assert len(version) <= 32
