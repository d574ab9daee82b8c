"""People of a panel: who completes, is screened out, finds it full, times out, returns, comes again."""

import hashlib
import hmac
import re
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from annotator.models import Annotator, Assignment, Judgment, PanelSession, Participation, Project
from annotator.models.demographics import default_demographics
from annotator.models.panels import validate_panels
from annotator.services.assignments import give_back_overdue
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)
from tests.pages import sent, task_url

pytestmark = pytest.mark.django_db
PROLIFIC = {
    "slug": "prolific",
    "preset": "prolific",
    "codes": {"complete": "DONE1", "screen_out": "OUT1", "quota_full": "FULL1"},
}
DONE = "/projects/everyday/done/"


def make_study(tasks: int = 2, panel: dict[str, Any] | None = None, **settings: Any) -> Project:
    defaults: dict[str, Any] = {"overlap": 1, "target_per_person": 1}
    project = make_project(panels=[{**PROLIFIC, **(panel or {})}], **{**defaults, **settings})
    for _number in range(tasks):
        make_set(project)
    return project


def arrive(client: Client, pid: str = "5f0", session: str = "s1", **more: str) -> Any:
    address = {"PROLIFIC_PID": pid, "STUDY_ID": "st", "SESSION_ID": session, **more}
    return client.get("/join/everyday/", address)


def test_who_completes_gets_the_code_and_the_way_back(client: Client) -> None:
    make_study()
    assert arrive(client)["Location"] == task_url()
    assert client.get(task_url()).status_code == 200
    sent(client, choice="a")
    assert client.get(task_url())["Location"] == DONE
    html = client.get(DONE).content.decode()
    assert "DONE1" in html
    assert 'href="https://app.prolific.com/submissions/complete?cc=DONE1"' in html
    assert PanelSession.objects.get().outcome == "complete"


def test_an_account_belongs_to_each_id_and_coming_back_goes_on(client: Client) -> None:
    make_study(target_per_person=2)
    arrive(client)
    client.get(task_url())
    sent(client, choice="a")
    arrive(Client(), pid="other")
    elsewhere = Client()  # another device
    assert arrive(elsewhere)["Location"] == task_url()
    assert Annotator.objects.count() == Participation.objects.count() == 2
    first = Participation.objects.get(external_id="5f0")
    assert (first.judgments_given, first.panel) == (1, "prolific")
    assert PanelSession.objects.filter(participation=first).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_link_that_is_opened_twice_at_once_lets_one_person_in(client: Client) -> None:
    make_study()
    answers: list[Any] = []

    def open_it_too() -> None:
        answers.append(arrive(Client(raise_request_exception=False)))
        connection.close()

    second = threading.Thread(target=open_it_too)
    with transaction.atomic():
        answers.append(arrive(client))
        second.start()
        time.sleep(0.5)  # it waits for the first to commit
    second.join()
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Annotator.objects.count() == Participation.objects.count() == 1
    assert PanelSession.objects.count() == 1


def test_who_does_not_meet_a_requirement_is_screened_out_before_any_work(client: Client) -> None:
    make_study(
        panel={"requirements": {"age": ["18-34"]}, "country": "FR"},
        demographics=default_demographics(),
    )
    arrive(client)
    assert client.get(task_url())["Location"] == "/projects/everyday/profile/"
    client.post("/projects/everyday/profile/", {"age": "55+"})
    assert client.get(task_url())["Location"] == DONE
    html = client.get(DONE).content.decode()
    assert "cc=OUT1" in html
    assert "That says nothing about you" in html
    assert set(Assignment.objects.values_list("state", flat=True)) == {"open"}
    arrive(client, session="s2")  # and a second try changes nothing
    assert client.get(task_url())["Location"] == DONE


def test_who_meets_it_goes_on(client: Client) -> None:
    make_study(
        panel={"requirements": {"age": ["18-34"]}, "country": "FR"},
        demographics=default_demographics(),
    )
    arrive(client)
    client.post("/projects/everyday/profile/", {"age": "18-34"})
    assert client.get(task_url()).status_code == 200


def test_quotas_are_looked_at_before_anybody_starts(client: Client) -> None:
    project = make_study(tasks=1)
    make_judgment(make_participation(project, make_annotator("bob")))
    arrive(client)
    assert client.get(task_url())["Location"] == DONE
    assert "cc=FULL1" in client.get(DONE).content.decode()
    assert PanelSession.objects.get().outcome == "quota_full"


