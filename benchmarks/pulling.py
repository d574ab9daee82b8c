"""A researcher who pulls the whole export through a bare socket.

    python -m benchmarks.pulling PORT TOKEN

does so again and again until it is ended.
"""

import socket
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Pull:
    """One reading of the whole export; `size` is what came over the wire."""

    size: int
    lines: int
    seconds: float
    first_byte: float


def pull(port: int, secret: str, *, gzipped: bool = False) -> Pull:
    """Read the export and throw it away, counting its lines where they can be seen."""
    request = (
        "GET /api/v1/projects/bench/export/?format=native HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {secret}\r\nConnection: close\r\n"
        + ("Accept-Encoding: gzip\r\n\r\n" if gzipped else "\r\n")
    )
    buffer = bytearray(2**20)
    size, lines, first_byte, block = 0, 0, 0.0, b""
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as reader:
        reader.sendall(request.encode())
        while received := reader.recv_into(buffer):
            block = bytes(memoryview(buffer)[:received])
            if not size and not block.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"The export was answered {block[:300]!r}")
            size += received
            # The head comes with the first block of rows, or before it.
            if not first_byte and (len(block) > 2000 or size > received):
                first_byte = time.perf_counter() - begin
            if not gzipped:
                lines += block.count(b"}\n")
    if not block.endswith(b"0\r\n\r\n"):
        raise SystemExit(f"The export ended early: {block[-300:]!r}")
    return Pull(size, lines, time.perf_counter() - begin, first_byte)


if __name__ == "__main__":
    while True:
        pull(int(sys.argv[1]), sys.argv[2])
