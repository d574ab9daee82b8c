"""My data: to read, take along, correct and take back."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.models import PanelSession, Participation
from annotator.models.demographics import default_demographics
from annotator.services.flags import flag_response
from annotator.services.pay import close_period
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db
URL = "/account/"


def come_in(client: Client, **settings: Any) -> Participation:
    project = make_project(
        **settings,
        consent_text={"en": "Yes?"},
        demographics=default_demographics(),
        languages=["en", "fr"],
        ways_out=["none"],
    )
    make_set(project)
    alice = make_annotator()
    client.force_login(alice)
    person = make_participation(project, alice, country="US")
    client.post("/projects/everyday/consent/", {"adult": "yes", "texts": "yes"})
    client.post("/projects/everyday/profile/", {"age": "35-45", "skill-en": "native"})
    return person


def test_the_page_shows_what_is_stored(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    person = come_in(client)
    # session, account, participations, consents, reports, visits, payments
    with django_assert_num_queries(7):
        html = client.get(URL).content.decode()
    for said in (person.pseudonym, "35-45", "publishing your texts ✓", "training of models –"):
        assert said in " ".join(html.split())
    for way in ("consent", "profile", "leave", "history"):
        assert f'href="/projects/everyday/{way}/"' in html


def test_everything_can_be_taken_along(client: Client) -> None:
    person = come_in(client)
    person.refresh_from_db()
    make_judgment(person, explanation="Because.")
    answer = client.get("/account/download/")
    assert "attachment" in answer["Content-Disposition"]
    data = json.loads(answer.content)
    assert data["account"]["username"] == "alice"
    [project] = data["projects"]
    assert project["about_you"][0]["answers"] == {"age": "35-45"}
    assert project["consents"][0]["texts"] is True
    [given] = project["answers"]
    assert given["explanation"] == "Because."
    assert given["prompt"] == "What do you owe your parents?"
    assert given["chosen_text"] in {"One.", "Two.", "Three.", "Four."}
    assert "model" not in answer.content.decode()  # who wrote a response stays unknown


def leave_traces(person: Participation) -> None:
    """Let a person report a response, come through a panel, and be listed to be paid."""
    judgment = make_judgment(person)
    flag_response(
        participation=person,
        assignment_id=judgment.assignment_id or 0,
        letter="a",
        note="It insults my town.",
    )
    PanelSession.objects.create(
        project=person.project, participation=person, session_id="s-1", study_id="t-1"
    )
    PanelSession.objects.update(ended_at=timezone.now(), outcome="complete")
    close_period(project=person.project, key=uuid.uuid4(), by=None)


def test_reports_visits_and_pay_are_shown_and_taken_along(client: Client) -> None:
    person = come_in(client, pay_currency="EUR", pay_per_answer=1250)
    leave_traces(person)
    html = " ".join(client.get(URL).content.decode().split())
    for said in ("It insults my town.", "you completed it", "12.50 EUR", "Responses you reported"):
        assert said in html
    [project] = json.loads(client.get("/account/download/").content)["projects"]
    assert project["reports"][0]["note"] == "It insults my town."
    assert project["reports"][0]["response"] in {"One.", "Two.", "Three.", "Four."}
    assert project["visits"][0]["session_id"] == "s-1"
    assert project["listed_to_be_paid"][0]["amount"] == "12.5"
    assert project["earned"] == [{"currency": "EUR", "amount": "12.50", "answers": 1}]


@pytest.mark.parametrize(("policy", "note"), [("erase", ""), ("keep", "It insults my town.")])
def test_who_has_left_sees_what_stays_as_they_agreed(
    client: Client, policy: str, note: str
) -> None:
    person = come_in(client, pay_currency="EUR", pay_per_answer=1250, after_withdrawal=policy)
    leave_traces(person)
    assert "stay in the books" in client.get("/projects/everyday/leave/").content.decode()
    client.post("/projects/everyday/leave/")
    html = client.get(URL).content.decode()
    assert "You have left this project" in html
    assert ("It insults my town." in html) == bool(note)
    for kept in ("you completed it", "12.50"):
        assert kept in html
    assert "35-45" not in html
    [project] = json.loads(client.get("/account/download/").content)["projects"]
    assert project["reports"][0]["note"] == note
    assert project["visits"][0]["outcome"] == "complete"
    assert project["listed_to_be_paid"][0]["amount"] == "12.5"


def test_nobody_sees_what_others_reported_or_were_paid(client: Client) -> None:
    person = come_in(client, pay_currency="EUR", pay_per_answer=1250)
    leave_traces(person)
    bob = make_annotator("bob")
    make_participation(person.project, bob)
    client.force_login(bob)
    for path in (URL, "/account/download/"):
        content = client.get(path).content.decode()
        assert "insults" not in content
        assert "12.5" not in content


def test_languages_can_be_corrected(client: Client) -> None:
    person = come_in(client)
    client.post("/projects/everyday/languages/", {"languages": ["fr", "en"]})
    person.refresh_from_db()
    assert person.languages == ["fr", "en"]
    assert client.post("/projects/everyday/languages/", {"languages": ["de"]}).status_code == 422


def test_leaving_says_what_it_does_and_needs_a_post(client: Client) -> None:
    person = come_in(client)
    html = client.get("/projects/everyday/leave/").content.decode()
    assert '<form id="leave" method="post"' in html
    assert "cannot be undone" in html
    assert Participation.objects.get(withdrawn_at=None) == person
    assert "You have left" in client.post("/projects/everyday/leave/").content.decode()
    assert not Participation.objects.filter(withdrawn_at=None).exists()
    assert client.get("/projects/everyday/task/").status_code == 404
    assert "You take part in no project now" in client.get(URL).content.decode()


@pytest.mark.parametrize("path", ["/account/", "/account/download/", "/account/delete/"])
def test_nobody_sees_it_signed_out(client: Client, path: str) -> None:
    assert client.get(path)["Location"] == f"/login/?next={path}"


def test_a_foreign_project_is_as_absent_as_none(client: Client) -> None:
    make_project("foreign")
    client.force_login(make_annotator("bob"))
    for slug in ("foreign", "nowhere"):
        assert client.get(f"/projects/{slug}/leave/").status_code == 404
        assert client.post(f"/projects/{slug}/leave/").status_code == 404
