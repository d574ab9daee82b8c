"""Candidates for a turn whose author waits: asked once, in the project's standing run, ahead of bulk."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection
from pytest_django import Settings

from annotator.errors import Refused
from annotator.models import (
    CandidateSet,
    Comparison,
    GenerationRun,
    Judgment,
    Participation,
    Turn,
)
from annotator.services import generation
from annotator.services.generation import SetResult, ask_for_turn, claim_sets, requeue_overdue
from annotator.services.projects import close_project, open_project, pause_project
from tests.factories import (
    make_annotator,
    make_judgment,
    make_next_turn,
    make_own_turn,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)
from tests.workers.runs import let_leases_pass
from tests.workers.test_candidate_queue import FOUR

pytestmark = pytest.mark.usefixtures("model_server")


@pytest.fixture
def alice(transactional_db: None) -> Participation:
    """Let alice take part in an open project."""
    return make_participation(make_project(turns=3), make_annotator("alice"))


def written_on(alice: Participation, message: str = "And why?") -> Turn:
    """Let alice judge a shared prompt and write on."""
    make_set(alice.project)
    return make_next_turn(make_judgment(alice), message)


def run_of(candidate_set: CandidateSet) -> GenerationRun:
    assert candidate_set.run is not None
    return candidate_set.run


def test_a_turn_is_asked_in_a_live_run_of_the_current_wave(alice: Participation) -> None:
    turn = written_on(alice)
    candidate_set = ask_for_turn(turn=turn)
    run = run_of(candidate_set)
    assert (candidate_set.turn, candidate_set.prompt_id, candidate_set.state) == (
        turn,
        None,
        "queued",
    )
    assert (run.purpose, run.queue, run.strategy, run.candidates) == (
        "live",
        "interactive",
        "nc_prompt",
        4,
    )


def test_the_same_run_stands_for_everybody_and_does_not_finish_while_nobody_waits(
    alice: Participation,
) -> None:
    first = ask_for_turn(turn=make_own_turn(alice))
    CandidateSet.objects.update(state="complete")
    generation.finish_runs(run_ids=[run_of(first).pk])
    requeue_overdue()
    second = ask_for_turn(turn=make_own_turn(alice))
    assert run_of(second) == run_of(first)
    assert run_of(second).state == "running"


def test_asking_again_gives_the_same_set(alice: Participation) -> None:
    turn = make_own_turn(alice)
    assert ask_for_turn(turn=turn) == ask_for_turn(turn=turn)
    assert CandidateSet.objects.filter(turn=turn).count() == 1


def test_asking_twice_at_once_gives_one_set_in_one_run(alice: Participation) -> None:
    turn = make_own_turn(alice)

    def ask(_number: int) -> int:
        try:
            return ask_for_turn(turn=turn).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        asked = set(threads.map(ask, range(8)))
    assert len(asked) == CandidateSet.objects.filter(turn=turn).count() == 1
    assert GenerationRun.objects.filter(purpose="live").count() == 1


def test_the_database_refuses_a_second_living_set_of_a_turn(alice: Participation) -> None:
    first = ask_for_turn(turn=make_own_turn(alice))
    with pytest.raises(IntegrityError, match="one_living_set_per_turn"):
        CandidateSet.objects.create(
            project=alice.project, turn=first.turn, language="en", strategy="nc_prompt"
        )


def test_a_set_that_failed_is_asked_for_once_more(alice: Participation) -> None:
    turn = make_own_turn(alice)
    first = ask_for_turn(turn=turn)
    CandidateSet.objects.update(state="failed", failure="rejected")
    second = ask_for_turn(turn=turn)
    assert second != first
    first.refresh_from_db()
    assert (first.state, second.state) == ("failed", "queued")


def test_a_changed_strategy_ends_the_run_and_takes_those_who_wait_along(
    alice: Participation,
) -> None:
    waiting, held = (ask_for_turn(turn=make_own_turn(alice)) for _number in range(2))
    earlier = run_of(waiting)
    (claimed,) = claim_sets(run_id=earlier.pk, limit=1)
    alice.project.strategy = "independent"
    alice.project.save(update_fields=["strategy"])
    open_project(project=alice.project)
    latest = ask_for_turn(turn=make_own_turn(alice))
    earlier.refresh_from_db()
    assert (earlier.state, run_of(latest).strategy) == ("finished", "independent")
    for candidate_set in (waiting, held):
        candidate_set.refresh_from_db()
        assert (candidate_set.run, candidate_set.state) == (latest.run, "queued")
        assert candidate_set.strategy == "independent"
    assert generation.renew_leases(claimed=[claimed]) == set()
    assert len(claim_sets(run_id=run_of(latest).pk, limit=9)) == 3


def test_settings_that_no_wave_has_frozen_change_nothing(alice: Participation) -> None:
    first = ask_for_turn(turn=make_own_turn(alice))
    alice.project.strategy = "independent"
    alice.project.save(update_fields=["strategy"])
    assert run_of(ask_for_turn(turn=make_own_turn(alice))) == run_of(first)


def test_a_cancelled_live_run_is_followed_by_another(alice: Participation) -> None:
    turn = make_own_turn(alice)
    first = ask_for_turn(turn=turn)
    generation.cancel_run(run=run_of(first))
    second = ask_for_turn(turn=turn)
    assert run_of(second) != run_of(first)
    assert len(claim_sets(run_id=run_of(second).pk, limit=9)) == 1


def test_without_a_model_server_the_person_is_told_and_the_message_is_kept(
    alice: Participation, settings: Settings
) -> None:
    settings.VLLM_BASE_URL = ""
    settings.VLLM_ENDPOINTS = []
    turn = written_on(alice, "Is it so?")
    with pytest.raises(Refused, match="Your message is kept") as refusal:
        ask_for_turn(turn=turn)
    assert refusal.value.code == "no_model_server"
    assert Turn.objects.get(pk=turn.pk).message == "Is it so?"
    assert not GenerationRun.objects.exists()


@pytest.mark.parametrize("change", [pause_project, close_project])
def test_a_project_that_is_not_open_asks_nothing(alice: Participation, change: object) -> None:
    turn = make_own_turn(alice)
    change(project=alice.project)  # type: ignore[operator]
    with pytest.raises(Refused, match="come back later"):
        ask_for_turn(turn=turn)


def test_the_database_wants_a_response_to_go_on_from(alice: Participation) -> None:
    make_set(alice.project)
    with pytest.raises(IntegrityError, match="later_turns_go_on_from_a_response"):
        make_next_turn(make_judgment(alice, choice="all_bad"), "And why?")


def test_the_model_is_given_the_whole_conversation(alice: Participation) -> None:
    make_set(alice.project, make_prompt(alice.project, "Who decides?", system="You are brief."))
    judgment = make_judgment(alice)
    assert judgment.choice_response is not None
    turn = make_next_turn(judgment, "And why?")
    (claimed,) = claim_sets(run_id=run_of(ask_for_turn(turn=turn)).pk, limit=1)
    assert [(message.role, message.content) for message in claimed.conversation] == [
        ("system", "You are brief."),
        ("user", "Who decides?"),
        ("assistant", judgment.choice_response.text),
        ("user", "And why?"),
    ]


def test_the_conversation_holds_what_was_gone_on_from_though_the_choice_is_revised(
    alice: Participation,
) -> None:
    make_set(alice.project)
    judgment = make_judgment(alice)
    turn = make_next_turn(judgment, "And why?")
    other = next(
        option.response
        for option in judgment.comparison.options.select_related("response")
        if option.response_id != judgment.choice_response_id
    )
    fields = {
        field.attname: getattr(judgment, field.attname)
        for field in Judgment._meta.concrete_fields
        if not field.primary_key
    }
    fields |= {"revision": 2, "choice_response_id": other.pk}
    fields["submission_id"] = "00000000-0000-4000-8000-000000000002"
    Judgment.objects.create(**fields)
    (claimed,) = claim_sets(run_id=run_of(ask_for_turn(turn=turn)).pk, limit=1)
    assert [message.content for message in claimed.conversation][1] != other.text


def test_an_own_prompt_is_a_conversation_of_one_message(alice: Participation) -> None:
    turn = make_own_turn(alice, text="Was soll ich tun?", language="de")
    candidate_set = ask_for_turn(turn=turn)
    (claimed,) = claim_sets(run_id=run_of(candidate_set).pk, limit=1)
    assert [message.content for message in claimed.conversation] == ["Was soll ich tun?"]
    assert claimed.language == candidate_set.language == "de"


def test_progress_is_written_by_the_holder_only_and_goes_with_the_lease(
    alice: Participation,
) -> None:
    candidate_set = ask_for_turn(turn=make_own_turn(alice))
    run = run_of(candidate_set)
    (claimed,) = claim_sets(run_id=run.pk, limit=1)
    generation.record_progress(progress=[(claimed, [3, 0, 12, 1])])
    candidate_set.refresh_from_db()
    assert candidate_set.progress == [3, 0, 12, 1]
    let_leases_pass(run)
    requeue_overdue()
    generation.record_progress(progress=[(claimed, [4, 0, 12, 1])])
    candidate_set.refresh_from_db()
    assert candidate_set.progress is None


@pytest.mark.parametrize(("task_format", "options"), [("best_of_k", 4), ("pairwise", 2)])
def test_a_complete_set_gives_its_author_one_comparison_with_a_place_of_their_own(
    transactional_db: None, task_format: str, options: int
) -> None:
    project = make_project(task_format=task_format, ways_out=["both_bad"][: options % 4])
    turn = make_own_turn(make_participation(project, make_annotator("alice")))
    candidate_set = ask_for_turn(turn=turn)
    (claimed,) = claim_sets(run_id=run_of(candidate_set).pk, limit=1)
    generation.record_progress(progress=[(claimed, [9])])
    generation.store_results(results=[SetResult(claimed=claimed, outcome=FOUR)])
    turn.refresh_from_db()
    candidate_set.refresh_from_db()
    comparison = Comparison.objects.get(candidate_set=candidate_set)
    assert (candidate_set.state, candidate_set.progress) == ("complete", None)
    assert turn.comparison == comparison
    assert comparison.options.count() == options
    (place,) = comparison.assignments.all()
    assert place.owner == turn.conversation.participation
    assert sorted(place.display_order) == list(range(options))


def test_a_late_answer_to_a_turn_opens_nothing(alice: Participation) -> None:
    turn = make_own_turn(alice)
    run = run_of(ask_for_turn(turn=turn))
    (lost,) = claim_sets(run_id=run.pk, limit=1)
    let_leases_pass(run)
    requeue_overdue()
    assert generation.store_results(results=[SetResult(claimed=lost, outcome=FOUR)]).late == 1
    turn.refresh_from_db()
    assert turn.comparison is None
    assert not Comparison.objects.exists()
