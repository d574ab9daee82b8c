"""What issue after issue was promised of generation, against a real vLLM: strategies, replay, outages, waiting."""

import asyncio
import threading
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from annotator.models import (
    CandidateSet,
    Exchange,
    MeasuringFault,
    ModelEndpoint,
    Project,
    Response,
    Verdict,
)
from annotator.selectors.generation import run_progress
from annotator.services import generation
from annotator.services.generation import start_trial
from annotator.services.profiles import add_library_profiles
from tests.factories import make_prompt
from tests.vllm.real_server import MODEL, RealServer, free_port, run_vllm
from tests.workers.celery_worker import run_worker, wait_until
from tests.workers.runs import only_set, pump, start
from tests.workers.test_worker_processes import assert_nothing_lost_or_doubled
from workers import measuring
from workers.pump import pump_run

pytestmark = [pytest.mark.vllm]

QUESTIONS = tuple(f"What is owed to neighbour {number}?" for number in range(6))
SETS = 150
"""Half a minute of work, stored in batches."""
STRUCTURED = {"protocol": "structured", "max_characters": 80}


@pytest.mark.parametrize(
    ("strategy", "parameters"),
    [
        ("nc_prompt", {**STRUCTURED, "max_tokens": 1500}),
        (
            "nc_prompt",
            {**STRUCTURED, "max_tokens": 1800, "composition": "k_minus_1_nc_plus_default"},
        ),
        ("value_systems", {"profiles": ["traditional", "care", "order"], "max_tokens": 1500}),
        (
            "select_dpp",
            {"base": "nc_prompt", "base_parameters": STRUCTURED, "pool": 8, "max_tokens": 1500},
        ),
        ("select_dpp", {"pool": 8, "max_tokens": 1500}),
        ("models", {"models": [MODEL, MODEL + ":latest"], "max_tokens": 1500}),
    ],
)
def test_a_strategy_of_each_kind_makes_sets(
    project: Project,
    vllm: RealServer,
    vllm_settings: Settings,
    strategy: str,
    parameters: dict[str, Any],
) -> None:
    add_library_profiles()
    run = start(
        project, *QUESTIONS, strategy=strategy, parameters={"max_length_ratio": None, **parameters}
    )
    run = pump(run)
    progress = run_progress(run)
    if strategy == "models":  # one of them is not served
        assert "does not exist" in run.pause_reason
        return
    assert progress.complete >= 5, progress  # noise may be empty three times
    assert Response.objects.filter(candidate_set__run=run).count() == 4 * progress.complete


def test_stated_probabilities_are_read_or_refused_with_their_reason(
    project: Project, vllm: RealServer, vllm_settings: Settings
) -> None:
    run = pump(
        start(
            project,
            *QUESTIONS,
            strategy="verbalized",
            parameters={"max_characters": 80, "max_tokens": 1500, "max_length_ratio": None},
        )
    )
    progress = run_progress(run)
    assert progress.done == 6
    # Random weights state any number: what they state is refused unless it is a probability.
    assert set(progress.reasons) <= {"bad_probability", "invalid_json"}, progress
    for response in Response.objects.filter(candidate_set__run=run):
        assert 0 <= response.origin["probability"] <= 1


def test_an_answer_cut_at_max_tokens_is_truncated_and_never_shown(
    project: Project, vllm: RealServer, vllm_settings: Settings
) -> None:
    run = pump(start(project, QUESTIONS[0], parameters={**STRUCTURED, "max_tokens": 10}))
    assert only_set(run).state == "truncated"
    assert "longest answer of 10 tokens" in only_set(run).failure_detail
    assert not Response.objects.exists()


def test_a_stored_set_is_replayed_with_the_same_texts(
    project: Project, vllm: RealServer, vllm_settings: Settings
) -> None:
    vllm_settings.VLLM_CONCURRENCY = 1  # each request alone, as it will be replayed
    run = pump(
        start(project, QUESTIONS[0], strategy="independent", parameters={"max_tokens": 1900})
    )
    made = only_set(run)
    assert made.state == "complete"
    output = StringIO()
    call_command("replay", made.pk, stdout=output)
    assert output.getvalue().count("the same text") == 4


