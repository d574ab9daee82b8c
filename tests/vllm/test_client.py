"""The model client against a real vLLM: transport, seeds, schemas, limits, cancellation, concurrency."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from pluralism.strategies import Message, Task, make_strategy
from tests.vllm.real_server import ALIAS, API_KEY, MODEL, RealServer
from workers.vllm import Answer, ModelServer, NotServedError, RejectedError, TooLongError

pytestmark = pytest.mark.vllm

T = TypeVar("T")
LONG: dict[str, Any] = {"ignore_eos": True, "max_tokens": 1900}
"""Seconds of work: the model may not end by itself."""


def ask(
    vllm: RealServer, talk: Callable[[ModelServer], Awaitable[T]], *, api_key: str = API_KEY
) -> T:
    async def session() -> T:
        async with ModelServer(
            base_url=vllm.base_url, api_key=api_key, timeout=120, connections=64
        ) as server:
            return await talk(server)

    return asyncio.run(session())


def body(text: str = "What do you owe your parents?", **options: Any) -> dict[str, Any]:
    return {
        "model": MODEL,
        "messages": [{"role": "user", "content": text}],
        "max_tokens": 40,
        "seed": 1,
        **options,
    }


def complete(vllm: RealServer, request: dict[str, Any]) -> Answer:
    return ask(vllm, lambda server: server.complete(request))


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_a_completion_comes_back_with_its_model_reason_and_tokens(vllm: RealServer) -> None:
    answer = complete(vllm, body(ignore_eos=True, max_tokens=12))
    assert answer.text
    assert (answer.model, answer.finish_reason, answer.completion_tokens) == (MODEL, "length", 12)
    assert answer.prompt_tokens > 5
    assert answer.body["object"] == "chat.completion"


def test_the_model_is_found_and_the_probe_passes(vllm: RealServer) -> None:
    assert ask(vllm, lambda server: server.models()) == (MODEL, ALIAS)
    ask(vllm, lambda server: server.probe(MODEL))


def test_the_same_seed_gives_the_same_text_and_another_seed_another(vllm: RealServer) -> None:
    first, again, other = (
        complete(vllm, body(seed=seed)).text for seed in (2**32 - 1, 2**32 - 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    "text",
    [
        "¿Qué les debes a tus padres?",
        "ما الذي تدين به لوالديك؟",
        "你欠父母什么？",
        "부모님께 무엇을 빚졌나요?",
        "ለወላጆችህ ምን ዕዳ አለብህ?",
        "🧑‍👩‍👧 " * 20,
    ],
)
def test_prompts_of_any_script_are_taken(vllm: RealServer, text: str) -> None:
    assert complete(vllm, body(text)).completion_tokens > 0


@pytest.mark.parametrize("k", [2, 4, 8])
def test_the_schema_gives_exactly_k_strings(vllm: RealServer, k: int) -> None:
    strategy = make_strategy(
        "nc_prompt", {"protocol": "structured", "max_tokens": 1500, "max_characters": 80}
    )
    for seed in range(3):
        (request,) = strategy.ask(Task((Message("user", "What is fair?"),), "en", k, seed))
        answer = complete(vllm, request.body(model=MODEL))
        texts = [candidate.text for candidate in strategy.read([request], [answer.text], k=k)]
        assert answer.finish_reason == "stop"
        assert all(0 < len(text) <= 80 for text in texts)


def test_a_structured_answer_cut_at_its_limit_says_so(vllm: RealServer) -> None:
    strategy = make_strategy("nc_prompt", {"protocol": "structured", "max_tokens": 10})
    (request,) = strategy.ask(Task((Message("user", "What is fair?"),), "en", 4, 1))
    assert complete(vllm, request.body(model=MODEL)).finish_reason == "length"


@pytest.mark.parametrize("request_body", [body(max_tokens=5000), body("word " * 3000)])
def test_what_does_not_fit_into_the_context_is_refused_with_the_counts(
    vllm: RealServer, request_body: dict[str, Any]
) -> None:
    with pytest.raises(TooLongError, match="2048"):
        complete(vllm, request_body)


def test_a_senseless_request_is_rejected_with_a_message(vllm: RealServer) -> None:
    with pytest.raises(RejectedError, match="temperature"):
        complete(vllm, body(temperature=-1))


def test_a_wrong_model_or_key_is_told_apart(vllm: RealServer) -> None:
    with pytest.raises(NotServedError, match="does not exist"):
        complete(vllm, body(model="other"))
    with pytest.raises(NotServedError, match="401"):
        ask(vllm, lambda server: server.probe(MODEL), api_key="wrong")


def test_hanging_up_aborts_the_work_on_the_server(vllm: RealServer) -> None:
    async def begin_and_hang_up(server: ModelServer) -> None:
        tasks = [asyncio.create_task(server.complete(body(seed=seed, **LONG))) for seed in range(6)]
        # The gauge lags behind on a busy machine; tokens are counted as they come.
        await asyncio.to_thread(
            wait_until, lambda: vllm.metric("vllm:generation_tokens_total") > tokens + 60
        )
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    for _again in range(5):  # on a busy machine all may be written before we see the first of it
        tokens = vllm.metric("vllm:generation_tokens_total")
        ask(vllm, begin_and_hang_up)
        wait_until(lambda: vllm.metric("vllm:num_requests_running") == 0)
        if vllm.metric("vllm:generation_tokens_total") - tokens < 6 * 1900:
            return
    pytest.fail("Six long answers were written to their end, five times.")


def test_many_requests_are_worked_on_together(vllm: RealServer) -> None:
    """Each step of the engine makes one token for every request that runs: tokens per step tell how many did."""
    steps, tokens = "vllm:iteration_tokens_total_count", "vllm:iteration_tokens_total_sum"
    before = vllm.metric(steps), vllm.metric(tokens)

    async def many(server: ModelServer) -> list[Answer]:
        return await asyncio.gather(
            *(
                server.complete(body(seed=seed, ignore_eos=True, max_tokens=100))
                for seed in range(48)
            )
        )

    answers = ask(vllm, many)
    assert [answer.completion_tokens for answer in answers] == [100] * 48
    wait_until(lambda: vllm.metric(tokens) - before[1] >= 4800)
    # One after the other would make 1.2, the prompts among them; how near 16 it comes is the machine's affair.
    assert (vllm.metric(tokens) - before[1]) / (vllm.metric(steps) - before[0]) > 2
