"""The queue of candidate sets: leases, tokens, and what a worker that is gone leaves behind."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from annotator.errors import Refused
from annotator.models import CandidateSet, Comparison, Exchange, GenerationRun, Project, Response
from annotator.selectors.generation import run_progress
from annotator.services import generation
from annotator.services.generation import (
    Again,
    ClaimedSet,
    Completed,
    Exchanged,
    Failed,
    MadeResponse,
    Outcome,
    SetResult,
    claim_sets,
    store_results,
)
from tests.workers.runs import let_leases_pass, only_set, start

pytestmark = pytest.mark.usefixtures("model_server")

FOUR = Completed(
    [
        MadeResponse(
            text=f"**View** {slot}",
            model="m",
            seed=slot,
            finish_reason="stop",
            prompt_tokens=5,
            completion_tokens=7,
        )
        for slot in range(4)
    ]
)
EXCHANGED = Exchanged(
    number=0,
    request={"seed": 1},
    answer={"id": "x"},
    error="",
    duration_ms=12,
    prompt_tokens=5,
    completion_tokens=28,
)


def store(claimed: ClaimedSet, outcome: Outcome = FOUR) -> generation.Stored:
    return store_results(
        results=[SetResult(claimed=claimed, outcome=outcome, exchanges=[EXCHANGED])]
    )


def test_a_claim_leases_the_oldest_sets_and_gives_each_a_token(project: Project) -> None:
    run = start(project, "A?", "B?", "C?")
    claimed = claim_sets(run_id=run.pk, limit=2)
    assert [one.text for one in claimed] == ["A?", "B?"]
    assert [one.attempt for one in claimed] == [1, 1]
    assert len({one.token for one in claimed}) == 2
    assert [one.text for one in claim_sets(run_id=run.pk, limit=2)] == ["C?"]
    assert claim_sets(run_id=run.pk, limit=2) == []


def test_workers_that_claim_at_once_never_get_the_same_set(project: Project) -> None:
    run = start(project, *(f"Question {number}?" for number in range(40)))

    def claim_all(_worker: int) -> list[int]:
        mine: list[int] = []
        while batch := claim_sets(run_id=run.pk, limit=3):
            mine += [claimed.set_id for claimed in batch]
        connection.close()
        return mine

    with ThreadPoolExecutor(8) as workers:
        claimed = [set_id for mine in workers.map(claim_all, range(8)) for set_id in mine]
    # A set that another claim holds at the moment is skipped, so a worker may leave early; none is doubled.
    claimed += [one.set_id for one in claim_sets(run_id=run.pk, limit=99)]
    assert len(claimed) == len(set(claimed)) == 40


def test_a_complete_result_stores_responses_html_exchanges_and_opens_comparisons_together(
    project: Project,
) -> None:
    run = start(project, "A?")
    (claimed,) = claim_sets(run_id=run.pk, limit=1)
    assert store(claimed).states == {claimed.set_id: "complete"}
    made = only_set(run)
    responses = list(Response.objects.filter(candidate_set=made).order_by("slot"))
    assert [response.text for response in responses] == [f"**View** {slot}" for slot in range(4)]
    assert responses[0].html == "<p><strong>View</strong> 0</p>"
    assert [
        (response.strategy, response.template_version, response.model, response.seed)
        for response in responses
    ] == [("nc_prompt", "nc_prompt-hash-system-1", "m", slot) for slot in range(4)]
    assert (made.token, made.lease_until, made.prompt_tokens, made.completion_tokens) == (
        None,
        None,
        5,
        28,
    )
    assert made.completed_at is not None
    assert Exchange.objects.get(candidate_set=made).request == {"seed": 1}
    assert Comparison.objects.get(candidate_set=made).assignments.count() == project.overlap


def test_no_set_is_complete_without_its_comparisons(project: Project) -> None:
    """Whatever fails after the responses are stored takes the responses with it."""
    run = start(project, "A?")
    (claimed,) = claim_sets(run_id=run.pk, limit=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE annotator_comparison ADD CONSTRAINT none_today CHECK (false) NOT VALID"
        )
    try:
        assert store(claimed).states == {claimed.set_id: "failed"}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE annotator_comparison DROP CONSTRAINT none_today")
    assert (only_set(run).failure, Response.objects.count()) == ("unstorable", 0)


def test_a_worker_that_lost_its_lease_cannot_write(project: Project) -> None:
    run = start(project, "A?")
    (stale,) = claim_sets(run_id=run.pk, limit=1, lease=timedelta(seconds=-1))
    assert generation.requeue_overdue() == 1
    (fresh,) = claim_sets(run_id=run.pk, limit=1)
    assert (fresh.attempt, fresh.token != stale.token) == (2, True)
    assert store(stale).late == 1
    assert (only_set(run).state, Response.objects.count(), Exchange.objects.count()) == (
        "running",
        0,
        0,
    )
    assert store(fresh).states == {fresh.set_id: "complete"}
    assert store(stale).late == 1
    assert Response.objects.count() == 4


def test_the_same_result_twice_is_stored_once(project: Project) -> None:
    run = start(project, "A?")
    (claimed,) = claim_sets(run_id=run.pk, limit=1)
    assert [store(claimed).late, store(claimed).late] == [0, 1]
    assert Response.objects.count() == 4


def test_without_the_token_the_late_write_would_have_gone_through(project: Project) -> None:
    """The negative control: take the guard out of the statement, and it stores."""
    run = start(project, "A?")
    (stale,) = claim_sets(run_id=run.pk, limit=1, lease=timedelta(seconds=-1))
    generation.requeue_overdue()
    claim_sets(run_id=run.pk, limit=1)
    from annotator.services.generation import results

    guarded = results.STORE
    try:
        results.STORE = guarded.replace("AND result.token = s.token", "")
        assert store(stale).late == 0
    finally:
        results.STORE = guarded


def test_renewing_keeps_a_lease_and_tells_which_were_lost(project: Project) -> None:
    run = start(project, "A?", "B?")
    claimed = claim_sets(run_id=run.pk, limit=2, lease=timedelta(seconds=-1))
    assert generation.renew_leases(claimed=claimed[:1]) == {claimed[0].set_id}
    assert generation.requeue_overdue() == 1
    assert generation.renew_leases(claimed=claimed) == {claimed[0].set_id}


def test_what_is_given_back_counts_as_never_claimed(project: Project) -> None:
    run = start(project, "A?")
    claimed = claim_sets(run_id=run.pk, limit=1)
    assert generation.give_back_sets(claimed=claimed) == 1
    assert generation.give_back_sets(claimed=claimed) == 0
    made = only_set(run)
    assert (made.state, made.attempt, made.faults, made.token) == ("queued", 0, 0, None)


def test_a_set_whose_worker_is_lost_three_times_fails_while_others_go_on(project: Project) -> None:
    run = start(project, "Poison?", "Fine?")
    for attempt in (1, 2, 3):
        CandidateSet.objects.filter(run=run, state="queued").update(not_before=None)
        claimed = claim_sets(run_id=run.pk, limit=2)
        assert claimed[0].attempt == attempt
        for one in claimed[1:]:
            store(one)
        let_leases_pass(run)
        generation.requeue_overdue()
    states = dict(CandidateSet.objects.filter(run=run).values_list("prompt__text", "state"))
    assert states == {"Poison?": "failed", "Fine?": "complete"}
    assert run_progress(run).reasons == {"worker_lost": 1}


def test_a_set_lost_twice_waits_so_that_it_meets_other_neighbours(project: Project) -> None:
    run = start(project, "A?")
    CandidateSet.objects.filter(run=run).update(seed=30)
    for _ in range(2):
        claim_sets(run_id=run.pk, limit=1)
        let_leases_pass(run)
        generation.requeue_overdue()
    assert only_set(run).not_before is not None
    assert claim_sets(run_id=run.pk, limit=1) == []


def test_an_attempt_without_fault_never_ends_a_set(project: Project) -> None:
    run = start(project, "A?")
    for attempt in range(1, 6):
        (claimed,) = claim_sets(run_id=run.pk, limit=1)
        assert claimed.attempt == attempt
        assert store(claimed, Again("server_unavailable", "", fault=False)).states == {
            claimed.set_id: "queued"
        }
    assert run_progress(run).waiting == {"server_unavailable": 1}


def test_the_third_fault_ends_a_set_and_every_exchange_is_kept(project: Project) -> None:
    run = start(project, "A?")
    for _ in range(3):
        (claimed,) = claim_sets(run_id=run.pk, limit=1)
        store(claimed, Again("invalid_json", "not JSON"))
    made = only_set(run)
    assert (made.state, made.failure, made.failure_detail, made.faults) == (
        "failed",
        "invalid_json",
        "not JSON",
        3,
    )
    assert list(Exchange.objects.order_by("attempt").values_list("attempt", flat=True)) == [1, 2, 3]


def test_a_set_is_not_claimed_before_its_time(project: Project) -> None:
    run = start(project, "A?")
    (claimed,) = claim_sets(run_id=run.pk, limit=1)
    store(claimed, Again("throttled", "", delay=300, fault=False))
    assert claim_sets(run_id=run.pk, limit=1) == []
    CandidateSet.objects.filter(run=run).update(not_before=None)
    assert len(claim_sets(run_id=run.pk, limit=1)) == 1


def test_a_result_that_the_database_refuses_fails_alone(project: Project) -> None:
    run = start(project, "A?", "B?", "C?")
    claimed = claim_sets(run_id=run.pk, limit=3)
    bad = Completed(
        [
            MadeResponse(
                text="",
                model="",
                seed=0,
                finish_reason="",
                prompt_tokens=None,
                completion_tokens=None,
            )
        ]
    )
    stored = store_results(
        results=[
            SetResult(claimed=one, outcome=bad if one.text == "B?" else FOUR) for one in claimed
        ]
    )
    assert [stored.states[one.set_id] for one in claimed] == ["complete", "failed", "complete"]


def test_what_cannot_be_stored_in_an_answer_is_replaced_and_said(project: Project) -> None:
    run = start(project, "A?")
    (claimed,) = claim_sets(run_id=run.pk, limit=1)
    odd = Exchanged(
        number=0,
        request={},
        answer={"a\0": ["b\ud800", float("nan"), "fine"]},
        error="",
        duration_ms=1,
    )
    store_results(
        results=[SetResult(claimed=claimed, outcome=Failed("garbled", "a\0b"), exchanges=[odd])]
    )
    exchange = Exchange.objects.get()
    assert exchange.answer == {"a\ufffd": ["b\ufffd", None, "fine"]}
    assert "replaced" in exchange.error


def test_a_running_set_has_a_lease_and_a_token_by_constraint(project: Project) -> None:
    run = start(project, "A?")
    with (
        pytest.raises(IntegrityError, match="running_sets_have_a_lease_and_a_token"),
        transaction.atomic(),
    ):
        CandidateSet.objects.filter(run=run).update(state="running")


def test_a_complete_set_is_never_changed(project: Project) -> None:
    run = start(project, "A?")
    (claimed,) = claim_sets(run_id=run.pk, limit=1)
    store(claimed)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        CandidateSet.objects.filter(run=run).update(state="queued")


@pytest.mark.parametrize("state", ["paused", "cancelled", "finished"])
def test_only_running_runs_are_claimed_from(project: Project, state: str) -> None:
    run = start(project, "A?")
    GenerationRun.objects.filter(pk=run.pk).update(state=state)
    assert claim_sets(run_id=run.pk, limit=1) == []


def test_pause_resume_and_cancel_are_refused_where_they_make_no_sense(project: Project) -> None:
    run = start(project, "A?")
    with pytest.raises(Refused, match="Only a paused run"):
        generation.resume_run(run=run)
    generation.pause_run(run=run, reason="Lunch.")
    with pytest.raises(Refused, match="Only a running run"):
        generation.pause_run(run=run)
    assert run_progress(run).pause_reason == "Lunch."
    generation.resume_run(run=run)
    assert run_progress(run).pause_reason == ""
    generation.cancel_run(run=run)
    for steer in (
        generation.pause_run,
        generation.resume_run,
        generation.cancel_run,
        generation.retry_failed,
    ):
        with pytest.raises(Refused):
            steer(run=run)


def test_a_cancelled_run_refuses_what_is_still_under_way(project: Project) -> None:
    run = start(project, "A?", "B?")
    (claimed,) = claim_sets(run_id=run.pk, limit=1)
    generation.cancel_run(run=run)
    assert store(claimed).late == 1
    assert set(CandidateSet.objects.filter(run=run).values_list("state", flat=True)) == {
        "cancelled"
    }


def test_retrying_queues_the_failed_sets_again_with_a_fresh_count(project: Project) -> None:
    run = start(project, "A?", "B?")
    good, bad = claim_sets(run_id=run.pk, limit=2)
    store(good)
    store(bad, Failed("context_length", "too long"))
    assert generation.finish_runs(run_ids=[run.pk]) == 1
    assert generation.retry_failed(run=run) == 1
    (again,) = claim_sets(run_id=run.pk, limit=9)
    assert (again.set_id, again.attempt) == (bad.set_id, 2)
    store(again)
    assert generation.finish_runs(run_ids=[run.pk]) == 1
    with pytest.raises(Refused, match="has failed"):
        generation.retry_failed(run=run)


def test_a_run_finishes_when_nothing_is_queued_or_running(project: Project) -> None:
    run = start(project, "A?")
    assert generation.finish_runs(run_ids=[run.pk]) == 0
    (claimed,) = claim_sets(run_id=run.pk, limit=1)
    assert generation.finish_runs(run_ids=[run.pk]) == 0
    store(claimed)
    generation.requeue_overdue()
    progress = run_progress(run)
    assert (progress.state, progress.over, progress.done, progress.total) == (
        "finished",
        True,
        1,
        1,
    )
