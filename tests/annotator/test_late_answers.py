"""Whoever is late loses nothing they wrote, and is told the truth."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotator.models import Assignment, Judgment, Participation, Project
from annotator.services.assignments import claim_next, give_back_overdue
from tests.factories import make_annotator, make_participation, make_project, make_set
from tests.pages import HTMX, hidden, open_task, task_url

pytestmark = pytest.mark.django_db

BOTH_WAYS = pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
WRITTEN = "Because & <so>"
SHOWN = "Because &amp; &lt;so&gt;"


@pytest.fixture
def project() -> Project:
    return make_project(
        overlap=1,
        explanation_share=1.0,
        explanation_required_share=1.0,
        explanation_min_length=20,
    )


@pytest.fixture
def alice(project: Project, client: Client) -> Participation:
    annotator = make_annotator("alice")
    client.force_login(annotator)
    return make_participation(project, annotator)


def lose(place: int, project: Project) -> str:
    """Let the time for a place pass and bob take it; return the number of his page."""
    Assignment.objects.filter(pk=place).update(lease_until=timezone.now() - timedelta(seconds=1))
    give_back_overdue()
    bob = make_participation(project, make_annotator("bob"))
    assert claim_next(participation=bob) == place
    return str(Assignment.objects.get(pk=place).token)


@BOTH_WAYS
def test_an_answer_to_a_place_that_is_gone_is_shown_again_until_it_is_complete(
    client: Client, alice: Participation, project: Project, headers: dict[str, str]
) -> None:
    make_set(project)
    page = open_task(client)
    of_bob = lose(int(page["assignment"]), project)

    answer = {**page, "choice": "b", "explanation": WRITTEN, "action": "submit"}
    refused = client.post(task_url(), answer, headers=headers)
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "at least 20 characters" in html
    assert "The time for this task is over, but nothing is lost" in html
    assert SHOWN in html
    assert hidden(html) == page
    assert of_bob not in html

    answer |= {"explanation": f"{WRITTEN}, and there is more."}
    client.post(task_url(), answer)
    judgment = Judgment.objects.get()
    assert judgment.explanation.startswith(WRITTEN)
    assert str(judgment.submission_id) == page["submission_id"]
    assert Assignment.objects.get().judgment_id is None, "bob is at it: this one is surplus"


@BOTH_WAYS
def test_a_skip_without_a_reason_is_asked_again_when_the_place_is_gone(
    client: Client, alice: Participation, project: Project, headers: dict[str, str]
) -> None:
    make_set(project)
    page = open_task(client)
    lose(int(page["assignment"]), project)
    refused = client.post(task_url(), {**page, "action": "skip"}, headers=headers)
    assert "Choose a reason." in refused.content.decode()
    assert hidden(refused.content.decode()) == page


@BOTH_WAYS
def test_what_was_sent_to_a_place_that_never_was_theirs_is_given_back(
    client: Client, alice: Participation, project: Project, headers: dict[str, str]
) -> None:
    make_set(project)
    place = Assignment.objects.get()
    sent = {"assignment": str(place.pk), "submission_id": "0" * 32, "choice": "b"}
    refused = client.post(task_url(), {**sent, "explanation": WRITTEN}, headers=headers)
    html = refused.content.decode()
    assert refused.status_code == 404
    assert "This task is not yours." in html
    assert "What you wrote" in html
    assert SHOWN in html
    assert Judgment.objects.count() == 0


def test_nothing_is_said_of_what_was_written_where_nothing_was(
    client: Client, alice: Participation
) -> None:
    refused = client.post(task_url(), {"assignment": "7", "submission_id": "0" * 32})
    assert "What you wrote" not in refused.content.decode()


def test_from_a_refused_change_one_comes_back_to_the_task(
    client: Client, alice: Participation
) -> None:
    path = "/projects/everyday/history/7/"
    refused = client.post(path, {"assignment": "7", "submission_id": "0" * 32}, headers=HTMX)
    html = refused.content.decode()
    assert refused.status_code == 404
    assert f'class="button" href="{task_url()}"' in html
    assert path not in html
