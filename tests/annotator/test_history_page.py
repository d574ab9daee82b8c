"""What people read about their own work, and the instructions."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.models import Judgment
from annotator.selectors import history as history_selector
from tests.factories import make_annotator, make_participation, make_project, make_prompt, make_set
from tests.pages import sent

pytestmark = pytest.mark.django_db


def test_history_shows_ones_own_answers_the_newest_first(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    project = make_project()
    alice, bob = make_annotator("alice"), make_annotator("bob")
    make_participation(project, alice)
    make_participation(project, bob)
    make_set(project, make_prompt(project, "First question?"))
    make_set(project, make_prompt(project, "Second question?"))
    other = Client()
    other.force_login(bob)
    sent(other, choice="a", explanation="Bob's own reason.")
    client.force_login(alice)
    sent(client, choice="c", explanation="Fair <b>and</b> kind.")
    sent(client, choice="none")
    with django_assert_num_queries(4):  # session, account, participation, answers
        html = client.get("/projects/everyday/history/").content.decode()
    assert html.index("Second question?") < html.index("First question?")
    assert '<span class="mark">C</span>' in html
    assert "None represents me" in html
    assert "Fair &lt;b&gt;and&lt;/b&gt; kind." in html
    assert "Bob" not in html
    chosen = Judgment.objects.get(
        participation__annotator=alice, choice_kind="response"
    ).choice_response
    assert chosen is not None
    assert chosen.html in html
    assert "model-" not in html


def test_history_comes_in_pages(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_selector, "PAGE", 2)
    project, alice = make_project(), make_annotator()
    make_participation(project, alice)
    client.force_login(alice)
    for number in range(5):
        make_set(project, make_prompt(project, f"Question {number}?"))
        sent(client, choice="a")
    seen, url = [], "/projects/everyday/history/"
    while url:
        html = client.get(url).content.decode()
        seen += re.findall(r"Question (\d)\?", html)
        following = re.search(r'rel="next" href="(\?before=\d+)"', html)
        url = f"/projects/everyday/history/{following[1]}" if following else ""
    assert seen == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize("before", ["x", "-1", "\x00", "9" * 19, "9" * 5000, "1.5", "١"])
def test_a_senseless_page_of_history_is_refused(client: Client, before: str) -> None:
    alice = make_annotator()
    make_participation(make_project(), alice)
    client.force_login(alice)
    answer = client.get("/projects/everyday/history/", {"before": before})
    assert answer.status_code == 422
    assert 'data-field="before"' in answer.content.decode()


def test_instructions_are_shown_in_the_readers_language(client: Client) -> None:
    alice = make_annotator()
    make_participation(
        make_project(instructions={"en": "Read **all**.", "fr": "Lisez **tout**."}), alice
    )
    client.force_login(alice)
    url = "/projects/everyday/instructions/"
    assert "Read <strong>all</strong>." in client.get(url).content.decode()
    assert (
        "Lisez <strong>tout</strong>."
        in client.get(url, headers={"Accept-Language": "fr"}).content.decode()
    )
