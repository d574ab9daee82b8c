"""A project full of judgments, the servers under it, and what PostgreSQL alone takes for the same rows."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg2

from config.embedded import Services, run_services

ROOT = Path(__file__).resolve().parent.parent
OVERLAP = 4
RESPONSE_BYTES = 800

FIXTURE = """
WITH run AS (
    INSERT INTO annotator_prompt (project_id, import_key, language, text, system, topic, licence, source, created_at)
    SELECT %(project)s, 'bench-' || n, 'en', 'Question ' || n || ': what do you owe your parents?', '', '', '', 'pregenerated', now()
    FROM generate_series(1, %(sets)s) n RETURNING id
), sets AS (
    INSERT INTO annotator_candidateset (project_id, prompt_id, language, strategy, template_version, seed, state, attempt, faults, failure, failure_detail, created_at)
    SELECT %(project)s, id, 'en', 'nc_prompt', '1', id, 'complete', 1, 0, '', '', now() FROM run RETURNING id
), responses AS (
    INSERT INTO annotator_response (project_id, candidate_set_id, slot, text, html, flags, language_check, origin, strategy, template_version, model, seed, finish_reason, codes, detected_language)
    SELECT %(project)s, sets.id, slot, body, '', '{}', '', '{}', 'nc_prompt', '1', 'bench', slot, 'stop', '{}', 'en'
    FROM sets, generate_series(0, 3) slot, LATERAL (SELECT left(repeat(translate(md5(sets.id || '/' || slot), '0123456789', 'ghijklmnop') || E' said "so"\\n', 20), %(bytes)s) AS body) texts
    RETURNING id, candidate_set_id, slot
), comparisons AS (
    INSERT INTO annotator_comparison (project_id, candidate_set_id, number, kind, language, seed, created_at)
    SELECT %(project)s, id, 0, 'collect', 'en', id, now() FROM sets RETURNING id, candidate_set_id
), options AS (
    INSERT INTO annotator_comparisonoption (comparison_id, response_id, position)
    SELECT comparisons.id, responses.id, responses.slot FROM comparisons JOIN responses USING (candidate_set_id)
), conversations AS (
    INSERT INTO annotator_conversation (project_id, participation_id, opening, started_at)
    SELECT %(project)s, %(first_person)s + n %% %(overlap)s, 'given', now() FROM generate_series(1, %(sets)s * %(overlap)s) n RETURNING id
), paths AS (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM conversations
), questions AS (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM comparisons
), turns AS (
    INSERT INTO annotator_turn (conversation_id, number, message, comparison_id, is_drawn)
    SELECT paths.id, 1, '', questions.id, false FROM paths JOIN questions ON questions.n = paths.n / %(overlap)s RETURNING id, comparison_id
), judgments AS (
    INSERT INTO annotator_judgment (submission_id, project_id, wave_id, participation_id, comparison_id, turn_id, revision, choice_kind, choice_response_id,
        vetoes, general_kind, criteria, reasons, explanation, explanation_asked, place_kind, display_order, ui_language, device, shown_at, submitted_at)
    SELECT gen_random_uuid(), %(project)s, %(wave)s, %(first_person)s + row_number() OVER (PARTITION BY turns.comparison_id) - 1, turns.comparison_id, turns.id, 1,
        'response', responses.id, '{}', '', '[]', '{}', 'Because it asks before it tells.', 'optional', 'planned', '{2,0,3,1}', 'en', 'desktop', now() - interval '1 minute', now()
    FROM turns JOIN comparisons ON comparisons.id = turns.comparison_id
    JOIN responses ON responses.candidate_set_id = comparisons.candidate_set_id AND responses.slot = turns.id %% 4
    RETURNING id, participation_id, comparison_id
), changes AS (
    INSERT INTO annotator_change (project_id, kind, judgment_id, at) SELECT %(project)s, 'judged', id, now() FROM judgments
)
INSERT INTO annotator_assignment (project_id, comparison_id, number, language, stratum, tier, key, state, place_kind, display_order, explanation_asked, participation_id, judgment_id)
SELECT %(project)s, comparison_id, participation_id - %(first_person)s, 'en', '', 1, comparison_id, 'judged', 'planned', '{2,0,3,1}', 'optional', participation_id, id FROM judgments
"""


@contextmanager
def started() -> Iterator[Services]:
    """Run PostgreSQL and Redis in a folder of their own, and set up Django on them."""
    with tempfile.TemporaryDirectory(prefix="plurivox-bench-") as folder:
        Path(folder).chmod(0o755)
        with run_services(Path(folder), durable=False) as services:
            os.environ |= services.environment() | {
                "SECRET_KEY": "benchmark-" * 4,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATA_DIR": str(Path(folder) / "files"),
                "DEMO": "true",
                "API_REQUESTS_PER_MINUTE": "0",
            }
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            yield services


def fill(*, rows: int, response_bytes: int = RESPONSE_BYTES) -> str:
    """Make a project with that many judgments of four responses, and a token that reads it; return the token."""
    from django.db import connection
    from django.utils import timezone

    from annotator.models import Annotator, Participation, Scope
    from annotator.services.projects import create_project, ensure_wave
    from annotator.services.tokens import create_token

    rita = Annotator.objects.create_user(username="rita", password=None, is_staff=True)
    project = create_project(
        owner=rita, slug="bench", name="Bench", languages=["en"], overlap=OVERLAP
    )
    people = [
        Participation.objects.create(
            annotator=Annotator.objects.create(username=f"p{number}"),
            project=project,
            pseudonym=f"p{number}",
            languages=["en"],
        )
        for number in range(OVERLAP)
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '256MB'")
        cursor.execute(
            FIXTURE,
            {
                "project": project.pk,
                "wave": ensure_wave(project=project).pk,
                "first_person": people[0].pk,
                "sets": rows // OVERLAP,
                "overlap": OVERLAP,
                "bytes": response_bytes,
            },
        )
        cursor.execute("VACUUM ANALYZE")
    expires_at = timezone.now() + timedelta(days=1)
    _token, secret = create_token(
        name="bench",
        owner=rita,
        scopes=[Scope.READ_JUDGMENTS, Scope.READ_PROMPTS, Scope.READ_STATISTICS],
        projects=[project],
        expires_at=expires_at,
    )
    return secret


def copy_seconds(database_url: str, *, target: str = "'/dev/null'") -> float:
    """Let PostgreSQL alone build the rows of `native` and throw them away; return how long it took."""
    from annotator.models import Project
    from annotator.selectors.exports import Filters
    from annotator.selectors.exports.queries import queries_for

    (query,) = queries_for(
        project=Project.objects.get(slug="bench"), export_format="native", filters=Filters()
    )
    connection = psycopg2.connect(database_url, options="-c jit=off")
    with connection.cursor() as cursor:
        statement = cursor.mogrify(query.sql, query.values).decode()
        begin = time.perf_counter()
        cursor.execute(f"COPY ({statement}) TO {target}")
        seconds = time.perf_counter() - begin
    connection.close()
    return seconds


@contextmanager
def serve(port: int, **environment: str) -> Iterator[list[int]]:
    """Run gunicorn as in production; yield the ids of its processes."""
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "config.wsgi",
        "-b",
        f"127.0.0.1:{port}",
        "-w",
        "2",
        "-k",
        "gthread",
        "--threads",
        "4",
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, stderr=subprocess.DEVNULL
    )
    try:
        yield _wait_for_workers(process.pid, port)
    finally:
        process.terminate()
        process.wait()


def _wait_for_workers(parent: int, port: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children")
    for _attempt in range(200):
        time.sleep(0.1)
        workers = [int(pid) for pid in children.read_text().split()]
        with socket.socket() as probe:
            if len(workers) == 2 and probe.connect_ex(("127.0.0.1", port)) == 0:
                return [parent, *workers]
    raise SystemExit("gunicorn did not start.")


def memory_mb(pids: list[int]) -> float:
    """Return the resident memory of the processes."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
