"""The pump: a run from its first request to its last stored set, against a real HTTP server."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection
from pytest_django import Settings

from annotator.models import CandidateSet, Comparison, Exchange, GenerationRun, Project, Response
from annotator.selectors.generation import run_progress
from annotator.services import generation
from tests.factories import make_prompt
from tests.model_server import ModelServerStandIn, Seen
from tests.workers.runs import only_set, pump, received, set_by_text, start, with_short_pauses


def sets_asked(server: ModelServerStandIn) -> list[Seen]:
    """Return the requests for sets: all but the probes."""
    return [seen for seen in server.seen if seen.body["max_tokens"] > 1]


@pytest.mark.parametrize(
    ("strategy", "parameters"),
    [("nc_prompt", {}), ("nc_prompt", {"protocol": "structured"}), ("independent", {})],
)
def test_a_run_ends_with_every_set_complete_and_open_for_comparison(
    project: Project, model_server: ModelServerStandIn, strategy: str, parameters: dict[str, object]
) -> None:
    run = pump(
        start(
            project,
            *(f"Question {number}?" for number in range(30)),
            strategy=strategy,
            parameters=parameters,
        )
    )
    progress = run_progress(run)
    assert (progress.state, progress.complete, progress.total) == ("finished", 30, 30)
    assert progress.tokens_per_second > 0
    assert Response.objects.count() == 120
    assert Comparison.objects.filter(candidate_set__run=run).count() == 30
    assert (
        Exchange.objects.count()
        == len(sets_asked(model_server))
        == (120 if strategy == "independent" else 30)
    )


def test_what_was_sent_and_received_is_kept_as_it_was(
    project: Project, model_server: ModelServerStandIn
) -> None:
    prompt = make_prompt(project, "Who decides?", system="You are brief.")
    run = pump(
        generation.start_run(project=project, strategy="independent", parameters={"max_tokens": 99})
    )
    exchanges = list(Exchange.objects.order_by("number"))
    assert [exchange.number for exchange in exchanges] == [0, 1, 2, 3]
    assert sorted(
        (seen.body for seen in sets_asked(model_server)), key=lambda body: body["seed"]
    ) == sorted((exchange.request for exchange in exchanges), key=lambda body: body["seed"])
    first, response = exchanges[0], Response.objects.get(slot=0)
    assert first.request["messages"] == [
        {"role": "system", "content": "You are brief."},
        {"role": "user", "content": prompt.text},
    ]
    assert received(first)["choices"][0]["message"]["content"] == response.text
    assert received(first)["usage"]["completion_tokens"] == response.completion_tokens
    assert (response.seed, response.model, response.finish_reason) == (
        first.request["seed"],
        "stand-in",
        "stop",
    )
    assert only_set(run).completion_tokens == sum(
        received(exchange)["usage"]["completion_tokens"] for exchange in exchanges
    )


def test_the_models_name_is_the_runs_or_the_first_that_the_server_lists(
    project: Project, model_server: ModelServerStandIn
) -> None:
    pump(start(project, "A?"))
    pump(start(project, model="stand-in:ok"))
    assert [seen.body["model"] for seen in sets_asked(model_server)] == ["stand-in", "stand-in:ok"]


def test_the_key_is_sent(
    project: Project, model_server: ModelServerStandIn, settings: Settings
) -> None:
    settings.VLLM_API_KEY = model_server.api_key = "k3y"
    assert pump(start(project, "A?")).state == "finished"
    assert {seen.authorization for seen in model_server.seen} == {"Bearer k3y"}


def test_as_many_requests_are_in_flight_as_allowed_and_never_more(
    project: Project, model_server: ModelServerStandIn, settings: Settings
) -> None:
    settings.VLLM_CONCURRENCY = 6
    pump(
        start(project, *(f"{number}? [[slow-50]]" for number in range(12)), strategy="independent")
    )
    assert model_server.peak == 4  # a quarter stays free for people who wait


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("wrong-count", "wrong_count"),
        ("empty", "empty_answer"),
        ("identical", "identical_responses"),
        ("nul", "unstorable_text"),
    ],
)
def test_an_unusable_set_fails_after_three_attempts_with_other_seeds_while_others_go_on(
    project: Project, model_server: ModelServerStandIn, mode: str, reason: str
) -> None:
    run = pump(start(project, f"Bad? [[{mode}]]", "Good?"))
    bad = set_by_text(run, f"Bad? [[{mode}]]")
    assert (bad.state, bad.failure, bad.attempt) == ("failed", reason, 3)
    exchanges = Exchange.objects.filter(candidate_set=bad)
    assert len({exchange.request["seed"] for exchange in exchanges}) == 3
    assert all(exchange.answer for exchange in exchanges)
    assert set_by_text(run, "Good?").state == "complete"
    assert (run.state, run_progress(run).reasons) == ("finished", {reason: 1})


def test_the_second_attempt_may_succeed(project: Project, model_server: ModelServerStandIn) -> None:
    run = pump(
        start(project, "Who decides? [[bad-json, ok]]", parameters={"protocol": "structured"})
    )
    made = only_set(run)
    assert (made.state, made.attempt, made.faults, made.failure) == ("complete", 2, 1, "")
    assert Response.objects.filter(candidate_set=made).count() == 4


def test_a_truncated_set_is_kept_but_never_shown(
    project: Project, model_server: ModelServerStandIn
) -> None:
    run = pump(start(project, "Long? [[length]]"))
    assert only_set(run).state == "truncated"
    assert (Response.objects.count(), Comparison.objects.count()) == (0, 0)
    assert received(Exchange.objects.get())["choices"][0]["finish_reason"] == "length"
    assert run_progress(run).truncated == 1


@pytest.mark.parametrize(
    ("mode", "reason", "words"),
    [
        ("context", "context_length", "2049 input tokens"),
        ("bad-request", "rejected", "must be non-negative"),
    ],
)
def test_a_request_that_will_never_do_fails_at_once(
    project: Project, model_server: ModelServerStandIn, mode: str, reason: str, words: str
) -> None:
    made = only_set(pump(start(project, f"Who? [[{mode}]]")))
    assert (made.state, made.failure, made.attempt) == ("failed", reason, 1)
    assert words in made.failure_detail


@pytest.mark.parametrize(
    ("mode", "reason"), [("broke", "server_error"), ("hang", "timed_out"), ("garbled", "garbled")]
)
def test_a_request_that_breaks_the_server_or_hangs_fails_the_third_time(
    project: Project, model_server: ModelServerStandIn, settings: Settings, mode: str, reason: str
) -> None:
    settings.VLLM_TIMEOUT = 0.3
    run = start(project, f"Who? [[{mode}]]")
    with_short_pauses(run)
    made = only_set(pump(run))
    assert (made.state, made.failure, made.attempt) == ("failed", reason, 3)


@pytest.mark.parametrize(
    "mode", ["unavailable", "bad-gateway", "dead-engine", "reset", "throttled-1"]
)
def test_an_outage_passes_and_leaves_no_trace_on_the_set(
    project: Project, model_server: ModelServerStandIn, mode: str
) -> None:
    run = start(project, f"Who? [[{mode}, {mode}, ok]]")
    with_short_pauses(run)
    made = only_set(pump(run))
    assert (made.state, made.attempt, made.faults) == ("complete", 3, 0)
    assert Exchange.objects.filter(candidate_set=made).exclude(error="").count() == 2


@pytest.mark.parametrize(
    ("mode", "status"), [("unauthorized", "401"), ("forbidden", "403"), ("not-found", "404")]
)
def test_a_refusal_of_everything_pauses_the_run_with_one_banner_and_resuming_finishes_it(
    project: Project, model_server: ModelServerStandIn, mode: str, status: str
) -> None:
    run = pump(start(project, f"A? [[{mode}, ok]]", *(f"{number}?" for number in range(20))))
    assert run.state == "paused"
    assert status in run.pause_reason
    assert "resume the run" in run.pause_reason
    assert not CandidateSet.objects.filter(run=run, state__in=["running", "failed"]).exists()
    generation.resume_run(run=run)
    assert pump(run).state == "finished"
    assert CandidateSet.objects.filter(run=run, state="complete").count() == 21


def test_a_wrong_model_key_or_address_pauses_before_any_set_is_claimed(
    project: Project, model_server: ModelServerStandIn, settings: Settings
) -> None:
    unknown = pump(start(project, "A?", model="unheard-of"))
    assert (unknown.state, only_set(unknown).attempt) == ("paused", 0)
    assert "`unheard-of` does not exist" in unknown.pause_reason
    model_server.api_key = "k3y"
    assert "401" in pump(start(project, "B?", model="stand-in", languages=["en"])).pause_reason
    settings.VLLM_BASE_URL = model_server.base_url.removesuffix("/v1")
    model_server.api_key = ""
    assert "404" in pump(start(project, "C?")).pause_reason


def test_a_server_that_is_away_shuts_the_gate_and_the_run_says_so(
    project: Project,
    model_server: ModelServerStandIn,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workers.pump.PATIENCE", 0.5)
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    run = pump(start(project, "A?"))
    assert run.state == "running"
    assert "cannot be reached" in run.pause_reason
    assert only_set(run).attempt == 0
    settings.VLLM_BASE_URL = model_server.base_url
    run = pump(run)
    assert (run.state, run.pause_reason) == ("finished", "")


def test_after_five_outages_in_a_row_nothing_is_sent_until_a_probe_succeeds(
    project: Project, model_server: ModelServerStandIn, settings: Settings
) -> None:
    settings.VLLM_CONCURRENCY = 1
    run = start(project, *(f"{number}? [[unavailable, ok]]" for number in range(8)))
    with_short_pauses(run)
    assert pump(run).state == "finished"
    probes = [index for index, seen in enumerate(model_server.seen) if seen.body["max_tokens"] == 1]
    assert probes[0] == 0
    assert [seen.outcome for seen in model_server.seen[1:6]] == ["503"] * 5
    assert probes[1] == 6
    assert not CandidateSet.objects.filter(run=run).exclude(faults=0).exists()


def test_a_paused_run_stores_what_was_under_way_and_sends_nothing_more(
    project: Project, model_server: ModelServerStandIn, settings: Settings
) -> None:
    settings.VLLM_CONCURRENCY = 2
    run = start(project, *(f"{number}? [[slow-1500]]" for number in range(10)))
    pump(
        run,
        stopping=_once(
            lambda: len(sets_asked(model_server)) == 2, lambda: generation.pause_run(run=run)
        ),
    )
    assert GenerationRun.objects.get(pk=run.pk).state == "paused"
    states = list(
        CandidateSet.objects.filter(run=run).order_by("id").values_list("state", "attempt")
    )
    assert states.count(("complete", 1)) == len(sets_asked(model_server)) < 10
    assert states.count(("queued", 0)) == 10 - len(sets_asked(model_server))


def test_a_cancelled_run_hangs_up_on_the_server(
    project: Project, model_server: ModelServerStandIn
) -> None:
    run = start(project, *(f"{number}? [[hang]]" for number in range(3)))
    pump(
        run,
        stopping=_once(
            lambda: len(sets_asked(model_server)) == 3, lambda: generation.cancel_run(run=run)
        ),
    )
    assert set(CandidateSet.objects.filter(run=run).values_list("state", flat=True)) == {
        "cancelled"
    }
    _until(lambda: {seen.outcome for seen in sets_asked(model_server)} == {"gone"})


def test_a_worker_that_is_to_end_gives_everything_back_and_another_finishes(
    project: Project, model_server: ModelServerStandIn
) -> None:
    run = start(project, "A? [[hang, ok]]", *(f"{number}?" for number in range(5)))
    pump(run, stopping=lambda: any(seen.mode == "hang" for seen in model_server.seen))
    assert not CandidateSet.objects.filter(run=run, state="running").exists()
    run.refresh_from_db()
    assert pump(run).state == "finished"
    assert set(CandidateSet.objects.filter(run=run).values_list("state", "attempt")) == {
        ("complete", 1)
    }


def test_two_pumps_share_a_run_without_doubling_anything(
    project: Project, model_server: ModelServerStandIn
) -> None:
    run = start(project, *(f"{number}? [[slow-20]]" for number in range(40)))
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda _number: _pump_in_thread(run), range(2)))
    assert pump(run).state == "finished"
    assert CandidateSet.objects.filter(run=run, state="complete").count() == 40
    assert Response.objects.count() == 160
    assert len(sets_asked(model_server)) == 40


def test_a_fault_of_ours_at_one_set_does_not_stop_the_others(
    project: Project, model_server: ModelServerStandIn
) -> None:
    run = start(project, "A?", "B?")
    # A seed that no attempt can draw from: the strategy raises ValueError.
    CandidateSet.objects.filter(run=run, prompt__text="A?").update(seed=-1)
    pump(run)
    assert (set_by_text(run, "A?").state, set_by_text(run, "A?").failure) == (
        "failed",
        "internal_error",
    )
    assert set_by_text(run, "B?").state == "complete"


def test_a_connection_that_is_cut_in_the_middle_costs_nothing(
    project: Project, model_server: ModelServerStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    run = start(project, *(f"{number}? [[slow-100]]" for number in range(30)))
    cut = _once(lambda: len(sets_asked(model_server)) > 10, partial(_cut_all_but, _backend_pid()))
    assert pump(run, stopping=cut).state == "finished"
    assert "The database did not take" in caplog.text
    assert CandidateSet.objects.filter(run=run, state="complete", faults=0).count() == 30
    assert Response.objects.count() == 120


def test_a_bell_for_a_run_that_is_gone_or_over_does_nothing(
    project: Project, model_server: ModelServerStandIn
) -> None:
    run = start(project, "A?")
    generation.cancel_run(run=run)
    pump(run)
    assert model_server.seen == []


def _pump_in_thread(run: GenerationRun) -> None:
    pump(GenerationRun.objects.get(pk=run.pk))
    connection.close()


def _once(when: Callable[[], bool], do: Callable[[], None]) -> Callable[[], bool]:
    """Return a `stopping` that never stops, but does something from outside as soon as `when` holds."""
    done = False

    def stopping() -> bool:
        nonlocal done
        if not done and when():
            done = True
            with ThreadPoolExecutor(1) as outside:  # the pump's own thread has an event loop
                outside.submit(_and_hang_up, do).result()
        return False

    return stopping


def _and_hang_up(do: Callable[[], None]) -> None:
    do()
    connection.close()


def _backend_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
        return int(pid)


def _cut_all_but(pid: int) -> None:
    """End the sessions of the others: the pump's is one of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid NOT IN (%s, pg_backend_pid())",
            [pid],
        )


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
