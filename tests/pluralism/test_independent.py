"""The baseline: the prompt as it is, once for each response."""

import pytest

from pluralism.strategies import Message
from tests.pluralism.asking import QUESTION, ask, bodies, made, reason, task

FOUR = ["Honour them.", "Live freely.", "Share the load.", "It depends."]


def test_the_prompt_is_sent_as_it_is_with_different_seeds() -> None:
    sampling = {"temperature": 0.7, "top_p": 0.9, "max_tokens": 128}
    sent = bodies(ask("independent", parameters=sampling))
    assert [body["messages"] for body in sent] == [
        [{"role": "user", "content": "What do you owe your parents?"}]
    ] * 4
    assert [{name: body[name] for name in sampling} for body in sent] == [sampling] * 4
    assert len({body["seed"] for body in sent}) == 4


def test_a_prompts_own_system_message_is_all_there_is() -> None:
    conversation = (Message("system", "You are brief."), *QUESTION)
    assert [request.messages for request in ask("independent", conversation=conversation)] == [
        conversation
    ] * 4


def test_each_answer_is_a_candidate_with_its_request() -> None:
    strategy = made("independent")
    candidates = strategy.read(strategy.ask(task()), [f" {text}\n" for text in FOUR], k=4)
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
def test_answers_that_make_no_set_are_refused_with_a_reason(
    answers: list[str], expected: str
) -> None:
    assert reason(made("independent"), answers) == expected
