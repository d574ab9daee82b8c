"""The contract: the stand-in answers the same requests with the same statuses and the same keys as a real vLLM."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from pluralism.strategies import Message, Task, make_strategy
from tests.model_server import MODEL as STAND_IN
from tests.model_server import ModelServerStandIn, run_model_server
from tests.vllm.real_server import ALIAS, API_KEY, MODEL, RealServer

pytestmark = pytest.mark.vllm

HELLO = [{"role": "user", "content": "Hello"}]
(STRUCTURED,) = make_strategy(
    "nc_prompt", {"protocol": "structured", "max_characters": 40, "max_tokens": 1000}
).ask(Task((Message("user", "What is fair?"),), "en", 4, 3))
REQUESTS: dict[str, Any] = {
    "plain": {"messages": HELLO, "max_tokens": 20, "seed": 1},
    "one token": {"messages": HELLO, "max_tokens": 1},
    "two choices": {"messages": HELLO, "max_tokens": 20, "n": 2, "seed": 1},
    "structured": {
        name: value for name, value in STRUCTURED.body(model="").items() if name != "model"
    },
    "sampled": {"messages": HELLO, "max_tokens": 5, "temperature": 0.3, "top_p": 0.5},
    "greedy twice": {"messages": HELLO, "max_tokens": 5, "temperature": 0, "n": 2},
    "too cold": {"messages": HELLO, "max_tokens": 5, "temperature": -1},
    "too hot": {"messages": HELLO, "max_tokens": 5, "temperature": 3},
    "no tokens": {"messages": HELLO, "max_tokens": 0},
    "too many tokens": {"messages": HELLO, "max_tokens": 100_000},
    "prompt too long": {
        "messages": [{"role": "user", "content": "word " * 3000}],
        "max_tokens": 5,
    },
    "far too many characters": {
        "messages": [{"role": "user", "content": "word " * 20_000}],
        "max_tokens": 5,
    },
    "no messages": {"messages": [], "max_tokens": 5},
    "messages of a wrong type": {"messages": "Hello", "max_tokens": 5},
    "unknown model": {"model": "other", "messages": HELLO},
}


@pytest.fixture(scope="module")
def stand_in() -> Iterator[ModelServerStandIn]:
    with run_model_server(api_key=API_KEY, context=2048) as server:
        yield server


def send(url: str, payload: bytes | None = None, *, key: str = API_KEY) -> tuple[int, Any]:
    request = urllib.request.Request(
        url, payload, {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.loads(response.read() or "null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or "null")


def shape(value: Any) -> Any:
    """Return the keys of a body, and how many of each list; of an error also its kind and parameter."""
    if isinstance(value, dict):
        named = {
            name: value[name] for name in ("type", "param") if name in value and "message" in value
        }
        return {name: shape(item) for name, item in value.items()} | named
    return [shape(item) for item in value] if isinstance(value, list) else None


@pytest.mark.parametrize("name", REQUESTS)
def test_a_chat_request_is_answered_alike(
    vllm: RealServer, stand_in: ModelServerStandIn, name: str
) -> None:
    answers = [
        send(f"{url}/chat/completions", json.dumps({"model": model, **REQUESTS[name]}).encode())
        for url, model in ((vllm.base_url, MODEL), (stand_in.base_url, STAND_IN))
    ]
    real, imitated = ((status, shape(value)) for status, value in answers)
    assert imitated == real


@pytest.mark.parametrize("finish", ["stop", "length"])
def test_the_finish_reasons_are_the_same_words(
    vllm: RealServer, stand_in: ModelServerStandIn, finish: str
) -> None:
    request = {"messages": HELLO, "seed": 1, "max_tokens": 3 if finish == "length" else 1500}
    for url, model in ((vllm.base_url, MODEL), (stand_in.base_url, STAND_IN)):
        _status, answer = send(
            f"{url}/chat/completions", json.dumps({"model": model, **request}).encode()
        )
        assert answer["choices"][0]["finish_reason"] == finish


@pytest.mark.parametrize(
    ("path", "payload", "key"),
    [
        ("/models", None, API_KEY),
        ("/models", None, "wrong"),
        ("/chat/completions", b"{}", "wrong"),
        ("/chat/completions", b"nonsense", API_KEY),
        ("/nothing", None, API_KEY),
    ],
)
def test_other_requests_are_answered_alike(
    vllm: RealServer, stand_in: ModelServerStandIn, path: str, payload: bytes | None, key: str
) -> None:
    real, imitated = (
        send(url + path, payload, key=key) for url in (vllm.base_url, stand_in.base_url)
    )
    if isinstance(real[1], dict) and "data" in real[1]:  # one server under two names
        real[1]["data"] = [card for card in real[1]["data"] if card["id"] != ALIAS]
    assert (imitated[0], shape(imitated[1])) == (real[0], shape(real[1]))


@pytest.mark.parametrize("path", ["/health", "/version"])
def test_health_and_version_are_open_and_alike(
    vllm: RealServer, stand_in: ModelServerStandIn, path: str
) -> None:
    real, imitated = (
        send(url.removesuffix("/v1") + path, key="") for url in (vllm.base_url, stand_in.base_url)
    )
    assert (imitated[0], shape(imitated[1])) == (real[0], shape(real[1]))
