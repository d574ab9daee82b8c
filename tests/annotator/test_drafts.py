"""Unsent work is kept on the server, comes back with its form, and goes when it is sent."""

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.models import Draft, Participation, Project
from annotator.selectors.drafts import find_draft
from annotator.services.drafts import LONGEST, MOST_DRAFTS, save_draft
from annotator.services.sweeping import sweep
from tests.factories import make_annotator, make_participation, make_project, make_set
from tests.pages import HTMX, open_task, task_url

pytestmark = pytest.mark.django_db

URL = "/projects/everyday/drafts/"
CONTENT = {"choice": ["b"], "explanation": ["Weil <es> „so“ ist 🙂"], "veto": ["a", "c"]}


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def alice(project: Project, client: Client) -> Participation:
    annotator = make_annotator("alice")
    client.force_login(annotator)
    return make_participation(project, annotator)


def send(client: Client, about: str, content: Any) -> Any:
    return client.post(f"{URL}?about={about}", {"content": json.dumps(content)})


def kept_by_the_page(page: str) -> dict[str, Any]:
    kept = re.search(r'data-kept="([^"]*)"', page)
    assert kept
    found: dict[str, Any] = json.loads(html.unescape(kept[1]) or "{}")
    return found


def test_a_draft_comes_back_with_its_task(
    client: Client, alice: Participation, project: Project
) -> None:
    make_set(project)
    place = open_task(client)["assignment"]
    answer = send(client, f"task-{place}", CONTENT)
    draft = Draft.objects.get()
    assert answer.status_code == 200
    assert answer.content.decode() == str(int(draft.saved_at.timestamp() * 1000))
    kept = kept_by_the_page(client.get(task_url()).content.decode())
    assert kept == {"at": int(answer.content), "fields": CONTENT}
    assert json.loads(find_draft(participation=alice, about=f"task-{place}")) == kept


def test_what_is_kept_is_replaced_at_the_cost_of_one_statement(
    client: Client, alice: Participation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    send(client, "task-1", CONTENT)
    with django_assert_num_queries(4):  # session, account, participation, draft
        send(client, "task-1", {"choice": ["a"]})
    assert Draft.objects.get().content == {"choice": ["a"]}


def test_sending_or_skipping_drops_what_was_kept(
    client: Client, alice: Participation, project: Project
) -> None:
    for _number in range(3):
        make_set(project)
    for last in ({"action": "submit", "choice": "a"}, {"action": "skip", "skip_reason": "unclear"}):
        fields = open_task(client)
        send(client, f"task-{fields['assignment']}", CONTENT)
        assert Draft.objects.count() == 1
        page = client.post(task_url(), {**fields, **last}, headers=HTMX).content.decode()
        assert Draft.objects.count() == 0
        assert kept_by_the_page(page) == {}


def test_what_was_just_sent_is_newer_than_what_was_kept(
    client: Client, alice: Participation, project: Project
) -> None:
    make_set(project)
    fields = open_task(client)
    send(client, f"task-{fields['assignment']}", CONTENT)
    page = client.post(task_url(), {**fields, "explanation": "Newer", "action": "submit"})
    assert page.status_code == 422
    assert kept_by_the_page(page.content.decode()) == {}
    assert "Newer</textarea>" in page.content.decode()


def test_nobody_sees_what_another_person_keeps(
    client: Client, alice: Participation, project: Project
) -> None:
    make_set(project)
    place = open_task(client)["assignment"]
    bob = make_participation(project, make_annotator("bob"))
    save_draft(participation=bob, about=f"task-{place}", content={"explanation": ["secret"]})
    assert kept_by_the_page(client.get(task_url()).content.decode()) == {}
    other = Client()
    other.force_login(make_annotator("carol"))
    assert send(other, "task-1", CONTENT).status_code == 404
    assert send(Client(), "task-1", CONTENT).status_code == 302


def test_a_person_keeps_a_few_drafts_and_the_oldest_go(alice: Participation) -> None:
    for number in range(MOST_DRAFTS + 3):
        save_draft(participation=alice, about=f"task-{number}", content={})
    kept = set(Draft.objects.values_list("about", flat=True))
    assert kept == {f"task-{number}" for number in range(3, MOST_DRAFTS + 3)}


def test_the_sweep_drops_what_nobody_came_back_to(alice: Participation) -> None:
    for number in (1, 2):
        save_draft(participation=alice, about=f"task-{number}", content={})
    Draft.objects.filter(about="task-1").update(saved_at=timezone.now() - timedelta(days=31))
    sweep()
    assert Draft.objects.get().about == "task-2"


def test_a_form_has_one_draft(alice: Participation) -> None:
    draft = {"participation": alice, "about": "task-1", "content": {}, "saved_at": timezone.now()}
    Draft.objects.create(**draft)
    with (
        pytest.raises(IntegrityError, match="one_draft_per_participation_and_form"),
        transaction.atomic(),
    ):
        Draft.objects.create(**draft)


@pytest.mark.parametrize(
    ("about", "content"),
    [
        ("", "{}"),
        ("task-", "{}"),
        ("task-1; drop", "{}"),
        ("task-" + "1" * 20, "{}"),
        ("task-1", ""),
        ("task-1", "[]"),
        ("task-1", "{"),
        ("task-1", '{"choice": "a"}'),
        ("task-1", '{"choice": [1]}'),
        ("task-1", '{"choice": ["\\u0000"]}'),
        ("task-1", '{"choice": ["\\ud800"]}'),
        ("task-1", '{"\\u0000": ["a"]}'),
        ("task-1", "[" * 100_000),
        ("task-1", json.dumps({"explanation": ["x" * LONGEST]})),
    ],
)
def test_what_cannot_be_kept_is_refused(
    client: Client, alice: Participation, about: str, content: str
) -> None:
    assert client.post(f"{URL}?about={about}", {"content": content}).status_code == 422
    assert client.get(URL).status_code == 405
    assert Draft.objects.count() == 0
