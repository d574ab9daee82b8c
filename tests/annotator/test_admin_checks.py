"""Check items made, corrected and retired in the admin, and flags that are looked at."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotator.models import (
    Assignment,
    AuditEvent,
    CheckItem,
    Participation,
    Project,
    QualityFlag,
    Wave,
)
from annotator.services.checks import begin_training, flag, import_checks
from tests.annotator.test_training import ITEM
from tests.factories import (
    make_annotator,
    make_judgment,
    make_member,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(task_format="pairwise", ways_out=[], languages=["en", "fr"])


@pytest.fixture
def rita(client: Client, project: Project) -> Client:
    client.force_login(make_member(project))
    return client


def make_item(project: Project, **row: Any) -> CheckItem:
    import_checks(project=project, rows=[{**ITEM, **row}])
    return CheckItem.objects.latest("pk")


def url(page: str, item: CheckItem) -> str:
    return reverse(f"admin:annotator_checkitem_{page}", args=[item.pk])


FORM = {
    "kind": "attention",
    "language": "fr",
    "text": "Choisissez celle qui parle de pain.",
    "response_0": "Du pain.",
    "response_1": "Du lait.",
    "right": ["0"],
    "feedback": "",
}


def make(rita: Client, project: Project, **changed: Any) -> Any:
    page = reverse("admin:annotator_project_check", args=[project.pk])
    return rita.post(page, {**FORM, **changed})


def test_an_item_has_as_many_responses_as_tasks_have(rita: Client, project: Project) -> None:
    page = reverse("admin:annotator_project_check", args=[project.pk])
    html = rita.get(page).content.decode()
    assert 'name="response_1"' in html
    assert 'name="response_2"' not in html
    answer = make(rita, project)
    item = CheckItem.objects.get()
    assert answer["Location"] == url("change", item)
    assert (item.comparison.kind, item.comparison.language, item.right) == ("attention", "fr", [0])
    shown = rita.get(url("change", item)).content.decode()
    assert "Choisissez celle qui parle de pain." in shown
    assert "2. Du lait." in shown


@pytest.mark.parametrize(
    "changed",
    [
        {"right": []},
        {"right": ["0", "1"]},
        {"right": ["2"]},
        {"text": " "},
        {"response_1": ""},
        {"kind": "gold"},
        {"kind": "collect"},
        {"language": "de"},
    ],
)
def test_what_makes_no_sense_is_refused(
    rita: Client, project: Project, changed: dict[str, Any]
) -> None:
    assert make(rita, project, **changed).status_code == 422
    assert not CheckItem.objects.exists()


def test_gold_needs_a_fact(rita: Client, project: Project) -> None:
    assert "A question of value" in make(rita, project, kind="gold").content.decode()
    make(rita, project, kind="gold", factual="on")
    assert CheckItem.objects.get().comparison.kind == "gold"


def test_a_correction_says_what_is_right_and_stands_in_the_log(
    rita: Client, project: Project
) -> None:
    item = make_item(project)
    html = rita.get(url("correct", item)).content.decode()
    assert "Politeness asks, it does not order." in html
    assert rita.post(url("correct", item), {"right": []}).status_code == 422
    rita.post(url("correct", item), {"right": ["1"], "feedback": "Short is best."})
    item.refresh_from_db()
    assert (item.right, item.feedback) == ([1], {"en": "Short is best."})
    event = AuditEvent.objects.get(subject=f"check #{item.pk}")
    assert (event.actor and event.actor.username, event.details) == (
        "rita",
        {"right": [1], "before": [0]},
    )


def test_a_retired_item_is_given_to_nobody_and_who_saw_it_may_answer(
    rita: Client, project: Project
) -> None:
    Project.objects.update(training_items=2)
    first, second = make_item(project), make_item(project)
    wave = Wave(project=project, config={"training_items": 2})
    alice = make_participation(project, make_annotator())
    begin_training(participation=alice, wave=wave)
    assert Assignment.objects.filter(owner=alice).count() == 2
    rita.post(url("retire", first))
    rita.post(url("retire", first))
    left = Assignment.objects.filter(owner=alice, state="open")
    assert [place.comparison for place in left] == [second.comparison]
    bob = make_participation(project, make_annotator("bob"))
    begin_training(participation=bob, wave=wave)
    assert Assignment.objects.filter(owner=bob).get().comparison == second.comparison
    assert AuditEvent.objects.filter(details={"retired": True}).count() == 1


def test_items_are_narrowed_by_kind_and_use(rita: Client, project: Project) -> None:
    make_item(project)
    make_item(project, kind="attention")
    CheckItem.objects.filter(comparison__kind="training").update(retired_at=timezone.now())
    page = reverse("admin:annotator_checkitem_changelist")
    for query, shown in (
        ({"kind": "attention"}, 1),
        ({"in_use": "no"}, 1),
        ({"kind": "attention", "in_use": "no"}, 0),
        ({}, 2),
    ):
        assert len(rita.get(page, query).context["cl"].result_list) == shown


def make_flag(project: Project, name: str) -> QualityFlag:
    make_set(project)
    person = make_participation(project, make_annotator(name))
    flag(judgment=make_judgment(person), kind=QualityFlag.Kind.ATTENTION)
    return QualityFlag.objects.latest("pk")


def mark(client: Client, flags: list[QualityFlag]) -> None:
    client.post(
        reverse("admin:annotator_qualityflag_changelist"),
        {"action": "mark_seen", "_selected_action": [str(flag.pk) for flag in flags]},
    )


def test_reviewers_mark_flags_of_their_projects_as_looked_at_and_the_first_stays(
    client: Client,
) -> None:
    mine, foreign, seen_only = (make_flag(make_project(f"p{n}"), f"a{n}") for n in range(3))
    olga = make_member(mine.project, "olga", "reviewer")
    make_member(seen_only.project, "olga", "researcher")
    client.force_login(olga)
    mark(client, [mine, foreign, seen_only])
    assert list(QualityFlag.objects.filter(seen_by=olga)) == [mine]
    client.force_login(make_member(mine.project, "max", "owner"))
    mark(client, [mine])
    mine.refresh_from_db()
    assert mine.seen_by == olga
    page = reverse("admin:annotator_qualityflag_changelist")
    assert len(client.get(page, {"seen": "yes"}).context["cl"].result_list) == 1
    assert len(client.get(page, {"seen": "no"}).context["cl"].result_list) == 0


def test_researchers_may_look_and_not_mark(client: Client) -> None:
    flagged = make_flag(make_project(), "alice")
    client.force_login(make_member(flagged.project, "rob", "researcher"))
    mark(client, [flagged])
    flagged.refresh_from_db()
    assert flagged.seen_at is None


def test_a_flag_is_looked_at_by_somebody() -> None:
    flagged = make_flag(make_project(), "alice")
    with pytest.raises(IntegrityError, match="a_flag_is_looked_at"), transaction.atomic():
        QualityFlag.objects.filter(pk=flagged.pk).update(seen_at=timezone.now())
    assert Participation.objects.get().quality_flags.get() == flagged
