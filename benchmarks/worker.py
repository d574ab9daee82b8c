"""What a set costs the worker and the database, where the model server answers at once.

    python -m benchmarks.worker [--sets N]

A set is four independent responses of about 100 English words by the stand-in. Lingua does not know
Amharic, so a run for an Amharic project is one without language detection. Statements are counted in
PostgreSQL's own log, in a run of their own; BEGIN and COMMIT are told apart from the others.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.generation import K, Measured, measure_ours, queue_run, set_up_django
from benchmarks.table import row
from config.embedded import run_services
from tests.vllm.real_server import ROOT

MODEL = "stand-in:long-4"
WORKER = "bench-worker"
FRAMES = ("BEGIN", "COMMIT")


def main() -> None:
    """Start the servers and a worker, measure, print the rows."""
    parser = argparse.ArgumentParser(description="CPU and statements of a set.")
    parser.add_argument("--sets", type=int, default=400)
    sets = parser.parse_args().sets
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plurivox-bench-")))
        folder.chmod(0o755)
        services = stack.enter_context(run_services(folder / "services"))
        base_url = stack.enter_context(_run_stand_in())
        os.environ |= services.environment() | {
            "SECRET_KEY": "benchmarks-only-" * 4,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "WARNING",
            "VLLM_BASE_URL": base_url,
            "VLLM_MODEL": MODEL,
            "VLLM_CONCURRENCY": "32",
        }
        set_up_django()
        from tests.workers.celery_worker import run_worker

        worker = stack.enter_context(
            run_worker(log=folder / "worker.log", extra={"PGAPPNAME": WORKER})
        )
        for language in ("en", "am"):  # detectors are loaded, connections made
            measure_ours(queue_run(f"warm-up-{language}", 16, language=language))
        without = measure_ours(queue_run("without", sets, language="am"), worker=worker.pid)
        detecting = measure_ours(queue_run("with", sets, language="en"), worker=worker.pid)
        log = folder / "services" / "postgres" / "log"
        with _logged_statements():
            measure_ours(queue_run("counted", sets, language="en"))
        statements, frames = _count(log)
        figure = f"CPU of the worker's processes per set of {K} × {detecting.tokens / sets / K:.0f} words"
        print(
            row(f"{figure}, without language detection", _per_set(without, sets), wanted="≤ 5 ms")
        )
        print(row(f"{figure}, with", _per_set(detecting, sets), wanted="≤ 20 ms"))
        print(
            row(
                "database statements of the worker per 100 sets",
                f"{100 * statements / sets:.1f} (and {100 * frames / sets:.1f} BEGIN, COMMIT)",
                wanted="≤ 20",
            )
        )


def _per_set(measured: Measured, sets: int) -> str:
    return f"{1000 * measured.cpu / sets:.1f} ms"


@contextmanager
def _run_stand_in() -> Iterator[str]:
    """Run the stand-in in a process of its own; yield its address."""
    command = [sys.executable, "-m", "tests.model_server", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("Ready: ").strip()
        process.terminate()


@contextmanager
def _logged_statements() -> Iterator[None]:
    """Let PostgreSQL write every statement into its log, behind the name of the process that sent it."""
    _tell("ALTER SYSTEM SET log_line_prefix = '%a '", "ALTER SYSTEM SET log_statement = 'all'")
    yield
    _tell("ALTER SYSTEM RESET log_statement")


def _tell(*commands: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for command in (*commands, "SELECT pg_reload_conf()"):
            cursor.execute(command)


def _count(log: Path) -> tuple[int, int]:
    """Return how many statements the worker sent, and how many BEGIN and COMMIT besides."""
    start = f"{WORKER} LOG:  statement: "
    sent = [
        line.removeprefix(start).strip()
        for line in log.read_text("utf-8", "replace").splitlines()
        if line.startswith(start)
    ]
    frames = sum(line in FRAMES for line in sent)
    return len(sent) - frames, frames


if __name__ == "__main__":
    main()
