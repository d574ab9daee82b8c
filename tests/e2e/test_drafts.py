"""Nothing that was entered is lost: not by a reload, not offline, not by a change of device."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings

from annotator.models import Annotator, Assignment, Draft, Judgment, Participation, Project
from annotator.services.assignments import claim_next, give_back_overdue
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import make_annotator, make_participation, make_project, make_prompt, make_set

TASK = "/projects/everyday/task/"
DRAFTED = re.compile(r"^Draft saved \d\d:\d\d")


@pytest.fixture
def project(alice: Annotator) -> Project:
    project = make_project(target_per_person=5)
    make_participation(project, alice)
    for number in range(3):
        make_set(project, make_prompt(project, f"Question {number}?"))
    return project


@pytest.fixture
def at_work(visit: Visitors, project: Project) -> Visitor:
    visitor = visit()
    visitor.sign_in("alice")
    visitor.go(TASK)
    return visitor


def kept_on_the_device(visitor: Visitor) -> list[str]:
    found: list[str] = visitor.page.evaluate(
        "Object.keys(localStorage).filter((key) => key.startsWith('draft:'))"
    )
    return found


def begin_to_answer(visitor: Visitor) -> None:
    visitor.choose("b")
    visitor.page.fill("#explanation", "Half a sentence")


def test_a_draft_goes_on_on_another_device(at_work: Visitor, visit: Visitors) -> None:
    begin_to_answer(at_work)
    expect(at_work.page.locator("#saved")).to_have_text(DRAFTED)
    assert kept_on_the_device(at_work) == []
    phone = visit(width=390, height=844)
    phone.sign_in("alice")
    phone.go(TASK)
    expect(phone.page.locator("#choice-b")).to_be_checked()
    expect(phone.page.locator("#explanation")).to_have_value("Half a sentence")
    expect(phone.page.locator("#submit")).to_be_enabled()
    phone.submit()
    assert Judgment.objects.get().explanation == "Half a sentence"
    assert Draft.objects.count() == 0


def test_offline_a_draft_stays_on_the_device_until_the_server_has_it(at_work: Visitor) -> None:
    at_work.context.set_offline(True)
    begin_to_answer(at_work)
    expect(at_work.page.locator("#saved")).to_have_text("Not saved, trying again")
    assert len(kept_on_the_device(at_work)) == 1
    assert Draft.objects.count() == 0
    at_work.context.set_offline(False)
    expect(at_work.page.locator("#saved")).to_have_text(DRAFTED)
    assert kept_on_the_device(at_work) == []
    assert Draft.objects.get().content == {"choice": ["b"], "explanation": ["Half a sentence"]}


def test_what_the_server_never_got_comes_back_from_the_device(at_work: Visitor) -> None:
    at_work.page.route("**/drafts/**", lambda route: route.abort())
    begin_to_answer(at_work)
    expect(at_work.page.locator("#saved")).to_have_text("Not saved, trying again")
    at_work.page.unroute("**/drafts/**")
    at_work.page.reload()
    expect(at_work.page.locator("#explanation")).to_have_value("Half a sentence")
    expect(at_work.page.locator("#saved")).to_have_text(DRAFTED)


def test_what_another_device_saved_later_wins(at_work: Visitor) -> None:
    at_work.page.route("**/drafts/**", lambda route: route.abort())
    begin_to_answer(at_work)
    expect(at_work.page.locator("#saved")).to_have_text("Not saved, trying again")
    Draft.objects.create(
        participation=Participation.objects.get(),
        about=f"task-{at_work.task()}",
        content={"choice": ["c"], "explanation": ["From the phone"]},
        saved_at=timezone.now() + timedelta(seconds=2),
    )
    at_work.page.unroute("**/drafts/**")
    at_work.page.reload()
    expect(at_work.page.locator("#explanation")).to_have_value("From the phone")
    expect(at_work.page.locator("#choice-c")).to_be_checked()


def test_an_answer_given_offline_is_sent_when_the_connection_is_back_and_once(
    at_work: Visitor,
) -> None:
    begin_to_answer(at_work)
    first = at_work.task()
    at_work.context.set_offline(True)
    at_work.page.click("#submit")
    expect(at_work.page.locator("#trouble")).to_contain_text("sent by itself")
    expect(at_work.page.locator("#choice-b")).to_be_checked()
    at_work.context.set_offline(False)
    expect(at_work.page.locator("[name=assignment]")).not_to_have_value(first)
    expect(at_work.page.locator("#trouble")).to_be_empty()
    expect(at_work.page.locator("#saved")).to_have_text(re.compile(r"^Saved \d\d:\d\d"))
    assert Judgment.objects.get().explanation == "Half a sentence"
    assert kept_on_the_device(at_work) == []


def test_an_answer_that_arrived_without_its_acknowledgement_is_stored_once(
    at_work: Visitor,
) -> None:
    at_work.choose("b")
    first = at_work.task()
    lost: list[bool] = []

    def lose_the_first_answer(route: object) -> None:
        if lost:
            route.continue_()  # type: ignore[attr-defined]
            return
        lost.append(True)
        route.fetch()  # type: ignore[attr-defined]
        route.abort()  # type: ignore[attr-defined]

    at_work.page.route("**/task/", lose_the_first_answer)
    at_work.page.click("#submit")
    expect(at_work.page.locator(".notice")).to_contain_text("Your first answer is kept.")
    assert at_work.task() != first
    expect(at_work.page.locator("#progress")).to_contain_text("1 of 5")
    assert Judgment.objects.count() == 1


def test_an_answer_sent_while_the_server_is_away_is_sent_again(at_work: Visitor) -> None:
    at_work.choose("b")
    first = at_work.task()
    at_work.page.route("**/task/", lambda route: route.fulfill(status=503, body=""), times=1)
    at_work.page.click("#submit")
    expect(at_work.page.locator("#trouble")).to_contain_text("Not sent yet")
    expect(at_work.page.locator("[name=assignment]")).not_to_have_value(first)
    assert Judgment.objects.count() == 1


def test_signing_in_again_in_another_tab_does_not_stop_the_answer(at_work: Visitor) -> None:
    begin_to_answer(at_work)
    second = at_work.context.new_page()
    second.goto(at_work.url + "/")
    second.click("[popovertarget=menu]")
    second.click("[data-leave] button")
    second.goto(at_work.url + "/login/")
    second.fill("#id_username", "alice")
    second.fill("#id_password", "correct horse")
    second.click("#login button")
    second.wait_for_url(at_work.url + "/")
    at_work.submit()
    assert Judgment.objects.get().explanation == "Half a sentence"


def test_another_person_on_the_same_device_sees_nothing_of_it(at_work: Visitor) -> None:
    at_work.page.route("**/drafts/**", lambda route: route.abort())
    begin_to_answer(at_work)
    expect(at_work.page.locator("#saved")).to_have_text("Not saved, trying again")
    place = at_work.task()
    at_work.page.click("[popovertarget=menu]")
    at_work.page.click("[data-leave] button")
    at_work.page.wait_for_url(at_work.url + "/")
    assert kept_on_the_device(at_work) == []
    make_participation(Project.objects.get(), make_annotator("bob"))
    Assignment.objects.exclude(pk=place).delete()
    Assignment.objects.update(state="open", participation=None, token=None, lease_until=None)
    at_work.sign_in("bob")
    at_work.go(TASK)
    assert at_work.task() == place
    expect(at_work.page.locator("#explanation")).to_have_value("")


def test_only_the_last_of_many_clicks_is_kept(at_work: Visitor) -> None:
    for letter in "abcdcba":
        at_work.choose(letter)
    at_work.choose("d")
    expect(at_work.page.locator("#saved")).to_have_text(DRAFTED)
    assert Draft.objects.get().content == {"choice": ["d"]}
    at_work.submit()
    judgment = Judgment.objects.get()
    place = Assignment.objects.get(judgment=judgment)
    assert judgment.choice_response is not None
    option = place.comparison.options.get(response=judgment.choice_response)
    assert place.display_order[3] == option.position


def test_the_time_is_prolonged_while_one_works_and_its_end_is_announced(at_work: Visitor) -> None:
    page = at_work.page
    soon = int(timezone.now().timestamp()) + 100
    page.evaluate(
        "soon => { document.getElementById('judgment').dataset.leaseUntil = soon; }", soon
    )
    page.mouse.move(200, 200)
    page.wait_for_function(
        "soon => Number(document.getElementById('judgment').dataset.leaseUntil) > soon + 600",
        arg=soon,
    )
    page.route("**/renew/", lambda route: route.abort())
    page.evaluate("document.getElementById('judgment').dataset.leaseUntil = Date.now() / 1000 + 90")
    clock = page.locator("#clock[role=status]")
    expect(clock).to_contain_text("minutes left: 2", timeout=10_000)
    page.evaluate("document.getElementById('judgment').dataset.leaseUntil = Date.now() / 1000 - 1")
    expect(clock).to_contain_text("you can still answer", timeout=10_000)
    at_work.choose("a")
    at_work.submit()
    assert Judgment.objects.count() == 1


def test_a_change_of_an_answer_has_its_draft_too(at_work: Visitor) -> None:
    begin_to_answer(at_work)
    at_work.submit()
    path = f"/projects/everyday/history/{Judgment.objects.get().pk}/"
    page = at_work.page
    at_work.go(path)
    expect(page.locator("#explanation")).to_have_value("Half a sentence")

    at_work.choose("c")
    page.fill("#explanation", "A whole one")
    expect(page.locator("#saved")).to_have_text(DRAFTED)
    page.reload()
    expect(page.locator("#explanation")).to_have_value("A whole one")
    expect(page.locator("#choice-c")).to_be_checked()

    page.locator("a:visible", has_text="Leave it").click()
    page.wait_for_url(re.compile("/history/$"))
    while Draft.objects.get().content:  # it is sent behind the page that goes
        page.wait_for_timeout(50)
    at_work.go(path)
    expect(page.locator("#explanation")).to_have_value("Half a sentence")
    expect(page.locator("#choice-b")).to_be_checked()

    at_work.context.set_offline(True)
    at_work.choose("d")
    expect(page.locator("#saved")).to_have_text("Not saved, trying again")
    assert len(kept_on_the_device(at_work)) == 1
    at_work.context.set_offline(False)
    page.click("#submit")
    page.wait_for_url(re.compile("/history/$"))
    expect(page.locator("[data-answer] .mark")).to_have_text("D")
    assert kept_on_the_device(at_work) == []
    assert Draft.objects.count() == 0


def test_an_answer_that_is_late_and_not_complete_is_shown_with_what_was_written(
    visit: Visitors, alice: Annotator
) -> None:
    project = make_project(
        overlap=1, explanation_share=1.0, explanation_required_share=1.0, explanation_min_length=20
    )
    make_participation(project, alice)
    make_set(project)
    visitor = visit(javascript=False)
    visitor.sign_in("alice")
    visitor.go(TASK)
    place = visitor.task()
    visitor.choose("b")
    visitor.page.fill("#explanation", "Half a thought")
    Assignment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    give_back_overdue()
    claim_next(participation=make_participation(project, make_annotator("bob")))
    visitor.page.click("#submit")
    expect(visitor.page.locator(".bar .error").first).to_contain_text("nothing is lost")
    expect(visitor.page.locator(".bar .error").first).to_be_in_viewport()
    expect(visitor.page.locator("#explanation")).to_have_value("Half a thought")
    assert visitor.task() == place
    visitor.page.fill("#explanation", "Half a thought, and the other half")
    visitor.page.click("#submit")
    expect(visitor.page.locator(".notice")).to_contain_text(
        "Your answer is kept and counts for you"
    )
    assert Judgment.objects.get().explanation == "Half a thought, and the other half"


@pytest.fixture
def writes_on(visit: Visitors, alice: Annotator, settings: Settings) -> Visitor:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9"  # it is not asked before something is sent
    project = make_project(turns=3, strategy="independent")
    make_participation(project, alice)
    make_set(project)
    visitor = visit()
    visitor.sign_in("alice")
    visitor.go(TASK)
    visitor.choose("a")
    visitor.page.click("#submit")
    return visitor


def test_the_next_message_of_a_conversation_has_its_draft(writes_on: Visitor) -> None:
    page = writes_on.page
    page.fill("#next-turn [name=message]", "And what if")
    expect(page.locator("#saved")).to_have_text(DRAFTED)
    page.reload()
    expect(page.locator("#next-turn [name=message]")).to_have_value("And what if")
    page.click("#next-turn [value=finish]")
    expect(page.locator("h1")).to_have_text("Nothing to compare right now")
    assert Draft.objects.count() == 0
