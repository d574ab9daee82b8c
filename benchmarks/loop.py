"""The annotator's loop: one htmx POST that stores an answer and returns the next task.

    python -m benchmarks.loop [--pairs N] [--seconds S] [--comparisons N] [--million N] [--behind N] [--plain]

Two of three places are reserved by country and one task in twenty is a gold item; `--plain` measures without both. Held
against the bare Django view of the yardstick (`bare.py`), on the same gunicorn settings, the same PostgreSQL, in
turns. Then the same loop in a study of a million comparisons against one of a few thousand, and of people who have
5,000 tasks behind them against newcomers to the same study. `--million 0` leaves these out.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.load import PEOPLE, BareClient, Load, TaskClient, press
from benchmarks.table import row
from config.embedded import run_services

if TYPE_CHECKING:  # Django is set up in `main`
    from annotator.models import Participation

ROOT = Path(__file__).resolve().parent.parent
BARE = ROOT.parent / "shared" / "bench" / "bare.py"


@contextmanager
def serve(application: str, *, cwd: Path, environment: dict[str, str]) -> Iterator[int]:
    """Run gunicorn, 2 processes × 4 threads; yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        application,
        "-b",
        f"127.0.0.1:{port}",
        "-w",
        "2",
        "-k",
        "gthread",
        "--threads",
        "4",
        "--keep-alive",
        "30",
    ]
    process = subprocess.Popen(command, cwd=cwd, env=environment, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        time.sleep(2)  # both workers have imported the application
        yield port
    finally:
        process.terminate()
        process.wait()


def against_bare(environment: dict[str, str], options: argparse.Namespace) -> None:
    """Loops per second of 32 people against requests per second of the bare view."""
    from benchmarks.tasks import fill, vacuum

    cookies = fill(
        "hundred",
        comparisons=options.comparisons,
        per_set=1,
        response_bytes=800,
        divided=not options.plain,
    )
    vacuum()
    bare_environment = environment | {
        "DATABASE_URL": environment["DATABASE_URL"].replace("/plurivox?", "/bare?")
    }
    _create_database("bare")
    printed = subprocess.run(
        [sys.executable, BARE.name, "setup", str(PEOPLE)],
        cwd=BARE.parent,
        env=bare_environment,
        check=True,
        capture_output=True,
        text=True,
    )
    bare_cookies = json.loads(printed.stdout)
    with (
        serve("bare:application", cwd=BARE.parent, environment=bare_environment) as bare_port,
        serve("config.wsgi", cwd=ROOT, environment=environment) as port,
    ):
        ours, bare = _pairs(
            _visitors(port, "hundred", cookies),
            [BareClient(bare_port, each, "") for each in bare_cookies],
            options,
        )
    _show_rates(
        f"loops/s, {PEOPLE} people, {options.comparisons:,} open comparisons",
        ours,
        ("bare view", bare),
        "≥ 0.5",
        options,
    )
    p95s = [a.p95 / b.p95 for a, b in zip(ours, bare, strict=True)]
    print(
        row(
            "p95 of submit-with-next",
            f"{statistics.median(a.p95 for a in ours):.0f} ms",
            f"bare view, {statistics.median(b.p95 for b in bare):.0f} ms",
            p95s,
            "≤ 2.5",
        )
    )


def against_small(environment: dict[str, str], options: argparse.Namespace) -> None:
    """The loop in a very large study against a small one."""
    from benchmarks.tasks import fill, vacuum

    sizes = {
        "million": options.million,
        "thousand": max(1000, 6 * int(options.seconds) * 400 // 3),
    }
    cookies = {
        slug: fill(slug, comparisons=size, per_set=20, response_bytes=60, divided=not options.plain)
        for slug, size in sizes.items()
    }
    vacuum()
    with serve("config.wsgi", cwd=ROOT, environment=environment) as port:
        large, small = _pairs(
            _visitors(port, "million", cookies["million"]),
            _visitors(port, "thousand", cookies["thousand"]),
            options,
        )
    _show_rates(
        f"loops/s, {PEOPLE} people, {options.million:,} open comparisons",
        large,
        ("a few thousand", small),
        "≥ 0.85",
        options,
    )


def against_first(environment: dict[str, str], options: argparse.Namespace) -> None:
    """The loop of people who have thousands of tasks behind them against newcomers, in the very large study."""
    from annotator.models import Project
    from benchmarks.tasks import enter, give_history, vacuum

    old = give_history("million", tasks=options.behind)
    project = Project.objects.get(slug="million")
    new = [enter(project, f"new{number}", number) for number in range(PEOPLE)]
    vacuum()
    with serve("config.wsgi", cwd=ROOT, environment=environment) as port:
        later, first = _pairs(
            _visitors(port, "million", old), _visitors(port, "million", new), options
        )
    _show_rates(
        f"loops/s, {PEOPLE} people at their {options.behind:,}th task and on",
        later,
        ("at their first and on", first),
        "≥ 0.85",
        options,
    )


def _visitors(port: int, slug: str, cookies: list[dict[str, str]]) -> list[Any]:
    return [TaskClient(port, each, f"/projects/{slug}/task/") for each in cookies]


def _show_rates(
    figure: str,
    ours: list[Load],
    against: tuple[str, list[Load]],
    wanted: str,
    options: argparse.Namespace,
) -> None:
    name, others = against
    print(
        row(
            figure + ("" if options.plain else ", strata and gold"),
            median_rate(ours),
            f"{name}, {median_rate(others)}",
            [a.rate / b.rate for a, b in zip(ours, others, strict=True)],
            wanted,
        )
    )


def claims(options: argparse.Namespace) -> None:
    """One claim in a very large study against a small one, and by a person after 10,000 tasks against their first."""
    small, large, old = (
        _newcomer("thousand", "new-small"),
        _newcomer("million", "new-large"),
        _newcomer("million", "old"),
    )
    seen = min(10_000, options.million // 2)
    _offer_everything(old, comparisons=seen)
    for _ in range(20):
        for who in (small, large, old):
            _claim_ms(who)
    times = {who: [_claim_ms(who) for _ in range(100)] for who in (small, large, old)}
    for figure, slow, against, fast in (
        (f"one claim, {options.million:,} open comparisons", large, "a few thousand", small),
        (f"one claim, a person's {seen:,}th", old, "their first", large),
    ):
        ratios = [
            statistics.median(times[fast][i::5]) / statistics.median(times[slow][i::5])
            for i in range(5)
        ]
        print(
            row(
                figure,
                f"{statistics.median(times[slow]):.2f} ms",
                f"{against}, {statistics.median(times[fast]):.2f} ms",
                ratios,
                "≥ 0.85",
            )
        )


def _newcomer(slug: str, name: str) -> "Participation":
    """Let a person whose stratum nobody asks for into the study: they draw from the unreserved places."""
    from annotator.models import Annotator, Participation, Project

    return Participation.objects.create(
        annotator=Annotator.objects.create(username=name),
        project=Project.objects.get(slug=slug),
        pseudonym=name,
        languages=["en"],
    )


def _offer_everything(person: "Participation", *, comparisons: int) -> None:
    """Let a person have seen the first so many comparisons, with their cursor behind them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO annotator_offer (participation_id, comparison_id, assignment_id, wave_id, outcome, skip_reason, shown_at)
            SELECT %s, comparison_id, min(id), (SELECT max(id) FROM annotator_wave WHERE project_id = %s), 'judged', '', now()
            FROM annotator_assignment WHERE project_id = %s AND state = 'open' AND owner_id IS NULL AND stratum = ''
            GROUP BY comparison_id ORDER BY min(key) LIMIT %s
            """,
            [person.pk, person.project_id, person.project_id, comparisons],
        )
        cursor.execute(
            """
            INSERT INTO annotator_queuecursor (participation_id, language, stratum, tier, position, served_at)
            SELECT %s, 'en', '', 1, max(key), now() FROM annotator_assignment JOIN annotator_offer USING (comparison_id) WHERE annotator_offer.participation_id = %s
            """,
            [person.pk, person.pk],
        )
        cursor.execute("VACUUM ANALYZE annotator_offer")


def _claim_ms(person: "Participation") -> float:
    """Claim once, for how many milliseconds, and take it back."""
    from django.db import transaction

    from annotator.services.assignments import claim_next

    begin = time.perf_counter()
    with transaction.atomic():
        if claim_next(participation=person) is None:
            raise SystemExit("There is nothing left to claim.")
        taken = time.perf_counter() - begin
        transaction.set_rollback(True)
    return 1000 * taken


def _pairs(
    first: list[Any], second: list[Any], options: argparse.Namespace
) -> tuple[list[Load], list[Load]]:
    """Run both in turns, each second pair the other way round, after one burst to warm up."""
    results: tuple[list[Load], list[Load]] = ([], [])
    for clients in (first, second):
        asyncio.run(press(clients, 2))
    for number in range(options.pairs):
        for index in (0, 1) if number % 2 == 0 else (1, 0):
            results[index].append(asyncio.run(press((first, second)[index], options.seconds)))
        a, b = results[0][-1], results[1][-1]
        print(
            f"pair {number + 1}: {a.rate:.0f}/s (p95 {a.p95:.0f} ms) against {b.rate:.0f}/s (p95 {b.p95:.0f} ms), ratio {a.rate / b.rate:.2f}",
            flush=True,
        )
    return results


def median_rate(loads: list[Load]) -> str:
    """Return the median of the rates, as it stands in the table."""
    return f"{statistics.median(load.rate for load in loads):.0f}/s"


def _create_database(name: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")


def main() -> None:
    """Start the servers, fill them, measure."""
    parser = argparse.ArgumentParser(description="The annotator's loop.")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--comparisons", type=int, default=100_000)
    parser.add_argument("--million", type=int, default=1_000_000)
    parser.add_argument("--behind", type=int, default=5000)
    parser.add_argument("--plain", action="store_true", help="no strata, no gold")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plurivox-bench-") as folder:
        Path(folder).chmod(0o755)
        with run_services(Path(folder)) as services:
            environment = (
                os.environ
                | services.environment()
                | {
                    "SECRET_KEY": "benchmark-" * 4,
                    "DJANGO_SETTINGS_MODULE": "config.settings",
                    "DEMO": "true",
                }
            )
            os.environ.update(environment)
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0)
            if BARE.exists():
                against_bare(environment, options)
            else:
                print(
                    f"The yardstick is not there ({BARE.name}): the loop is not held against the bare view."
                )
            if options.million:
                against_small(environment, options)
                if not options.plain:
                    against_first(environment, options)
                claims(options)


if __name__ == "__main__":
    main()
