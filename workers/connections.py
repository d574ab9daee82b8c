"""Keep-alive connections to one HTTP server, for one event loop: a request goes out, bytes come back.

A worker's own time goes into its requests more than into anything else, so this is a protocol of asyncio
around httptools' parser in C: a model server has no use for redirects, cookies and the like, and whoever
holds a slot of the limiter needs no pool that looks through all its connections.
"""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httptools
import orjson

CONNECT_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 2.0
"""Shorter than the 5 s after which uvicorn, and so vLLM, closes a connection: reusing one then is a reset."""


class BrokenConnectionError(Exception):
    """The connection could not be made, or ended before the answer did."""


class Answer:
    """What comes back, while it comes; `status` and `headers`, whose names are in small letters, are there first."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.is_whole = False
        self.error: BrokenConnectionError | None = None
        self._pieces: list[bytes] = []
        self._changed = asyncio.Event()

    async def come(self) -> None:
        """Wait for status and headers."""
        while not self.status:
            await self._wait()

    async def read(self) -> bytes:
        """Return the whole content."""
        while not self.is_whole:
            await self._wait()
        return b"".join(self._pieces)

    async def lines(self) -> AsyncIterator[str]:
        """Yield the lines of the content as they come, without their ends."""
        rest = b""
        while not self.is_whole or self._pieces:
            if not self._pieces:
                await self._wait()
            pieces, self._pieces = self._pieces, []
            *lines, rest = b"".join([rest, *pieces]).split(b"\n")
            for line in lines:
                yield line.rstrip(b"\r").decode("utf-8", "replace")
        if rest:
            yield rest.decode("utf-8", "replace")

    async def _wait(self) -> None:
        if self.error is not None:
            raise self.error
        self._changed.clear()
        await self._changed.wait()

    def take_head(self, status: int, headers: dict[str, str]) -> None:
        """Take what comes before the content."""
        self.status, self.headers = status, headers
        self._changed.set()

    def take(self, piece: bytes) -> None:
        """Take a piece of the content."""
        self._pieces.append(piece)
        self._changed.set()

    def end(self, error: BrokenConnectionError | None = None) -> None:
        """Take the end: with an error where something is missing."""
        self.is_whole, self.error = error is None, error
        self._changed.set()


class Received:
    """An answer that has come as a whole."""

    def __init__(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = content

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The content as text, whatever it holds."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the content as JSON; raise ValueError or RecursionError where it is none."""
        return json.loads(self.content)


class _Connection(asyncio.Protocol):
    """One connection, with one request at a time; the methods that begin with `on_` are called by the parser."""

    def __init__(self) -> None:
        self.free_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}

    @property
    def is_usable(self) -> bool:
        """Whether the next request can go out on it."""
        return (
            self._answer is None
            and self._transport is not None
            and not self._transport.is_closing()
            and time.monotonic() - self.free_since < KEEP_ALIVE_SECONDS
        )

    def send(self, request: bytes) -> Answer:
        """Send a request; return where its answer comes."""
        assert self._transport is not None
        self._answer = Answer()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """Hang up, whatever is under way."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Give the parser what came; what nobody asked for ends the connection."""
        if self._answer is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._end(BrokenConnectionError(f"This is no HTTP: {error}"))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits; an answer that does not say its length is whole now."""
        answer = self._answer
        if answer is None:
            return
        says_its_length = {"content-length", "transfer-encoding"} & answer.headers.keys()
        if answer.status and not says_its_length and exc is None:
            self._end(None)
        else:
            self._end(BrokenConnectionError(str(exc or "The connection ended before the answer.")))

    def on_message_begin(self) -> None:
        """Hang up where an answer begins that nobody asked for: the next request would get it."""
        if self._answer is None:
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Pass the head on; what only says that more is to come is passed over."""
        status, headers, self._headers = self._parser.get_status_code(), self._headers, {}
        if self._answer is not None and status >= 200:
            self._answer.take_head(status, headers)

    def on_body(self, body: bytes) -> None:
        """Pass a piece on."""
        if self._answer is not None:
            self._answer.take(body)

    def on_message_complete(self) -> None:
        """End the answer, and the connection where the server wants that."""
        if self._parser.get_status_code() < 200:
            return
        if not self._parser.should_keep_alive():
            self.close()
        self._headers = {}  # trailers are no headers of the next answer
        self.free_since = time.monotonic()
        self._end(None)

    def _end(self, error: BrokenConnectionError | None) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.end(error)


class Connections:
    """So many connections to the server at a time; a request beyond them waits for one."""

    def __init__(self, *, base_url: str, api_key: str, most: int) -> None:
        split = urlsplit(base_url.rstrip("/"))
        self._host = split.hostname or ""
        self._ssl = ssl.create_default_context() if split.scheme == "https" else None
        self._port = split.port or (443 if self._ssl else 80)
        self._path = split.path
        self._head = f"Host: {split.netloc.rpartition('@')[2]}\r\n"
        if api_key:
            self._head += f"Authorization: Bearer {api_key}\r\n"
        self._turns = asyncio.Semaphore(most)
        self._idle: list[_Connection] = []

    async def aclose(self) -> None:
        """Close those that are not in use."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def request(self, method: str, path: str, *, body: object = None) -> Received:
        """Send a request and read the whole answer; a path that begins with / stands beside /v1, not in it."""
        async with self.stream(method, path, body=body) as answer:
            content = await answer.read()
            return Received(answer.status, answer.headers, content)

    @asynccontextmanager
    async def stream(self, method: str, path: str, *, body: object = None) -> AsyncIterator[Answer]:
        """Send a request; give the answer once its head is there. Leaving before its end hangs up.

        Raises
        ------
        BrokenConnectionError
            The server can't be reached, or goes away; also while the answer is read.
        """
        request = self._request(method, path, body)
        async with self._turns:
            connection = self._idle_one() or await self._connect()
            try:
                answer = connection.send(request)
                await answer.come()
                yield answer
            finally:
                if connection.is_usable:
                    self._idle.append(connection)
                else:
                    connection.close()

    def _idle_one(self) -> _Connection | None:
        """Return the connection that was used last, so that the others may end."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _transport, connection = await loop.create_connection(
                    _Connection, self._host, self._port, ssl=self._ssl
                )
        except TimeoutError as error:
            sentence = f"No connection within {CONNECT_SECONDS:g} s."
            raise BrokenConnectionError(sentence) from error
        except OSError as error:
            raise BrokenConnectionError(str(error)) from error
        return connection

    def _request(self, method: str, path: str, body: object) -> bytes:
        where = (
            self._path.removesuffix("/v1") + path
            if path.startswith("/")
            else f"{self._path}/{path}"
        )
        head = f"{method} {where} HTTP/1.1\r\n{self._head}"
        if body is None:
            return f"{head}\r\n".encode()
        content = orjson.dumps(body)
        return (
            f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
