"""How many statements a run costs: counted, never timed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from annotator.models import CandidateSet, Comparison, Diversity, Exchange, Project, Response
from annotator.services.generation import (
    Completed,
    Exchanged,
    MadeResponse,
    SetResult,
    claim_sets,
    store_results,
)
from pluralism.diversity import DiversityFigures
from tests.model_server import ModelServerStandIn
from tests.workers.runs import pump, start

PER_HUNDRED_SETS = 20
TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET ")


@contextmanager
def statements_of_other_threads() -> Iterator[list[str]]:
    """Collect what is sent over connections that open meanwhile: the pump has a thread of its own."""
    sent: list[str] = []

    def note(
        execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if not sql.startswith(TRANSACTION):
            sent.append(sql)
        return execute(sql, parameters, many, context)

    def watch(connection: BaseDatabaseWrapper, **_details: Any) -> None:
        connection.execute_wrappers.append(note)

    connection_created.connect(watch)
    try:
        yield sent
    finally:
        connection_created.disconnect(watch)


def completed(set_number: int) -> Completed:
    """Return four responses, measured."""
    return Completed(
        [
            MadeResponse(
                text=f"View {set_number}.{slot}",
                model="m",
                seed=slot,
                finish_reason="stop",
                prompt_tokens=None,
                completion_tokens=None,
                origin={"part": slot},
                detected_language="en",
                language_check="same",
                flags=("refusal",),
            )
            for slot in range(4)
        ],
        DiversityFigures(0.6, -0.5, 4, 1.2),
    )


@pytest.mark.parametrize("strategy", ["nc_prompt", "independent"])
def test_a_hundred_sets_cost_at_most_twenty_statements_claims_and_looks_included(
    project: Project,
    model_server: ModelServerStandIn,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    strategy: str,
) -> None:
    # The figure is for full batches, however slow this machine is today.
    monkeypatch.setattr("workers.pump.LONGEST_WAIT_TO_STORE", 60.0)
    settings.VLLM_CONCURRENCY = 32
    run = start(project, *(f"Question {number}?" for number in range(200)), strategy=strategy)
    with statements_of_other_threads() as sent:
        assert pump(run).state == "finished"
    assert CandidateSet.objects.filter(run=run, state="complete").count() == 200
    assert len(sent) <= 2 * PER_HUNDRED_SETS, "\n\n".join(sent)


@pytest.mark.usefixtures("model_server")
def test_storing_takes_four_statements_however_many_sets_there_are(project: Project) -> None:
    run = start(project, *(f"Question {number}?" for number in range(41)))
    counts = []
    for size in (1, 5, 35):  # the project's first set opens its first wave
        results = [
            SetResult(
                claimed,
                completed(claimed.set_id),
                [Exchanged(number=0, request={}, answer={}, error="", duration_ms=1)],
            )
            for claimed in claim_sets(run_id=run.pk, limit=size)
        ]
        with CaptureQueriesContext(connection) as queries:
            store_results(results=results)
        counts.append(
            len([q for q in queries.captured_queries if not q["sql"].startswith(TRANSACTION)])
        )
    assert counts[1:] == [4, 4]
    assert Response.objects.count() == 164
    assert Exchange.objects.count() == Diversity.objects.count() == Comparison.objects.count() == 41
