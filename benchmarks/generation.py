"""Candidates through Celery, held against a plain asyncio client on the same vLLM with the same requests.

    python -m benchmarks.generation [--pairs N] [--sets N]

A set is four independent responses. The tiny model of `make test-vllm` answers noise that ends after 128
tokens on average, so the sets are complete: ours are checked, stored, rendered and opened for comparison.
The plain client reads the answers and drops them, with the concurrency at which it is fastest. They take
turns at being first. What is compared are tokens per second: of the noise a few answers are empty, and
ours asks for these again.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from benchmarks.processes import cpu_seconds
from benchmarks.table import row
from config.embedded import run_services
from tests.vllm.real_server import API_KEY, MODEL, ROOT, run_vllm

if TYPE_CHECKING:  # Django is set up when the servers are there
    from annotator.models import GenerationRun

K = 4
MAX_TOKENS = 1024
CONCURRENCIES = (16, 32, 64)
SETS_TO_CHOOSE = 64
"""So many sets tell which concurrency suits the plain client best."""
KEEPALIVE = 2.0
"""The server closes idle connections after 5 s; one that is reused at that moment would be reset."""


@dataclass(frozen=True)
class Measured:
    """One way through all sets; `cpu` are the seconds that its processes took of a core."""

    seconds: float
    tokens: int
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self.tokens / self.seconds


def main() -> None:
    """Start the servers and a worker, measure the pairs, print the rows."""
    parser = argparse.ArgumentParser(description="Generation against a plain client.")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--sets", type=int, default=300)
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
            "VLLM_CONCURRENCY": str(max(CONCURRENCIES)),
            "VLLM_PRIORITY": "true",
        }
        set_up_django()
        from tests.workers.celery_worker import run_worker

        worker = stack.enter_context(run_worker(log=folder / "worker.log"))
        concurrency = best_concurrency()
        bench = Bench(worker.pid, sets=arguments.sets, concurrency=concurrency)
        pairs = [bench.measure_pair(number) for number in range(arguments.pairs)]
        for line in _rows(pairs, sets=arguments.sets, concurrency=concurrency):
            print(line)


def set_up_django() -> None:
    """Read the settings and make the tables."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def best_concurrency() -> int:
    """Return the number of requests at a time with which the plain client is fastest, and warm everything."""
    run = queue_run("warm-up", SETS_TO_CHOOSE)
    measure_ours(run)
    bodies = _bodies(run)
    measure_plain(bodies, concurrency=CONCURRENCIES[0])
    rates = {number: measure_plain(bodies, concurrency=number).rate for number in CONCURRENCIES}
    best = max(rates, key=lambda number: rates[number])
    said = ", ".join(f"{number}: {rate:.0f}/s" for number, rate in rates.items())
    print(f"the plain client by requests at a time: {said}; best {best}", flush=True)
    return best


@dataclass(frozen=True)
class Bench:
    """Pairs of ours and the plain client, with one worker."""

    worker: int
    sets: int
    concurrency: int

    def measure_pair(self, number: int) -> tuple[Measured, Measured]:
        """Queue a run, then let a worker and a plain client go through the same requests, one after the other."""
        run = queue_run(f"pair-{number}", self.sets)
        bodies = _bodies(run)
        if number % 2 == 0:
            ours = measure_ours(run, worker=self.worker)
            plain = measure_plain(bodies, concurrency=self.concurrency)
        else:
            plain = measure_plain(bodies, concurrency=self.concurrency)
            ours = measure_ours(run, worker=self.worker)
        print(
            f"pair {number}: ours {self._said(ours)}; plain {self._said(plain)}; ratio {ours.rate / plain.rate:.3f}",
            flush=True,
        )
        return ours, plain

    def _said(self, measured: Measured) -> str:
        per_set = 1000 * measured.cpu / self.sets
        return f"{measured.seconds:.1f} s, {measured.tokens} tokens, {measured.rate:.0f}/s, {per_set:.1f} ms CPU a set"


