"""The only module that speaks to the model server: the OpenAI-compatible API of vLLM.

It sends once and never retries by itself: what a failure means for a candidate set is decided in
`workers.outcomes`. Every error carries what was received, so that it can be kept.
"""

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self, TypeAlias

from workers.connections import BrokenConnectionError, Connections, Received
from workers.streaming import STREAMED, Assembly

LOOK_SECONDS = 10.0
"""For what a server tells of itself without any work."""
LONGEST_RETRY_AFTER = 3600.0
OnTokens: TypeAlias = Callable[[int], None]
"""Is told, while an answer is streamed, how many tokens have come so far."""
TOO_LONG = (
    "maximum context length",
    "max_model_len",
    "maximum model length",
    "longer than the maximum",
)
"""How vLLM says, in the message of a 400, that prompt and answer don't fit."""
DEAD_ENGINE = ("enginedead", "enginecore", "engine is dead", "engine dead", "background loop")
"""How it says, in a 500, that the engine behind the HTTP server is gone."""
FIGURE = re.compile(
    r"^vllm:(num_requests_running|num_requests_waiting|prefix_cache_queries_total|prefix_cache_hits_total)(?:{[^}\n]*})? ([0-9.e+]+)$",
    re.MULTILINE,
)


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


@dataclass(frozen=True)
class Load:
    """What vLLM tells of itself: requests that run and that wait, tokens looked up and found in its prefix cache."""

    running: float
    waiting: float
    prefix_queries: float
    prefix_hits: float


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
        # One deadline over the whole exchange is set in `_send`; a wait for a connection counts in it.
        self._connections = Connections(base_url=base_url, api_key=api_key, most=connections)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connections.aclose()

    async def complete(
        self, body: Mapping[str, Any], *, on_tokens: OnTokens | None = None
    ) -> Answer:
        """Send one chat completion request; cancelling the call closes its connection, which aborts the work.

        With `on_tokens` the answer is streamed, and the callback is told how many tokens have come so far;
        what is returned or raised is the same.

        Raises
        ------
        ModelServerError
            One of its kinds, by the status and the message of the answer.
        """
        started = time.monotonic()
        if on_tokens is not None:
            return await self._stream(body, on_tokens, started)
        response = await self._send("POST", "chat/completions", body=body)
        duration_ms = _since(started)
        return _read_answer(_checked(response, duration_ms), duration_ms)

    async def _stream(self, body: Mapping[str, Any], on_tokens: OnTokens, started: float) -> Answer:
        assembly = Assembly()
        try:
            async with (
                self._named_errors(self._timeout),
                self._connections.stream(
                    "POST", "chat/completions", body={**body, **STREAMED}
                ) as answer,
            ):
                if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                    # Refused, or a server that does not stream.
                    whole = Received(answer.status, answer.headers, await answer.read())
                    duration_ms = _since(started)
                    return _read_answer(_checked(whole, duration_ms), duration_ms)
                async for line in answer.lines():
                    _take(assembly, line)
                    on_tokens(assembly.tokens)
            return _read_assembly(assembly, _since(started))
        except ModelServerError as error:
            error.body = error.body or assembly.body()
            error.duration_ms = _since(started)
            raise

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
            body={"model": model, "input": list(texts), "encoding_format": "float"},
        )
        duration_ms = _since(started)
        return _read_vectors(_checked(response, duration_ms), len(texts), duration_ms)

    async def models(self) -> tuple[str, ...]:
        """Return the names of the models that the server lists, at least one."""
        value = _checked(await self._send("GET", "models", seconds=LOOK_SECONDS), 0)
        try:
            names = tuple(str(model["id"]) for model in value["data"])
        except (KeyError, TypeError) as error:
            raise NotServedError("The model server lists no model.", body=value) from error
        if not names:
            raise NotServedError("The model server lists no model.", body=value)
        return names

    async def version(self) -> str:
        """Return the server's version; empty where it does not tell."""
        response = await self._send("GET", "/version", seconds=LOOK_SECONDS)
        body = _body(response)
        told = body.get("version") if isinstance(body, dict) else None
        return told if response.is_success and isinstance(told, str) else ""

    async def load(self) -> Load | None:
        """Return how busy the server is; None where it does not tell."""
        response = await self._send("GET", "/metrics", seconds=LOOK_SECONDS)
        figures: dict[str, float] = {}
        for name, value in FIGURE.findall(response.text if response.is_success else ""):
            figures[name] = figures.get(name, 0.0) + float(value)
        if "num_requests_waiting" not in figures:
            return None
        return Load(
            running=figures.get("num_requests_running", 0.0),
            waiting=figures["num_requests_waiting"],
            prefix_queries=figures.get("prefix_cache_queries_total", 0.0),
            prefix_hits=figures.get("prefix_cache_hits_total", 0.0),
        )

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

    async def _send(
        self, method: str, path: str, *, body: object = None, seconds: float = math.inf
    ) -> Received:
        async with self._named_errors(min(seconds, self._timeout)):
            return await self._connections.request(method, path, body=body)

    @asynccontextmanager
    async def _named_errors(self, seconds: float) -> AsyncIterator[None]:
        """Give up after so many seconds, and name what goes wrong with the connection."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            sentence = f"The model server did not answer within {seconds:g} s."
            raise TimedOutError(sentence, duration_ms=_since(started)) from error
        except BrokenConnectionError as error:
            sentence = f"The model server cannot be reached: {error}"
            raise UnavailableError(sentence, duration_ms=_since(started)) from error


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _checked(response: Received, duration_ms: int) -> Any:
    """Return the JSON of a 200; raise for anything else."""
    body = _body(response)
    if response.status == HTTPStatus.OK:
        if isinstance(body, dict):
            return body
        raise GarbledError(
            "The model server answered 200 with something that is no JSON object.",
            body=body,
            duration_ms=duration_ms,
        )
    sentence = f"The model server answered {response.status}: {_message(body)}"
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise ThrottledError(
            sentence, retry_after=_retry_after(response), body=body, duration_ms=duration_ms
        )
    raise _kind(response.status, sentence.lower())(sentence, body=body, duration_ms=duration_ms)


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


def _body(response: Received) -> Any:
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
        body = str(message or body)[:2000]
    # It is shown on the run, and neither NUL nor half a surrogate pair can be stored.
    return str(body)[:2000].replace("\0", "\ufffd").encode(errors="replace").decode()


def _retry_after(response: Received) -> float:
    """Read Retry-After in seconds; 1 where it is missing or a date."""
    value = response.headers.get("retry-after", "")
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


def _take(assembly: Assembly, line: str) -> None:
    try:
        assembly.take(line)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        sentence = f"The model server streamed something that is no chat completion ({type(error).__name__}: {error})."
        raise GarbledError(sentence) from error


def _read_assembly(assembly: Assembly, duration_ms: int) -> Answer:
    """Return the answer that a stream brought; raise where it ended in the middle."""
    if assembly.error is not None:
        error = assembly.error["error"]
        code = error.get("code") if isinstance(error, dict) else None
        status = code if isinstance(code, int) else HTTPStatus.INTERNAL_SERVER_ERROR
        sentence = (
            f"The model server stopped in the middle of an answer: {_message(assembly.error)}"
        )
        raise _kind(status, sentence.lower())(
            sentence, body=dict(assembly.error), duration_ms=duration_ms
        )
    if not assembly.is_whole:
        sentence = "The model server ended its answer in the middle."
        raise UnavailableError(sentence, duration_ms=duration_ms)
    return _read_answer(assembly.body() or {}, duration_ms)


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
