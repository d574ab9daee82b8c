"""Candidates through Celery, held against a plain asyncio client on the same vLLM with the same requests.

    python -m benchmarks.generation [--pairs N] [--sets N] [--concurrency N]

A set is four independent responses. The tiny model of `make test-vllm` answers noise that ends after 128
tokens on average, so the sets are complete: ours are stored, rendered and opened for comparison. The plain
client reads the answers and drops them. They take turns at being first. What is compared are tokens per
second: of the noise a few answers are empty, and ours asks for these again.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from benchmarks.table import row
from config.embedded import run_services
from tests.vllm.real_server import API_KEY, MODEL, ROOT, run_vllm

if TYPE_CHECKING:  # Django is set up when the servers are there
    from annotator.models import GenerationRun

K = 4
MAX_TOKENS = 1024


@dataclass(frozen=True)
class Measured:
    """One way through all sets."""

    seconds: float
    tokens: int

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self.tokens / self.seconds


def main() -> None:
    """Start the servers and a worker, measure the pairs, print the row."""
    parser = argparse.ArgumentParser(description="Generation against a plain client.")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=32)
    arguments = parser.parse_args()
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
            "VLLM_CONCURRENCY": str(arguments.concurrency),
        }
        _set_up_django()
        from tests.workers.celery_worker import run_worker

        stack.enter_context(run_worker(log=folder / "worker.log"))
        measure_pair("warm-up", sets=16, concurrency=arguments.concurrency, ours_first=True)
        pairs = []
        for number in range(arguments.pairs):
            ours, plain = measure_pair(
                f"pair-{number}",
                sets=arguments.sets,
                concurrency=arguments.concurrency,
                ours_first=number % 2 == 0,
            )
            pairs.append((ours, plain))
            print(
                f"pair {number}: ours {_said(ours)}, plain {_said(plain)}, ratio {ours.rate / plain.rate:.3f}",
                flush=True,
            )
        print(_table_row(pairs, sets=arguments.sets))


def _set_up_django() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _said(measured: Measured) -> str:
    return f"{measured.seconds:.1f} s, {measured.tokens} tokens, {measured.rate:.0f}/s"


def _table_row(pairs: list[tuple[Measured, Measured]], *, sets: int) -> str:
    ours, plain = (statistics.median(one.rate for one in side) for side in zip(*pairs, strict=True))
    length = statistics.mean(one.tokens for _ours, one in pairs) / sets / K
    return row(
        f"generation: {sets} sets of {K} × {length:.0f} tokens through Celery",
        f"{ours:.0f} tokens/s",
        f"a plain asyncio client: {plain:.0f} tokens/s",
        [ours.rate / plain.rate for ours, plain in pairs],
        "≥ 0.9",
    )


def measure_pair(
    slug: str, *, sets: int, concurrency: int, ours_first: bool
) -> tuple[Measured, Measured]:
    """Queue a run, then let a worker and a plain client go through the same requests, one after the other."""
    run = _queue(slug, sets)
    bodies = _bodies(run)
    if ours_first:
        ours = measure_ours(run)
        return ours, measure_plain(bodies, concurrency=concurrency)
    plain = measure_plain(bodies, concurrency=concurrency)
    return measure_ours(run), plain


def _queue(slug: str, sets: int) -> "GenerationRun":
    """Start a run and pause it in the same transaction, so that its bell finds nothing to do yet."""
    from django.db import transaction

    from annotator.models import Prompt
    from annotator.services.generation import pause_run, start_run
    from annotator.services.projects import create_project

    project = create_project(slug=slug, name=slug, languages=["en"])
    Prompt.objects.bulk_create(
        Prompt(
            project=project,
            import_key=f"{slug}-{number}",
            language="en",
            text=f"What do you owe neighbour {number} of {slug}?",
        )
        for number in range(sets)
    )
    with transaction.atomic():
        run = start_run(
            project=project, strategy="independent", parameters={"max_tokens": MAX_TOKENS}
        )
        pause_run(run=run)
    return run


def _bodies(run: "GenerationRun") -> list[dict[str, Any]]:
    """Return the requests that the worker will send."""
    from annotator.models import CandidateSet
    from pluralism.strategies import Message, Task, make_strategy

    strategy = make_strategy(run.strategy, run.parameters)
    rows = CandidateSet.objects.filter(run=run).order_by("id").values_list("prompt__text", "seed")
    return [
        request.body(model=MODEL)
        for text, seed in rows
        for request in strategy.ask(Task((Message("user", text or ""),), "en", K, seed))
    ]


def measure_ours(run: "GenerationRun") -> Measured:
    """Resume the run and wait until its last set is stored."""
    from annotator.models import CandidateSet, Exchange, GenerationRun
    from annotator.services.generation import resume_run

    begin = time.perf_counter()
    resume_run(run=run)
    while GenerationRun.objects.filter(pk=run.pk, state="running").exists():
        time.sleep(0.05)
    seconds = time.perf_counter() - begin
    failed = CandidateSet.objects.filter(run=run).exclude(state__in=["complete", "truncated"])
    if failed.exists():
        print(
            f"{failed.count()} sets failed: {set(failed.values_list('failure', flat=True))}",
            flush=True,
        )
    answers = Exchange.objects.filter(candidate_set__run=run).values_list(
        "answer__usage__completion_tokens", flat=True
    )
    lost = Exchange.objects.filter(candidate_set__run=run, answer=None)
    if lost.exists():
        print(
            f"{lost.count()} requests without an answer, asked again: {lost[0].error}", flush=True
        )
    return Measured(seconds, sum(tokens or 0 for tokens in answers))


def measure_plain(bodies: list[dict[str, Any]], *, concurrency: int) -> Measured:
    """Send the requests and read the answers, so many at a time."""

    async def send_all() -> int:
        slots = asyncio.Semaphore(concurrency)
        limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        headers = {"Authorization": f"Bearer {API_KEY}"}
        async with httpx2.AsyncClient(
            timeout=120, limits=limits, headers=headers, trust_env=False
        ) as client:

            async def send(body: dict[str, Any]) -> int:
                async with slots:
                    response = await client.post(
                        f"{os.environ['VLLM_BASE_URL']}/chat/completions", json=body
                    )
                    response.raise_for_status()
                    return int(response.json()["usage"]["completion_tokens"])

            return sum(await asyncio.gather(*(send(body) for body in bodies)))

    begin = time.perf_counter()
    tokens = asyncio.run(send_all())
    return Measured(time.perf_counter() - begin, tokens)


if __name__ == "__main__":
    main()