def test_who_times_out_loses_the_place_and_can_still_go_on(client: Client) -> None:
    make_study(tasks=1)
    arrive(client)
    client.get(task_url())
    fields = hidden_fields(client)
    Assignment.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    assert give_back_overdue() == 1
    answer = client.post(task_url(), {**fields, "action": "submit", "choice": "a"})
    assert "saved=counted" in answer["Location"]
    assert client.get(task_url())["Location"] == DONE


def hidden_fields(client: Client) -> dict[str, str]:
    html = client.get(task_url()).content.decode()
    return dict(re.findall(r'name="(assignment|submission_id)" value="([^"]*)"', html))


def test_who_returns_the_study_frees_the_place_and_keeps_what_was_done(client: Client) -> None:
    make_study(target_per_person=2)
    arrive(client)
    client.get(task_url())
    sent(client, choice="a")
    client.get(task_url())
    assert Assignment.objects.filter(state="leased").count() == 1
    assert 'id="done"' in client.get(DONE).content.decode()
    assert client.post(DONE, {"action": "finish"}).status_code == 422  # there is work left
    html = client.post(DONE, {"action": "return"}).content.decode()
    assert "You have returned the study" in html
    assert not Assignment.objects.filter(state="leased").exists()
    assert Judgment.objects.count() == 1
    assert client.get(task_url())["Location"] == DONE


def test_who_returned_may_come_again_and_who_completed_as_often_as_the_panel_says(
    client: Client,
) -> None:
    make_study(tasks=4, target_per_person=4, panel={"sessions_per_person": 1})
    arrive(client)
    client.post(DONE, {"action": "return"})
    arrive(client, session="s2")
    assert client.get(task_url()).status_code == 200
    PanelSession.objects.filter(session_id="s2").update(ended_at=timezone.now(), outcome="complete")
    arrive(client, session="s3")
    assert client.get(task_url())["Location"] == DONE
    assert PanelSession.objects.get(session_id="s3").outcome == "quota_full"


def test_any_other_vendor_has_its_own_names_and_a_signed_way_back(client: Client) -> None:
    secret = "0123456789abcdef"
    project = make_study()
    project.panels = [
        {
            "slug": "vendor",
            "person": "respondent",
            "session": "visit",
            "secret": secret,
            "return_url": "https://vendor.example/r?id={person}&s={outcome}&sig={signature}",
        }
    ]
    project.full_clean()
    project.save()
    client.get("/join/everyday/", {"respondent": "a b&c", "visit": "v1"})
    client.get(task_url())
    sent(client, choice="a")
    client.get(task_url())
    signature = hmac.new(secret.encode(), b"complete:a b&c:v1", hashlib.sha256).hexdigest()
    html = client.get(DONE).content.decode()
    assert f"https://vendor.example/r?id=a%20b%26c&amp;s=complete&amp;sig={signature}" in html


def test_where_the_language_is_not_clear_it_is_asked_first(client: Client) -> None:
    make_study(languages=["en", "fr"])
    html = arrive(client).content.decode()
    assert 'name="languages"' in html
    assert not Participation.objects.exists()
    path = "/join/everyday/?PROLIFIC_PID=5f0&STUDY_ID=st&SESSION_ID=s1"
    assert client.post(path, {"languages": "en"})["Location"] == task_url()
    assert Participation.objects.get().languages == ["en"]


@pytest.mark.parametrize("pid", ["\x00", "x" * 201, "a\nb"])
def test_a_broken_link_is_refused(client: Client, pid: str) -> None:
    make_study()
    assert arrive(client, pid=pid).status_code == 422
    assert not Annotator.objects.exists()


def test_other_projects_know_no_panel(client: Client) -> None:
    make_project()
    assert arrive(client).status_code == 404


@pytest.mark.parametrize(
    ("panel", "sentence"),
    [
        ({"preset": "mturk"}, "preset is one of"),
        ({"codes": {"won": "x"}}, "codes has a text"),
        ({"return_url": "javascript:alert(1)"}, "return_url is an address"),
        ({"return_url": "https://x.example/{person.__class__}"}, "return_url is an address"),
        ({"return_url": "https://x.example/{signature}"}, "needs a secret"),
        ({"requirements": {"age": "18-34"}}, "requirements lists"),
        ({"sessions_per_person": 0}, "sessions_per_person"),
        ({"person": 1}, "person is a text"),
        ({"pin": "1"}, "there is no"),
    ],
)
def test_a_panel_that_makes_no_sense_is_refused(panel: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        validate_panels([{"slug": "p", **panel}])
