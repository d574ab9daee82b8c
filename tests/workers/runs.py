"""Ways to let a run happen in a test."""

import asyncio
from collections.abc import Callable
from typing import Any

from django.db import connection

from annotator.models import CandidateSet, Exchange, GenerationRun, Project
from annotator.services.generation import start_run
from tests.factories import make_prompt
from workers.outcomes import jitter
from workers.pump import pump_run


def pump(run: GenerationRun, *, stopping: Callable[[], bool] = lambda: False) -> GenerationRun:
    """Work on the run in this process until the pump leaves; return the run as it is then."""
    asyncio.run(pump_run(run_id=run.pk, stopping=stopping))
    run.refresh_from_db()
    return run


def start(
    project: Project, *texts: str, strategy: str = "nc_prompt", **options: Any
) -> GenerationRun:
    """Make a prompt of each text and start a run for them."""
    for text in texts:
        make_prompt(project, text)
    return start_run(project=project, strategy=strategy, **options)


def only_set(run: GenerationRun) -> CandidateSet:
    """Return the run's one set."""
    return CandidateSet.objects.get(run=run)


def set_by_text(run: GenerationRun, text: str) -> CandidateSet:
    """Return the run's set for a prompt."""
    return CandidateSet.objects.get(run=run, prompt__text=text)


def received(exchange: Exchange) -> Any:
    """Return the body that came back."""
    assert exchange.answer is not None
    return exchange.answer


def with_short_pauses(run: GenerationRun, *, attempts: int = 2) -> None:
    """Give the run's sets seeds from which short pauses are drawn, so that a test needn't wait for them."""
    seed = next(
        seed
        for seed in range(10**6)
        if all(jitter(seed=seed, attempt=n, longest=1.0) < 0.02 for n in range(1, attempts + 1))
    )
    CandidateSet.objects.filter(run=run).update(seed=seed)


def let_leases_pass(run: GenerationRun) -> None:
    """Let time go by for the leases of a run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE annotator_candidateset SET lease_until = now() - interval '1 second' WHERE run_id = %s AND state = 'running'",
            [run.pk],
        )
