"""The annotator's loop: one htmx POST that stores an answer and returns the next task.

    python -m benchmarks.loop [--pairs N] [--seconds S] [--comparisons N] [--million N]

Held against the bare Django view of the yardstick (`bare.py`), on the same gunicorn settings, the same
PostgreSQL, in turns. Then the same loop in a project of a million comparisons against one of a thousand.
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
from typing import Any

from benchmarks.load import BareClient, Load, TaskClient, press
from benchmarks.table import row
from config.embedded import run_services

ROOT = Path(__file__).resolve().parent.parent
BARE = ROOT.parent / "shared" / "bench" / "bare.py"
PEOPLE = 32

FIXTURE = """
WITH prompts AS (
    INSERT INTO annotator_prompt (project_id, import_key, language, text, system, topic, licence, source, created_at)
    SELECT %(project)s, 'bench-' || n, 'en', 'Question ' || n || ': what do you owe your parents?', '', '', '', 'pregenerated', now()
    FROM generate_series(1, %(sets)s) n RETURNING id
), sets AS (
    INSERT INTO annotator_candidateset (project_id, prompt_id, language, strategy, template_version, seed, state, attempt, faults, failure, failure_detail, created_at)
    SELECT %(project)s, id, 'en', 'imported', '', id, 'complete', 1, 0, '', '', now() FROM prompts RETURNING id
), responses AS (
    INSERT INTO annotator_response (project_id, candidate_set_id, slot, text, html, flags, language_check, origin, strategy, template_version, model, finish_reason, codes, detected_language)
    SELECT %(project)s, sets.id, slot, body, '<p>' || body || '</p>', '{}', '', '{}', 'imported', '', 'bench', 'stop', '{}', ''
    FROM sets, generate_series(0, 3) slot, LATERAL (SELECT left(repeat('a line of plain words for ' || sets.id || '/' || slot || ' ', 40), %(bytes)s) AS body) texts
    RETURNING id, candidate_set_id, slot
), comparisons AS (
    INSERT INTO annotator_comparison (project_id, candidate_set_id, number, kind, language, seed, created_at)
    SELECT %(project)s, id, number, 'collect', 'en', id, now() FROM sets, generate_series(0, %(per_set)s - 1) number RETURNING id, candidate_set_id
), options AS (
    INSERT INTO annotator_comparisonoption (comparison_id, response_id, position)
    SELECT comparisons.id, responses.id, responses.slot FROM comparisons JOIN responses USING (candidate_set_id)
), keys AS MATERIALIZED (
    SELECT id, nextval('annotator_assignment_key') AS key FROM comparisons
)
INSERT INTO annotator_assignment (project_id, comparison_id, number, language, stratum, tier, key, state, place_kind, display_order, explanation_asked)
SELECT %(project)s, id, number, 'en', '', 1, key, 'open', 'planned', '{2,0,3,1}', 'optional' FROM keys, generate_series(0, 2) number
"""


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


def fill(slug: str, *, comparisons: int, per_set: int, response_bytes: int) -> list[dict[str, str]]:
    """Make an open project with so many comparisons of three places, and people who are signed in; return their cookies."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connection

    from annotator.models import Annotator, Participation
    from annotator.services.projects import create_project, open_project

    project = create_project(
        slug=slug,
        name=slug,
        languages=["en"],
        overlap=3,
        ways_out=["none", "all_bad"],
        demographics=[],
    )
    open_project(project=project)
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '256MB'")
        cursor.execute(
            FIXTURE,
            {
                "project": project.pk,
                "sets": comparisons // per_set,
                "per_set": per_set,
                "bytes": response_bytes,
            },
        )
        cursor.execute("RESET work_mem")
    cookies = []
    for number in range(PEOPLE):
        person, _ = Annotator.objects.get_or_create(username=f"bench{number}")
        Participation.objects.create(
            annotator=person, project=project, pseudonym=f"p{number}", languages=["en"]
        )
        session = SessionStore()
        session.update(
            {
                "_auth_user_id": str(person.pk),
                "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
                "_auth_user_hash": person.get_session_auth_hash(),
            }
        )
        session.create()
        cookies.append({"sessionid": session.session_key or "", "csrftoken": "x" * 32})
    return cookies


