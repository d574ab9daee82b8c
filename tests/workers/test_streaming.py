"""A streamed answer is the answer that would have come without streaming, and fails by the same names."""

import asyncio
from typing import Any

import pytest

from tests.model_server import ModelServerStandIn
from tests.workers.celery_worker import wait_until
from workers.streaming import STREAMED
from workers.vllm import (
    Answer,
    GarbledError,
    ModelServer,
    ModelServerError,
    NotServedError,
    RejectedError,
    ThrottledError,
    TimedOutError,
    TooLongError,
    UnavailableError,
)


def body(mode: str) -> dict[str, Any]:
    return {
        "model": "stand-in",
        "messages": [{"role": "user", "content": f"What is fair? [[{mode}]]"}],
        "max_tokens": 64,
        "seed": 5,
    }


def ask(
    stand_in: ModelServerStandIn, mode: str, *, streamed: bool, timeout: float = 10.0
) -> tuple[Answer, list[int]]:
    counts: list[int] = []

    async def session() -> Answer:
        async with ModelServer(
            base_url=stand_in.base_url, api_key="", timeout=timeout, connections=4
        ) as server:
            return await server.complete(body(mode), on_tokens=counts.append if streamed else None)

    return asyncio.run(session()), counts


def refused(stand_in: ModelServerStandIn, mode: str, *, timeout: float = 10.0) -> ModelServerError:
    with pytest.raises(ModelServerError) as caught:
        ask(stand_in, mode, streamed=True, timeout=timeout)
    return caught.value


@pytest.mark.parametrize("mode", ["ok", "aborted", "length", "empty", "no-done"])
def test_a_streamed_answer_is_the_answer_without_streaming(
    model_server: ModelServerStandIn, mode: str
) -> None:
    whole, _counts = ask(model_server, mode, streamed=False)
    streamed, _counts = ask(model_server, mode, streamed=True)
    assert (streamed.text, streamed.finish_reason, streamed.model) == (
        whole.text,
        whole.finish_reason,
        whole.model,
    )
    assert (streamed.prompt_tokens, streamed.completion_tokens) == (
        whole.prompt_tokens,
        whole.completion_tokens,
    )
    assert streamed.body["streamed"] is True
    assert streamed.body["object"] == whole.body["object"]
    assert streamed.body["choices"][0]["message"]["content"] == whole.text


def test_the_callback_is_told_the_tokens_as_they_come(model_server: ModelServerStandIn) -> None:
    answer, counts = ask(model_server, "ok", streamed=True)
    assert counts == sorted(counts)
    assert set(counts) == set(range(answer.completion_tokens + 1))


def test_tokens_are_counted_by_pieces_where_the_server_does_not_tell(
    model_server: ModelServerStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STREAMED, "stream_options", {})
    answer, counts = ask(model_server, "ok", streamed=True)
    assert max(counts) == len(answer.text.split())
    assert answer.completion_tokens == 0


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("cut", UnavailableError),
        ("early-end", UnavailableError),
        ("stream-error", UnavailableError),
        ("garbage", GarbledError),
        ("garbled", GarbledError),
        ("no-choices", GarbledError),
        ("reset", UnavailableError),
        ("throttled-3", ThrottledError),
        ("unauthorized", NotServedError),
        ("context", TooLongError),
        ("bad-request", RejectedError),
        ("unavailable", UnavailableError),
        ("dead-engine", UnavailableError),
    ],
)
def test_a_stream_fails_by_the_names_of_any_request(
    model_server: ModelServerStandIn, mode: str, kind: type[ModelServerError]
) -> None:
    assert type(refused(model_server, mode)) is kind


@pytest.mark.parametrize("mode", ["cut", "early-end", "garbage"])
def test_what_came_of_a_broken_stream_is_kept(model_server: ModelServerStandIn, mode: str) -> None:
    whole, _counts = ask(model_server, "ok", streamed=False)
    error = refused(model_server, mode)
    assert isinstance(error.body, dict)
    part = error.body["choices"][0]["message"]["content"]
    assert 0 < len(part) < len(whole.text)
    assert whole.text.startswith(part)


def test_a_stream_that_stalls_is_given_up_and_aborted_at_the_server(
    model_server: ModelServerStandIn,
) -> None:
    error = refused(model_server, "stall", timeout=0.5)
    assert isinstance(error, TimedOutError)
    assert isinstance(error.body, dict)
    wait_until(lambda: model_server.in_flight == 0)
    assert model_server.seen[-1].outcome == "gone"
