"""My data: to read, take along, correct and take back."""

import json

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.models import Participation
from annotator.models.demographics import default_demographics
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db
URL = "/account/"


def come_in(client: Client) -> Participation:
    project = make_project(
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
    with django_assert_num_queries(4):  # session, account, participations, consents
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
    assert "You take part in no project" in client.get(URL).content.decode()


@pytest.mark.parametrize("path", ["/account/", "/account/download/", "/account/delete/"])
def test_nobody_sees_it_signed_out(client: Client, path: str) -> None:
    assert client.get(path)["Location"] == f"/login/?next={path}"


def test_a_foreign_project_is_as_absent_as_none(client: Client) -> None:
    make_project("foreign")
    client.force_login(make_annotator("bob"))
    for slug in ("foreign", "nowhere"):
        assert client.get(f"/projects/{slug}/leave/").status_code == 404
        assert client.post(f"/projects/{slug}/leave/").status_code == 404
