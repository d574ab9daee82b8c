"""A real Celery worker in a process group of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    """Return what leads a process to the test's database and to the model server of the settings."""
    database = connection.settings_dict
    return os.environ | {
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={quote(database['HOST'])}",
        "VLLM_BASE_URL": settings.VLLM_BASE_URL,
        "VLLM_MODEL": settings.VLLM_MODEL,
        "VLLM_API_KEY": settings.VLLM_API_KEY,
        "VLLM_PRIORITY": str(settings.VLLM_PRIORITY),
        "VLLM_CONCURRENCY": str(settings.VLLM_CONCURRENCY),
        "VLLM_TIMEOUT": str(settings.VLLM_TIMEOUT),
    }


@contextmanager
def run_worker(
    *, log: Path, extra: Mapping[str, str] | None = None, queue: str = "bulk"
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker on a queue, with one child, until the end of the block."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "config",
        "worker",
        "-Q",
        queue,
        "--concurrency",
        "1",
        "--loglevel",
        "INFO",
        "--without-gossip",
        "--without-mingle",
    ]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment() | dict(extra or {}),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            kill_group(process)


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill a worker and its children at once, as kill -9 does."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait(10)


def wait_until(true: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait for another process to get somewhere."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
