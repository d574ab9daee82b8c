"""What holds for every strategy."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pluralism.strategies import STRATEGIES, Message, Strategy, UnfitError, UnusableError
from tests.pluralism.asking import QUESTION, VARIANTS, answered, bodies, made, task, texts

SIZES = st.integers(3, 8)
SEEDS = st.integers(0, 2**63 - 1)
WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12)


@pytest.mark.parametrize("strategy", VARIANTS)
@given(k=SIZES, seed=SEEDS, attempt=st.integers(1, 9))
def test_equal_tasks_ask_the_same_and_another_attempt_draws_other_seeds(
    strategy: Strategy, k: int, seed: int, attempt: int
) -> None:
    once, again, next_time = (
        strategy.ask(task(k=k, seed=seed, attempt=number))
        for number in (attempt, attempt, attempt + 1)
    )
    assert once == again
    assert len(once) == strategy.requests_per_set(k)
    seeds = [request.seed for request in once]
    assert len(set(seeds)) == len(seeds)
    assert not set(seeds) & {request.seed for request in next_time}
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert [request.messages for request in once] == [request.messages for request in next_time]


@pytest.mark.parametrize("strategy", VARIANTS)
@given(k=SIZES, seed=SEEDS, data=st.data())
def test_what_a_model_says_as_asked_is_read_as_it_was_said(
    strategy: Strategy, k: int, seed: int, data: st.DataObject
) -> None:
    requests = strategy.ask(task(k=k, seed=seed))
    words = data.draw(st.lists(WORDS, min_size=3, max_size=9))
    said = [f"{words[number % len(words)]} {number}" for number in range(72)]
    answers = answered(requests, said)
    candidates = strategy.read(requests, answers, k=k)
    assert len(candidates) == k
    assert set(texts(candidates)) <= set(said)
    assert all(candidate.text in answers[candidate.request] for candidate in candidates)
    if strategy.name != "select_dpp":
        assert texts(candidates) == said[:k]


@pytest.mark.parametrize("strategy", VARIANTS)
@given(answer=st.text(max_size=60), data=st.data())
def test_no_answer_breaks_the_reading(strategy: Strategy, answer: str, data: st.DataObject) -> None:
    requests = strategy.ask(task(k=3))
    answers = [data.draw(st.sampled_from([answer, "", "### a"])) for _ in requests]
    try:
        candidates = strategy.read(requests, answers, k=3)
    except UnusableError:
        return
    assert len(set(texts(candidates))) == 3


@pytest.mark.parametrize("strategy", VARIANTS)
def test_a_prompts_own_system_message_leads_in_every_request(strategy: Strategy) -> None:
    requests = strategy.ask(task(conversation=(Message("system", "You are brief."), *QUESTION)))
    for request in requests:
        assert [message.role for message in request.messages] == ["system", "user"]
        assert request.messages[0].content.startswith("You are brief.")
        assert request.messages[1].content.startswith(QUESTION[0].content)


@pytest.mark.parametrize("strategy", VARIANTS)
def test_the_language_of_the_responses_is_asked_for_in_every_request(strategy: Strategy) -> None:
    asking = type(strategy).model_validate(strategy.model_dump() | {"response_language": "it"})
    for request in asking.ask(task()):
        assert "Write in Italian." in " ".join(message.content for message in request.messages)
    for request in strategy.ask(task()):
        assert "Write in" not in " ".join(message.content for message in request.messages)


def test_sampling_seeds_do_not_change_between_releases() -> None:
    """Stored seeds must give the same requests for ever."""
    asked = bodies(made("independent").ask(task(k=2)))
    assert [body["seed"] for body in asked] == [3618983171, 941218350]
    of_rounds = bodies(made("select_dpp", base="nc_prompt", pool=5).ask(task()))
    assert [body["seed"] for body in of_rounds] == [3620974144, 833374614]
    profiles = [{"slug": str(number), "texts": {"en": "x"}} for number in range(20)]
    drawn = made("value_systems", profiles=profiles).ask(task())
    assert [request.origin["profile"] for request in drawn] == ["0", "8", "9", "19"]


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
        ("nc_prompt", {"composition": "all"}, "composition"),
        ("nc_prompt", {"colour": "red"}, "colour"),
        ("nc_prompt", {"instruction_language": "latin"}, "instruction_language"),
        ("nc_prompt", {"response_language": "Brazilian Portuguese"}, "response_language"),
        ("nc_prompt", {"max_length_ratio": 1}, "max_length_ratio"),
        ("independent", {"temperature": 0}, "temperature"),
        ("independent", {"protocol": "hash"}, "protocol"),
        ("verbalized", {"below": 0}, "below"),
        ("verbalized", {"below": 1.5}, "below"),
        ("value_systems", {"profiles": []}, "profiles"),
        ("models", {"models": ["alone"]}, "models"),
        ("models", {"models": ["same", "same"]}, "models"),
        ("select_dpp", {"pool": 65}, "pool"),
        ("select_dpp", {"base": "select_dpp"}, "base"),
        ("select_dpp", {"base": "value_systems"}, "base_parameters"),
        ("select_dpp", {"base": "nc_prompt", "base_parameters": {"position": 1}}, "base_parameters"),
        ("select_dpp", {"base_parameters": {"temperature": 1}}, "base_parameters"),
        ("select_dpp", {"temperature": 0}, "base_parameters"),
    ],
)  # fmt: skip
def test_parameters_out_of_range_are_refused_by_name(
    name: str, parameters: dict[str, Any], at_fault: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        made(name, **parameters)
    assert [item["loc"] for item in refusal.value.errors()] == [(at_fault,)]


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_describes_itself_and_its_parameters(name: str) -> None:
    strategy = STRATEGIES[name]
    properties = strategy.model_json_schema()["properties"]
    assert strategy.name == name
    assert strategy.label
    assert strategy.description
    assert all(field["description"] and field["title"] for field in properties.values())
    assert len({field["title"] for field in properties.values()}) == len(properties)
    assert set(made(name).model_dump()) == set(properties)


@pytest.mark.parametrize("strategy", VARIANTS)
def test_the_stored_parameters_make_the_same_strategy_again(strategy: Strategy) -> None:
    stored = strategy.model_dump(mode="json")
    again = type(strategy).model_validate(stored)
    assert again == strategy
    assert again.model_dump(mode="json") == stored


@pytest.mark.parametrize("strategy", VARIANTS)
@pytest.mark.parametrize("language", ["english", "prompt"])
def test_template_versions_fit_their_column_and_tell_whose_language_it_was(
    strategy: Strategy, language: str
) -> None:
    parameters = strategy.model_dump(mode="json") | {"instruction_language": language}
    version = type(strategy).model_validate(parameters).template_version
    assert version.endswith("-p1") == (language == "prompt")
    assert len(version) <= 32


@pytest.mark.parametrize(
    ("name", "parameters", "k", "at_fault"),
    [
        ("nc_prompt", {"composition": "k_minus_1_nc_plus_default"}, 2, "composition"),
        ("select_dpp", {"pool": 4}, 4, "pool"),
        (
            "select_dpp",
            {"base": "nc_prompt", "base_parameters": {"composition": "k_minus_1_nc_plus_default"}},
            2,
            "composition",
        ),
    ],
)
def test_sizes_that_do_not_go_with_the_parameters_are_refused(
    name: str, parameters: dict[str, Any], k: int, at_fault: str
) -> None:
    strategy = made(name, **parameters)
    with pytest.raises(UnfitError) as refusal:
        strategy.check_k(k)
    assert refusal.value.parameter == at_fault
    strategy.check_k(3)


def test_only_baselines_keep_what_is_nearly_the_same_or_of_any_length() -> None:
    promising = {name for name, strategy in STRATEGIES.items() if strategy.promises_difference}
    assert promising == {"nc_prompt", "verbalized", "value_systems", "select_dpp"}
    assert {name for name in STRATEGIES if made(name).max_length_ratio == 8.0} == promising
