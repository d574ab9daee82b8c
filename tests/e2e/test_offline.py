"""Whatever is sent without a connection stays on the page, says so, and arrives once when the connection is back.

`test_drafts` has the same for answers and for what was not sent at all.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Route, expect
from pytest_django import Settings

from annotator.models import (
    Annotator,
    Conversation,
    Draft,
    HarmFlag,
    Judgment,
    Offer,
    OwnWords,
    Participation,
    ProfileRevision,
    Prompt,
    Turn,
)
from annotator.models.demographics import default_demographics
from annotator.services.checks import import_checks
from tests.e2e.test_drafts import kept_on_the_device
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import (
    make_judgment,
    make_next_turn,
    make_own_turn,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

TASK = "/projects/everyday/task/"
TURN = re.compile(r"/turns/\d+/$")
SEND, FINISH, SKIP = "button[value=send]", "button[value=finish]", "button[value=skip]"

Begin = Callable[..., Visitor]


@pytest.fixture
def begin(visit: Visitors, alice: Annotator, settings: Settings) -> Begin:
    """Alice takes part in a project of these settings and is at her task."""
    settings.VLLM_BASE_URL = "http://127.0.0.1:9"  # nobody works here: messages wait

    def begin(*, answered: bool = False, javascript: bool = True, **wanted: Any) -> Visitor:
        project = make_project(strategy="independent", **wanted)
        person = make_participation(project, alice)
        for number in range(2):
            make_set(project, make_prompt(project, f"Question {number}?"))
        if answered:
            make_judgment(person)
        visitor = visit(javascript=javascript)
        visitor.sign_in("alice")
        visitor.go(TASK)
        return visitor

    return begin


@contextmanager
def offline(visitor: Visitor) -> Iterator[None]:
    """What is sent meanwhile doesn't arrive, and the page says so."""
    visitor.context.set_offline(True)
    address = visitor.page.url
    yield
    expect(visitor.page.locator("#trouble")).to_contain_text("Not sent yet: the connection failed.")
    assert visitor.page.url == address
    visitor.context.set_offline(False)
    expect(visitor.page.locator("#trouble")).to_be_empty()


def lose_the_first_answer(visitor: Visitor, path: str) -> None:
    """The server stores what is sent, and the connection fails before it has said so."""

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    visitor.page.route(path, lose, times=1)


def messages() -> list[str]:
    return [turn.message for turn in Turn.objects.filter(number=2)]


def test_a_message_is_sent_once_when_the_connection_is_back(begin: Begin) -> None:
    visitor = begin(turns=3, answered=True)
    page = visitor.page
    with offline(visitor):
        page.fill("#message", "And why?")
        page.click(SEND)
        expect(page.locator("#message")).to_have_value("And why?")
        expect(page.locator(SEND)).to_be_enabled()
        expect(page.locator("#trouble")).to_be_in_viewport()
        assert len(kept_on_the_device(visitor)) == 1
        assert messages() == []
    page.wait_for_url(TURN)
    expect(page.locator(".prompt")).to_contain_text("And why?")
    assert messages() == ["And why?"]
    assert kept_on_the_device(visitor) == []
    assert not Draft.objects.exists()


def test_a_message_survives_closing_the_browser_offline(begin: Begin) -> None:
    visitor = begin(turns=3, answered=True)
    visitor.context.set_offline(True)
    visitor.page.fill("#message", "And why?")
    visitor.page.click(SEND)
    expect(visitor.page.locator("#trouble")).to_contain_text("Not sent yet")
    visitor.page.close()
    visitor.context.set_offline(False)
    visitor.page = visitor.context.new_page()
    visitor.go(TASK)
    expect(visitor.page.locator("#message")).to_have_value("And why?")
    visitor.page.click(SEND)
    visitor.page.wait_for_url(TURN)
    assert messages() == ["And why?"]


def test_a_message_whose_acknowledgement_was_lost_makes_one_turn(begin: Begin) -> None:
    visitor = begin(turns=3, answered=True)
    lose_the_first_answer(visitor, "**/turns/*/")
    visitor.page.fill("#message", "And why?")
    visitor.page.click(SEND)
    expect(visitor.page.locator("#trouble")).to_contain_text("Not sent yet")
    visitor.page.wait_for_url(TURN)
    assert messages() == ["And why?"]


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_a_message_that_is_sent_twice_makes_one_turn(begin: Begin, *, javascript: bool) -> None:
    visitor = begin(turns=3, answered=True, javascript=javascript)
    visitor.page.fill("#message", "And why?")
    visitor.page.dblclick(SEND, no_wait_after=True)
    visitor.page.wait_for_url(TURN)
    assert messages() == ["And why?"]


