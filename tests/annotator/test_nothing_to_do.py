"""Who gets no task reads why, and it is true."""

import pytest
from django.test import Client

from annotator.models import Assignment, Participation, Project
from annotator.services.assignments import claim_next
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)
from tests.pages import task_url

pytestmark = pytest.mark.django_db


def person(project: Project, name: str = "alice", country: str = "FR") -> Participation:
    return make_participation(project, make_annotator(name), country=country)


def why(client: Client, participation: Participation) -> str:
    client.force_login(participation.annotator)
    answer = client.get(task_url())
    assert answer.context["state"] == "empty"
    return str(answer.context["why"])


def test_all_is_answered(client: Client) -> None:
    project = make_project(overlap=1)
    make_set(project)
    make_judgment(person(project, "bob"))
    assert why(client, person(project)) == "answered"


def test_others_hold_the_last_places(client: Client) -> None:
    project = make_project(overlap=1)
    make_set(project)
    assert claim_next(participation=person(project, "bob"))
    assert why(client, person(project)) == "others"


def test_they_have_seen_all_there_is(client: Client) -> None:
    project = make_project(overlap=2)
    make_set(project)
    alice = person(project)
    make_judgment(alice)
    assert why(client, alice) == "seen"


def test_what_is_left_is_kept_for_other_strata(client: Client) -> None:
    project = make_project(overlap=1, stratum_by="country", quotas={"US": 1})
    make_set(project)
    assert why(client, person(project)) == "reserved"
    assert b"kept for other groups of people" in client.get(task_url()).content
    assert Assignment.objects.get().state == Assignment.State.OPEN


def test_there_are_enough_judgments_of_people_like_them(client: Client) -> None:
    project = make_project(overlap=2, target_by="country", targets={"FR": 1})
    for _number in range(2):
        make_set(project)
    make_judgment(person(project, "bob"))
    assert why(client, person(project)) == "enough"
    assert b"Enough people like you have answered" in client.get(task_url()).content


def test_their_block_is_done(client: Client) -> None:
    project = make_project(block_size=1)
    for _number in range(2):
        make_set(project)
    alice = person(project)
    make_judgment(alice)
    alice.refresh_from_db()
    assert why(client, alice) == "block"
    assert b"everything that was drawn for you" in client.get(task_url()).content