def against_bare(environment: dict[str, str], options: argparse.Namespace) -> None:
    """Loops per second of 32 people against requests per second of the bare view."""
    cookies = fill("hundred", comparisons=options.comparisons, per_set=1, response_bytes=800)
    _vacuum()
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
        turns = (
            [BareClient(bare_port, each, "") for each in bare_cookies],
            [TaskClient(port, each, "/projects/hundred/task/") for each in cookies],
        )
        ours, bare = _pairs(turns[1], turns[0], options)
    figure = f"loops/s, {PEOPLE} people, {options.comparisons:,} open comparisons"
    print(
        row(
            figure,
            median_rate(ours),
            f"bare view, {median_rate(bare)}",
            [a.rate / b.rate for a, b in zip(ours, bare, strict=True)],
            "≥ 0.5",
        )
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
    """The loop in a very large project against a small one."""
    large = fill("million", comparisons=options.million, per_set=20, response_bytes=60)
    small = fill(
        "thousand",
        comparisons=max(1000, 6 * int(options.seconds) * 400 // 3),
        per_set=20,
        response_bytes=60,
    )
    _vacuum()
    with serve("config.wsgi", cwd=ROOT, environment=environment) as port:
        clients = [
            [TaskClient(port, each, f"/projects/{slug}/task/") for each in cookies]
            for slug, cookies in (("million", large), ("thousand", small))
        ]
        ours, others = _pairs(clients[0], clients[1], options)
    figure = f"loops/s, {PEOPLE} people, {options.million:,} open comparisons"
    print(
        row(
            figure,
            median_rate(ours),
            f"a few thousand, {median_rate(others)}",
            [a.rate / b.rate for a, b in zip(ours, others, strict=True)],
            "≥ 0.85",
        )
    )


def claims(options: argparse.Namespace) -> None:
    """One claim in a very large project against a small one, and by a person after 10,000 tasks against their first."""
    from django.db import connection, transaction

    from annotator.models import Annotator, Participation
    from annotator.services.assignments import claim_next

    def person(slug: str, name: str) -> Participation:
        account = Annotator.objects.create(username=name)
        project = Participation.objects.filter(project__slug=slug)[0].project
        return Participation.objects.create(
            annotator=account, project=project, pseudonym=name, languages=["en"]
        )

    def claim_ms(who: Participation) -> float:
        begin = time.perf_counter()
        with transaction.atomic():
            if claim_next(participation=who) is None:
                raise SystemExit("There is nothing left to claim.")
            taken = time.perf_counter() - begin
            transaction.set_rollback(True)
        return 1000 * taken

    small, large, old = (
        person("thousand", "new-small"),
        person("million", "new-large"),
        person("million", "old"),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO annotator_offer (participation_id, comparison_id, assignment_id, wave_id, outcome, skip_reason, shown_at)
            SELECT %s, comparison_id, min(id), (SELECT max(id) FROM annotator_wave WHERE project_id = %s), 'judged', '', now()
            FROM annotator_assignment WHERE project_id = %s AND state = 'open' GROUP BY comparison_id ORDER BY min(key) LIMIT 10000
            """,
            [old.pk, old.project_id, old.project_id],
        )
        cursor.execute(
            """
            INSERT INTO annotator_queuecursor (participation_id, language, stratum, tier, position, served_at)
            SELECT %s, 'en', '', 1, max(key), now() FROM annotator_assignment JOIN annotator_offer USING (comparison_id) WHERE annotator_offer.participation_id = %s
            """,
            [old.pk, old.pk],
        )
        cursor.execute("VACUUM ANALYZE annotator_offer")
    for _ in range(20):
        for who in (small, large, old):
            claim_ms(who)
    times = {who: [claim_ms(who) for _ in range(100)] for who in (small, large, old)}
    typical = {who: statistics.median(each) for who, each in times.items()}
    ratios = [
        statistics.median(times[small][i::5]) / statistics.median(times[large][i::5])
        for i in range(5)
    ]
    print(
        row(
            f"one claim, {options.million:,} open comparisons",
            f"{typical[large]:.2f} ms",
            f"a few thousand, {typical[small]:.2f} ms",
            ratios,
            "≥ 0.85",
        )
    )
    ratios = [
        statistics.median(times[large][i::5]) / statistics.median(times[old][i::5])
        for i in range(5)
    ]
    print(
        row(
            "one claim, a person's 10,000th",
            f"{typical[old]:.2f} ms",
            f"their first, {typical[large]:.2f} ms",
            ratios,
            "≥ 0.85",
        )
    )


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


def _vacuum() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _create_database(name: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")


def main() -> None:
    """Start the servers, fill them, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--comparisons", type=int, default=100_000)
    parser.add_argument("--million", type=int, default=1_000_000)
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
                claims(options)


if __name__ == "__main__":
    main()
