"""Making live sets: streamed, with their progress in the row, ahead of a bulk run, by whichever worker."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from annotator.models import (
    Assignment,
    CandidateSet,
    Exchange,
    GenerationRun,
    Participation,
    Response,
)
from annotator.services.generation import ask_for_turn, requeue_overdue, start_trial
from tests.factories import make_annotator, make_own_turn, make_participation, make_project
from tests.model_server import ModelServerStandIn
from tests.workers.celery_worker import wait_until
from tests.workers.runs import let_leases_pass, pump, start
from workers.pump import pump_run

INDEPENDENT: dict[str, Any] = {"strategy": "independent"}


@pytest.fixture
def alice(transactional_db: None, model_server: ModelServerStandIn) -> Participation:
    """Let alice take part in a project whose live sets take four requests."""
    return make_participation(make_project(**INDEPENDENT), make_annotator("alice"))


def asked(alice: Participation, text: str) -> CandidateSet:
    return ask_for_turn(turn=make_own_turn(alice, text=text))


def run_of(candidate_set: CandidateSet) -> GenerationRun:
    assert candidate_set.run is not None
    return candidate_set.run


@contextmanager
def pumping(run: GenerationRun) -> Iterator[threading.Event]:
    """Work on a run beside the test, until it is told to stop or nothing is left."""
    stop = threading.Event()

    def work() -> None:
        try:
            asyncio.run(pump_run(run_id=run.pk, stopping=stop.is_set))
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


def fresh(candidate_set: CandidateSet) -> CandidateSet:
    return CandidateSet.objects.get(pk=candidate_set.pk)


def progress_of(candidate_set: CandidateSet) -> list[int]:
    return fresh(candidate_set).progress or []


def test_a_live_set_is_streamed_and_its_progress_stands_in_the_row(
    alice: Participation, model_server: ModelServerStandIn
) -> None:
    candidate_set = asked(alice, "What is fair? [[held]]")
    with pumping(run_of(candidate_set)):
        wait_until(
            lambda: len(progress_of(candidate_set)) == 4 and min(progress_of(candidate_set)) > 5
        )
        assert fresh(candidate_set).state == "running"
        assert not Response.objects.exists()
        model_server.release.set()
        wait_until(lambda: fresh(candidate_set).state == "complete")
    assert fresh(candidate_set).progress is None
    assert Response.objects.filter(candidate_set=candidate_set).count() == 4
    assert all(
        seen.body["stream"] is True for seen in model_server.seen if seen.body["max_tokens"] > 1
    )


def test_what_is_kept_of_a_streamed_request_can_be_sent_again_as_any_other(
    alice: Participation,
) -> None:
    pump(run_of(asked(alice, "What is fair?")))
    for exchange in Exchange.objects.all():
        assert "stream" not in exchange.request
        assert exchange.answer is not None
        assert exchange.answer["streamed"] is True
        assert exchange.answer["choices"][0]["finish_reason"] == "stop"


def test_bulk_is_not_streamed(alice: Participation, model_server: ModelServerStandIn) -> None:
    pump(start(alice.project, "A?", **INDEPENDENT))
    assert not any("stream" in seen.body for seen in model_server.seen)


def test_the_run_stands_and_the_worker_leaves_when_nobody_waits(alice: Participation) -> None:
    run = pump(run_of(asked(alice, "What is fair?")))
    assert run.state == "running"


def test_a_set_asked_for_while_another_is_made_is_not_kept_waiting_by_it(
    alice: Participation, model_server: ModelServerStandIn
) -> None:
    first = asked(alice, "First? [[held]]")
    with pumping(run_of(first)):
        wait_until(lambda: model_server.in_flight == 4)
        second = asked(alice, "Second?")
        wait_until(lambda: fresh(second).state == "complete")
        assert fresh(first).state == "running"
        model_server.release.set()
        wait_until(lambda: fresh(first).state == "complete")


def test_a_live_set_is_made_while_bulk_fills_the_server(
    alice: Participation, model_server: ModelServerStandIn
) -> None:
    bulk = start(alice.project, *(f"{number}? [[hang]]" for number in range(20)), **INDEPENDENT)
    with pumping(bulk):
        wait_until(lambda: model_server.in_flight >= 6)
        candidate_set = asked(alice, "And now?")
        pump(run_of(candidate_set))
        assert fresh(candidate_set).state == "complete"
        assert CandidateSet.objects.filter(run=bulk, state="running").exists()
        assert not CandidateSet.objects.filter(run=bulk, state="complete").exists()


@pytest.mark.parametrize("mode", ["cut", "early-end", "garbage", "stream-error", "reset"])
def test_a_stream_that_breaks_is_asked_again(alice: Participation, mode: str) -> None:
    candidate_set = asked(alice, f"What is fair? [[{mode}, {mode}, {mode}, {mode}, ok]]")
    # Seeds from which short pauses are drawn would be drawn in vain: let no pause be waited for.
    with pumping(run_of(candidate_set)):

        def is_complete() -> bool:
            CandidateSet.objects.filter(pk=candidate_set.pk, state="queued").update(not_before=None)
            return fresh(candidate_set).state == "complete"

        wait_until(is_complete)
    assert Response.objects.filter(candidate_set=candidate_set).count() == 4
    broken = Exchange.objects.filter(candidate_set=candidate_set).exclude(error="")
    assert broken.exists()


def test_a_worker_lost_in_the_middle_of_a_stream_is_followed_by_another_and_the_set_made_once(
    alice: Participation, model_server: ModelServerStandIn
) -> None:
    candidate_set = asked(alice, "What is fair? [[held, held, held, held, ok]]")
    run = run_of(candidate_set)
    with pumping(run) as stop:
        wait_until(lambda: bool(progress_of(candidate_set)))
        let_leases_pass(run)
        requeue_overdue()
        assert fresh(candidate_set).progress is None
        pump(run)  # or the first worker takes it up anew: its later answers come at once
        wait_until(lambda: fresh(candidate_set).state == "complete")
        made = list(Response.objects.values_list("pk", flat=True))
        model_server.release.set()  # now the first worker's answers come as well
        stop.set()
    assert list(Response.objects.values_list("pk", flat=True)) == made
    assert len(made) == 4


def test_a_trial_is_made_at_once_and_opens_nothing(
    alice: Participation, model_server: ModelServerStandIn
) -> None:
    candidate_set = start_trial(
        project=alice.project, text="What is fair?", language="en", strategy="nc_prompt"
    )
    run = pump(run_of(candidate_set))
    assert (run.purpose, run.state, fresh(candidate_set).state) == ("trial", "finished", "complete")
    assert model_server.seen[-1].body["stream"] is True
    assert not Assignment.objects.exists()
