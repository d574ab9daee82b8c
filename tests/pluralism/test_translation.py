"""Translating the responses of a set: what is asked, and how the answers are read."""

from dataclasses import replace
from typing import Any

import pytest

from pluralism.strategies import (
    ALIGNING,
    STRATEGIES,
    Message,
    Request,
    Source,
    Task,
    UnusableError,
    make_strategy,
)

SOURCE = Source(
    language="fr",
    question="Que devez-vous à vos parents ?",
    responses=("## Rien\n\n- sauf {tout}", "Le respect.", "Du temps."),
)
TASK = Task(
    conversation=(Message("system", "Be brief."), Message("user", "ماذا تدين لوالديك؟")),
    language="ar",
    k=3,
    seed=7,
    source=SOURCE,
)


def ask(task: Task = TASK, **parameters: Any) -> tuple[Request, ...]:
    return make_strategy("translation", parameters).ask(task)


def test_each_response_is_one_request_and_shares_the_system_message_with_the_others() -> None:
    requests = ask()
    assert [request.messages[-1] for request in requests] == [
        Message("user", text) for text in SOURCE.responses
    ]
    assert len({request.messages[0] for request in requests}) == 1
    assert len({request.seed for request in requests}) == 3
    assert make_strategy("translation", {}).requests_per_set(3) == 3


def test_the_instruction_names_both_languages_and_shows_the_question_in_both() -> None:
    instruction = ask()[0].messages[0]
    assert instruction.role == "system"
    assert instruction.content.startswith("You translate from fr to ar (BCP-47 language tags).")
    assert "Que devez-vous à vos parents ?" in instruction.content
    assert "ماذا تدين لوالديك؟" in instruction.content
    assert "Be brief." not in instruction.content


def test_texts_with_braces_are_sent_as_they_are() -> None:
    (request, *_rest) = ask(replace(TASK, source=replace(SOURCE, question="{source} {0}?")))
    assert "{source} {0}?" in request.messages[0].content
    assert request.messages[1].content == "## Rien\n\n- sauf {tout}"


def test_equal_tasks_give_equal_requests_and_another_attempt_draws_other_seeds() -> None:
    assert ask() == ask()
    again = ask(replace(TASK, attempt=2))
    assert {request.seed for request in again}.isdisjoint(request.seed for request in ask())
    assert [request.messages for request in again] == [request.messages for request in ask()]


def test_it_is_sampled_coolly_unless_said_otherwise() -> None:
    assert {request.sampling["temperature"] for request in ask()} == {0.2}
    assert {request.sampling["temperature"] for request in ask(temperature=0)} == {0}


@pytest.mark.parametrize("source", [None, replace(SOURCE, responses=("Le respect.",))])
def test_without_a_source_of_its_size_nothing_is_asked(source: Source | None) -> None:
    with pytest.raises(ValueError, match="a source of 3 responses"):
        ask(replace(TASK, source=source))


def test_the_answers_are_the_candidates_trimmed_and_in_order() -> None:
    read = make_strategy("translation", {}).read(ask(), [" أ\n", "ب", "ج"], k=3)
    assert [(candidate.text, candidate.request) for candidate in read] == [
        ("أ", 0),
        ("ب", 1),
        ("ج", 2),
    ]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (["", "", ""], "empty_answer"),
        (["أ", " ", "ج"], "empty_response"),
        (["أ", "ب", "أ "], "identical_responses"),
        (["أ", "ب<|im_end|>", "ج"], "special_token"),
    ],
)
def test_what_cannot_be_shown_is_refused(answers: list[str], reason: str) -> None:
    with pytest.raises(UnusableError) as caught:
        make_strategy("translation", {}).read(ask(), answers, k=3)
    assert caught.value.reason == reason


def test_translations_may_be_as_alike_as_their_sources() -> None:
    assert not ALIGNING["translation"].promises_difference


def test_nobody_chooses_it_for_a_prompt() -> None:
    assert "translation" not in STRATEGIES