def test_two_tabs_make_one_turn_and_a_second_text_is_given_back(begin: Begin) -> None:
    visitor = begin(turns=3, answered=True)
    tabs = [visitor.page, *(visitor.context.new_page() for _tab in range(2))]
    for tab in tabs[1:]:
        tab.goto(visitor.url + TASK)
    for tab, text in zip(tabs, ("And why?", "And why?", "And when?"), strict=True):
        tab.fill("#message", text)
    for tab in tabs[:2]:
        tab.click(SEND)
        tab.wait_for_url(TURN)
    tabs[2].click(SEND)
    expect(tabs[2].locator("main")).to_contain_text("You have already sent a message from here.")
    expect(tabs[2].locator(".own")).to_have_text("And when?")
    assert messages() == ["And why?"]


def test_whoever_goes_on_writing_sends_it_themselves(begin: Begin) -> None:
    visitor = begin(turns=3, answered=True)
    page = visitor.page
    visitor.context.set_offline(True)
    page.fill("#message", "And why")
    page.click(SEND)
    expect(page.locator("#trouble")).to_contain_text("Not sent yet: the connection failed.")
    page.locator("#message").press_sequentially(" not")
    expect(page.locator("#trouble")).to_contain_text("Send it again when you are done.")
    visitor.context.set_offline(False)
    expect(page.locator("#saved")).to_contain_text("Draft saved")
    page.wait_for_timeout(3500)  # the pause after which it would have been sent
    assert messages() == []
    page.locator("#message").press_sequentially(" this?")
    page.click(SEND)
    page.wait_for_url(TURN)
    assert messages() == ["And why not this?"]


def test_what_is_wrong_with_a_message_is_told_in_its_place(begin: Begin) -> None:
    page = begin(turns=3, answered=True).page
    page.evaluate("window.sameDocument = true")
    page.fill("#message", "  ")
    page.click(SEND)
    expect(page.locator("#message-error")).to_have_text("Write something first.")
    expect(page.locator("#message")).to_be_focused()
    assert page.evaluate("window.sameDocument")


def test_a_prompt_of_ones_own_is_sent_once_when_the_connection_is_back(begin: Begin) -> None:
    visitor = begin(own_prompt_share=1.0)
    lose_the_first_answer(visitor, "**/prompt/")
    with offline(visitor):
        visitor.page.fill("#message", "May I lie?")
        visitor.page.click(SEND)
    visitor.page.wait_for_url(TURN)
    assert Prompt.objects.get(source="own").text == "May I lie?"
    assert Turn.objects.count() == 1
    assert Participation.objects.get().conversations_begun == 1


def test_a_conversation_is_finished_once_when_the_connection_is_back(begin: Begin) -> None:
    visitor = begin(turns=3, answered=True)
    lose_the_first_answer(visitor, "**/turns/*/")
    with offline(visitor):
        visitor.page.click(FINISH)
    expect(visitor.page.locator("#prompt p")).to_have_text("Question 1?")
    assert Conversation.objects.get().finished_at is not None


def test_a_skip_is_sent_once_when_the_connection_is_back(begin: Begin) -> None:
    visitor = begin()
    page = visitor.page
    with offline(visitor):
        page.click("[popovertarget=skip]:visible")
        page.check("[name=skip_reason][value=unclear]")
        page.click(SKIP)
    expect(page.locator("#prompt p")).to_have_text("Question 1?")
    assert Offer.objects.get(outcome="skipped").skip_reason == "unclear"


def test_a_report_and_the_answer_after_it_both_arrive(begin: Begin) -> None:
    visitor = begin()
    page = visitor.page
    visitor.choose("b")
    with offline(visitor):
        page.click("[popovertarget=skip]:visible")
        page.click("[popovertarget=flag]")
        page.check("#flag [value=a]")
        page.fill("#flag-note", "A threat")
        page.click("#flag button[type=submit]")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.click("#submit")
    expect(page.locator("#prompt p")).to_have_text("Question 1?")
    assert HarmFlag.objects.get().note == "A threat"
    assert Judgment.objects.count() == 1


def test_a_report_says_when_it_has_arrived(begin: Begin) -> None:
    visitor = begin()
    page = visitor.page
    page.click("[popovertarget=skip]:visible")
    page.click("[popovertarget=flag]")
    lose_the_first_answer(visitor, "**/flag/")
    page.check("#flag [value=a]")
    page.click("#flag button[type=submit]")
    expect(page.locator("#trouble")).to_contain_text("Not sent yet")
    expect(page.locator("#flag [role=status]")).to_contain_text("Thank you.")
    assert HarmFlag.objects.count() == 1


