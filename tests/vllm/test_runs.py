"""Whole runs through a real Celery worker and a real vLLM."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from annotator.models import CandidateSet, Comparison, Exchange, GenerationRun, Project, Response
from annotator.selectors.generation import run_progress
from annotator.services import generation
from tests.vllm.real_server import MODEL, RealServer
from tests.workers.celery_worker import run_worker, wait_until
from tests.workers.runs import received, start

pytestmark = [pytest.mark.vllm, pytest.mark.processes]

QUESTIONS = tuple(f"What is owed to neighbour {number}?" for number in range(12))


def run_to_the_end(project: Project, log: Path, **options: Any) -> GenerationRun:
    with run_worker(log=log):
        run = start(project, *QUESTIONS, **options)
        wait_until(lambda: run_progress(run).over, seconds=240)
    return run


def test_a_structured_run_completes_and_opens_its_comparisons(
    project: Project, vllm: RealServer, vllm_settings: Settings, tmp_path: Path
) -> None:
    parameters = {"protocol": "structured", "max_tokens": 1800, "max_characters": 120}
    run = run_to_the_end(
        project, tmp_path / "worker.log", strategy="nc_prompt", parameters=parameters
    )
    progress = run_progress(run)
    assert (progress.state, progress.complete) == ("finished", 12), progress
    assert Response.objects.count() == 48
    assert Comparison.objects.filter(candidate_set__run=run).count() == 12
    assert set(Response.objects.values_list("model", "finish_reason", "template_version")) == {
        (MODEL, "stop", "nc_prompt-structured-system-1")
    }
    for exchange in Exchange.objects.all():
        assert received(exchange)["usage"]["completion_tokens"] > 0


def test_an_independent_run_completes_and_its_seeds_give_the_texts_again(
    project: Project, vllm: RealServer, vllm_settings: Settings, tmp_path: Path
) -> None:
    run = run_to_the_end(
        project, tmp_path / "worker.log", strategy="independent", parameters={"max_tokens": 1900}
    )
    assert run_progress(run).complete == 12, run_progress(run)
    assert Response.objects.exclude(finish_reason="stop").count() == 0
    assert Response.objects.values("seed").distinct().count() == 48
    made = CandidateSet.objects.filter(run=run).earliest("id")
    assert made.completion_tokens == sum(
        response.completion_tokens or 0 for response in Response.objects.filter(candidate_set=made)
    )


def test_noise_does_not_speak_the_hash_protocol_and_the_run_says_why(
    project: Project, vllm: RealServer, vllm_settings: Settings, tmp_path: Path
) -> None:
    run = run_to_the_end(
        project,
        tmp_path / "worker.log",
        strategy="nc_prompt",
        parameters={"max_tokens": 400},
        limit=3,
    )
    progress = run_progress(run)
    assert (progress.state, progress.complete, progress.done) == ("finished", 0, 3)
    assert set(progress.reasons) <= {"no_marker", "empty_answer"}
    assert Response.objects.count() == 0


def test_a_prompt_too_long_for_the_model_fails_alone(
    project: Project, vllm: RealServer, vllm_settings: Settings, tmp_path: Path
) -> None:
    with run_worker(log=tmp_path / "worker.log"):
        run = start(
            project,
            "word " * 3000,
            "What is fair?",
            strategy="independent",
            parameters={"max_tokens": 1900},
        )
        wait_until(lambda: run_progress(run).over, seconds=120)
    states = dict(CandidateSet.objects.filter(run=run).values_list("failure", "state"))
    assert states == {"context_length": "failed", "": "complete"}
    assert "2048" in CandidateSet.objects.get(run=run, state="failed").failure_detail


def test_cancelling_a_run_empties_the_server(
    project: Project, vllm: RealServer, vllm_settings: Settings, tmp_path: Path
) -> None:
    # Hot enough and without a short end: structured answers of 8 long strings keep the server busy.
    parameters = {"protocol": "structured", "max_tokens": 1900, "max_characters": 100_000}
    questions = [f"{question} ({number})" for number in range(10) for question in QUESTIONS]
    tokens = vllm.metric("vllm:generation_tokens_total")
    with run_worker(log=tmp_path / "worker.log"):
        run = start(project, *questions, strategy="nc_prompt", parameters=parameters)
        # The gauge of running requests lags behind on a busy machine; tokens are counted as they come.
        wait_until(lambda: vllm.metric("vllm:generation_tokens_total") > tokens, seconds=60)
        generation.cancel_run(run=run)
        wait_until(lambda: vllm.metric("vllm:num_requests_running") == 0, seconds=30)
    assert set(CandidateSet.objects.filter(run=run).values_list("state", flat=True)) <= {
        "cancelled",
        "complete",
        "truncated",
    }
    assert CandidateSet.objects.filter(run=run, state="cancelled").exists()


def test_a_wrong_model_pauses_the_run_with_a_banner(
    project: Project, vllm: RealServer, vllm_settings: Settings, tmp_path: Path
) -> None:
    run = run_to_the_end(project, tmp_path / "worker.log", model="other")
    assert run.state == "paused"
    assert "`other` does not exist" in run.pause_reason
