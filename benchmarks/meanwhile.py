"""What annotators feel of an export: loops per second of 8 people while one is being read, against without.

    python -m benchmarks.meanwhile [--rows N] [--pairs N] [--seconds S] [--rate N]

Once as fast as it goes, once with EXPORT_RATE.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.judged import ROOT, fill, free_port, serve, started
from benchmarks.load import Load, TaskClient, press
from benchmarks.loop import median_rate
from benchmarks.table import row

PEOPLE = 8


@contextmanager
def pulling(port: int, secret: str) -> Iterator[None]:
    """Let a researcher pull the export again and again."""
    reader = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.pulling", str(port), secret], cwd=ROOT
    )
    try:
        time.sleep(1)
        yield
        if reader.poll() is not None:
            raise SystemExit("The export ended.")
    finally:
        reader.kill()
        reader.wait()
        time.sleep(1)  # the server notices that its reader has gone


def measure(
    clients: list[TaskClient], port: int, secret: str, *, pairs: int, seconds: float
) -> list[tuple[Load, Load]]:
    """Run with and without an export, in turns."""
    asyncio.run(press(clients, 2))
    loads = []
    for number in range(pairs):
        found: dict[bool, Load] = {}
        for exporting in (True, False) if number % 2 else (False, True):
            if exporting:
                with pulling(port, secret):
                    found[True] = asyncio.run(press(clients, seconds))
            else:
                found[False] = asyncio.run(press(clients, seconds))
        loads.append((found[True], found[False]))
        print(
            f"pair {number + 1}: {found[True].rate:.0f}/s beside an export, {found[False].rate:.0f}/s without",
            flush=True,
        )
    return loads


def main() -> None:
    """Start the servers, fill them, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rate", type=int, default=2000)
    options = parser.parse_args()
    with started():
        from benchmarks import tasks

        secret = fill(rows=options.rows)
        comparisons = int(4 * (options.pairs + 1) * options.seconds * 400)
        cookies = tasks.fill("tasks", comparisons=comparisons, per_set=20, response_bytes=800)
        for rate, wanted in ((0, "≥ 0.5"), (options.rate, "≥ 0.7")):
            port = free_port()
            with serve(port, EXPORT_RATE=str(rate)):
                clients = [
                    TaskClient(port, each, "/projects/tasks/task/") for each in cookies[:PEOPLE]
                ]
                loads = measure(clients, port, secret, pairs=options.pairs, seconds=options.seconds)
            print(
                row(
                    f"loops/s, {PEOPLE} people, beside an export"
                    + (f" at EXPORT_RATE={rate}" if rate else ""),
                    median_rate([beside for beside, _alone in loads]),
                    f"without one, {median_rate([alone for _beside, alone in loads])}",
                    [beside.rate / alone.rate for beside, alone in loads],
                    wanted,
                )
            )


if __name__ == "__main__":
    main()
