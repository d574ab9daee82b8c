"""The researcher's pull, against PostgreSQL alone: `COPY (the same SELECT) TO '/dev/null'`, or through `gzip -1`.

    python -m benchmarks.export [--rows N] [--pairs N]

All run in turns on one machine: the real gunicorn with the application on it, and PostgreSQL alone. Prints the
median of the ratios with its spread, the time to the first byte, and how much the web server's memory grew.
"""

import argparse
import statistics
import time
from collections.abc import Sequence

from benchmarks.judged import copy_seconds, fill, free_port, memory_mb, serve, started
from benchmarks.pulling import Pull, pull
from benchmarks.table import row
from config.embedded import Services

GZIP = "PROGRAM 'gzip -1 > /dev/null'"


def measure(services: Services, *, rows: int, pairs: int) -> None:
    """Fill, run in turns, print."""
    begin = time.perf_counter()
    secret = fill(rows=rows)
    print(f"{rows:,} judgments made in {time.perf_counter() - begin:.0f} s", flush=True)
    port, url = free_port(), services.database_url
    plain: list[tuple[Pull, float]] = []
    packed: list[tuple[Pull, float]] = []
    growth = 0.0
    with serve(port) as pids:
        pull(port, secret)  # imports, caches and connections are there from now on
        pull(port, secret, gzipped=True)
        copy_seconds(url)
        settled = memory_mb(pids)
        for number in range(pairs):
            for turn in (0, 1) if number % 2 else (1, 0):
                if turn:
                    plain.append((pull(port, secret), copy_seconds(url)))
                else:
                    packed.append(
                        (pull(port, secret, gzipped=True), copy_seconds(url, target=GZIP))
                    )
                growth = max(growth, memory_mb(pids) - settled)
            if plain[-1][0].lines != rows:
                raise SystemExit(f"{plain[-1][0].lines} rows came over HTTP.")
            print(
                f"pair {number + 1}: HTTP {rows / plain[-1][0].seconds:,.0f} rows/s, COPY {rows / plain[-1][1]:,.0f}; "
                f"gzip {rows / packed[-1][0].seconds:,.0f}, COPY through gzip -1 {rows / packed[-1][1]:,.0f}",
                flush=True,
            )
    report(rows, plain, "export", "COPY of the same SELECT", "≥ 0.8")
    report(rows, packed, "export, gzip", "COPY through gzip -1", "≥ 0.5")
    firsts = [one.first_byte for one, _copy in plain + packed]
    print(
        row(
            "export, first byte",
            f"{statistics.median(firsts):.3f} s (most {max(firsts):.3f})",
            wanted="≤ 0.3 s",
        )
    )
    print(row("export, memory growth of the server", f"{growth:.0f} MB", wanted="≤ 30 MB"))


def report(
    rows: int, pairs: Sequence[tuple[Pull, float]], figure: str, against: str, wanted: str
) -> None:
    """Print one row of the table."""
    speed = rows / statistics.median(one.seconds for one, _copy in pairs)
    yardstick = rows / statistics.median(seconds for _one, seconds in pairs)
    ratios = [seconds / one.seconds for one, seconds in pairs]
    print(
        row(figure, f"{speed:,.0f} rows/s", f"{against}, {yardstick:,.0f} rows/s", ratios, wanted)
    )


def main() -> None:
    """Start the servers, fill them, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    with started() as services:
        measure(services, rows=options.rows, pairs=options.pairs)


if __name__ == "__main__":
    main()
