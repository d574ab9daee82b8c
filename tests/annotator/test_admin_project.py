"""The pages of a project's path: opening it, inviting people, handing out keys; and who gets to them."""

import csv
import io
from typing import Any
from urllib.parse import unquote

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from annotator.models import ApiToken, CandidateSet, Invitation, Project
from annotator.services.people import accept_invitation
from annotator.services.tokens import recognise_token
from tests.factories import make_annotator, make_member, make_project, make_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(opened=False, languages=[])


def page(project: Project, name: str = "change") -> str:
    return reverse(f"admin:annotator_project_{name}", args=[project.pk])


def test_a_project_opens_pauses_and_closes(adam: Client, project: Project) -> None:
    make_set(project)
    Project.objects.update(languages=["en"])
    for action, state in (
        ("open", "open"),
        ("pause", "paused"),
        ("open", "open"),
        ("close", "closed"),
    ):
        adam.post(page(project, "state"), {"action": action})
        project.refresh_from_db()
        assert project.state == state
    assert LogEntry.objects.count() == 4


@pytest.mark.parametrize("action", ["open", "explode", ""])
def test_a_project_that_is_not_ready_stays_closed(
    adam: Client, project: Project, action: str
) -> None:
    response = adam.post(page(project, "state"), {"action": action}, follow=True)

    project.refresh_from_db()
    assert project.state == "draft"
    assert any(message.level_tag == "error" for message in response.context["messages"])
    assert not LogEntry.objects.exists()


def test_the_state_is_not_changed_by_following_a_link(adam: Client, project: Project) -> None:
    assert adam.get(page(project, "state"), {"action": "close"}).status_code == 405


def test_invitations_are_shown_once_and_can_be_saved(adam: Client, project: Project) -> None:
    Project.objects.update(languages=["en", "fr"], state="open")
    response = adam.post(
        page(project, "invite"), {"count": "2", "language": "fr", "country": "ch", "days": "7"}
    )

    links = response.context["links"]
    saved = list(csv.DictReader(io.StringIO(unquote(response.context["file"].split(",", 1)[1]))))
    assert [row["url"] for row in saved] == links
    assert "no-store" in response.headers["Cache-Control"]
    project.refresh_from_db()
    assert (
        accept_invitation(project=project, secret=links[0].split("invitation=")[1]).country == "CH"
    )
    assert links[0] not in adam.get(page(project, "invite")).content.decode()
    assert (
        Invitation.objects.filter(created_by__username="adam", expires_at__isnull=False).count()
        == 2
    )


def test_a_link_can_let_several_people_in(adam: Client, project: Project) -> None:
    Project.objects.update(languages=["en"], state="open")
    adam.post(page(project, "invite"), {"count": "1", "uses": "30"})
    assert Invitation.objects.get().max_uses == 30


@pytest.mark.parametrize(
    "fields",
    [
        {"uses": "0"},
        {"uses": "x"},
        {"count": "0"},
        {"count": "1001"},
        {"count": "many"},
        {"language": "xx"},
        {"country": "FRA"},
        {"country": "\0\0"},
        {"days": "99999"},
    ],
)
def test_a_wrong_wish_makes_no_invitation(
    adam: Client, project: Project, fields: dict[str, str]
) -> None:
    assert adam.post(page(project, "invite"), {"count": "1", **fields}).status_code == 422
    assert not Invitation.objects.exists()


def test_a_key_is_shown_once_and_opens_this_project(adam: Client, project: Project) -> None:
    response = adam.post(
        page(project, "token"),
        {"name": "Rita's notebook", "scopes": ["read:judgments"], "days": "30"},
    )

    token = recognise_token(key=response.context["key"])
    assert (list(token.projects.all()), token.scopes) == ([project], ["read:judgments"])
    assert response.context["key"] not in adam.get(page(project, "token")).content.decode()
    assert response.context["key"] not in str(list(LogEntry.objects.values()))


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "\0"},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"days": "0"},
        {"days": "9" * 20},
    ],
)
def test_a_wrong_wish_makes_no_key(adam: Client, project: Project, fields: dict[str, Any]) -> None:
    assert (
        adam.post(
            page(project, "token"), {"name": "n", "scopes": ["read:project"], "days": "1", **fields}
        ).status_code
        == 422
    )
    assert not ApiToken.objects.exists()


PAGES = ("change", "upload", "generate", "invite", "token")


@pytest.mark.parametrize("name", PAGES)
def test_only_staff_gets_in(client: Client, project: Project, name: str) -> None:
    client.force_login(make_annotator())
    assert client.get(page(project, name)).headers["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("name", [*PAGES, "state"])
def test_a_reviewer_changes_nothing(client: Client, project: Project, name: str) -> None:
    client.force_login(make_member(project, role="reviewer"))
    assert client.post(page(project, name), {"action": "close"}).status_code == 403


@pytest.mark.parametrize("name", [*PAGES[1:], "state"])
@pytest.mark.parametrize("number", [0, 999_999, 2**63, 10**30])
def test_what_is_not_there_is_not_found(adam: Client, name: str, number: int) -> None:
    url = f"/admin/annotator/project/{number}/{name}/"
    assert adam.post(url, {}).status_code == 404


def test_a_project_cannot_be_deleted(adam: Client, project: Project) -> None:
    assert (
        adam.post(
            reverse("admin:annotator_project_delete", args=[project.pk]), {"post": "yes"}
        ).status_code
        == 403
    )


def test_the_page_costs_the_same_whatever_the_project_holds(
    adam: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    # 2 session and account; 1 project by get_object, 1 by the form; 7 progress; 2 by language; 2 lacks; 1 runs;
    # 1 slug check … : well below 30, and the same for 1 and for 20 sets.
    counts = []
    for sets in (1, 20):
        for _number in range(sets):
            make_set(project)
        with django_assert_max_num_queries(30) as queries:
            assert adam.get(page(project)).status_code == 200
        counts.append(len(queries.captured_queries))
    assert counts[0] == counts[1]
    assert CandidateSet.objects.count() == 21
