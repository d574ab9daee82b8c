"""The only module that speaks to the model server: the OpenAI-compatible API of vLLM.

It sends once and never retries by itself: what a failure means for a candidate set is decided in
`workers.outcomes`. Every error carries what was received, so that it can be kept.
"""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import httpx2

CONNECT_SECONDS = 5.0
LONGEST_RETRY_AFTER = 3600.0
TOO_LONG = (
    "maximum context length",
    "max_model_len",
    "maximum model length",
    "longer than the maximum",
)
"""How vLLM says, in the message of a 400, that prompt and answer don't fit."""
DEAD_ENGINE = ("enginedead", "enginecore", "engine is dead", "engine dead", "background loop")
"""How it says, in a 500, that the engine behind the HTTP server is gone."""


@dataclass(frozen=True)
class Answer:
    """A chat completion, and the body it was read from."""

    body: Mapping[str, Any]
    text: str
    finish_reason: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    duration_ms: int


class ModelServerError(Exception):
    """A request without a completion; `body` is what was received, if anything."""

    def __init__(self, sentence: str, *, body: object = None, duration_ms: int = 0) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.body = body
        self.duration_ms = duration_ms


class UnavailableError(ModelServerError):
    """Nobody answers: refused, reset, 502, 503, 504, or an engine that is gone."""


class ThrottledError(ModelServerError):
    """429: too many requests; come back after `retry_after` seconds."""

    def __init__(
        self, sentence: str, *, retry_after: float, body: object, duration_ms: int
    ) -> None:
        super().__init__(sentence, body=body, duration_ms=duration_ms)
        self.retry_after = retry_after


class TimedOutError(ModelServerError):
    """No answer in VLLM_TIMEOUT seconds."""


class BrokeError(ModelServerError):
    """500: the server failed at this very request."""


class TooLongError(ModelServerError):
    """400: prompt and answer don't fit into the model's context."""


class RejectedError(ModelServerError):
    """400, 422 …: the server doesn't take this request, and never will."""


class NotServedError(ModelServerError):
    """401, 403, 404, or a redirect: the key, the address or the model's name is wrong for every request."""


class GarbledError(ModelServerError):
    """200 with a body that is no chat completion."""


