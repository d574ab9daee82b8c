"""A set that a person waits for while a run fills the model server, against an idle one.

    python -m benchmarks.interactive [--sets N]

The real vLLM of `make test-vllm`, started as docs/generation.md says; a worker on each queue. The tiny model's
answers have any length, so the time of a whole set is taken per token of its longest response. The first token
is seen as the waiting page sees it, in the row, which a worker writes twice a second.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.generation import queue_run, set_up_django
from benchmarks.table import row
from config.embedded import run_services
from tests.vllm.real_server import API_KEY, MODEL, ROOT, run_vllm

MAX_TOKENS = 1024
BULK_SETS = 2000


@dataclass(frozen=True)
class Waited:
    """Seconds from asking to the first token and to the stored set; the longest response in tokens."""

    first: float
    total: float
    longest: int


def main() -> None:
    """Measure on an idle server, then under a run, and print the rows."""
    parser = argparse.ArgumentParser(description="Interactive sets under a saturating run.")
    parser.add_argument("--sets", type=int, default=12)
    sets = parser.parse_args().sets
    subprocess.run(["bash", ROOT / "tests" / "vllm" / "install.sh"], check=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plurivox-bench-")))
        folder.chmod(0o755)
        services = stack.enter_context(run_services(folder / "services"))
        server = stack.enter_context(run_vllm(folder))
        os.environ |= services.environment() | {
            "SECRET_KEY": "benchmarks-only-" * 4,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "WARNING",
            "VLLM_BASE_URL": server.base_url,
            "VLLM_API_KEY": API_KEY,
            "VLLM_MODEL": MODEL,
            "VLLM_CONCURRENCY": "64",
            "VLLM_PRIORITY": "true",
        }
        set_up_django()
        from annotator.services.generation import cancel_run, resume_run
        from tests.workers.celery_worker import run_worker

        for queue in ("interactive", "bulk"):
            stack.enter_context(run_worker(log=folder / f"{queue}.log", queue=queue))
        bulk = queue_run("bulk", BULK_SETS)
        _wait_for_one(bulk.project, "warm-up")
        idle = [_wait_for_one(bulk.project, f"idle-{number}") for number in range(sets)]
        resume_run(run=bulk)
        time.sleep(10)  # until the run has filled the server
        busy = [_wait_for_one(bulk.project, f"busy-{number}") for number in range(sets)]
        bulk.refresh_from_db()
        assert bulk.state == "running", "the run ended too early to be in the way"
        cancel_run(run=bulk)
    for line in _rows(idle, busy):
        print(line)


def _rows(idle: list[Waited], busy: list[Waited]) -> tuple[str, str]:
    first, first_busy = (statistics.median(one.first for one in side) for side in (idle, busy))
    pace, pace_busy = (
        statistics.median(one.total / one.longest for one in side) for side in (idle, busy)
    )
    total, total_busy = (statistics.median(one.total for one in side) for side in (idle, busy))
    return (
        row(
            "first token of an interactive set under a saturating run",
            f"{first_busy:.2f} s",
            f"on an idle server: {first:.2f} s",
            [],
            "≤ 0.5 s later",
        ),
        row(
            "the whole set, per token of its longest response",
            f"{1000 * pace_busy:.1f} ms ({total_busy:.1f} s)",
            f"on an idle server: {1000 * pace:.1f} ms ({total:.1f} s)",
            [pace_busy / pace],
            "≤ 3.5",
        ),
    )


def _wait_for_one(project: object, text: str) -> Waited:
    from annotator.models import CandidateSet, Project, Response
    from annotator.services.generation import start_trial

    assert isinstance(project, Project)
    begin = time.monotonic()
    made = start_trial(
        project=project,
        text=f"What do you owe, {text}?",
        language="en",
        strategy="independent",
        parameters={"max_tokens": MAX_TOKENS},
    )
    first = 0.0
    while True:
        now = CandidateSet.objects.only("state", "progress", "created_at", "completed_at").get(
            pk=made.pk
        )
        seen = time.monotonic() - begin
        if not first and (any(now.progress or ()) or now.state not in ("queued", "running")):
            first = seen
        if now.state not in ("queued", "running"):
            break
        time.sleep(0.02)
    if now.completed_at is None:  # noise may be empty three times
        return _wait_for_one(project, text + " again")
    longest = max(
        tokens or 1
        for tokens in Response.objects.filter(candidate_set=made).values_list(
            "completion_tokens", flat=True
        )
    )
    return Waited(first, (now.completed_at - now.created_at).total_seconds(), longest)


if __name__ == "__main__":
    main()
