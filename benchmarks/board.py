"""What the staff and researchers wait for in a study with very many judgments: its board, filtered lists, statistics.

    python -m benchmarks.board [--rows N] [--looks N]

The real pages through Django's test client. Medians of so many looks, least and greatest; how much the process has grown
after each of the statistics stands beside them.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.judged import fill, started
from benchmarks.table import row

SHORT = 80
"""Bytes of a response: nothing measured here reads them."""
LISTS = {
    "judgment": "way_out=none",
    "change": "kind__exact=withdrawn",
    "comparison": "kind__exact=gold",
    "candidateset": "state__exact=failed",
}
"""Filters of which there are none."""
STATISTICS = ("agreement/", "ranking/?by=slot", "groups/", "annotators/")


def measure(*, rows: int, looks: int) -> None:
    """Fill, count for the board, look, print."""
    from django.core.management import call_command
    from django.test import Client
    from django.urls import reverse

    from annotator.models import Annotator, Participation, Project
    from annotator.services.boards import count_for_board

    secret, seconds = _timed(lambda: fill(rows=rows, response_bytes=SHORT))
    print(f"{rows:,} judgments made in {seconds:.0f} s", flush=True)
    for number, person in enumerate(Participation.objects.order_by("pk")):
        Participation.objects.filter(pk=person.pk).update(
            country=("FR", "IN")[number % 2], judgments_given=rows // 4
        )
    project = Project.objects.get(slug="bench")
    _count, first = _timed(lambda: count_for_board(project=project))
    project = Project.objects.select_related("board_count").get(slug="bench")
    _count, again = _timed(lambda: count_for_board(project=project))
    figure = f"the sweep counts for the board of {rows:,} judgments; measures its figures too"
    print(row(figure, f"{again:.1f} s; {first:.1f} s"), flush=True)

    call_command("collectstatic", interactive=False, verbosity=0)
    staff = Client(headers={"host": "localhost"})
    staff.force_login(Annotator.objects.create_superuser(username="adam", password=None))
    board = reverse("admin:annotator_project_board", args=[project.pk])
    _show(f"the board, {rows:,} judgments", staff, board, looks, "≤ 100 ms")
    for name, query in LISTS.items():
        address = f"{reverse(f'admin:annotator_{name}_changelist')}?{query}"
        figure = f"list of {name}, {query}: none of {rows:,} judgments"
        _show(figure, staff, address, looks, "≤ 100 ms")
    reader = Client(headers={"host": "localhost", "authorization": f"Bearer {secret}"})
    for name in STATISTICS:
        address = f"/api/v1/projects/bench/statistics/{name}"
        _show(f"statistics/{name}, {rows:,} judgments", reader, address, 3, "–")


def _show(figure: str, client: Any, address: str, looks: int, wanted: str) -> None:
    """Look once to warm up, then so many times; print the row."""
    before = _memory_mb()
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    times = [_timed(lambda: client.get(address))[1] * 1000 for _look in range(looks)]
    value = f"{statistics.median(times):.0f} ms ({min(times):.0f}–{max(times):.0f})"
    grown = f"+{_memory_mb() - before:.0f} MB"
    print(row(figure, value, grown, wanted=wanted), flush=True)


def _timed(act: Callable[[], Any]) -> tuple[Any, float]:
    begin = time.perf_counter()
    result = act()
    return result, time.perf_counter() - begin


def _memory_mb() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--looks", type=int, default=9)
    options = parser.parse_args()
    with started():
        measure(rows=options.rows, looks=options.looks)