class ModelServer:
    """Keep-alive connections to one model server, for one event loop."""

    def __init__(self, *, base_url: str, api_key: str, timeout: float, connections: int) -> None:
        self._timeout = timeout
        self._client = httpx2.AsyncClient(
            base_url=base_url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            # One deadline over the whole exchange is set in `_send`; a wait for a connection counts in it.
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            limits=httpx2.Limits(
                max_connections=connections, max_keepalive_connections=connections
            ),
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._client.aclose()

    async def complete(self, body: Mapping[str, Any]) -> Answer:
        """Send one chat completion request; cancelling the call closes its connection, which aborts the work.

        Raises
        ------
        ModelServerError
            One of its kinds, by the status and the message of the answer.
        """
        started = time.monotonic()
        response = await self._send("POST", "chat/completions", json=body)
        duration_ms = round((time.monotonic() - started) * 1000)
        return _read_answer(_checked(response, duration_ms), duration_ms)

    async def embed(self, texts: Sequence[str], *, model: str) -> list[list[float]]:
        """Return the vectors of the texts, in their order, all of one length.

        Raises
        ------
        ModelServerError
            As `complete`; GarbledError also where a vector is missing or is no vector.
        """
        started = time.monotonic()
        response = await self._send(
            "POST",
            "embeddings",
            json={"model": model, "input": list(texts), "encoding_format": "float"},
        )
        duration_ms = _since(started)
        return _read_vectors(_checked(response, duration_ms), len(texts), duration_ms)

    async def first_model(self) -> str:
        """Return the first model that the server lists."""
        value = _checked(await self._send("GET", "models"), 0)
        try:
            return str(value["data"][0]["id"])
        except (KeyError, IndexError, TypeError) as error:
            raise NotServedError("The model server lists no model.", body=value) from error

    async def probe(self, model: str) -> None:
        """Ask for one token: only this tells that the engine lives, /health may not know.

        Raises
        ------
        ModelServerError
            As `complete`.
        """
        await self.complete(
            {"model": model, "messages": [{"role": "user", "content": "."}], "max_tokens": 1}
        )

    async def _send(self, method: str, path: str, *, json: object = None) -> httpx2.Response:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                return await self._client.request(method, path, json=json)
        except TimeoutError as error:
            sentence = f"The model server did not answer within {self._timeout:g} s."
            raise TimedOutError(sentence, duration_ms=_since(started)) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            sentence = f"The model server cannot be reached: {type(error).__name__}: {error}"
            raise UnavailableError(sentence, duration_ms=_since(started)) from error


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _checked(response: httpx2.Response, duration_ms: int) -> Any:
    """Return the JSON of a 200; raise for anything else."""
    body = _body(response)
    if response.status_code == httpx2.codes.OK:
        if isinstance(body, dict):
            return body
        raise GarbledError(
            "The model server answered 200 with something that is no JSON object.",
            body=body,
            duration_ms=duration_ms,
        )
    sentence = f"The model server answered {response.status_code}: {_message(body)}"
    if response.status_code == httpx2.codes.TOO_MANY_REQUESTS:
        raise ThrottledError(
            sentence, retry_after=_retry_after(response), body=body, duration_ms=duration_ms
        )
    raise _kind(response.status_code, sentence.lower())(
        sentence, body=body, duration_ms=duration_ms
    )


def _kind(status: int, sentence: str) -> type[ModelServerError]:
    if status in (502, 503, 504) or (
        status == 500 and any(sign in sentence for sign in DEAD_ENGINE)
    ):
        return UnavailableError
    if status >= 500:
        return BrokeError
    if status in (401, 403, 404, 405) or status < 400:
        return NotServedError
    if status in (400, 413) and any(sign in sentence for sign in TOO_LONG):
        return TooLongError
    return RejectedError


def _body(response: httpx2.Response) -> Any:
    """Return the body as JSON, or as text where it is none."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return response.text[:10_000]


def _message(body: Any) -> str:
    """Find the sentence in an error of vLLM, old or new, or in whatever a proxy answers."""
    if isinstance(body, dict):
        error = body.get("error", body)
        message = error.get("message") if isinstance(error, dict) else error
        return str(message or body)[:2000]
    return str(body)[:500]


def _retry_after(response: httpx2.Response) -> float:
    """Read Retry-After in seconds; 1 where it is missing or a date."""
    value = response.headers.get("Retry-After", "")
    return min(float(value), LONGEST_RETRY_AFTER) if value.isascii() and value.isdigit() else 1.0


def _read_answer(body: Mapping[str, Any], duration_ms: int) -> Answer:
    try:
        (choice,) = body["choices"]
        usage = body.get("usage") or {}
        return Answer(
            body=body,
            text=_text(choice["message"]["content"]),
            finish_reason=_text(choice["finish_reason"])[:40],
            model=_text(body["model"])[:200],
            prompt_tokens=int(usage.get("prompt_tokens") or 0),
            completion_tokens=int(usage.get("completion_tokens") or 0),
            duration_ms=duration_ms,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        sentence = f"The model server answered 200 with something that is no chat completion ({type(error).__name__}: {error})."
        raise GarbledError(sentence, body=body, duration_ms=duration_ms) from error


def _read_vectors(body: Mapping[str, Any], count: int, duration_ms: int) -> list[list[float]]:
    try:
        return _vectors(body["data"], count)
    except (KeyError, TypeError, ValueError) as error:
        sentence = f"The model server answered 200 with something that is no list of {count} embeddings ({type(error).__name__}: {error})."
        raise GarbledError(sentence, duration_ms=duration_ms) from error


def _vectors(data: Sequence[Mapping[str, Any]], count: int) -> list[list[float]]:
    found = {int(item["index"]): [float(value) for value in item["embedding"]] for item in data}
    vectors = [found[index] for index in range(count)]
    if not vectors[0] or {len(vector) for vector in vectors} != {len(vectors[0])}:
        raise ValueError("vectors without numbers, or of different lengths")
    if not all(math.isfinite(value) for vector in vectors for value in vector):
        raise ValueError("a vector holds something that is no finite number")
    return vectors


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where a text was expected")
    return value
