"""The server itself: threads of the standard library, HTTP/1.1 with keep-alive."""

import json
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.model_server.bodies import model_card, outcome, refusal_of
from tests.model_server.measuring import as_chat, embeddings
from tests.model_server.modes import modes_of
from tests.model_server.streaming import Step, steps


@dataclass
class Seen:
    """A chat request as it came in, and how it ended: a status, or `reset` or `gone`."""

    body: dict[str, Any]
    mode: str
    authorization: str = ""
    outcome: str = ""


@dataclass
class ModelServerStandIn:
    """A running server: where it is, what it saw."""

    base_url: str
    api_key: str = ""
    context: int = 8192
    seen: list[Seen] = field(default_factory=list)
    in_flight: int = 0
    peak: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count a request that is being answered."""
        with self.lock:
            self.in_flight += 1
            self.peak = max(self.peak, self.in_flight)
        try:
            yield
        finally:
            with self.lock:
                self.in_flight -= 1

    def mode_of(self, body: dict[str, Any]) -> str:
        """Return this request's mode: each conversation goes through its own list."""
        modes = modes_of(body)
        with self.lock:
            key = json.dumps(body["messages"])
            self.asked[key] += 1
            return modes[min(self.asked[key], len(modes)) - 1]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    stand_in: ModelServerStandIn

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hung up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        # Without it every answer waits 40 ms for the client's acknowledgement of the headers.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is inherited
        """Keep quiet."""

    def do_GET(self) -> None:
        if self.path == "/health":
            return self._send(200, None)
        if self.path == "/version":
            return self._send(200, {"version": "0.32.0"})
        if not self.path.startswith("/v1/models"):
            return self._send(404, {"detail": "Not Found"})
        if refusal := self._unauthorized():
            return self._send(*refusal)
        return self._send(
            200, {"object": "list", "data": [model_card(self.server.stand_in.context)]}
        )

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/embeddings":
            return self._embed(json.loads(raw))
        if self.path != "/v1/chat/completions":
            return self._send(404, {"detail": "Not Found"})
        refusal = self._unauthorized() or refusal_of(raw, self.server.stand_in.context)
        if refusal:
            return self._send(*refusal)
        body = json.loads(raw)
        stand_in = self.server.stand_in
        seen = Seen(
            body=body,
            mode=stand_in.mode_of(body),
            authorization=self.headers.get("Authorization", ""),
        )
        stand_in.seen.append(seen)
        with stand_in.counting():
            return self._answer(seen)

    def _embed(self, body: dict[str, Any]) -> None:
        self._send(
            *(self._unauthorized() or embeddings(body, self.server.stand_in.mode_of(as_chat(body))))
        )

    def _answer(self, seen: Seen) -> None:
        mode = seen.mode
        if mode.startswith("slow-") and not seen.body.get("stream"):
            time.sleep(int(mode[5:]) / 1000)
            mode = "ok"
        if mode == "hang":
            self._hang(seen)
        elif mode == "reset":
            seen.outcome = "reset"
            self.close_connection = True
        else:
            status, body, headers = outcome(mode, seen.body)
            seen.outcome = str(status)
            if seen.body.get("stream") and isinstance(body, dict) and body.get("choices"):
                self._stream(seen, body)
            else:
                self._send(status, body, headers)

    def _stream(self, seen: Seen, completion: dict[str, Any]) -> None:
        """Send a completion event by event; `slow-MS` spreads them over that time."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        planned = list(steps(completion, seen.body, seen.mode))
        pause = int(seen.mode[5:]) / 1000 / len(planned) if seen.mode.startswith("slow-") else 0
        for step in planned:
            if isinstance(step, bytes):
                time.sleep(pause)
                self.wfile.write(b"%x\r\n%s\r\n" % (len(step), step))
            elif step is Step.HOLD:
                self.server.stand_in.release.wait()
            elif step is Step.CUT:
                self.close_connection = True
                return
            else:
                self._hang(seen)
                return
        self.wfile.write(b"0\r\n\r\n")

    def _hang(self, seen: Seen) -> None:
        """Wait until the client closes its connection, as it does when it gives up."""
        while not self.server.stand_in.closing.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.02)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                break
        seen.outcome = "gone"
        self.close_connection = True

    def _unauthorized(self) -> tuple[int, dict[str, Any]] | None:
        key = self.server.stand_in.api_key
        if key and self.headers.get("Authorization") != f"Bearer {key}":
            return 401, {"error": "Unauthorized"}
        return None

    def _send(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        payload = (
            b""
            if value is None
            else value
            if isinstance(value, bytes)
            else json.dumps(value).encode()
        )
        self.send_response(status)
        if value is not None:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(payload)


@contextmanager
def run_model_server(
    *, port: int = 0, api_key: str = "", context: int = 8192
) -> Iterator[ModelServerStandIn]:
    """Serve on the loopback until the end of the block."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.stand_in = ModelServerStandIn(
        base_url=f"http://127.0.0.1:{server.server_address[1]}/v1", api_key=api_key, context=context
    )
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield server.stand_in
    finally:
        server.stand_in.closing.set()
        server.stand_in.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
