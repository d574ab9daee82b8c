"""Keep-alive connections to a server that speaks bytes: what is reused, what is not, and how an answer may end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from workers import connections
from workers.connections import BrokenConnectionError, Connections

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Server:
    """Answers the requests of each connection with the next of these bytes; counts connections."""

    def __init__(self, *answers: bytes, ends: bool = False) -> None:
        self.answers, self.ends = list(answers), ends
        self.requests: list[bytes] = []
        self.connections = self.closed = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(self.answers.pop(0) if self.answers else OK)
                await writer.drain()
                if self.ends:
                    break
        except (asyncio.IncompleteReadError, ConnectionResetError):
            self.closed += 1
        writer.close()


@asynccontextmanager
async def speaking(server: Server) -> AsyncIterator[Connections]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    pool = Connections(base_url=f"http://127.0.0.1:{port}/v1", api_key="secret", most=2)
    try:
        yield pool
    finally:
        await pool.aclose()
        listening.close()
        await asyncio.sleep(0.05)


def talk(server: Server, tell: Callable[[Connections], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(5), speaking(server) as pool:
            await tell(pool)

    asyncio.run(run())


async def _get(pool: Connections) -> bytes:
    return (await pool.request("GET", "models")).content


def test_a_connection_is_kept_for_the_next_request() -> None:
    server = Server()

    async def twice(pool: Connections) -> None:
        assert [await _get(pool), await _get(pool)] == [b"hi", b"hi"]

    talk(server, twice)
    assert server.connections == 1
    head = server.requests[0]
    assert head.startswith(b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"Authorization: Bearer secret\r\n" in head


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        OK + OK,  # what nobody asked for
        OK + b"HTTP/1.1 500 ",  # its begin
    ],
)
def test_a_connection_that_cannot_be_trusted_is_not_kept(answer: bytes) -> None:
    server = Server(answer)

    async def twice(pool: Connections) -> None:
        assert [await _get(pool), await _get(pool)] == [b"hi", b"hi"]

    talk(server, twice)
    assert server.connections == 2


def test_one_that_was_idle_for_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "KEEP_ALIVE_SECONDS", 0.0)
    server = Server()

    async def twice(pool: Connections) -> None:
        await _get(pool)
        await _get(pool)

    talk(server, twice)
    assert server.connections == 2


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", b"hi"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"hi"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)  # fmt: skip
def test_an_answer_may_come_in_any_form(answer: bytes, content: bytes) -> None:
    async def once(pool: Connections) -> None:
        assert await _get(pool) == content

    talk(Server(answer), once)


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    async def once(pool: Connections) -> None:
        assert await _get(pool) == b"until the end"

    talk(Server(b"HTTP/1.1 200 OK\r\n\r\nuntil the end", ends=True), once)


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", b"SSH-2.0-OpenSSH\r\n"],
)  # fmt: skip
def test_an_answer_that_breaks_off_is_none(answer: bytes) -> None:
    async def once(pool: Connections) -> None:
        with pytest.raises(BrokenConnectionError):
            await _get(pool)
        assert await _get(pool) == b"hi"

    server = Server(answer)
    server.ends = True
    talk(server, once)


def test_lines_come_as_they_are_sent_whatever_the_pieces() -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\r\n\r\n2\r\nb\xc3\r\n2\r\n\xa9\n\r\n1\r\nc\r\n0\r\n\r\n"

    async def once(pool: Connections) -> None:
        async with pool.stream("POST", "chat/completions", body={"a": 1}) as got:
            assert [line async for line in got.lines()] == ["a", "bé", "c"]

    talk(Server(answer), once)


def test_leaving_an_answer_before_its_end_hangs_up() -> None:
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi")

    async def leave(pool: Connections) -> None:
        async with pool.stream("GET", "models") as got:
            assert got.status == 200
        await asyncio.sleep(0.05)
        assert server.closed == 1

    talk(server, leave)


def test_no_more_than_so_many_connections_are_made() -> None:
    server = Server()

    async def many(pool: Connections) -> None:
        assert await asyncio.gather(*(_get(pool) for _number in range(8))) == [b"hi"] * 8

    talk(server, many)
    assert server.connections == 2