def test_a_changed_answer_is_sent_once_when_the_connection_is_back(begin: Begin) -> None:
    visitor = begin(answered=True)
    first = Judgment.objects.get()
    visitor.go(f"/projects/everyday/history/{first.pk}/")
    lose_the_first_answer(visitor, "**/history/*/")
    with offline(visitor):
        visitor.choose("c")
        visitor.page.click("#submit")
        expect(visitor.page.locator("#choice-c")).to_be_checked()
    visitor.page.wait_for_url(re.compile("/history/$"))
    assert [each.revision for each in Judgment.objects.order_by("revision")] == [1, 2]
    lose_the_first_answer(visitor, "**/history/*/")
    with offline(visitor):
        visitor.page.click("button[value=undo]")
    expect(visitor.page.locator("[data-answer] .mark")).to_have_text("A")
    assert Judgment.objects.count() == 3


def test_whoever_waits_offline_is_told_and_goes_on_when_the_connection_is_back(
    begin: Begin,
) -> None:
    visitor = begin(turns=3, answered=True)
    page = visitor.page
    turn = make_next_turn(Judgment.objects.get(), "And why?")
    visitor.go(f"/projects/everyday/turns/{turn.pk}/")
    with offline(visitor):
        page.click("text=Ask for responses")
    expect(page.locator("#stage")).to_contain_text("Your message is with the model")
    visitor.context.set_offline(True)
    expect(page.locator("#trouble")).to_contain_text("This page goes on by itself")
    visitor.context.set_offline(False)
    expect(page.locator("#trouble")).to_be_empty()
    lose_the_first_answer(visitor, "**/turns/*/")
    with offline(visitor):
        page.click("text=End this conversation")
    expect(page.locator("#prompt p")).to_have_text("Question 1?")
    assert Conversation.objects.get().finished_at is not None


def test_that_nothing_answers_is_told_in_the_place(begin: Begin, settings: Settings) -> None:
    visitor = begin(own_prompt_share=1.0)
    turn = make_own_turn(Participation.objects.get(), text="May I lie?")
    settings.VLLM_BASE_URL = ""
    visitor.go(f"/projects/everyday/turns/{turn.pk}/")
    visitor.page.evaluate("window.sameDocument = true")
    visitor.page.click("text=Ask for responses")
    expect(visitor.page.locator("#making .error")).to_contain_text("No model answers")
    assert visitor.page.evaluate("window.sameDocument")


def test_what_stands_before_the_first_task_is_sent_when_the_connection_is_back(
    begin: Begin,
) -> None:
    visitor = begin(
        consent_text={"en": "Taking part is voluntary."},
        demographics=default_demographics(),
        own_words_asked=True,
        training_items=1,
    )
    page = visitor.page
    item = {"kind": "training", "text": "Two and two?", "language": "en", "right": [0]}
    [person] = Participation.objects.all()
    rows = [{**item, "responses": ["Four", "Five"], "feedback": {"en": "It is four."}}]
    import_checks(project=person.project, rows=rows)
    visitor.go(TASK)
    page.click("#consent button")  # not complete
    expect(page.locator("#adult-error")).to_be_visible()
    expect(page.locator("#consent [name=adult]")).to_be_focused()
    page.check("#consent [name=adult]")
    with offline(visitor):
        page.click("#consent button")
    page.wait_for_url("**/profile/")
    with offline(visitor):
        page.locator("#profile .choice").first.click()
        page.click("#profile button")
    page.wait_for_url("**/words/")
    with offline(visitor):
        page.fill("#text", "My family comes first.")
        page.click("#words button")
        expect(page.locator("#text")).to_have_value("My family comes first.")
    page.wait_for_url("**/training/")
    lose_the_first_answer(visitor, "**/training/")
    with offline(visitor):
        page.locator("#training label", has_text="Four").click()
        page.click("#training button")
    page.wait_for_url("**/training/?answered=*")
    page.click("text=Go on")
    expect(page.locator("#judgment")).to_be_visible()
    assert OwnWords.objects.get().text == "My family comes first."
    assert ProfileRevision.objects.count() == 1
    assert Judgment.objects.count() == 1


def test_without_javascript_a_message_is_sent_by_loading_the_page_again(begin: Begin) -> None:
    visitor = begin(turns=3, answered=True, javascript=False)
    page = visitor.page
    page.fill("#message", "And why?")
    visitor.context.set_offline(True)
    with page.expect_event("requestfailed"):
        page.click(SEND, no_wait_after=True)
    page.wait_for_timeout(300)  # the browser's own page comes
    visitor.context.set_offline(False)
    page.reload()
    page.wait_for_url(TURN)
    assert messages() == ["And why?"]
