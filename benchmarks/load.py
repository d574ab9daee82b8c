"""People who ask as browsers do, on kept connections, and what their load gave."""

import asyncio
import contextlib
import re
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

PEOPLE = 32


@dataclass(frozen=True)
class Load:
    """What one burst of load gave."""

    loops: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Loops per second."""
        return self.loops / self.seconds

    @property
    def p95(self) -> float:
        """The 95th percentile of the latency, in milliseconds."""
        return 1000 * statistics.quantiles(self.latencies, n=20)[-1]


class Client:
    """One person on one kept connection, who asks as a browser does."""

    def __init__(self, port: int, cookies: dict[str, str], path: str) -> None:
        self.port, self.path = port, path
        self.head = (
            f"Host: 127.0.0.1:{port}\r\nCookie: {'; '.join(f'{k}={v}' for k, v in cookies.items())}\r\n"
            f"X-CSRFToken: {cookies['csrftoken']}\r\nHX-Request: true\r\nAccept-Language: en\r\n"
        )
        self.page = b""

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator["Client"]:
        """Open the connection for the while."""
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", self.port, limit=2**20
        )
        yield self
        self.writer.close()

    async def send(self, method: str, path: str, body: str = "") -> bytes:
        """Ask once; return the body of a 200, refuse anything else."""
        self.writer.write(
            f"{method} {path} HTTP/1.1\r\n{self.head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = await self.reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head[:15]:
            raise SystemExit(f"{method} {path} was answered {head[:400]!r}")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length is not None, head
        return await self.reader.readexactly(int(length[1]))


class BareClient(Client):
    """Posts to the yardstick."""

    async def loop(self) -> None:
        """One request."""
        await self.send("POST", f"/judge/{1 + time.perf_counter_ns() % 50_000}", "")


class TaskClient(Client):
    """Reads the task it was given, answers it, is given the next."""

    FIELDS = re.compile(rb'name="(assignment|submission_id)" value="([^"]+)"')

    async def loop(self) -> None:
        """Answer the task on the page; the answer to that holds the next."""
        if not self.page:
            self.page = await self.send("GET", self.path)
        fields = {name.decode(): value.decode() for name, value in self.FIELDS.findall(self.page)}
        if set(fields) != {"assignment", "submission_id"}:
            raise SystemExit(f"There is no task on this page: {self.page[:2000]!r}")
        body = f"assignment={fields['assignment']}&submission_id={fields['submission_id']}&choice=b&action=submit&active_ms=1200"
        self.page = await self.send("POST", self.path, body)


async def press(clients: list[Any], seconds: float) -> Load:
    """Let all people go on for so long."""
    latencies: list[float] = []

    async def go_on(client: Any) -> None:
        async with client.connected():
            while time.perf_counter() < end:
                begin = time.perf_counter()
                await client.loop()
                latencies.append(time.perf_counter() - begin)

    begin = time.perf_counter()
    end = begin + seconds
    await asyncio.gather(*(go_on(client) for client in clients))
    return Load(len(latencies), time.perf_counter() - begin, latencies)
