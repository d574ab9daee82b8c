"""The pages that leave people out, take them in again and let them go on: each says first what will happen."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.models import Assignment, AuditEvent, Participation, Project
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
    project = make_project(overlap=1)
    for _number in range(2):
        make_set(project)
    return project


@pytest.fixture
def alice(project: Project) -> Participation:
    alice = make_participation(project, make_annotator(), country="FR")
    make_judgment(alice)
    return alice


@pytest.fixture
def rita(client: Client, project: Project) -> Client:
    client.force_login(make_member(project))
    return client


def url(page: str, alice: Participation) -> str:
    return reverse(f"admin:annotator_participation_{page}", args=[alice.pk])


def test_the_page_says_what_an_exclusion_will_do(rita: Client, alice: Participation) -> None:
    assert url("exclude", alice) in rita.get(url("change", alice)).content.decode()
    html = rita.get(url("exclude", alice)).content.decode()
    assert "1 answer stays stored and paid." in html
    assert "1 place that they filled opens again" in html
    assert "hold goes to somebody else" not in html
    alice.refresh_from_db()
    assert alice.excluded_at is None, "looking changes nothing"


def test_leaving_out_and_taking_in_again(rita: Client, alice: Participation) -> None:
    answer = rita.post(url("exclude", alice), {"reason": "quality", "note": ""}, follow=True)
    html = answer.content.decode()
    assert "The person is left out. 1 place opened again." in html
    assert url("include", alice) in html
    assert url("exclude", alice) not in html
    assert not Assignment.objects.filter(state="judged").exists()
    assert "1 of their answers fills a place" in rita.get(url("include", alice)).content.decode()
    assert rita.post(url("include", alice), {"note": ""}).status_code == 422
    answer = rita.post(url("include", alice), {"note": "A mistake."}, follow=True)
    assert "1 of their answers counts." in answer.content.decode()
    assert Assignment.objects.filter(state="judged").count() == 1
    actors = AuditEvent.objects.filter(action__in=("exclude", "include"))
    assert set(actors.values_list("actor__username", flat=True)) == {"rita"}


def test_a_second_click_says_that_it_is_done(rita: Client, alice: Participation) -> None:
    rita.post(url("exclude", alice), {"reason": "quality"})
    again = rita.post(url("exclude", alice), {"reason": "quality"})
    assert again.status_code == 422
    assert "left out already" in again.content.decode()
    assert AuditEvent.objects.filter(action="exclude").count() == 1


def test_letting_a_paused_person_go_on(rita: Client, alice: Participation) -> None:
    assert url("unpause", alice) not in rita.get(url("change", alice)).content.decode()
    Participation.objects.update(paused_at=timezone.now())
    assert url("unpause", alice) in rita.get(url("change", alice)).content.decode()
    rita.post(url("unpause", alice), {"note": "The item was wrong."})
    alice.refresh_from_db()
    assert alice.paused_at is None


@pytest.mark.parametrize(
    ("standing", "shown"),
    [("here", 1), ("paused", 1), ("excluded", 1), ("withdrawn", 1), ("", 4), ("elsewhere", 0)],
)
def test_people_are_narrowed_by_their_standing(
    rita: Client, project: Project, alice: Participation, standing: str, shown: int
) -> None:
    now = timezone.now()
    for name, fields in (
        ("bob", {"paused_at": now}),
        ("carol", {"excluded_at": now, "excluded_for": "other"}),
        ("dave", {"withdrawn_at": now}),
    ):
        make_participation(project, make_annotator(name), **fields)
    listed = rita.get(
        reverse("admin:annotator_participation_changelist"),
        {"standing": standing} if standing else {},
    )
    assert len(listed.context["cl"].result_list) == shown


def test_who_left_by_group_takes_as_many_queries_for_many_people(
    rita: Client,
    project: Project,
    alice: Participation,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(5):
        make_participation(project, make_annotator(f"p{number}"), country="IN")
    page = reverse("admin:annotator_project_people", args=[project.pk])
    rita.get(page)
    with django_assert_num_queries(8):
        # session, account, Django's permissions (2), project, roles; two of the page
        html = rita.get(page).content.decode()
    assert "IN" in html
    assert alice.country in html
