"""Row for row: what the model server answers, and what becomes of the set."""

import asyncio
import uuid
from typing import Any

import pytest

from annotator.services.generation import (
    Again,
    ClaimedSet,
    Completed,
    Failed,
    Outcome,
    SetResult,
    Truncated,
)
from pluralism.languages import detector_for
from pluralism.strategies import Message, Task, make_strategy
from tests.model_server import ModelServerStandIn
from workers.outcomes import Sent, make_result
from workers.vllm import ModelServer, ModelServerError


def attempt(
    base_url: str,
    mode: str,
    *,
    strategy: str = "nc_prompt",
    attempt: int = 1,
    timeout: float = 5.0,
    **parameters: Any,
) -> SetResult:
    """Send one attempt at a set to the server, in a mode, and return what would be stored."""
    made_by = make_strategy(strategy, parameters)
    claimed = ClaimedSet(
        set_id=1,
        token=uuid.uuid4(),
        attempt=attempt,
        seed=7,
        language="en",
        text=f"Who decides? [[{mode}]]",
        system="",
    )

    async def send() -> list[Sent]:
        async with ModelServer(
            base_url=base_url, api_key="", timeout=timeout, connections=8
        ) as server:
            sent = []
            task = Task((Message("user", claimed.text),), "en", 4, claimed.seed, attempt)
            for request in made_by.ask(task):
                body = request.body(model="stand-in")
                try:
                    sent.append(Sent(request, body, await server.complete(body)))
                except ModelServerError as error:
                    sent.append(Sent(request, body, error))
            return sent

    return make_result(
        claimed,
        asyncio.run(send()),
        strategy=made_by,
        k=4,
        detector=detector_for(frozenset({"en", "fr", "hi"})),
    )


def outcome_of(base_url: str, mode: str, **options: Any) -> Outcome:
    return attempt(base_url, mode, **options).outcome


@pytest.mark.parametrize(
    "mode", ["bad-gateway", "unavailable", "gateway-timeout", "dead-engine", "reset"]
)
def test_an_outage_is_tried_again_with_full_jitter_and_does_not_count(
    model_server: ModelServerStandIn, mode: str
) -> None:
    pauses = set()
    for number in (1, 2, 12):
        outcome = outcome_of(model_server.base_url, mode, attempt=number)
        assert isinstance(outcome, Again)
        assert (outcome.reason, outcome.fault) == ("server_unavailable", False)
        assert 0 <= outcome.delay <= min(2.0**number, 60)
        pauses.add(outcome.delay)
    assert len(pauses) == 3


def test_a_refused_connection_is_an_outage_too() -> None:
    outcome = outcome_of("http://127.0.0.1:9/v1", "ok")
    assert isinstance(outcome, Again)
    assert (outcome.reason, outcome.fault) == ("server_unavailable", False)
    assert "cannot be reached" in outcome.detail


def test_429_is_tried_again_when_the_server_says(model_server: ModelServerStandIn) -> None:
    outcome = outcome_of(model_server.base_url, "throttled-17")
    assert isinstance(outcome, Again)
    assert (outcome.reason, outcome.delay, outcome.fault) == ("throttled", 17.0, False)


def test_a_timeout_counts_and_waits_longer(model_server: ModelServerStandIn) -> None:
    outcome = outcome_of(model_server.base_url, "hang", timeout=0.1)
    assert isinstance(outcome, Again)
    assert (outcome.reason, outcome.fault) == ("timed_out", True)
    assert 0 <= outcome.delay <= 20


def test_an_error_at_this_very_request_counts(model_server: ModelServerStandIn) -> None:
    outcome = outcome_of(model_server.base_url, "broke")
    assert isinstance(outcome, Again)
    assert (outcome.reason, outcome.fault) == ("server_error", True)


def test_a_prompt_too_long_fails_with_the_token_counts(model_server: ModelServerStandIn) -> None:
    outcome = outcome_of(model_server.base_url, "context")
    assert isinstance(outcome, Failed)
    assert outcome.reason == "context_length"
    assert "maximum context length is 2048 tokens" in outcome.detail
    assert "at least 2049 input tokens" in outcome.detail


def test_more_tokens_asked_for_than_the_model_has_is_the_same_failure(
    model_server: ModelServerStandIn,
) -> None:
    outcome = outcome_of(model_server.base_url, "ok", max_tokens=100_000)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "context_length"


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("bad-request", "400: temperature must be non-negative"),
        ("unprocessable", "422: max_tokens must be at least 1"),
    ],
)
def test_another_400_or_422_fails_and_keeps_the_message(
    model_server: ModelServerStandIn, mode: str, message: str
) -> None:
    outcome = outcome_of(model_server.base_url, mode)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "rejected"
    assert message in outcome.detail


@pytest.mark.parametrize(
    ("mode", "status"), [("unauthorized", "401"), ("forbidden", "403"), ("not-found", "404")]
)
def test_a_refusal_of_everything_does_not_count_against_the_set(
    model_server: ModelServerStandIn, mode: str, status: str
) -> None:
    outcome = outcome_of(model_server.base_url, mode)
    assert isinstance(outcome, Again)
    assert (outcome.reason, outcome.fault) == ("not_served", False)
    assert status in outcome.detail