def _rows(
    pairs: Sequence[tuple[Measured, Measured]], *, sets: int, concurrency: int
) -> tuple[str, str]:
    ours, plain = (statistics.median(one.rate for one in side) for side in zip(*pairs, strict=True))
    cpu, plain_cpu = (
        1000 * statistics.median(one.cpu for one in side) / sets
        for side in zip(*pairs, strict=True)
    )
    length = statistics.mean(one.tokens for _ours, one in pairs) / sets / K
    return (
        row(
            f"generation: {sets} sets of {K} × {length:.0f} tokens through Celery",
            f"{ours:.0f} tokens/s",
            f"a plain asyncio client, {concurrency} requests at a time: {plain:.0f} tokens/s",
            [ours.rate / plain.rate for ours, plain in pairs],
            "≥ 0.95",
        ),
        row(
            "CPU of the worker's processes per set meanwhile",
            f"{cpu:.1f} ms",
            f"the plain client: {plain_cpu:.1f} ms",
        ),
    )


def queue_run(slug: str, sets: int, *, language: str = "en") -> "GenerationRun":
    """Start a run and pause it in the same transaction, so that its bell finds nothing to do yet."""
    from django.db import transaction

    from annotator.models import Prompt
    from annotator.services.generation import pause_run, start_run
    from annotator.services.projects import create_project

    project = create_project(slug=slug, name=slug, languages=[language])
    Prompt.objects.bulk_create(
        Prompt(
            project=project,
            import_key=f"{slug}-{number}",
            language=language,
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


def measure_ours(run: "GenerationRun", *, worker: int | None = None) -> Measured:
    """Resume the run and wait until its last set is stored; count the CPU of the worker with this process id."""
    from annotator.models import CandidateSet, Exchange
    from annotator.services.generation import resume_run

    cpu = cpu_seconds(worker) if worker else 0.0
    begin = time.time()
    resume_run(run=run)
    while run.finished_at is None:
        time.sleep(0.2)  # seldom: these two cores have better things to do
        run.refresh_from_db(fields=["finished_at"])
    seconds = run.finished_at.timestamp() - begin
    cpu = (cpu_seconds(worker) if worker else 0.0) - cpu
    failed = CandidateSet.objects.filter(run=run).exclude(state__in=["complete", "truncated"])
    if failed.exists():
        print(
            f"{failed.count()} sets failed: {set(failed.values_list('failure', flat=True))}",
            flush=True,
        )
    answers = Exchange.objects.filter(candidate_set__run=run).values_list(
        "answer__usage__completion_tokens", flat=True
    )
    again = Exchange.objects.filter(candidate_set__run=run, number=0).exclude(outcome="complete")
    if again.exists():
        reasons = Counter(again.values_list("outcome", flat=True))
        said = ", ".join(f"{reason}: {count}" for reason, count in reasons.most_common())
        print(f"attempts that made no set: {said}", flush=True)
    lost = Exchange.objects.filter(candidate_set__run=run, answer__isnull=True)
    if lost.exists():
        print(
            f"{lost.count()} requests without an answer, asked again: {set(lost.values_list('error', flat=True))}",
            flush=True,
        )
    return Measured(seconds, sum(tokens or 0 for tokens in answers), cpu)


def measure_plain(bodies: Sequence[dict[str, Any]], *, concurrency: int) -> Measured:
    """Send the requests and read the answers, so many at a time."""
    cpu = time.process_time()
    begin = time.perf_counter()
    tokens = asyncio.run(_send_all(bodies, concurrency))
    return Measured(time.perf_counter() - begin, tokens, time.process_time() - cpu)


async def _send_all(bodies: Sequence[dict[str, Any]], concurrency: int) -> int:
    url = f"{os.environ['VLLM_BASE_URL']}/chat/completions"
    slots = asyncio.Semaphore(concurrency)
    limits = httpx2.Limits(
        max_connections=concurrency,
        max_keepalive_connections=concurrency,
        keepalive_expiry=KEEPALIVE,
    )
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with httpx2.AsyncClient(
        timeout=300, limits=limits, headers=headers, trust_env=False
    ) as client:

        async def send(body: dict[str, Any]) -> int:
            async with slots:
                try:
                    response = await client.post(url, json=body)
                except (httpx2.ReadError, httpx2.RemoteProtocolError):  # a kept connection ended
                    response = await client.post(url, json=body)
                response.raise_for_status()
                return int(response.json()["usage"]["completion_tokens"])

        return sum(await asyncio.gather(*(send(body) for body in bodies)))


if __name__ == "__main__":
    main()
