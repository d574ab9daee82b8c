"""Later turns: shown with the conversation so far, and judged on their own turn."""

from collections.abc import Sequence

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from annotator.models import (
    Assignment,
    Conversation,
    Judgment,
    Offer,
    Participation,
    Turn,
)
from annotator.selectors.tasks import get_task
from annotator.services.assignments import claim_next, skip
from tests.annotator.conversing import SERVER, answer
from tests.factories import (
    make_annotator,
    make_judgment,
    make_next_turn,
    make_own_turn,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)
from tests.pages import open_task, task_url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_model_server(settings: Settings) -> None:
    settings.VLLM_BASE_URL = SERVER


@pytest.fixture
def alice() -> Participation:
    return make_participation(make_project(turns=3), make_annotator("alice"))


@pytest.fixture
def browser(alice: Participation, client: Client) -> Client:
    client.force_login(alice.annotator)
    return client


def gone_on(alice: Participation, messages: Sequence[str] = ("And why?",)) -> Turn:
    """Let alice judge a shared prompt and write on, so often; the last message is answered."""
    make_set(alice.project, make_prompt(alice.project, "Who decides?"))
    for message in messages:
        turn = make_next_turn(make_judgment(alice), message)
        answer(turn)
    return turn


def test_a_later_turn_is_handed_out_first_and_shows_the_conversation(alice: Participation) -> None:
    turn = gone_on(alice)
    make_set(alice.project)
    place = claim_next(participation=alice)
    assert place is not None
    task = get_task(assignment_id=place, participation=alice)
    assert task is not None
    assert (task.prompt_text, task.prompt_language, task.is_own) == ("And why?", "en", True)
    (said,) = task.earlier
    assert turn.continues is not None
    assert (said.message, said.html) == ("Who decides?", turn.continues.html)
    assert (said.is_own, said.is_drawn) == (False, False)


def test_its_judgment_belongs_to_the_turn_that_is_there(alice: Participation) -> None:
    turn = gone_on(alice)
    judgment = make_judgment(alice)
    assert judgment.turn == turn
    assert Turn.objects.count() == 2
    assert Conversation.objects.count() == 1


def test_an_own_prompt_is_judged_in_its_conversation(alice: Participation) -> None:
    turn = make_own_turn(alice, text="May I lie?")
    answer(turn)
    place = claim_next(participation=alice)
    task = get_task(assignment_id=place or 0, participation=alice)
    assert task is not None
    assert (task.prompt_text, task.is_own, task.earlier) == ("May I lie?", True, [])
    assert make_judgment(alice).turn == turn


def test_a_conversation_ends_with_its_last_turn(alice: Participation) -> None:
    gone_on(alice, ["And why?", "And then?"])
    conversation = Conversation.objects.get()
    assert conversation.finished_at is None
    make_judgment(alice)
    conversation.refresh_from_db()
    assert conversation.finished_at is not None


@pytest.mark.parametrize(("without_winner", "ends"), [("end", True), ("draw", False)])
def test_an_answer_without_a_winner_ends_it_or_not(without_winner: str, *, ends: bool) -> None:
    project = make_project(turns=3, without_winner=without_winner)
    bob = make_participation(project, make_annotator("bob"))
    make_set(project)
    make_judgment(bob, "all_bad")
    assert (Conversation.objects.get().finished_at is not None) is ends


def test_a_single_comparison_ends_at_once() -> None:
    bob = make_participation(make_project(), make_annotator("bob"))
    make_set(bob.project)
    assert make_judgment(bob).turn.conversation.finished_at is not None


def test_only_the_first_turn_counts_as_a_task_of_its_own(alice: Participation) -> None:
    gone_on(alice)
    make_judgment(alice)
    alice.refresh_from_db()
    assert (alice.judgments_given, alice.conversations_begun) == (2, 1)


def test_a_skipped_turn_ends_its_conversation_and_is_nobody_elses(alice: Participation) -> None:
    gone_on(alice)
    bob = make_participation(alice.project, make_annotator("bob"))
    place = claim_next(participation=alice)
    assert place is not None
    skip(assignment_id=place, participation=alice, reason="unclear")
    assert Conversation.objects.get().finished_at is not None
    assert claim_next(participation=alice) is None
    other = claim_next(participation=bob)
    assert other is not None
    assert Assignment.objects.get(pk=other).owner is None


def test_a_skipped_shared_prompt_ends_no_conversation(alice: Participation) -> None:
    gone_on(alice)
    make_judgment(alice)
    make_set(alice.project)
    place = claim_next(participation=alice)
    assert place is not None
    skip(assignment_id=place, participation=alice, reason="unclear")
    assert Conversation.objects.get().finished_at is None


def test_a_turn_that_expired_is_shown_again(alice: Participation) -> None:
    gone_on(alice)
    place = claim_next(participation=alice)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE annotator_assignment SET state = 'open', token = NULL, lease_until = NULL WHERE id = %s",
            [place],
        )
    Offer.objects.filter(outcome="shown").update(outcome="expired")
    assert claim_next(participation=alice) == place


def test_the_page_shows_the_whole_conversation(browser: Client, alice: Participation) -> None:
    turn = gone_on(alice, ["And why?", "And <then>?"])
    html = browser.get(task_url()).content.decode()
    assert "You wrote" in html
    assert "And &lt;then&gt;?" in html
    assert "1 earlier message and its answer" in html
    assert html.index("Who decides?") < html.index("And why?") < html.index("And &lt;then&gt;?")
    assert "This conversation ends here, and you get another task." in html
    assert turn.continues is not None
    assert turn.continues.html in html


def test_answering_it_on_the_page_stores_it_once(browser: Client, alice: Participation) -> None:
    turn = gone_on(alice)
    fields = open_task(browser)
    for _again in range(2):
        browser.post(task_url(), {**fields, "action": "submit", "choice": "b"})
    assert Judgment.objects.filter(turn=turn).count() == 1
