"""Candidates from one generation: the paper's instruction, and exactly k different texts or a reason."""

import json
from typing import Any

import pytest

from pluralism.strategies import Message
from tests.pluralism.asking import NUMBERS, QUESTION, ask, bodies, made, task, texts
from tests.pluralism.asking import reason as refusal

FOUR = ["Honour them.", "Live freely.", "Share the load.", "It depends."]


PAPER = "Generate four responses that represent diverse values. Each response should start with ### to demarcate where one begins and the other ends."
DEFAULT = "k_minus_1_nc_plus_default"


def read(answer: str, *, k: int = 4, **parameters: Any) -> list[str]:
    strategy = made("nc_prompt", **parameters)
    return texts(strategy.read(strategy.ask(task(k=k)), [answer], k=k))


def reason(answer: str, **parameters: Any) -> str:
    return refusal(made("nc_prompt", **parameters), [answer])


def test_the_papers_instruction_stands_word_for_word_in_the_system_message() -> None:
    (body,) = bodies(ask("nc_prompt"))
    assert body["messages"] == [
        {"role": "system", "content": PAPER},
        {"role": "user", "content": "What do you owe your parents?"},
    ]
    assert "response_format" not in body


def test_the_instruction_may_stand_behind_the_users_message() -> None:
    (body,) = bodies(ask("nc_prompt", parameters={"position": "user"}))
    assert body["messages"] == [
        {"role": "user", "content": f"What do you owe your parents?\n\n{PAPER}"}
    ]


def test_a_prompts_own_system_message_leads_and_is_kept() -> None:
    conversation = (Message("system", "You are brief."), *QUESTION)
    (in_system,) = bodies(ask("nc_prompt", conversation=conversation))
    (in_user,) = bodies(
        ask("nc_prompt", conversation=conversation, parameters={"position": "user"})
    )
    assert in_system["messages"][0] == {"role": "system", "content": f"You are brief.\n\n{PAPER}"}
    assert in_user["messages"][0] == {"role": "system", "content": "You are brief."}


@pytest.mark.parametrize(("k", "word"), list(enumerate(NUMBERS, start=2)))
def test_the_number_word_follows_k(k: int, word: str) -> None:
    (body,) = bodies(ask("nc_prompt", k=k))
    assert body["messages"][0]["content"] == PAPER.replace("four", word)


def test_the_structured_protocol_asks_for_exactly_k_strings_and_never_mentions_hashes() -> None:
    (body,) = bodies(
        ask("nc_prompt", k=3, parameters={"protocol": "structured", "max_characters": 500})
    )
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["responses"] == {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": 500},
        "minItems": 3,
        "maxItems": 3,
    }
    assert schema["required"] == ["responses"]
    assert schema["additionalProperties"] is False
    assert body["messages"][0]["content"] == (
        "Generate three responses that represent diverse values. Give them as the three strings of the JSON list “responses”."
    )


@pytest.mark.parametrize("protocol", ["hash", "structured"])
@pytest.mark.parametrize("position", ["system", "user"])
def test_template_versions_name_the_wording(protocol: str, position: str) -> None:
    strategy = made("nc_prompt", protocol=protocol, position=position)
    assert strategy.template_version == f"nc_prompt-{protocol}-{position}-1"


def test_one_response_may_be_what_the_model_says_without_the_instruction() -> None:
    diverse, default = ask("nc_prompt", parameters={"composition": DEFAULT})
    assert diverse.messages[0].content == PAPER.replace("four", "three")
    assert default.messages == QUESTION
    assert (diverse.origin, default.origin) == ({"part": "nc"}, {"part": "default"})
    strategy = made("nc_prompt", composition=DEFAULT)
    candidates = strategy.read(
        [diverse, default],
        ["### Honour them.\n### Live freely.\n### Share.", " It depends.\n"],
        k=4,
    )
    assert [(candidate.text, candidate.request) for candidate in candidates] == [
        ("Honour them.", 0),
        ("Live freely.", 0),
        ("Share.", 0),
        ("It depends.", 1),
    ]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["### a\n### b\n### c\n### d", "e"], "wrong_count"),
        (["### a\n### b", "c"], "wrong_count"),
        (["### a\n### b\n### c", " "], "empty_answer"),
        (["", "d"], "empty_answer"),
        (["### a\n### b\n### c", "A "], "identical_responses"),
        (["### a\n### b\n### c", "d<|end|>"], "special_token"),
    ],
)
def test_a_set_with_a_default_response_is_refused_with_a_reason(
    answers: list[str], expected: str
) -> None:
    assert refusal(made("nc_prompt", composition=DEFAULT), answers) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "### Honour them.\n### Live freely.\n### Share the load.\n### It depends.",
        "###Honour them.\n\n###Live freely.\n\n###Share the load.\n\n###It depends.\n",
        "###\nHonour them.\n\n###\nLive freely.\n\n###\nShare the load.\n\n###\nIt depends.",
        "\n  ### Honour them.\r\n\t### Live freely.  \r\n### Share the load.\n###   It depends.  \n\n",
    ],
)
def test_each_part_starts_with_hashes_and_is_trimmed(answer: str) -> None:
    assert read(answer) == FOUR


