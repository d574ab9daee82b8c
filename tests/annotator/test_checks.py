"""Checks among the tasks: drawn beforehand, flagged where they fail, a pause where the project says so."""

import json
from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.models import (
    Change,
    Comparison,
    Judgment,
    Participation,
    Project,
    QualityFlag,
    Wave,
)
from annotator.selectors.exports import native_rows
from annotator.services.checks import DRAW, give_check_if_due, import_checks
from annotator.services.projects import ensure_wave
from annotator.services.steps import next_step
from annotator.services.withdrawal import withdraw
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db
ITEM: dict[str, Any] = {
    "kind": "attention",
    "text": "To show that you read, choose the one about bread.",
    "language": "en",
    "responses": ["Bread.", "Milk.", "Tea.", "Rice."],
    "right": [0],
}


def make_work(tasks: int = 12, checks: int = 12, **settings: Any) -> tuple[Participation, Wave]:
    project = make_project(**{"check_share": 0.5, "overlap": 1, "seed": 7, **settings})
    import_checks(project=project, rows=[ITEM] * checks)
    for _number in range(tasks):
        make_set(project)
    alice = make_participation(project, make_annotator())
    return alice, ensure_wave(project=project)


def work(alice: Participation, wave: Wave, answers: int, *, right: bool = True) -> list[str]:
    """Answer what comes; return the kind of each."""
    kinds = []
    for _number in range(answers):
        alice.refresh_from_db()
        step = next_step(alice, wave)
        if step.task is None:
            break
        texts = [response.html for response in step.task.responses]
        is_check = any("Bread." in text for text in texts)
        at = next((i for i, text in enumerate(texts) if ("Bread." in text) == right), 0)
        judgment = make_judgment(alice, "abcd"[at] if is_check else "a")
        kinds.append(judgment.comparison.kind)
    return kinds


def test_checks_come_among_the_tasks_at_the_rate_that_was_set() -> None:
    alice, wave = make_work(tasks=30, checks=30)
    kinds = work(alice, wave, 40)
    assert kinds[0] == "collect"
    assert 0.3 <= kinds.count("attention") / len(kinds) <= 0.7
    assert not QualityFlag.objects.exists()


def test_the_same_seed_draws_the_same_places() -> None:
    alice, wave = make_work(checks=3)
    give_check_if_due(participation=alice, wave=wave)
    first = alice.next_check
    assert first is not None
    Participation.objects.update(next_check=None)
    alice.refresh_from_db()
    give_check_if_due(participation=alice, wave=wave)
    assert alice.next_check == first


def test_two_tabs_at_once_give_one_check() -> None:
    alice, wave = make_work(checks=9)
    give_check_if_due(participation=alice, wave=wave)
    Participation.objects.update(next_check=0)
    tabs = [Participation.objects.get() for _tab in range(2)]
    for tab in tabs:
        give_check_if_due(participation=tab, wave=wave)
    assert alice.own_places.count() == 1
    assert len({tab.next_check for tab in tabs}) == 1


def test_every_item_is_drawn_as_often_as_any_other() -> None:
    alice, _wave = make_work(tasks=0, checks=4)
    asked = {"person": alice.pk, "project": alice.project_id, "languages": ["en"]}
    drawn = Counter(DRAW.rows({**asked, "draw": step / 400})[0][0] for step in range(400))
    assert set(drawn.values()) == {100}
    assert len(drawn) == 4
    assert DRAW.rows({**asked, "draw": 1 - 2**-53}) == DRAW.rows({**asked, "draw": 0.99})
    assert DRAW.rows({**asked, "languages": ["fr"], "draw": 0.5}) == []


def test_where_no_check_is_due_nothing_is_asked(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    alice, wave = make_work()
    give_check_if_due(participation=alice, wave=wave)
    alice.project  # noqa: B018 - read before counting
    with django_assert_num_queries(0):
        alice.next_check = 5
        give_check_if_due(participation=alice, wave=wave)
    other = make_participation(make_project("other"), make_annotator("bob"))
    wave = ensure_wave(project=other.project)
    with django_assert_num_queries(0):
        give_check_if_due(participation=other, wave=wave)


def test_nobody_meets_a_check_twice_and_then_tasks_go_on() -> None:
    alice, wave = make_work(tasks=8, checks=1)
    kinds = work(alice, wave, 9)
    assert kinds.count("attention") == 1
    assert kinds.count("collect") == 8


def test_a_failed_check_is_flagged_and_removes_nothing() -> None:
    alice, wave = make_work(tasks=6, checks=6)
    kinds = work(alice, wave, 12, right=False)
    flags = QualityFlag.objects.filter(participation=alice)
    assert flags.count() == kinds.count("attention") > 0
    assert Judgment.objects.count() == len(kinds)
    assert Change.objects.filter(kind="marked").count() == flags.count()


def test_as_many_failures_as_were_set_pause_the_person(client: Client) -> None:
    alice, wave = make_work(tasks=12, checks=12, pause_after_failed=2)
    client.force_login(alice.annotator)
    while QualityFlag.objects.count() < 2:
        work(alice, wave, 1, right=False)
    alice.refresh_from_db()
    assert alice.paused_at is not None
    assert client.get("/projects/everyday/task/")["Location"] == "/projects/everyday/done/"
    assert "We are looking at something" in client.get("/projects/everyday/done/").content.decode()


def test_native_names_the_kind_and_the_flags() -> None:
    alice, wave = make_work(tasks=6, checks=6)
    work(alice, wave, 12, right=False)
    ids = list(Judgment.objects.values_list("pk", flat=True))
    rows = [json.loads(row) for row in native_rows(project=alice.project, judgment_ids=ids)]
    for row in rows:
        assert row["flags"] == (["attention"] if row["kind"] == "attention" else [])
        assert row["counted"] is True


def test_nothing_tells_a_check_from_a_task(client: Client) -> None:
    alice, wave = make_work()
    client.force_login(alice.annotator)
    html = ""
    for _number in range(20):
        alice.refresh_from_db()
        step = next_step(alice, wave)
        assert step.task is not None
        if any("Bread." in response.html for response in step.task.responses):
            html = client.get("/projects/everyday/task/").content.decode()
            break
        make_judgment(alice)
    assert "Bread." in html
    assert not {"attention", "gold", "check_item"} & set(html.split('"'))


def test_who_leaves_takes_checks_along() -> None:
    alice, wave = make_work()
    work(alice, wave, 8)
    withdraw(participation=alice)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM annotator_assignment WHERE state = 'open' AND owner_id = %s",
            [alice.pk],
        )
        assert cursor.fetchone() == (0,)


def test_checks_are_no_prompts_of_the_collection() -> None:
    make_work(tasks=0, checks=2)
    assert not Comparison.objects.filter(kind="collect").exists()
    assert Project.objects.get().prompts.filter(source="pregenerated").count() == 0
