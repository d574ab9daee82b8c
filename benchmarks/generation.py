"""Candidates through Celery, held against a plain asyncio client on the same vLLM with the same requests.

    python -m benchmarks.generation [--pairs N] [--sets N]

A set is four independent responses. The tiny model of `make test-vllm` answers noise that ends after 128
tokens on average, so the sets are complete: ours are checked, stored, rendered and opened for comparison.
The plain client reads the answers and drops them. What is compared are tokens per second: of the noise a
few answers are empty, and ours asks for these again.

Which number of requests at a time is best depends on the server, and one try tells little. So each round
measures both at every number, one right after the other, in turns at being first; each side's best is the
one with the highest median.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from benchmarks.processes import cpu_seconds
from benchmarks.table import row
from config.embedded import run_services
from tests.vllm.real_server import API_KEY, MODEL, ROOT, RealServer, run_vllm

if TYPE_CHECKING:  # Django is set up when the servers are there
    from annotator.models import GenerationRun

K = 4
MAX_TOKENS = 1024
CONCURRENCIES = (16, 32, 64)
PREFIXED: dict[str, dict[str, object]] = {
    "nc_prompt": {"protocol": "structured", "max_tokens": 1800, "max_characters": 120},
    "value_systems": {"max_tokens": MAX_TOKENS, "max_length_ratio": None},
    "independent": {"max_tokens": MAX_TOKENS},
}
"""Strategies whose shared prefixes are looked at."""
BLOCKS = ("--block-size", "32")
"""What the cache shares are whole blocks; on a CPU vLLM's have 128 tokens, more than most of these prompts."""
SETS_TO_WARM = 32
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
    parser.add_argument("--pairs", type=int, default=5, help="At each concurrency.")
    parser.add_argument("--sets", type=int, default=200)
    arguments = parser.parse_args()
    subprocess.run(["bash", ROOT / "tests" / "vllm" / "install.sh"], check=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plurivox-bench-")))
        folder.chmod(0o755)
        services = stack.enter_context(run_services(folder / "services"))
        server = stack.enter_context(run_vllm(folder, more=BLOCKS))
        os.environ |= services.environment() | {
            "SECRET_KEY": "benchmarks-only-" * 4,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "WARNING",
            "VLLM_BASE_URL": server.base_url,
            "VLLM_API_KEY": API_KEY,
            "VLLM_MODEL": MODEL,
            "VLLM_ENDPOINTS": json.dumps(_endpoints(server.base_url)),
        }
        set_up_django()
        from tests.workers.celery_worker import run_worker

        worker = stack.enter_context(run_worker(log=folder / "worker.log"))
        bench = Bench(worker.pid, sets=arguments.sets)
        bench.warm_up()
        for number in range(arguments.pairs):
            bench.measure_round(number)
        for line in bench.rows():
            print(line)
        for strategy, parameters in PREFIXED.items():
            print(_hits(server, strategy, parameters, sets=arguments.sets))


def _endpoints(base_url: str) -> list[dict[str, object]]:
    """Return the server under a name for each concurrency."""
    return [
        {
            "name": _name(number),
            "base_url": base_url,
            "api_key": API_KEY,
            "concurrency": number,
            "priority": True,
        }
        for number in CONCURRENCIES
    ]


def _name(concurrency: int) -> str:
    return f"at-{concurrency}"


def set_up_django() -> None:
    """Read the settings and make the tables."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


@dataclass(frozen=True)
class Bench:
    """Pairs of ours and the plain client at each concurrency, with one worker."""

    worker: int
    sets: int
    ours: dict[int, list[Measured]] = field(default_factory=lambda: defaultdict(list))
    plain: dict[int, list[Measured]] = field(default_factory=lambda: defaultdict(list))

    def warm_up(self) -> None:
        """Let everything happen once: detectors are loaded, connections made, the server has compiled."""
        run = queue_run("warm-up", SETS_TO_WARM)
        measure_ours(run)
        measure_plain(_bodies(run), concurrency=CONCURRENCIES[0])

    def measure_round(self, number: int) -> None:
        """Measure a pair at each concurrency; who is first changes from pair to pair and from round to round."""
        for place, concurrency in enumerate(CONCURRENCIES):
            run = queue_run(
                f"round-{number}-at-{concurrency}", self.sets, endpoint=_name(concurrency)
            )
            bodies = _bodies(run)
            if (number + place) % 2 == 0:
                ours = measure_ours(run, worker=self.worker)
                plain = measure_plain(bodies, concurrency=concurrency)
            else:
                plain = measure_plain(bodies, concurrency=concurrency)
                ours = measure_ours(run, worker=self.worker)
            self.ours[concurrency].append(ours)
            self.plain[concurrency].append(plain)
            print(
                f"round {number}, {concurrency} at a time: ours {self._said(ours)}; plain {self._said(plain)}; "
                f"ratio {ours.rate / plain.rate:.3f}",
                flush=True,
            )

    def _said(self, measured: Measured) -> str:
        per_set = 1000 * measured.cpu / self.sets
        return f"{measured.seconds:.1f} s, {measured.tokens} tokens, {measured.rate:.0f}/s, {per_set:.1f} ms CPU a set"

    def rows(self) -> Iterator[str]:
        """Return the lines of the table: each concurrency by itself, then best against best."""
        length = statistics.mean(one.tokens for many in self.plain.values() for one in many)
        figure = f"generation: {self.sets} sets of {K} × {length / self.sets / K:.0f} tokens through Celery"
        best, best_plain = _best(self.ours), _best(self.plain)
        for concurrency in CONCURRENCIES:
            yield row(
                f"{figure}, {concurrency} requests at a time",
                f"{_rate(self.ours[concurrency]):.0f} tokens/s",
                f"a plain asyncio client with as many: {_rate(self.plain[concurrency]):.0f} tokens/s",
                _ratios(self.ours[concurrency], self.plain[concurrency]),
                "≥ 0.9" if concurrency == best_plain else "",
            )
        yield row(
            f"the same, each side at its best: ours with {best}",
            f"{_rate(self.ours[best]):.0f} tokens/s",
            f"the plain client with {best_plain}: {_rate(self.plain[best_plain]):.0f} tokens/s",
            _ratios(self.ours[best], self.plain[best_plain]),
            "≥ 0.95",
        )
        yield row(
            "CPU of the worker's processes per set meanwhile",
            self._cpu(self.ours[best]),
            f"the plain client: {self._cpu(self.plain[best_plain])}",
        )

    def _cpu(self, measured: Sequence[Measured]) -> str:
        return f"{1000 * statistics.median(one.cpu for one in measured) / self.sets:.1f} ms"


def _hits(server: RealServer, strategy: str, parameters: dict[str, object], *, sets: int) -> str:
    """Return the row that tells which share of a run's prompt tokens the server had in its prefix cache."""
    names = ("vllm:prefix_cache_hits_total", "vllm:prefix_cache_queries_total")
    before = [server.metric(name) for name in names]
    if strategy == "value_systems":
        parameters = {**parameters, "profiles": _profiles()}
    measure_ours(queue_run(f"prefix-{strategy}", sets, strategy=strategy, parameters=parameters))
    hits, queries = (server.metric(name) - was for name, was in zip(names, before, strict=True))
    return row(
        f"prompt tokens of {sets} sets of `{strategy}` that were in the prefix cache",
        f"{hits / queries:.0%}",
        f"{queries / sets:.0f} prompt tokens a set",
    )


def _profiles() -> list[Any]:
    """Return eight value profiles of the library."""
    from annotator.models import Project
    from annotator.selectors.profiles import list_profiles, snapshot_profiles

    project = Project.objects.earliest("id")
    slugs = [profile.slug for profile in list_profiles(project=project)][:8]
    return snapshot_profiles(slugs=slugs, project=project)


def _rate(measured: Sequence[Measured]) -> float:
    return statistics.median(one.rate for one in measured)


def _best(by_concurrency: Mapping[int, Sequence[Measured]]) -> int:
    return max(by_concurrency, key=lambda number: _rate(by_concurrency[number]))


def _ratios(ours: Sequence[Measured], plain: Sequence[Measured]) -> list[float]:
    """Return the ratio of each round."""
    return [one.rate / other.rate for one, other in zip(ours, plain, strict=True)]


def queue_run(
    slug: str,
    sets: int,
    *,
    language: str = "en",
    endpoint: str = "",
    strategy: str = "independent",
    parameters: Mapping[str, object] | None = None,
) -> "GenerationRun":
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
            project=project,
            strategy=strategy,
            parameters=parameters or {"max_tokens": MAX_TOKENS},
            endpoints=[endpoint] if endpoint else [],
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