def test_a_response_keeps_its_lines_lists_and_inner_hashes() -> None:
    text = "Three reasons, in c# and issue #3:\n\n1. duty\n2. love ### really\n\n#### Details\n\n## End"
    assert read(f"### {text}\n### Live freely.", k=2) == [text, "Live freely."]


def test_a_list_that_begins_with_one_is_no_label() -> None:
    assert (
        read("### 1. Call them.\n2. Visit.\n### 1. Write to them.\n2. Wait.", k=2)[0]
        == "1. Call them.\n2. Visit."
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", "empty_answer"),
        (" \n\t ", "empty_answer"),
        ("Honour them.\n\nLive freely.", "no_marker"),
        ("#### Honour them.\n#### Live freely.", "no_marker"),
        ("Here are four responses:\n### a\n### b\n### c\n### d", "preamble"),
        ("### a\n### b\n### c\n### d\n###", "trailing_marker"),
        ("### Response 1\na\n### Response 2\nb\n### Response 3\nc\n### Response 4\nd", "labelled"),
        ("### Response 1: a\n### Response 2: b\n### Response 3: c\n### Response 4: d", "labelled"),
        (
            "### **Réponse 1 :** a\n### **Réponse 2 :** b\n### **Réponse 3 :** c\n### **Réponse 4 :** d",
            "labelled",
        ),
        (
            "### Response 1 (traditional)\na\n### Response 2 (secular)\nb\n### Response 3 (x)\nc\n### Response 4 (y)\nd",
            "labelled",
        ),
        ("### 1. a\n### 2. b\n### 3. c\n### 4. d", "labelled"),
        ("### a\n### b\n### c", "wrong_count"),
        ("### a\n### b\n### c\n### d\n### e", "wrong_count"),
        ("###", "wrong_count"),
        ("### a\n###\n### c\n### d", "empty_response"),
        ("### a\n### \u200b\u2060\n### c\n### d", "empty_response"),
        ("### a\n### EMPTY STRING\n### c\n### d", "empty_response"),
        ("### a\n### b\n### B \n### d", "identical_responses"),
        ("### a\n### b\0\n### c\n### d", "unstorable_text"),
        ("### a\n### b\ud800\n### c\n### d", "unstorable_text"),
        ("### a\n### b<|end_of_text|>\n### c\n### d", "special_token"),
    ],
)
def test_the_hash_protocol_refuses_with_a_reason(answer: str, expected: str) -> None:
    assert reason(answer) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "Here are four:\n### Honour them.\n### Live freely.\n### Share the load.\n### It depends.",
        "### Honour them.\n### Live freely.\n### Share the load.\n### It depends.\n###",
        "### Response 1\nHonour them.\n### Response 2\nLive freely.\n### Response 3\nShare the load.\n### Response 4\nIt depends.",
        "### Response 1 (duty): Honour them.\n### Response 2 (self): Live freely.\n### Response 3: Share the load.\n### Response 4 - It depends.",
        "### **Response 1:**\nHonour them.\n### **Response 2:**\nLive freely.\n### **Response 3:**\nShare the load.\n### **Response 4:**\nIt depends.",
        "### 1. Honour them.\n### 2. Live freely.\n### 3) Share the load.\n### 4: It depends.",
    ],
)
def test_where_the_run_says_tolerant_introductions_and_labels_are_left_out(answer: str) -> None:
    assert read(answer, tolerant=True) == FOUR


@pytest.mark.parametrize("answer", ["### a\n### b\n### c", "### a\n###\n### c\n### d", "a\nb"])
def test_tolerance_never_makes_up_a_response(answer: str) -> None:
    assert reason(answer, tolerant=True) in {"wrong_count", "empty_response", "no_marker"}


def test_the_structured_protocol_reads_the_strings() -> None:
    assert read(json.dumps({"responses": FOUR}), protocol="structured") == FOUR
    assert read('\n{ "responses" :\t["### a", " b ", "c\\n\\nd", "e"]}', protocol="structured") == [
        "### a",
        "b",
        "c\n\nd",
        "e",
    ]


def test_raw_control_characters_that_a_grammar_lets_through_are_kept() -> None:
    assert read('{"responses": ["a\tb", "c\nd", "e", "f"]}', protocol="structured")[:2] == [
        "a\tb",
        "c\nd",
    ]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", "empty_answer"),
        ('{"responses": ["a", "b", "c"', "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        ('```json\n{"responses": []}\n```', "invalid_json"),
        ("[1, 2, 3, 4]", "wrong_shape"),
        ('{"responses": ["a", "b", "c", 4]}', "wrong_shape"),
        ('{"responses": "abcd"}', "wrong_shape"),
        ('{"responses": ["a"], "responses": ["a", "b", "c", "d"]}', "invalid_json"),
        ('{"responses": ["a", "b", "c", "d"], "note": "!"}', "wrong_shape"),
        ('{"responses": ["a", "b", "c"]}', "wrong_count"),
        ('{"responses": ["a", "b", "c", " "]}', "empty_response"),
        ('{"responses": ["a", "b", "c", "a"]}', "identical_responses"),
        ('{"responses": ["a", "b", "c", "\\u0000d"]}', "unstorable_text"),
        ('{"responses": ["a", "b", "c", "\\ud800d"]}', "unstorable_text"),
    ],
)
def test_the_structured_protocol_refuses_with_a_reason(answer: str, expected: str) -> None:
    assert reason(answer, protocol="structured") == expected
