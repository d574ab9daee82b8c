"""Every way a visit through a panel ends has its own signed link: of quality, and of our own faults, above all."""

import hashlib
import hmac
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from annotator.models import Assignment, Outcome, PanelSession, Participation, Project, QualityFlag
from annotator.services.checks import import_checks
from annotator.services.exclusion import exclude, include, lift_pause
from annotator.services.panels import end_visit
from annotator.services.projects import close_project, pause_project
from tests.annotator.test_checks import ITEM as CHECK
from tests.annotator.test_training import ITEM, URL, answer
from tests.factories import make_project, make_set
from tests.pages import sent, task_url

pytestmark = pytest.mark.django_db
SECRET = "0123456789abcdef"
PANEL = {
    "slug": "vendor",
    "secret": SECRET,
    "return_url": "https://vendor.example/r?s={outcome}&id={person}&v={session}&sig={signature}",
}
DONE = "/projects/everyday/done/"


def make_study(tasks: int = 3, **settings: Any) -> Project:
    project = make_project(panels=[PANEL], **{"overlap": 1, "target_per_person": 2, **settings})
    for _number in range(tasks):
        make_set(project)
    return project


def arrive(client: Client, visit: str = "v1") -> Any:
    return client.get("/join/everyday/", {"pid": "p7", "session": visit})


def link(outcome: str, visit: str = "v1") -> str:
    text = f"{outcome}:p7:{visit}".encode()
    signature = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
    return f"https://vendor.example/r?s={outcome}&amp;id=p7&amp;v={visit}&amp;sig={signature}"


def last_page(client: Client) -> str:
    return client.get(DONE).content.decode()


def person() -> Participation:
    return Participation.objects.select_related("project").get()


@pytest.mark.parametrize("outcome", [each for each in Outcome if each != Outcome.RETURNED])
def test_each_outcome_has_its_own_signed_link(client: Client, outcome: Outcome) -> None:
    make_study()
    arrive(client)
    end_visit(participation=person(), outcome=outcome)
    assert link(outcome) in last_page(client)


# Quality


def test_who_failed_the_training_gets_the_way_back(client: Client) -> None:
    project = make_study(training_items=2)
    import_checks(project=project, rows=[ITEM, ITEM])
    arrive(client)
    answer(client, right=False)
    answer(client, right=False)
    assert client.get(URL)["Location"] == task_url()
    assert client.get(task_url())["Location"] == DONE
    html = last_page(client)
    assert "Not enough of the training answers" in html
    assert link("quality") in html
    assert set(QualityFlag.objects.values_list("kind", flat=True)) == {"training"}


def fail_checks(client: Client) -> None:
    for _number in range(20):
        page = client.get(task_url())
        if page.status_code == 302:
            return
        html = page.content.decode()
        texts = html.split('data-response="')[1:]
        wrong = next((part[0] for part in texts if "Bread." not in part), "a")
        sent(client, choice=wrong)


def test_whom_checks_paused_gets_the_way_back_and_may_be_let_go_on(client: Client) -> None:
    project = make_study(
        tasks=20, target_per_person=20, check_share=0.5, pause_after_failed=1, seed=7
    )
    import_checks(project=project, rows=[CHECK] * 5)
    arrive(client)
    fail_checks(client)
    html = last_page(client)
    assert "We are looking at something" in html
    assert link("quality") in html
    lift_pause(participation=person(), note="The item was wrong.", by=None)
    assert PanelSession.objects.get().ended_at is None
    assert client.get(task_url()).status_code == 200


def test_who_is_left_out_gets_the_way_back_and_taken_in_goes_on(client: Client) -> None:
    make_study()
    arrive(client)
    client.get(task_url())
    exclude(participation=person(), reason="panel", by=None)
    assert client.get(task_url())["Location"] == DONE
    assert link("quality") in last_page(client)
    assert not Assignment.objects.filter(state="leased").exists()
    arrive(client, "v2")  # each visit has a link of its own
    assert link("quality", "v2") in last_page(client)
    include(participation=person(), note="A mistake.", by=None)
    assert client.get(task_url()).status_code == 200
    assert PanelSession.objects.get(session_id="v2").outcome == ""


def test_an_exclusion_leaves_a_visit_that_ended_as_it_is(client: Client) -> None:
    make_study(target_per_person=1)
    arrive(client)
    client.get(task_url())
    sent(client, choice="a")
    assert link("complete") in last_page(client)
    exclude(participation=person(), reason="quality", by=None)
    html = last_page(client)
    assert link("complete") in html
    assert "What you did is kept, and what you have earned stays yours." in html


# Technical


def test_who_comes_while_the_study_is_paused_goes_back_at_once(client: Client) -> None:
    pause_project(project=make_study())
    arrive(client)
    assert client.get(task_url())["Location"] == DONE
    html = last_page(client)
    assert "Something went wrong on our side" in html
    assert link("technical") in html


def test_who_comes_when_it_is_closed_finds_no_place(client: Client) -> None:
    close_project(project=make_study())
    assert link("quota_full") in arrive(client).content.decode()
    assert not Participation.objects.exists()


def test_who_comes_back_when_it_is_closed_finds_no_place(client: Client) -> None:
    project = make_study()
    arrive(client)
    client.post(DONE, {"action": "return"})
    close_project(project=project)
    arrive(client, "v2")
    assert link("quota_full", "v2") in last_page(client)


def test_whom_a_pause_meets_at_work_chooses(client: Client) -> None:
    project = make_study()
    arrive(client)
    client.get(task_url())
    sent(client, choice="a")
    assert client.post(DONE, {"action": "leave"}).status_code == 422  # nothing is wrong yet
    pause_project(project=project)
    assert client.get(task_url())["Location"] == DONE
    assert "The study is paused" in last_page(client)
    assert PanelSession.objects.get().ended_at is None
    assert link("technical") in client.post(DONE, {"action": "leave"}).content.decode()


@pytest.mark.parametrize(("target", "outcome"), [(2, "technical"), (None, "complete")])
def test_whom_the_end_of_the_study_meets_at_work(
    client: Client, target: int | None, outcome: str
) -> None:
    project = make_study(target_per_person=target)
    arrive(client)
    client.get(task_url())
    sent(client, choice="a")
    close_project(project=project)
    assert client.get(task_url())["Location"] == DONE
    assert link(outcome) in last_page(client)


@pytest.mark.parametrize(("share", "outcome"), [(1.0, "technical"), (0.0, "quota_full")])
def test_where_no_model_would_answer_what_they_write_it_is_our_fault(
    client: Client, settings: Settings, share: float, outcome: str
) -> None:
    settings.VLLM_BASE_URL, settings.VLLM_ENDPOINTS = "", []
    make_study(tasks=1, own_prompt_share=share)
    arrive(client)
    Assignment.objects.update(state="closed")
    assert client.get(task_url())["Location"] == DONE
    assert link(outcome) in last_page(client)


@pytest.mark.parametrize("state", ["leave", "finish", ""])
def test_a_visit_that_ended_stays_as_it_is(client: Client, state: str) -> None:
    project = make_study()
    arrive(client)
    end_visit(participation=person(), outcome=Outcome.SCREEN_OUT)
    pause_project(project=project)
    client.post(DONE, {"action": state})
    assert PanelSession.objects.get().outcome == "screen_out"
