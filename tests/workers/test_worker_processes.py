"""Real Celery workers in processes of their own: rung, killed, asked to end."""

import os
import signal
from pathlib import Path

import pytest

from annotator.bells import QUEUES
from annotator.models import CandidateSet, Comparison, Exchange, GenerationRun, Project, Response
from annotator.services import generation
from config.celery import app
from tests.model_server import ModelServerStandIn
from tests.workers.celery_worker import kill_group, run_worker, wait_until
from tests.workers.runs import let_leases_pass, start

pytestmark = pytest.mark.processes


def finished(run: GenerationRun) -> bool:
    return GenerationRun.objects.filter(pk=run.pk, state="finished").exists()


def count(run: GenerationRun, state: str) -> int:
    return CandidateSet.objects.filter(run=run, state=state).count()


def assert_nothing_lost_or_doubled(run: GenerationRun, sets: int) -> None:
    assert count(run, "complete") == sets
    assert Response.objects.filter(candidate_set__run=run).count() == 4 * sets
    assert Comparison.objects.filter(candidate_set__run=run).count() == sets
    assert (
        Exchange.objects.filter(candidate_set__run=run).values("candidate_set").distinct().count()
        == sets
    )


def test_every_bell_has_its_task() -> None:
    app.loader.import_default_modules()
    assert set(QUEUES) <= set(app.tasks)


def test_a_bell_lets_a_worker_finish_the_run(
    project: Project, model_server: ModelServerStandIn, tmp_path: Path
) -> None:
    with run_worker(log=tmp_path / "worker.log"):
        run = start(project, *(f"{number}?" for number in range(20)))
        wait_until(lambda: finished(run))
    assert_nothing_lost_or_doubled(run, 20)


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(
    project: Project, model_server: ModelServerStandIn, tmp_path: Path
) -> None:
    # Results are stored by the hundred: with fewer sets there would be no middle.
    with run_worker(log=tmp_path / "first.log") as first:
        run = start(
            project, *(f"{number}? [[slow-30]]" for number in range(240)), strategy="independent"
        )
        wait_until(lambda: count(run, "complete") >= 5 and count(run, "running") > 0)
        kill_group(first)
    left = count(run, "running")
    assert left > 0
    assert not finished(run)
    let_leases_pass(run)
    with run_worker(log=tmp_path / "second.log"):
        assert generation.requeue_overdue() == left  # takes the sets back and rings
        wait_until(lambda: finished(run))
    assert_nothing_lost_or_doubled(run, 240)


def test_a_worker_stopped_past_its_lease_wakes_up_and_cannot_write(
    project: Project, model_server: ModelServerStandIn, tmp_path: Path
) -> None:
    with run_worker(log=tmp_path / "first.log") as first:
        run = start(project, *(f"{number}? [[slow-400]]" for number in range(8)))
        wait_until(
            lambda: len([seen for seen in model_server.seen if seen.mode == "slow-400"]) == 8
        )
        _signal_group(first.pid, signal.SIGSTOP)
        let_leases_pass(run)
        left = generation.requeue_overdue()
        with run_worker(log=tmp_path / "second.log"):
            # Redis may hand the bell to the stopped worker, where it is lost: hence the sweep rings again.
            wait_until(lambda: finished(run) or generation.requeue_overdue() < 0)
        tokens = set(CandidateSet.objects.filter(run=run).values_list("attempt", flat=True))
        _signal_group(first.pid, signal.SIGCONT)
        wait_until(lambda: "succeeded in" in (tmp_path / "first.log").read_text())
    assert left == 8
    assert tokens == {2}
    assert_nothing_lost_or_doubled(run, 8)


def test_a_worker_asked_to_end_puts_its_sets_back_within_seconds(
    project: Project, model_server: ModelServerStandIn, tmp_path: Path
) -> None:
    with run_worker(log=tmp_path / "worker.log") as worker:
        run = start(project, *(f"{number}? [[hang]]" for number in range(30)))
        wait_until(lambda: model_server.in_flight == 6)
        worker.terminate()
        worker.wait(15)
    assert (count(run, "queued"), count(run, "running")) == (30, 0)
    assert set(CandidateSet.objects.filter(run=run).values_list("attempt", "faults")) == {(0, 0)}


def _signal_group(group: int, number: signal.Signals) -> None:
    os.killpg(group, number)
