"""How strategies read the answers: exactly k different texts, or a reason."""

import json
from typing import Any

import pytest

from pluralism.strategies import UnusableError, make_strategy

FOUR = ["Honour them.", "Live freely.", "Share the load.", "It depends."]


def read(answer: str, *, k: int = 4, **parameters: Any) -> list[str]:
    return [
        candidate.text for candidate in make_strategy("nc_prompt", parameters).read([], [answer], k=k)
    ]


def reason(answer: str, **parameters: Any) -> str:
    with pytest.raises(UnusableError) as refusal:
        read(answer, **parameters)
    return refusal.value.reason


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


def test_independent_answers_are_the_candidates_each_with_its_request() -> None:
    candidates = make_strategy("independent", {}).read([], [f" {text}\n" for text in FOUR], k=4)
    assert [(candidate.text, candidate.request) for candidate in candidates] == list(
        zip(FOUR, range(4), strict=True)
    )


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["", " ", "\n", ""], "empty_answer"),
        (["a", "", "c", "d"], "empty_response"),
        (["a", "b", "a\n", "d"], "identical_responses"),
        (["a", "b\0", "c", "d"], "unstorable_text"),
    ],
)
def test_independent_answers_are_checked_alike(answers: list[str], expected: str) -> None:
    with pytest.raises(UnusableError) as refusal:
        make_strategy("independent", {}).read([], answers, k=4)
    assert refusal.value.reason == expected
