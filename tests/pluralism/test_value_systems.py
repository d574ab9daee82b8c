"""A value profile for each candidate, in the prompt's language where it has one."""

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from pluralism.strategies import Message, OwnWords, Request
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


MINE = OwnWords(7, "ar", "الصدق\nقبل كل {words}")


def test_own_words_take_the_place_of_a_profile_that_the_seed_draws() -> None:
    """Framed in their own language; the profiles drawn beside them are as many as places are left."""
    slots = Counter[int]()
    for seed in range(300):
        first, second = (
            ask("value_systems", k=3, seed=seed, attempt=attempt, words=(MINE,))
            for attempt in (1, 2)
        )
        assert [r.origin for r in first] == [r.origin for r in second]
        (slot,) = (i for i, r in enumerate(first) if r.origin["profile"] == "own-words")
        assert first[slot].origin == {"profile": "own-words", "profile_language": "ar", "words": 7}
        assert first[slot].messages[0].content.startswith("يصف الشخص")
        assert "«الصدق قبل كل {words}»" in first[slot].messages[0].content
        assert len({r.origin["profile"] for r in first}) == 3
        slots[slot] += 1
    assert all(abs(count - 100) < 30 for count in slots.values())


def test_own_words_are_framed_in_english_where_that_is_asked_or_nothing_else_is_known() -> None:
    said = {
        language: ask(
            "value_systems",
            k=2,
            words=(OwnWords(1, language, "Ukweli."),),
            parameters={"instruction_language": instruction},
        )
        for language, instruction in (("sw", "prompt"), ("ar", "english"))
    }
    for requests in said.values():
        assert any("in these words: “Ukweli.”" in r.messages[0].content for r in requests)


def test_all_may_be_made_from_own_words_and_no_more_than_there_are_places() -> None:
    words = tuple(OwnWords(number, "en", f"Mine {number}.") for number in range(5))
    origins = [r.origin for r in ask("value_systems", k=3, words=words)]
    assert [origin["words"] for origin in origins] == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("value_systems", {}, 0),
        ("value_systems", {"own_words": 2}, 2),
        ("independent", {}, None),
        ("select_dpp", {}, None),
        ("select_dpp", {"base": "value_systems", "base_parameters": {"profiles": PROFILES, "own_words": 1}}, 1),
    ],
)  # fmt: skip
def test_a_strategy_tells_whether_it_has_a_use_for_own_words(
    name: str, parameters: dict[str, Any], expected: int | None
) -> None:
    assert made(name, **parameters).words_per_set == expected


def test_profiles_that_make_the_model_say_the_same_make_no_set() -> None:
    assert reason(made("value_systems"), ["a", "b", "a"], k=3) == "identical_responses"
