"""A person reports a response as harmful, without JavaScript too; staff see it, and no answer changes."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from annotator.models import HarmFlag, Judgment, Participation, Project
from tests.factories import (
    make_admin,
    make_annotator,
    make_participation,
    make_project,
    make_set,
)
from tests.pages import HTMX, open_task, task_url

pytestmark = pytest.mark.django_db

URL = task_url() + "flag/"


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def alice(project: Project, client: Client) -> Participation:
    annotator = make_annotator("alice")
    client.force_login(annotator)
    make_set(project)
    return make_participation(project, annotator)


def test_the_response_behind_the_letter_is_kept(client: Client, alice: Participation) -> None:
    task = open_task(client)
    html = client.get(task_url()).content.decode()
    shown = re.search(r'data-response="c"[^>]*><p>(\w+\.)</p>', html)
    sent = client.post(URL, {"place": task["assignment"], "response": "c", "note": "Threat."})
    assert sent["Location"] == task_url()
    flag = HarmFlag.objects.get()
    assert shown
    assert (flag.response.text, flag.note, flag.participation) == (shown[1], "Threat.", alice)
    assert open_task(client) == task
    assert not Judgment.objects.exists()


def test_a_second_report_changes_nothing(client: Client, alice: Participation) -> None:
    place = open_task(client)["assignment"]
    for note in ("First.", "Second."):
        assert (
            "Thank you"
            in client.post(
                URL, {"place": place, "response": "a", "note": note}, headers=HTMX
            ).content.decode()
        )
    assert HarmFlag.objects.get().note == "First."


@pytest.mark.parametrize(
    "change",
    [
        {"response": ""},
        {"response": "e"},
        {"response": "ab"},
        {"note": "x" * 1001},
        {"place": "x"},
        {"place": ""},
        {"place": "9" * 30},
    ],
)
def test_what_was_not_shown_is_refused(
    client: Client, alice: Participation, change: dict[str, str]
) -> None:
    place = open_task(client)["assignment"]
    sent = client.post(URL, {"place": place, "response": "a", **change})
    assert sent.status_code == 422
    assert not HarmFlag.objects.exists()


def test_a_foreign_and_an_absent_task_are_alike(
    client: Client, project: Project, alice: Participation
) -> None:
    place = open_task(client)["assignment"]
    bob = make_annotator("bob")
    make_participation(project, bob)
    client.force_login(bob)
    answers = [client.post(URL, {"place": number, "response": "a"}) for number in (place, "999999")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_staff_see_it(client: Client, alice: Participation) -> None:
    client.post(
        URL, {"place": open_task(client)["assignment"], "response": "a", "note": "A <b>threat</b>."}
    )
    client.force_login(make_admin())
    listed = client.get(reverse("admin:annotator_harmflag_changelist")).content.decode()
    assert "A &lt;b&gt;threat&lt;/b&gt;." in listed
