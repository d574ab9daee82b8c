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
from tests.vllm.real_server import ALIAS, MODEL, RealServer, free_port, run_vllm
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
    ("strategy", "parameters", "origin"),
    [
        ("nc_prompt", {**STRUCTURED, "max_tokens": 1500}, set()),
        (
            "nc_prompt",
            {**STRUCTURED, "max_tokens": 1800, "composition": "k_minus_1_nc_plus_default"},
            {"part"},
        ),
        ("verbalized", {"max_characters": 80, "max_tokens": 1500}, {"probability"}),
        (
            "value_systems",
            {"profiles": ["traditional", "care", "order"], "max_tokens": 1500},
            {"profile", "profile_language"},
        ),
        (
            "select_dpp",
            {"base": "nc_prompt", "base_parameters": STRUCTURED, "pool": 8, "max_tokens": 1500},
            {"pool", "drawn"},
        ),
        ("select_dpp", {"pool": 8, "max_tokens": 1500}, {"pool", "drawn"}),
        ("models", {"models": [MODEL, ALIAS], "max_tokens": 1500}, {"asked_model"}),
        ("independent", {"max_tokens": 1500}, set()),
    ],
)
def test_a_strategy_of_each_kind_makes_sets(
    project: Project,
    vllm: RealServer,
    vllm_settings: Settings,
    strategy: str,
    parameters: dict[str, Any],
    origin: set[str],
) -> None:
    add_library_profiles()
    run = start(
        project, *QUESTIONS, strategy=strategy, parameters={"max_length_ratio": None, **parameters}
    )
    run = pump(run)
    progress = run_progress(run)
    assert progress.complete >= 5, progress  # noise may be empty three times
    made = list(Response.objects.filter(candidate_set__run=run))
    assert len(made) == 4 * progress.complete
    assert all(origin <= response.origin.keys() for response in made), made[0].origin


def test_stated_probabilities_are_numbers_between_0_and_1(
    project: Project, vllm: RealServer, vllm_settings: Settings
) -> None:
    """Random weights would state any number; the schema lets the server write no other."""
    run = start(
        project,
        *QUESTIONS,
        strategy="verbalized",
        parameters={"max_characters": 80, "max_tokens": 1500, "max_length_ratio": None},
    )
    pump(run)
    stated = Response.objects.filter(candidate_set__run=run).values_list("origin", flat=True)
    assert len({origin["probability"] for origin in stated}) > 4
    assert all(0 <= origin["probability"] <= 1 for origin in stated)
    lost = Exchange.objects.filter(candidate_set__run=run).exclude(outcome="complete")
    assert not lost.filter(outcome="bad_probability").exists()


def test_each_of_several_models_writes_a_candidate(
    project: Project, vllm: RealServer, vllm_settings: Settings
) -> None:
    run = start(
        project,
        *QUESTIONS,
        strategy="models",
        parameters={"models": [MODEL, ALIAS], "max_tokens": 1500, "max_length_ratio": None},
    )
    pump(run)
    complete = CandidateSet.objects.filter(run=run, state="complete")
    for made in complete:
        origins = list(made.responses.order_by("slot").values_list("origin", flat=True))
        assert [origin["asked_model"] for origin in origins] == [MODEL, ALIAS, MODEL, ALIAS]
        asked = Exchange.objects.filter(candidate_set=made, attempt=made.attempt)
        assert {exchange.request["model"] for exchange in asked} == {MODEL, ALIAS}
    assert complete.count() >= 5


def test_a_model_that_is_not_served_pauses_the_run_by_its_name(
    project: Project, vllm: RealServer, vllm_settings: Settings
) -> None:
    run = start(
        project,
        QUESTIONS[0],
        strategy="models",
        parameters={"models": [MODEL, "another"], "max_tokens": 1500},
    )
    run = pump(run)
    assert run.state == "paused"
    assert "another" in run.pause_reason
    assert "does not exist" in run.pause_reason


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
