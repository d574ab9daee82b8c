"""The annotator's loop: one htmx POST that stores an answer and returns the next task.

    python -m benchmarks.loop [--pairs N] [--seconds S] [--comparisons N] [--million N]

Held against the bare Django view of the yardstick (`bare.py`), on the same gunicorn settings, the same
PostgreSQL, in turns. Then the same loop in a project of a million comparisons against one of a thousand.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    INSERT INTO annotator_response (project_id, candidate_set_id, slot, text, html, strategy, template_version, model, finish_reason, codes, detected_language)
    SELECT %(project)s, sets.id, slot, body, '<p>' || body || '</p>', 'imported', '', 'bench', 'stop', '{}', ''
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
        slug=slug, name=slug, languages=["en"], overlap=3, ways_out=["none", "all_bad"]
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
            _median_rate(ours),
            f"bare view, {_median_rate(bare)}",
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
            _median_rate(ours),
            f"a few thousand, {_median_rate(others)}",
            [a.rate / b.rate for a, b in zip(ours, others, strict=True)],
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


def _median_rate(loads: list[Load]) -> str:
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


if __name__ == "__main__":
    main()
