"""A value profile for each candidate, in the prompt's language where it has one."""

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from pluralism.strategies import Message, Request
from tests.pluralism.asking import PROFILES, QUESTION, ask, made, reason


def origins(requests: list[Request]) -> list[tuple[str, str]]:
    return [(request.origin["profile"], request.origin["profile_language"]) for request in requests]


def many(count: int) -> list[dict[str, Any]]:
    return [{"slug": f"p{number}", "texts": {"en": f"Value {number}."}} for number in range(count)]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("pt-BR", [("tradition", "pt"), ("autonomy", "en"), ("security", "hi")]),
        ("fr", [("tradition", "en"), ("autonomy", "fr"), ("security", "hi")]),
        ("AR-eg", [("tradition", "en"), ("autonomy", "en"), ("security", "ar")]),
        ("ko", [("tradition", "en"), ("autonomy", "en"), ("security", "hi")]),
    ],
)
def test_each_profile_speaks_the_prompts_language_else_english_else_its_first(
    language: str, expected: list[tuple[str, str]]
) -> None:
    requests = ask("value_systems", k=3, language=language)
    assert origins(requests) == expected
    by_slug = {profile["slug"]: profile["texts"] for profile in PROFILES}
    for request, (slug, tag) in zip(requests, expected, strict=True):
        assert request.messages == (Message("system", by_slug[slug][tag]), *QUESTION)


def test_profiles_may_be_sent_in_english_whatever_the_prompts_language() -> None:
    requests = ask(
        "value_systems", k=3, language="pt", parameters={"instruction_language": "english"}
    )
    assert origins(requests)[:2] == [("tradition", "en"), ("autonomy", "en")]


def test_a_prompts_own_system_message_stands_in_front() -> None:
    conversation = (Message("system", "You are brief."), *QUESTION)
    requests = ask("value_systems", k=2, conversation=conversation)
    assert requests[0].messages[0].content == "You are brief.\n\nYou honour tradition."


def test_fewer_profiles_than_responses_are_used_in_turn() -> None:
    slugs = [slug for slug, _ in origins(ask("value_systems", k=8))]
    assert slugs == ["tradition", "autonomy", "security"] * 2 + ["tradition", "autonomy"]


def test_of_more_profiles_some_are_drawn_by_the_seed_and_all_attempts_ask_the_same() -> None:
    parameters = {"profiles": many(6)}
    drawn = Counter[str]()
    for seed in range(300):
        first, second = (
            origins(ask("value_systems", parameters=parameters, seed=seed, attempt=attempt))
            for attempt in (1, 2)
        )
        assert first == second == sorted(first)
        assert len(set(first)) == 4
        drawn.update(slug for slug, _ in first)
    assert all(abs(count - 200) < 40 for count in drawn.values())


@pytest.mark.parametrize(
    "profiles",
    [
        many(1),
        many(33),
        [*many(2), many(1)[0]],
        [*many(2), {"slug": "", "texts": {"en": "x"}}],
        [*many(2), {"slug": "bare", "texts": {}}],
        [*many(2), {"slug": "mute", "texts": {"en": ""}}],
        [*many(2), {"slug": "more", "texts": {"en": "x"}, "name": "x"}],
        None,
    ],
)
def test_profiles_that_cannot_be_used_are_refused(profiles: Any) -> None:
    with pytest.raises(ValidationError) as refusal:
        made("value_systems", profiles=profiles)
    assert {item["loc"][0] for item in refusal.value.errors()} == {"profiles"}


def test_profiles_that_make_the_model_say_the_same_make_no_set() -> None:
    assert reason(made("value_systems"), ["a", "b", "a"], k=3) == "identical_responses"