@pytest.mark.parametrize(
    ("mode", "parameters"),
    [
        ("length", {}),
        ("whitespace", {}),
        ("cut-json", {"protocol": "structured"}),
        ("ok", {"max_tokens": 5}),
    ],
)
def test_an_answer_cut_at_the_limit_is_truncated_whatever_it_holds(
    model_server: ModelServerStandIn, mode: str, parameters: dict[str, Any]
) -> None:
    assert isinstance(outcome_of(model_server.base_url, mode, **parameters), Truncated)


@pytest.mark.parametrize(
    ("mode", "parameters", "reason"),
    [
        ("empty", {}, "empty_answer"),
        ("aborted", {}, "aborted"),
        ("bad-json", {"protocol": "structured"}, "invalid_json"),
        ("wrong-shape", {"protocol": "structured"}, "wrong_shape"),
        ("wrong-count", {}, "wrong_count"),
        ("hash-5", {}, "wrong_count"),
        ("identical", {}, "identical_responses"),
        ("identical", {"strategy": "independent"}, "identical_responses"),
        ("plain", {}, "no_marker"),
        ("preamble", {}, "preamble"),
        ("labelled", {}, "labelled"),
        ("trailing", {}, "trailing_marker"),
        ("nul", {}, "unstorable_text"),
        ("special-token", {}, "special_token"),
        ("garbled", {}, "garbled"),
        ("no-choices", {}, "garbled"),
        ("french", {}, "wrong_language"),
        ("french-once", {}, "wrong_language"),
        ("french", {"strategy": "independent"}, "wrong_language"),
        ("alike", {}, "near_identical"),
        ("unbalanced", {"max_length_ratio": 20}, "length_balance"),
        ("lettered", {}, "debris"),
        ("lettered", {"protocol": "structured"}, "debris"),
        ("lettered", {"strategy": "independent"}, "debris"),
    ],
)
def test_an_unusable_answer_is_tried_again_counts_and_is_kept(
    model_server: ModelServerStandIn, mode: str, parameters: dict[str, Any], reason: str
) -> None:
    result = attempt(model_server.base_url, mode, **parameters)
    assert isinstance(result.outcome, Again)
    assert (result.outcome.reason, result.outcome.fault) == (reason, True)
    assert all(exchanged.answer for exchanged in result.exchanges)


@pytest.mark.parametrize(
    "parameters",
    [{}, {"protocol": "structured"}, {"position": "user"}, {"strategy": "independent"}],
)
def test_k_usable_responses_make_a_complete_set_with_their_origin(
    model_server: ModelServerStandIn, parameters: dict[str, Any]
) -> None:
    result = attempt(model_server.base_url, "ok", **parameters)
    assert isinstance(result.outcome, Completed)
    responses, independent = result.outcome.responses, "strategy" in parameters
    assert len({response.text for response in responses}) == 4
    assert {(response.model, response.finish_reason) for response in responses} == {
        ("stand-in", "stop")
    }
    assert len({response.seed for response in responses}) == (4 if independent else 1)
    assert [response.completion_tokens is not None for response in responses] == [independent] * 4
    assert sum(exchanged.completion_tokens for exchanged in result.exchanges) > 0


def test_a_baseline_keeps_near_identical_responses_and_tells(
    model_server: ModelServerStandIn,
) -> None:
    outcome = outcome_of(model_server.base_url, "alike", strategy="independent")
    assert isinstance(outcome, Completed)
    assert [response.flags for response in outcome.responses] == [("near_identical",)] * 4
    assert outcome.diversity is not None
    assert outcome.diversity.distinct == 1


def test_a_refusal_is_told_and_shown(model_server: ModelServerStandIn) -> None:
    outcome = outcome_of(model_server.base_url, "refusing")
    assert isinstance(outcome, Completed)
    assert [response.flags for response in outcome.responses] == [("refusal",)] * 4


def test_lengths_may_differ_as_far_as_the_strategy_says(model_server: ModelServerStandIn) -> None:
    assert isinstance(
        outcome_of(model_server.base_url, "unbalanced", max_length_ratio=None), Completed
    )


def test_the_language_of_the_responses_is_the_one_asked_for(
    model_server: ModelServerStandIn,
) -> None:
    french = outcome_of(
        model_server.base_url, "french", strategy="independent", response_language="fr"
    )
    assert isinstance(french, Completed)
    assert {
        (response.detected_language, response.language_check) for response in french.responses
    } == {("fr", "same")}
    english = outcome_of(model_server.base_url, "ok", response_language="hi")
    assert isinstance(english, Again)
    assert english.reason == "wrong_language"


def test_where_requests_of_a_set_fail_differently_the_gravest_decides(
    model_server: ModelServerStandIn,
) -> None:
    outcome = outcome_of(
        model_server.base_url, "ok, unavailable, broke, unauthorized", strategy="independent"
    )
    assert isinstance(outcome, Again)
    assert outcome.reason == "not_served"


def test_the_pause_comes_from_the_sets_seed(model_server: ModelServerStandIn) -> None:
    first, second = (outcome_of(model_server.base_url, "unavailable") for _ in range(2))
    assert isinstance(first, Again)
    assert isinstance(second, Again)
    assert first.delay == second.delay
