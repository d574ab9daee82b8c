"""The pages around the task: home, signing in, joining, history, errors, headers."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.models import Annotator, Invitation, Participation, Project
from annotator.services.people import create_invitations, demo_login_url
from tests.factories import (
    make_admin,
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db


# Home


def test_home_invites_a_visitor_to_sign_in(client: Client) -> None:
    assert 'href="/login/"' in client.get("/").content.decode()


def test_home_shows_my_projects_and_those_open_to_all(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    alice = make_annotator()
    make_participation(make_project("mine", name="Mine"), alice)
    make_project("everybody", name="Everybody", open_to_all=True)
    make_project("closed-off", name="Closed off")
    make_project("unready", name="Unready", open_to_all=True, opened=False)
    client.force_login(alice)
    with django_assert_num_queries(4):  # session, account, two lists
        html = client.get("/").content.decode()
    assert 'href="/projects/mine/task/"' in html
    assert 'href="/join/everybody/"' in html
    assert "Closed off" not in html
    assert "Unready" not in html
    assert "/admin/" not in html


def test_home_leads_staff_to_the_administration(client: Client) -> None:
    client.force_login(make_admin())
    assert 'href="/admin/"' in client.get("/").content.decode()


# Signing in and out


def test_signing_in_leads_back_to_where_one_wanted_to_go(client: Client) -> None:
    make_annotator("alice")
    answer = client.post(
        "/login/",
        {"username": "alice", "password": "correct horse", "next": "/projects/everyday/task/"},
    )
    assert answer["Location"] == "/projects/everyday/task/"


@pytest.mark.parametrize("target", ["nowhere", "1e9", "²", "%", "home", ""])
def test_what_is_no_address_leads_home(client: Client, target: str) -> None:
    assert client.post("/look/", {"theme": "dark", "next": target})["Location"] == "/"
    client.force_login(make_annotator("alice"))
    assert client.get("/login/", {"next": target})["Location"] == "/"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\x00"]
)
def test_signing_in_leads_to_no_other_site(client: Client, target: str) -> None:
    make_annotator("alice")
    assert (
        client.post("/login/", {"username": "alice", "password": "correct horse", "next": target})[
            "Location"
        ]
        == "/"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"username": "alice", "password": "wrong"},
        {"username": "a\x00", "password": "x"},
        {"username": "alice", "password": "\x00"},
        {"username": "x" * 500, "password": "y" * 5000},
    ],
)
def test_what_does_not_sign_in_is_said_at_the_form(client: Client, fields: dict[str, str]) -> None:
    make_annotator("alice")
    answer = client.post("/login/", fields)
    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()


def test_signing_out_needs_a_post(client: Client) -> None:
    client.force_login(make_annotator())
    assert client.get("/logout/").status_code == 405
    client.post("/logout/")
    assert 'href="/login/"' in client.get("/").content.decode()


def test_the_demo_link_signs_in_again_and_again_in_the_demo_only(settings: Settings) -> None:
    alice = make_annotator("alice", ui_language="fr")
    make_participation(make_project(), alice)
    path = demo_login_url(annotator=alice).removeprefix(settings.PUBLIC_URL)
    assert Client().get(path).status_code == 404
    settings.DEMO = True
    for _time in range(2):
        client = Client()
        answer = client.get(path)
        assert answer["Location"] == "/projects/everyday/task/"
        assert answer.cookies["django_language"].value == "fr"
        assert client.get(answer["Location"]).status_code == 200
    assert Client().get(path.replace(path[-4:], "xyz/")).status_code == 404
    assert Client().get("/demo/login/1/").status_code == 404


# Language and looks


def test_the_language_is_kept_with_the_account_and_on_the_device(client: Client) -> None:
    alice = make_annotator()
    client.force_login(alice)
    answer = client.post("/language/", {"language": "ar", "next": "/login/"})
    assert answer["Location"] == "/login/"
    alice.refresh_from_db()
    assert alice.ui_language == "ar"
    assert re.search(r'<html lang="ar"\s+dir="rtl"', client.get("/").content.decode())
    elsewhere = Client()
    elsewhere.post("/login/", {"username": "alice", "password": "correct horse"})
    assert 'lang="ar"' in elsewhere.get("/").content.decode()


def test_a_visitor_reads_in_the_browsers_language(client: Client) -> None:
    assert (
        '<html lang="hi"'
        in client.get("/", headers={"Accept-Language": "hi-IN,hi;q=0.9"}).content.decode()
    )


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("/language/", {"language": "xx"}),
        ("/language/", {}),
        ("/language/", {"language": "\x00"}),
        ("/look/", {"theme": "pink"}),
        ("/look/", {"size": "\x00"}),
    ],
)
def test_settings_that_are_not_offered_are_refused(
    client: Client, url: str, fields: dict[str, str]
) -> None:
    answer = client.post(url, fields)
    assert answer.status_code == 422
    assert "data-field=" in answer.content.decode()


def test_theme_and_text_size_come_with_the_page(client: Client) -> None:
    client.post("/look/", {"theme": "dark"})
    client.post("/look/", {"size": "large"})
    html = client.get("/").content.decode()
    assert 'data-theme="dark"' in html
    assert 'data-size="large"' in html


# Joining


def test_anybody_with_an_account_joins_an_open_project(client: Client) -> None:
    make_project(open_to_all=True, languages=["en", "fr"])
    client.force_login(make_annotator())
    assert 'name="languages"' in client.get("/join/everyday/").content.decode()
    assert (
        client.post("/join/everyday/", {"languages": ["fr", "en"]})["Location"]
        == "/projects/everyday/task/"
    )
    assert Participation.objects.get().languages == ["fr", "en"]
    assert client.get("/join/everyday/")["Location"] == "/projects/everyday/task/"


def test_without_an_account_one_is_asked_to_sign_in(client: Client) -> None:
    make_project(open_to_all=True)
    assert "/login/?next=/join/everyday/" in client.get("/join/everyday/").content.decode()
    assert client.post("/join/everyday/", {"languages": "en"}).status_code == 422
    assert not Participation.objects.exists()


def test_an_invitation_signs_in_who_has_no_account(client: Client) -> None:
    project = make_project()
    [secret] = create_invitations(project=project, count=1, language="en")
    url = f"/join/everyday/?invitation={secret}"
    for _preview in range(2):  # a look at the link uses nothing up
        assert '<form id="join"' in client.get(url).content.decode()
    assert (
        client.post("/join/everyday/", {"invitation": secret})["Location"]
        == "/projects/everyday/task/"
    )
    assert client.get("/projects/everyday/task/").status_code == 200
    assert client.get(url)["Location"] == "/projects/everyday/task/"
    assert "no longer valid" in Client().get(url).content.decode()


def test_who_never_got_the_answer_to_an_invitation_comes_in_by_the_same_page() -> None:
    project = make_project()
    [secret] = create_invitations(project=project, count=1, language="en")
    browser = Client()
    html = browser.get(f"/join/everyday/?invitation={secret}").content.decode()
    number = re.search(r'name="page" value="(\w+)"', html)
    assert number
    sent = {"invitation": secret, "page": number[1]}
    Client().post("/join/everyday/", sent)  # its answer is lost, and its session with it
    assert browser.post("/join/everyday/", sent)["Location"] == "/projects/everyday/task/"
    assert browser.get("/projects/everyday/task/").status_code == 200
    assert (Annotator.objects.count(), Invitation.objects.get().uses) == (1, 1)
    for other in ("", "0" * 32, "\x00", "x" * 9999):
        refused = Client().post("/join/everyday/", {**sent, "page": other})
        assert refused.status_code == 422
    Participation.objects.update(joined_at=timezone.now() - timedelta(minutes=11))
    assert Client().post("/join/everyday/", sent).status_code == 422


def test_an_invitation_without_a_language_asks_for_it(client: Client) -> None:
    project = make_project(languages=["en", "hi"])
    [secret] = create_invitations(project=project, count=1)
    refused = client.post("/join/everyday/", {"invitation": secret})
    assert refused.status_code == 422
    assert 'id="languages-error"' in refused.content.decode()
    assert (
        client.post("/join/everyday/", {"invitation": secret, "languages": "xx"}).status_code == 422
    )
    assert (
        client.post("/join/everyday/", {"invitation": secret, "languages": "hi"}).status_code == 302
    )
    assert Participation.objects.get().languages == ["hi"]


@pytest.mark.parametrize("invitation", ["", "short", "\x00" * 32, "é" * 32, "x" * 32, "x" * 5000])
def test_a_project_by_invitation_opens_to_no_other_link(client: Client, invitation: str) -> None:
    make_project()
    client.force_login(make_annotator())
    assert client.get("/join/everyday/", {"invitation": invitation}).status_code in (404, 422)
    assert client.post(
        "/join/everyday/", {"invitation": invitation, "languages": "en"}
    ).status_code in (404, 422)
    assert not Participation.objects.exists()


def test_nothing_of_a_draft_is_shown(client: Client) -> None:
    make_project(opened=False, open_to_all=True)
    assert client.get("/join/everyday/").status_code == 404


@pytest.mark.parametrize("state", ["draft", "paused", "closed"])
def test_the_states_of_ones_projects_and_dates_are_told_in_ones_language(
    client: Client, state: str
) -> None:
    alice = make_annotator("alice", ui_language="ar")
    project = make_project("everyday", name="أسئلة")
    person = make_participation(project, alice)
    make_set(project)
    make_judgment(person)
    Project.objects.update(state=state)
    client.force_login(alice)
    client.cookies["django_language"] = "ar"
    home = client.get("/").content.decode()
    words = {"draft": "لم يُفتح بعد", "paused": "توقف مؤقت", "closed": "انتهى هذا المشروع"}
    assert words[state] in home
    assert f">{state}<" not in home
    for path in ("/account/", "/projects/everyday/history/"):
        page = client.get(path).content.decode()
        assert str(timezone.now().year) not in re.sub(r'datetime="[^"]+"', "", page)
        assert "٢٠" in page