def test_a_judge_answers_by_the_schema(
    project: Project, vllm: RealServer, vllm_settings: Settings
) -> None:
    vllm_settings.JUDGE_ENDPOINT, vllm_settings.JUDGE_MODEL = "default", MODEL
    run = pump(start(project, QUESTIONS[0], parameters={**STRUCTURED, "max_tokens": 1500}))
    measuring.measure_sets(stopping=lambda: False)
    verdicts = Verdict.objects.filter(response__candidate_set__run=run)
    assert verdicts.count() == 4, list(MeasuringFault.objects.values_list("detail", flat=True))
    assert {verdict.template_version for verdict in verdicts} == {"judge-1"}
    assert all(
        set(verdict.values) == {"traditional_secular", "survival_self_expression"}
        for verdict in verdicts
    )


def test_the_shared_system_message_is_found_in_the_prefix_cache(
    project: Project, vllm: RealServer, vllm_settings: Settings
) -> None:
    add_library_profiles()
    looked_up, found = (
        vllm.metric(f"vllm:prefix_cache_{name}_total") for name in ("queries", "hits")
    )
    pump(
        start(
            project,
            *QUESTIONS,
            strategy="value_systems",
            parameters={"profiles": ["traditional", "care", "order"], "max_tokens": 400},
        )
    )
    looked_up = vllm.metric("vllm:prefix_cache_queries_total") - looked_up
    found = vllm.metric("vllm:prefix_cache_hits_total") - found
    assert found / looked_up > 0.4, (found, looked_up)
    assert (ModelEndpoint.objects.get(name="default").prefix_hit_rate or 0) > 0


def test_a_set_that_somebody_waits_for_is_there_within_a_second_of_its_last_token(
    project: Project, vllm: RealServer, vllm_settings: Settings
) -> None:
    make_prompt(project, QUESTIONS[0])
    for number in range(3):
        made = start_trial(
            project=project,
            text=f"What is fair in case {number}?",
            language="en",
            strategy="independent",
            parameters={"max_tokens": 300},
        )
        assert made.run is not None
        thread = threading.Thread(
            target=lambda run_id=made.run_id: asyncio.run(
                pump_run(run_id=run_id, stopping=lambda: False)
            )
        )
        thread.start()
        tokens = vllm.metric("vllm:generation_tokens_total")
        last_token = time.monotonic()
        while CandidateSet.objects.filter(pk=made.pk, state__in=["queued", "running"]).exists():
            now = vllm.metric("vllm:generation_tokens_total")
            if now > tokens:
                tokens, last_token = now, time.monotonic()
            time.sleep(0.02)
        assert time.monotonic() - last_token < 1.0
        thread.join(30)


@pytest.mark.processes
def test_a_server_killed_in_the_middle_of_a_run_costs_no_set(
    project: Project, settings: Settings, vllm: RealServer, tmp_path: Path
) -> None:
    port = free_port()
    settings.VLLM_BASE_URL, settings.VLLM_API_KEY = f"http://127.0.0.1:{port}/v1", "tests-only"
    settings.VLLM_CONCURRENCY, settings.VLLM_PRIORITY = 16, True
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    with run_worker(log=tmp_path / "worker.log"):
        with run_vllm(tmp_path / "first", port=port) as first:
            run = start(
                project,
                *(f"What is owed to neighbour {number}?" for number in range(SETS)),
                strategy="independent",
                parameters={"max_tokens": 1900},
            )
            wait_until(lambda: run_progress(run).complete >= 4, seconds=120)
            first.kill()
        before = run_progress(run)
        assert not before.over
        with run_vllm(tmp_path / "second", port=port):
            # The worker has left a server that is away; the sweep takes the sets back and rings.
            wait_until(
                lambda: run_progress(run).over or generation.requeue_overdue() < 0, seconds=240
            )
    progress = run_progress(run)
    assert (progress.state, progress.complete) == ("finished", SETS), progress
    assert_nothing_lost_or_doubled(run, SETS)
    lost = Exchange.objects.filter(candidate_set__run=run, answer=None)
    assert set(lost.values_list("outcome", flat=True)) <= {"server_unavailable"}
