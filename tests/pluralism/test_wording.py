"""What is said to models, in every language it is written in."""

import string

import pytest

from pluralism.strategies.wording import LANGUAGE_NAMES, WORDINGS, by_language
from tests.pluralism.asking import NUMBERS, ask

PLACES = {
    "diversity": {"count"},
    "hashes": set(),
    "structured": set(),
    "tails": {"count", "probability"},
    "language": {"language"},
}


@pytest.mark.parametrize("tag", WORDINGS)
def test_every_language_says_it_all(tag: str) -> None:
    wording = WORDINGS[tag]
    assert list(wording.count) == list(range(2, 9))
    assert len(set(wording.count.values())) == 7
    for name, places in PLACES.items():
        text = getattr(wording, name)
        found = {field for _, field, _, _ in string.Formatter().parse(text) if field}
        assert found - {"count"} == places - {"count"}
        assert "count" in found or "count" not in places
        assert text == text.strip()
    assert "###" in wording.hashes
    assert "responses" in wording.structured
    assert all(key in wording.tails for key in ("responses", "text", "probability"))
    assert "#" not in wording.structured + wording.diversity + wording.tails
    assert by_language(LANGUAGE_NAMES, tag)


def test_the_languages_of_the_demo_are_written() -> None:
    assert {"en", "fr", "it", "pt", "hi", "ar"} <= WORDINGS.keys()


@pytest.mark.parametrize("k", range(2, 9))
def test_the_instruction_may_be_given_in_the_prompts_language(k: int) -> None:
    native = {"instruction_language": "prompt"}
    for tag, wording in WORDINGS.items():
        (request,) = ask("nc_prompt", k=k, language=tag, parameters=native)
        assert wording.count[k] in request.messages[0].content
        assert request.messages[0].content.endswith(wording.hashes)


@pytest.mark.parametrize(
    ("language", "expected"),
    [("pt-BR", "pt"), ("zh-Hant-TW", "zh-Hant"), ("zh-CN", "zh"), ("FR-ca", "fr"), ("ha", "en")],
)
def test_a_tag_is_shortened_until_it_is_known_and_english_is_the_last_resort(
    language: str, expected: str
) -> None:
    parameters = {"instruction_language": "prompt", "position": "user"}
    (request,) = ask("nc_prompt", language=language, parameters=parameters)
    assert request.messages[-1].content.endswith(WORDINGS[expected].hashes)


@pytest.mark.parametrize(
    ("instruction", "responses", "expected"),
    [
        ("english", "pt-BR", "Write in Brazilian Portuguese."),
        ("english", "hi-IN", "Write in Hindi."),
        ("english", "qaa", "Write in qaa."),
        ("prompt", "it", "Écris dans cette langue : italiano."),
        ("prompt", "fr", "Écris dans cette langue : français."),
    ],
)
def test_a_language_is_called_by_its_name(instruction: str, responses: str, expected: str) -> None:
    parameters = {"instruction_language": instruction, "response_language": responses}
    for name in ("nc_prompt", "verbalized", "independent"):
        (request, *_) = ask(name, language="fr", parameters=parameters)
        assert request.messages[0].role == "system"
        assert request.messages[0].content.endswith(expected)


def test_numbers_are_words_in_english() -> None:
    assert tuple(WORDINGS["en"].count.values()) == NUMBERS
