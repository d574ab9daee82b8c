"""Asked again: drawn when the first answer is given, later and in an order of its own; counted, and flagged at most."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.models import (
    Assignment,
    Change,
    Comparison,
    Judgment,
    Participation,
    QualityFlag,
    Response,
    Wave,
)
from annotator.selectors.board import get_board
from annotator.selectors.consistency import consistency
from annotator.selectors.exports import native_rows
from annotator.selectors.values import list_person_scores
from annotator.services.assignments import claim_next, skip
from annotator.services.projects import ensure_wave
from annotator.services.releases.documents.methods import write_consistency
from annotator.services.repeats import GIVE_DUE, give_repeat_if_due, plan_repeat
from annotator.services.steps import next_step
from annotator.services.withdrawal import withdraw
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
    make_token,
)

pytestmark = pytest.mark.django_db


def make_work(tasks: int = 30, **settings: Any) -> tuple[Participation, Wave]:
    project = make_project(**{"repeat_share": 0.5, "overlap": 1, "seed": 7, **settings})
    for _number in range(tasks):
        make_set(project)
    alice = make_participation(project, make_annotator())
    return alice, ensure_wave(project=project)


def work(alice: Participation, wave: Wave, answers: int, *, steady: bool = True) -> list[Judgment]:
    """Answer what comes, always the response that was made first; who is not steady takes another the second time."""
    given: list[Judgment] = []
    for _number in range(answers):
        alice.refresh_from_db()
        step = next_step(alice, wave)
        if step.task is None:
            break
        place = Assignment.objects.select_related("comparison").get(pk=step.task.assignment_id)
        again = place.comparison.kind == Comparison.Kind.REPEAT
        wanted = 1 if again and not steady else 0
        given.append(make_judgment(alice, "abcd"[place.display_order.index(wanted)]))
    return given


def kinds(given: list[Judgment]) -> list[str]:
    return [judgment.comparison.kind for judgment in given]


def test_a_share_of_answers_is_asked_again_after_the_distance() -> None:
    alice, wave = make_work(tasks=40)
    given = work(alice, wave, 60)
    repeats = [judgment for judgment in given if judgment.comparison.kind == "repeat"]
    assert 8 <= len(repeats) <= 25
    at = {judgment.comparison_id: number for number, judgment in enumerate(given)}
    for repeat in repeats:
        first = repeat.comparison.repeat_of_id
        assert first is not None
        assert at[repeat.comparison_id] - at[first] > 10


def test_a_repeat_shows_the_same_responses_in_an_order_drawn_anew() -> None:
    alice, wave = make_work(tasks=40)
    pairs = []
    for judgment in work(alice, wave, 60):
        if judgment.comparison.kind == "repeat":
            first = Judgment.objects.get(
                participation=alice, comparison=judgment.comparison.repeat_of
            )
            options = [
                list(
                    each.comparison.options.order_by("position").values_list("response", flat=True)
                )
                for each in (first, judgment)
            ]
            assert options[0] == options[1]
            pairs.append((first.display_order, judgment.display_order))
    assert any(first != again for first, again in pairs)
    assert all(sorted(first) == sorted(again) for first, again in pairs)


def test_the_same_seed_draws_the_same_repeats() -> None:
    alice, wave = make_work(repeat_share=0.9)
    given = work(alice, wave, 10)
    waiting = Assignment.objects.filter(tier=Assignment.LATER).order_by("comparison__repeat_of")
    planned = list(waiting.values_list("comparison__repeat_of", "key", "display_order"))
    assert planned
    with transaction.atomic():
        waiting.delete()
        Participation.objects.update(judgments_given=0, next_repeat=None)
        alice.refresh_from_db()
        for judgment in given:
            alice.judgments_given += 1
            plan_repeat(participation=alice, comparison_id=judgment.comparison_id, wave=wave)
    again = waiting.values_list("comparison__repeat_of", "key", "display_order")
    assert list(again) == planned


def test_nobody_is_asked_the_same_a_third_time_and_it_fills_no_place() -> None:
    alice, wave = make_work(tasks=30)
    given = work(alice, wave, 100)
    assert kinds(given).count("collect") == 30
    assert len({judgment.comparison_id for judgment in given}) == len(given)
    assert alice.project.overlap == 1
    counted = Assignment.objects.filter(state="judged", owner=None)
    assert counted.count() == 30
    assert get_board(project=alice.project).wanted == 30
    alice.refresh_from_db()
    assert alice.tasks_taken == 30


def test_two_people_share_the_repeat_and_have_a_place_each() -> None:
    alice, wave = make_work(tasks=30, overlap=2, repeat_share=0.5)
    bob = make_participation(alice.project, make_annotator("bob"))
    for person in (alice, bob):
        work(person, wave, 60)
    repeats = Comparison.objects.filter(kind="repeat")
    assert repeats.count() == len(set(repeats.values_list("repeat_of", flat=True)))
    owners = set(Assignment.objects.filter(comparison__in=repeats).values_list("owner", flat=True))
    assert owners == {alice.pk, bob.pk}


def test_a_minimum_time_is_waited_for() -> None:
    alice, wave = make_work(tasks=40, repeat_minutes=60)
    assert "repeat" not in kinds(work(alice, wave, 30))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # judgments never change
        Judgment.objects.update(submitted_at=timezone.now() - timedelta(minutes=61))
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert kinds(work(alice, wave, 3))[0] == "repeat"


def test_where_nothing_is_due_nothing_is_asked(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    alice, wave = make_work()
    alice.next_repeat, alice.judgments_given = 5, 4
    with django_assert_num_queries(0):
        give_repeat_if_due(participation=alice, wave=wave)


def test_what_is_due_is_found_along_the_index_of_the_persons_places() -> None:
    alice, wave = make_work(tasks=12, repeat_share=1.0)
    work(alice, wave, 11)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        values = {"person": alice.pk, "given": 1000, "minutes": 0}
        cursor.execute("EXPLAIN " + GIVE_DUE, values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert plan.count("assignment_own_places") == 2


def test_who_has_done_what_was_wanted_is_asked_what_still_waits() -> None:
    alice, wave = make_work(tasks=40, repeat_share=1.0, target_per_person=20)
    given = work(alice, wave, 100)
    assert kinds(given).count("collect") == 20
    assert kinds(given).count("repeat") >= 10
    at = {judgment.comparison_id: number for number, judgment in enumerate(given)}
    between = [
        at[judgment.comparison_id] - at[judgment.comparison.repeat_of_id] - 1
        for judgment in given
        if judgment.comparison.repeat_of_id is not None
    ]
    assert min(between) >= 9
    alice.refresh_from_db()
    assert next_step(alice, wave).state == "done"
    assert Assignment.objects.filter(tier=Assignment.LATER).count() + len(between) == 20


def test_where_no_task_is_left_what_still_waits_is_asked_too() -> None:
    alice, wave = make_work(tasks=11, repeat_share=1.0)
    given = work(alice, wave, 100)
    assert kinds(given) == ["collect"] * 11 + ["repeat"] * 11
    alice.refresh_from_db()
    assert next_step(alice, wave).state == "empty"


def test_at_the_end_one_is_held_and_shown_again_and_a_skipped_one_is_not() -> None:
    alice, wave = make_work(tasks=15, repeat_share=1.0, target_per_person=11)
    work(alice, wave, 11)
    alice.refresh_from_db()
    first, again = next_step(alice, wave).task, next_step(alice, wave).task
    assert first is not None
    assert again is not None
    assert first.assignment_id == again.assignment_id
    skip(assignment_id=first.assignment_id, participation=alice, reason="unclear")
    alice.refresh_from_db()
    following = next_step(alice, wave).task
    assert following is None or following.assignment_id != first.assignment_id


def test_where_work_ends_a_minimum_time_is_waited_for_too() -> None:
    alice, wave = make_work(tasks=40, repeat_share=1.0, repeat_minutes=60, target_per_person=20)
    assert kinds(work(alice, wave, 100)) == ["collect"] * 20


def test_the_place_that_waits_is_given_to_nobody() -> None:
    alice, wave = make_work(tasks=3, repeat_share=1.0)
    work(alice, wave, 3)
    assert Assignment.objects.filter(tier=Assignment.LATER).exists()
    assert claim_next(participation=alice) is None


def test_only_ones_own_place_may_wait() -> None:
    alice, _wave = make_work(tasks=1)
    with pytest.raises(IntegrityError, match="only_places_of_ones_own_wait_for_later"):
        Assignment.objects.filter(project=alice.project).update(tier=Assignment.LATER)


def test_consistency_counts_the_same_answers_wherever_they_stood() -> None:
    alice, wave = make_work(tasks=30, overlap=2)
    bob = make_participation(alice.project, make_annotator("bob"))
    work(alice, wave, 100)
    work(bob, wave, 100, steady=False)
    report = consistency(project=alice.project)
    same, given = 0, 0
    assert (report.whole.people, report.whole.by_chance) == (2, 0.25)
    assert [one.language for one in report.languages] == ["en"]
    for person in (alice, bob):
        person.refresh_from_db()
        assert person.repeats_given > 0
        assert person.repeats_same == (person.repeats_given if person == alice else 0)
        same, given = same + person.repeats_same, given + person.repeats_given
    assert (report.whole.same.value, report.whole.same.n) == (same / given, given)


def test_too_little_consistency_is_flagged_once_and_removes_nothing() -> None:
    alice, wave = make_work(tasks=40, consistency_least=0.5, consistency_after=3)
    given = work(alice, wave, 100, steady=False)
    (flag,) = QualityFlag.objects.all()
    assert flag.kind == "repeat"
    assert kinds(given)[: given.index(flag.judgment) + 1].count("repeat") == 3
    assert Change.objects.get(kind="marked").judgment == flag.judgment
    alice.refresh_from_db()
    assert alice.paused_at is None
    assert Judgment.objects.count() == len(given)
    assert kinds(given).count("collect") == 40


def test_nobody_is_flagged_who_is_steady_or_where_the_project_does_not_ask() -> None:
    alice, wave = make_work(tasks=30, consistency_least=0.9, consistency_after=2)
    work(alice, wave, 60)
    assert not QualityFlag.objects.exists()


def test_native_names_what_is_repeated_and_values_leave_it_out() -> None:
    alice, wave = make_work(tasks=30, repeat_share=1.0)
    Response.objects.update(codes={"value": "care"})
    given = work(alice, wave, 60)
    rows = [
        json.loads(row)
        for row in native_rows(project=alice.project, judgment_ids=[each.pk for each in given])
    ]
    again = [row for row in rows if row["kind"] == "repeat"]
    firsts = {row["comparison_id"] for row in rows if row["kind"] == "collect"}
    assert again
    assert all(row["repeat_of"] in firsts and row["turn"] == 1 for row in again)
    (score,) = list_person_scores(project=alice.project)
    assert score.offered == 30


def test_who_leaves_takes_what_was_to_come_along() -> None:
    alice, wave = make_work()
    work(alice, wave, 14)
    withdraw(participation=alice)
    assert not Assignment.objects.filter(owner=alice, state="open").exists()
    assert consistency(project=alice.project).whole.same.value is None


def test_a_page_tells_nothing_of_a_repeat_and_costs_no_more(client: Client) -> None:
    alice, wave = make_work(tasks=40, explanation_share=1.0)
    client.force_login(alice.annotator)
    costs: dict[str, int] = {}
    for _number in range(30):
        with CaptureQueriesContext(connection) as queries:
            html = client.get("/projects/everyday/task/").content.decode()
        held = Assignment.objects.select_related("comparison").get(
            participation=alice, state="leased"
        )
        costs[held.comparison.kind] = len(queries)
        assert "repeat" not in html.split("<main", 1)[1].split("</main", 1)[0]
        assert 'name="explanation"' in html
        work(alice, wave, 1)
    assert costs["repeat"] <= costs["collect"] + 1


def test_keys_read_it_and_a_release_tells_it(client: Client) -> None:
    alice, wave = make_work(tasks=30)
    work(alice, wave, 60)
    token = make_token(alice.project, scopes=["read:statistics"])
    answer = client.get(
        "/api/v1/projects/everyday/statistics/consistency/",
        headers={"Authorization": f"Bearer {token}"},
    ).json()
    assert (answer["whole"]["same"]["value"], answer["whole"]["people"]) == (1.0, 1)
    assert answer["whole"]["same"]["interval"] is None
    assert "one person" in answer["whole"]["same"]["undefined_because"]
    text = write_consistency(consistency(project=alice.project).whole)
    assert text.startswith("1 people were asked")
    assert "100.0% of the cases" in text
