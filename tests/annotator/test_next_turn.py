"""After an answer the conversation goes on: write, wait, judge, finish; nothing that was written is lost."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.errors import Missing
from annotator.models import (
    CandidateSet,
    Comparison,
    Conversation,
    Judgment,
    Participation,
    Project,
    Turn,
    Wave,
)
from annotator.selectors.conversations import draw_to_go_on_from
from annotator.services.conversations import send_message
from annotator.services.generation import ask_for_turn
from annotator.services.projects import open_project, pause_project
from annotator.services.withdrawal import withdraw
from tests.annotator.conversing import (
    SERVER,
    answer,
    fail,
    form,
    judge_and_write_on,
    next_form,
    write_on,
)
from tests.factories import make_annotator, make_participation, make_project, make_prompt, make_set
from tests.pages import HTMX, hidden, open_task, sent, task_url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_model_server(settings: Settings) -> None:
    settings.VLLM_BASE_URL = SERVER


@pytest.fixture
def project() -> Project:
    return make_project(turns=3, turns_min=2, strategy="independent")


@pytest.fixture
def alice(project: Project) -> Participation:
    return make_participation(project, make_annotator("alice"))


@pytest.fixture
def browser(alice: Participation, client: Client) -> Client:
    make_set(alice.project, make_prompt(alice.project, "Who decides?"))
    client.force_login(alice.annotator)
    return client


def page_of(client: Client) -> str:
    return client.get(task_url()).content.decode()


def test_the_answer_to_a_submit_asks_for_the_next_message(browser: Client) -> None:
    fields = open_task(browser)
    response = browser.post(task_url(), {**fields, "action": "submit", "choice": "b"}, headers=HTMX)
    html = response.content.decode()
    assert form(html, "next-turn")
    assert 'value="send"' in html
    assert "Turn 2 of at most 3" in html
    assert "Who decides?" in html
    judged = Judgment.objects.get()
    assert judged.choice_response is not None
    assert judged.choice_response.html in html


def test_without_javascript_the_page_that_comes_asks_for_it(browser: Client) -> None:
    response = sent(browser, choice="a")
    assert response.headers["Location"].startswith(task_url())
    assert next_form(browser)


def test_sending_stores_the_turn_and_asks_on_the_interactive_queue(browser: Client) -> None:
    sent(browser, choice="a")
    response = write_on(browser, "And\r\nwhy?  ")
    turn = Turn.objects.latest("pk")
    assert response.headers["Location"] == f"/projects/everyday/turns/{turn.pk}/"
    assert (turn.number, turn.message, turn.is_drawn) == (2, "And\nwhy?", False)
    assert turn.continues == Judgment.objects.get().choice_response
    made = CandidateSet.objects.get(turn=turn)
    assert made.run is not None
    assert (made.state, made.run.queue) == ("queued", "interactive")


def test_the_waiting_page_leads_to_the_task_once_they_are_there(browser: Client) -> None:
    sent(browser, choice="a")
    url = write_on(browser, "And why?").headers["Location"]
    assert "And why?" in browser.get(url).content.decode()
    answer(Turn.objects.latest("pk"))
    assert browser.get(url).headers["Location"] == task_url()
    html = page_of(browser)
    assert "And why?" in html
    assert 'id="judgment"' in html


def test_a_conversation_of_three_turns_ends_by_itself(browser: Client) -> None:
    judge_and_write_on(browser, "And why?")
    judge_and_write_on(browser, "And then?")
    html = sent(browser, choice="c").headers["Location"]
    assert 'id="next-turn"' not in browser.get(html).content.decode()
    conversation = Conversation.objects.get()
    assert conversation.finished_at is not None
    assert [turn.message for turn in conversation.turns.order_by("number")] == [
        "",
        "And why?",
        "And then?",
    ]
    assert Judgment.objects.filter(turn__conversation=conversation).count() == 3


def test_finishing_is_offered_once_the_minimum_is_met(browser: Client) -> None:
    sent(browser, choice="a")
    assert 'value="finish"' not in page_of(browser)
    refused = write_on(browser, "", action="finish")
    assert refused.status_code == 422
    assert "at least 2 turns" in refused.content.decode()
    write_on(browser, "And why?")
    answer(Turn.objects.latest("pk"))
    sent(browser, choice="a")
    assert 'value="finish"' in page_of(browser)
    assert write_on(browser, "", action="finish").headers["Location"] == task_url()
    assert Conversation.objects.get().finished_at is not None
    assert "Nothing to compare right now" in page_of(browser)


def test_finishing_twice_is_fine(browser: Client) -> None:
    Project.objects.update(turns_min=1)
    open_project(project=Project.objects.get())
    sent(browser, choice="a")
    fields = next_form(browser)
    for _again in range(2):
        response = browser.post(fields["url"], {"action": "finish", "message": ""})
        assert response.headers["Location"] == task_url()


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("", "Write something first."),
        ("  \u200b ", "Write something first."),
        ("a" * 10_001, "10000"),
        ("so\0so", "NUL"),
    ],
)
def test_a_message_that_cannot_be_taken_is_shown_again(
    browser: Client, message: str, sentence: str
) -> None:
    sent(browser, choice="a")
    response = write_on(browser, message)
    html = response.content.decode()
    assert response.status_code == 422
    assert sentence in html
    assert 'aria-invalid="true"' in html
    assert form(html, "next-turn")
    if "so" in message:
        assert ">soso</textarea>" in html
    assert Turn.objects.count() == 1


def test_sent_twice_it_is_stored_once_and_the_first_message_stands(browser: Client) -> None:
    sent(browser, choice="a")
    fields = next_form(browser)
    first, again, other = (
        browser.post(fields["url"], {"action": "send", "message": message})
        for message in ("And why?", "And why?", "Or else?")
    )
    assert first.headers["Location"] == again.headers["Location"]
    assert other.status_code == 422
    assert "That one stands, and this one was not sent." in other.content.decode()
    assert Turn.objects.filter(number=2).get().message == "And why?"
    assert CandidateSet.objects.filter(turn__isnull=False).count() == 1


def test_without_a_model_server_the_message_is_stored_and_the_person_told(
    browser: Client, settings: Settings
) -> None:
    settings.VLLM_BASE_URL = ""
    sent(browser, choice="a")
    url = write_on(browser, "And why?").headers["Location"]
    html = browser.get(url).content.decode()
    assert Turn.objects.latest("pk").message == "And why?"
    assert "Your message is kept." in html
    assert "Ask for responses" in html
    assert "End this conversation" in html
    settings.VLLM_BASE_URL = SERVER
    assert browser.post(url).headers["Location"] == url
    assert CandidateSet.objects.filter(turn__isnull=False, state="queued").count() == 1


def test_whoever_waits_can_take_another_task_and_comes_back(browser: Client) -> None:
    make_set(Project.objects.get(), make_prompt(Project.objects.get(), "Who cares?"))
    sent(browser, choice="a")
    url = write_on(browser, "And why?").headers["Location"]
    html = page_of(browser)
    assert "Who cares?" in html
    assert f'<a href="{url}">See how far they are</a>' in html
    answer(Turn.objects.get(number=2))
    assert "Who cares?" in page_of(browser)
    browser.post(task_url(), {**hidden(html), "action": "submit", "choice": "a"})
    write_on(browser, "I do.")
    assert "And why?" in page_of(browser)


def test_what_failed_can_be_asked_for_again_or_ended(browser: Client) -> None:
    sent(browser, choice="a")
    url = write_on(browser, "And why?").headers["Location"]
    fail(Turn.objects.get(number=2))
    html = browser.get(url).content.decode()
    assert "Try again" in html
    assert browser.post(url, {"action": "stop"}).headers["Location"] == task_url()
    assert Conversation.objects.get().finished_at is not None
    assert browser.get(url).headers["Location"] == task_url()
    assert browser.post(url).status_code == 422
    assert Turn.objects.get(number=2).message == "And why?"


def test_while_all_goes_well_the_minimum_holds(browser: Client) -> None:
    sent(browser, choice="a")
    url = write_on(browser, "And why?").headers["Location"]
    assert "End this conversation" not in browser.get(url).content.decode()
    browser.post(url, {"action": "stop"})
    assert Conversation.objects.get().finished_at is None


def test_what_was_ended_is_not_made_any_more(browser: Client) -> None:
    sent(browser, choice="a")
    url = write_on(browser, "And why?").headers["Location"]
    CandidateSet.objects.filter(turn__isnull=False).update(created_at="2020-01-01T00:00Z")
    assert "End this conversation" in browser.get(url).content.decode()
    browser.post(url, {"action": "stop"})
    assert CandidateSet.objects.get(turn__isnull=False).state == "cancelled"


def test_responses_that_came_in_the_meantime_are_judged_all_the_same(browser: Client) -> None:
    sent(browser, choice="a")
    url = write_on(browser, "And why?").headers["Location"]
    answer(Turn.objects.get(number=2))
    CandidateSet.objects.filter(pk=0).update(state="failed")
    browser.post(url, {"action": "stop"})
    assert Conversation.objects.get().finished_at is None
    assert "And why?" in page_of(browser)


def test_after_an_answer_without_a_winner_it_ends_by_default(browser: Client) -> None:
    sent(browser, choice="none")
    assert 'id="next-turn"' not in page_of(browser)


def test_or_it_goes_on_from_a_drawn_response_by_setting(browser: Client) -> None:
    Project.objects.update(without_winner="draw")
    open_project(project=Project.objects.get())
    sent(browser, choice="none")
    assert "None was chosen, so the conversation goes on from this answer." in page_of(browser)
    write_on(browser, "And why?")
    turn = Turn.objects.get(number=2)
    comparison = Comparison.objects.get()
    options = [option.response for option in comparison.options.order_by("position")]
    drawn = draw_to_go_on_from(seed=comparison.seed, ranks=None, k=4)
    assert (turn.is_drawn, turn.continues) == (True, options[drawn])


def test_the_draw_comes_from_the_seed_and_reaches_every_response() -> None:
    drawn = [draw_to_go_on_from(seed=seed, ranks=None, k=4) for seed in range(200)]
    assert drawn == [draw_to_go_on_from(seed=seed, ranks=None, k=4) for seed in range(200)]
    assert set(drawn) == {0, 1, 2, 3}
    tied = {draw_to_go_on_from(seed=seed, ranks=[2, 1, None, 1], k=4) for seed in range(50)}
    assert tied == {1, 3}


def test_progress_counts_conversations(browser: Client, alice: Participation) -> None:
    Project.objects.update(target_per_person=2)
    make_set(alice.project, make_prompt(alice.project, "Who cares?"))
    judge_and_write_on(browser, "And why?")
    judge_and_write_on(browser, "And then?")
    html = page_of(browser)
    assert "1 of 2" in html
    sent(browser, choice="a")
    assert "Who cares?" in page_of(browser)


def test_a_conversation_goes_on_though_the_target_is_met(browser: Client) -> None:
    Project.objects.update(target_per_person=1)
    judge_and_write_on(browser, "And why?")
    assert "And why?" in page_of(browser)
    sent(browser, choice="a")
    write_on(browser, "", action="finish")
    assert "That was the last one. Thank you!" in page_of(browser)


def test_a_paused_project_asks_for_no_message(browser: Client) -> None:
    sent(browser, choice="a")
    pause_project(project=Project.objects.get())
    assert "A pause" in page_of(browser)


def test_only_the_first_turn_is_wanted_n_times(browser: Client, alice: Participation) -> None:
    judge_and_write_on(browser, "And why?")
    bob = make_participation(alice.project, make_annotator("bob"))
    other = Client()
    other.force_login(bob.annotator)
    html = other.get(task_url()).content.decode()
    assert "Who decides?" in html
    assert "And why?" not in html
    later = Comparison.objects.get(candidate_set__turn__isnull=False)
    assert later.assignments.count() == 1


def test_nobody_writes_on_in_somebody_elses_conversation(
    browser: Client, alice: Participation
) -> None:
    sent(browser, choice="a")
    url = next_form(browser)["url"]
    bob = make_participation(alice.project, make_annotator("bob"))
    other = Client()
    other.force_login(bob.annotator)
    for action in ("send", "finish", "stop", ""):
        assert other.post(url, {"action": action, "message": "Hm"}).status_code == 404
    assert Turn.objects.count() == 1


def test_a_turn_in_the_middle_takes_no_second_message(browser: Client) -> None:
    judge_and_write_on(browser, "And why?")
    first = Turn.objects.get(number=1)
    response = browser.post(
        f"/projects/everyday/turns/{first.pk}/", {"action": "send", "message": "Or else?"}
    )
    assert response.status_code == 422
    assert Turn.objects.count() == 2


def test_neither_origin_nor_others_reach_the_page(browser: Client) -> None:
    sent(browser, choice="a")
    html = page_of(browser)
    for secret in ("model-", "imported", "independent", "slot"):
        assert secret not in html


def test_the_page_for_the_next_message_takes_five_queries(
    browser: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sent(browser, choice="a")
    page_of(browser)
    with django_assert_num_queries(
        5
    ):  # session, account, participation, unfinished conversations, draft
        browser.get(task_url())


def test_a_set_is_asked_for_once_by_two_windows(browser: Client) -> None:
    sent(browser, choice="a")
    write_on(browser, "And why?")
    turn = Turn.objects.get(number=2)
    assert ask_for_turn(turn=turn) == CandidateSet.objects.get(turn=turn)


def test_nothing_is_written_for_somebody_who_has_left(
    browser: Client, alice: Participation
) -> None:
    sent(browser, choice="a")
    turn = Turn.objects.get()
    withdraw(participation=Participation.objects.get(pk=alice.pk))
    with pytest.raises(Missing):
        send_message(
            participation=alice,
            wave=Wave.objects.latest("number"),
            turn_id=turn.pk,
            message="And why?",
        )
    assert Turn.objects.count() == 1
