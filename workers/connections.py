"""Keep-alive connections to one HTTP server, for one event loop: a request goes out, bytes come back.

This is the layer below httpx2's client, which costs as much again for redirects, cookies and the like that a
model server has no use for.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import orjson

CONNECT_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 2.0
"""Shorter than the 5 s after which uvicorn, and so vLLM, closes a connection: reusing one then is a reset."""
BROKEN = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException)
"""What a connection can raise."""


@dataclass(frozen=True)
class Received:
    """What came back."""

    status: int
    raw_headers: tuple[tuple[bytes, bytes], ...]
    content: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return 200 <= self.status < 300

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The headers by their names in small letters."""
        return {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in self.raw_headers
        }

    @property
    def text(self) -> str:
        """The content as text, whatever it holds."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the content as JSON; raise ValueError or RecursionError where it is none."""
        return json.loads(self.content)


class Connections:
    """So many connections to the server at a time; a request beyond them waits for one."""

    def __init__(self, *, base_url: str, api_key: str, most: int) -> None:
        self._base = base_url.rstrip("/") + "/"
        self._root = base_url.rstrip("/").removesuffix("/v1")
        self._urls: dict[str, httpcore2.URL] = {}
        host = urlsplit(base_url).netloc.rpartition("@")[2]
        self._headers = [(b"Host", host.encode())]
        if api_key:
            self._headers.append((b"Authorization", f"Bearer {api_key}".encode()))
        self._pool = httpcore2.AsyncConnectionPool(
            max_connections=most,
            max_keepalive_connections=most,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
        )

    async def aclose(self) -> None:
        """Close all of them."""
        await self._pool.aclose()

    async def request(self, method: str, path: str, *, body: object = None) -> Received:
        """Send a request and read the whole answer; a path that begins with / stands beside /v1, not in it."""
        async with self.stream(method, path, body=body) as (head, answer):
            content = b"".join([chunk async for chunk in answer.aiter_stream()])
            return Received(head.status, head.raw_headers, content)

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, *, body: object = None
    ) -> AsyncIterator[tuple[Received, httpcore2.Response]]:
        """Send a request; give the head of the answer, and the answer to read from."""
        headers, content = self._headers, None
        if body is not None:
            content = orjson.dumps(body)
            headers = [
                *headers,
                (b"Content-Type", b"application/json"),
                (b"Content-Length", str(len(content)).encode()),
            ]
        async with self._pool.stream(
            method,
            self._url(path),
            headers=headers,
            content=content,
            extensions={"timeout": {"connect": CONNECT_SECONDS}},
        ) as answer:
            yield Received(answer.status, tuple(answer.headers)), answer

    def _url(self, path: str) -> httpcore2.URL:
        if path not in self._urls:
            full = self._root + path if path.startswith("/") else self._base + path
            self._urls[path] = httpcore2.URL(full)
        return self._urls[path]


async def lines_of(answer: httpcore2.Response) -> AsyncIterator[str]:
    """Yield the lines of an answer as they come, without their ends."""
    rest = b""
    async for chunk in answer.aiter_stream():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r").decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")
