"""People judge: with htmx, without JavaScript, by keyboard, twice at once."""

import re

import pytest
from playwright.sync_api import expect

from annotator.models import Annotator, Judgment, Offer, Project
from annotator.services.people import create_invitations
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import make_participation, make_project, make_prompt, make_set

TASK = "/projects/everyday/task/"


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


def test_from_signing_in_over_consent_to_the_first_answer(
    visit: Visitors, alice: Annotator
) -> None:
    project = make_project(consent_text={"en": "Taking part is **voluntary**."})
    make_participation(project, alice)
    make_set(project)
    visitor = visit()
    visitor.sign_in("alice")
    visitor.page.click("text=Begin")
    visitor.page.check("#consent [name=adult]")
    visitor.page.click("#consent button")
    expect(visitor.page.locator("#judgment")).to_be_visible()
    visitor.choose("c")
    visitor.page.click("#submit")
    expect(visitor.page.locator("h1")).to_have_text("Nothing to compare right now")
    assert Judgment.objects.count() == 1


def test_the_next_task_comes_without_a_new_page_and_the_focus_is_on_it(at_work: Visitor) -> None:
    page = at_work.page
    page.evaluate("window.sameDocument = true")
    expect(page.locator("#submit")).to_be_disabled()
    expect(page.locator("#why")).to_be_hidden()
    at_work.choose("b")
    expect(page.locator("[data-card=b] .mine")).to_be_visible()
    expect(page.locator("[data-card=a] .mine")).to_be_hidden()
    page.fill("#explanation", "It is kind.")
    at_work.submit()
    assert page.evaluate("window.sameDocument")
    assert page.evaluate("document.activeElement.id") == "prompt"
    expect(page.locator("#saved")).to_have_text(re.compile(r"^Saved \d\d:\d\d"))
    expect(page.locator("#progress")).to_contain_text("1 of 5")
    expect(page.locator("#submit")).to_be_disabled()
    judgment = Judgment.objects.get()
    assert (judgment.explanation, judgment.device) == ("It is kind.", "desktop")
    assert judgment.active_ms is not None
    assert judgment.active_ms > 0


def test_without_javascript_it_is_the_same_a_page_at_a_time(
    visit: Visitors, project: Project
) -> None:
    visitor = visit(javascript=False)
    visitor.sign_in("alice")
    visitor.go(TASK)
    first = visitor.task()
    visitor.page.click("#submit")
    expect(visitor.page.locator(".bar .error")).to_contain_text("Choose one of the answers.")
    assert visitor.task() == first
    visitor.choose("b")
    expect(visitor.page.locator("[data-card=b] .mine")).to_be_visible()
    visitor.page.fill("#explanation", "It is kind.")
    visitor.page.click("#submit")
    expect(visitor.page.locator("#saved")).to_have_text("Saved")
    assert visitor.task() != first
    visitor.page.click("button:has-text('Skip…'):visible")
    visitor.page.check("[name=skip_reason][value=unclear]")
    visitor.page.click("button[value=skip]")
    expect(visitor.page.locator("#saved")).to_have_text("Skipped")
    assert Judgment.objects.get().explanation == "It is kind."
    assert Offer.objects.get(outcome="skipped").skip_reason == "unclear"


@pytest.mark.parametrize("javascript", [True, False])
def test_pairs_are_compared_with_strength(
    visit: Visitors, alice: Annotator, javascript: bool
) -> None:
    project = make_project(
        task_format="pairwise",
        candidates=2,
        pairs_per_set=1,
        ways_out=["both_good", "no_difference", "both_bad"],
    )
    make_participation(project, alice)
    for _number in range(2):
        make_set(project, texts=["This one.", "That one."])
    visitor = visit(javascript=javascript)
    visitor.sign_in("alice")
    visitor.go(TASK)
    visitor.choose("a")
    if javascript:
        expect(visitor.page.locator("#submit")).to_be_disabled()
    visitor.page.locator(".scale label:has([value='3'])").click()
    visitor.submit()
    assert Judgment.objects.get().strength == 3
    visitor.page.locator(".pick:has([value=both_bad])").click()
    visitor.page.click("#submit")
    expect(visitor.page.locator("h1")).to_have_text("Nothing to compare right now")
    assert Judgment.objects.latest("pk").choice_kind == "both_bad"


def test_everything_can_be_done_by_keyboard(at_work: Visitor) -> None:
    page = at_work.page
    first = at_work.task()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("Enter")  # nothing is chosen, so nothing is sent
    page.keyboard.press("3")
    expect(page.locator("#choice-c")).to_be_checked()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#choice-b")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("[name=assignment]")).not_to_have_value(first)
    page.keyboard.press("2")
    for _step in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "explanation":
            break
    page.keyboard.type("Because 1 and 2?")
    expect(page.locator("#choice-b")).to_be_checked()
    second = at_work.task()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[name=assignment]")).not_to_have_value(second)
    assert [judgment.explanation for judgment in Judgment.objects.order_by("pk")] == [
        "",
        "Because 1 and 2?",
    ]


def test_a_double_click_stores_once(at_work: Visitor) -> None:
    at_work.choose("b")
    first = at_work.task()
    at_work.page.dblclick("#submit")
    expect(at_work.page.locator("[name=assignment]")).not_to_have_value(first)
    at_work.page.wait_for_load_state("networkidle")
    expect(at_work.page.locator("#progress")).to_contain_text("1 of 5")
    assert Judgment.objects.count() == 1


def test_going_back_shows_fresh_work_and_the_old_page_sent_again_stores_nothing(
    visit: Visitors, project: Project
) -> None:
    visitor = visit(javascript=False)
    visitor.sign_in("alice")
    visitor.go(TASK)
    first = visitor.task()
    old_page = {
        field.get_attribute("name") or "": field.get_attribute("value") or ""
        for field in visitor.page.locator("#judgment [type=hidden]").all()
    }
    visitor.choose("b")
    visitor.page.click("#submit")
    expect(visitor.page.locator("#saved")).to_have_text("Saved")
    visitor.page.go_back()
    assert visitor.task() != first
    answer = visitor.page.request.post(
        visitor.url + TASK,
        form={**old_page, "choice": "a", "action": "submit"},
        headers={"Referer": visitor.url},
    )
    assert "Your first answer is kept." in answer.text()
    assert Judgment.objects.count() == 1


def test_two_tabs_show_the_same_task_and_store_it_once(at_work: Visitor) -> None:
    second = at_work.context.new_page()
    second.goto(at_work.url + TASK)
    assert second.locator("[name=assignment]").input_value() == at_work.task()
    at_work.choose("b")
    at_work.submit()
    second.locator(".pick:has(#choice-c)").click()
    second.click("#submit")
    expect(second.locator(".notice")).to_contain_text("You had already answered that one.")
    assert second.locator("[name=assignment]").input_value() == at_work.task()
    assert Judgment.objects.count() == 1


def test_skipping_takes_a_reason(at_work: Visitor) -> None:
    first = at_work.task()
    at_work.page.click("button:has-text('Skip…'):visible")
    at_work.page.check("[name=skip_reason][value=not_my_language]")
    at_work.page.click("button[value=skip]")
    expect(at_work.page.locator("[name=assignment]")).not_to_have_value(first)
    expect(at_work.page.locator("#saved")).to_contain_text("Skipped")
    assert Offer.objects.get(outcome="skipped").skip_reason == "not_my_language"


def test_unsent_work_survives_a_reload_and_a_change_of_language(at_work: Visitor) -> None:
    at_work.choose("d")
    at_work.page.fill("#explanation", "Half a sentence")
    at_work.page.reload()
    expect(at_work.page.locator("#choice-d")).to_be_checked()
    at_work.page.click("[popovertarget=menu]")
    at_work.page.click("#menu [value=fr]")
    expect(at_work.page.locator("html")).to_have_attribute("lang", "fr")
    expect(at_work.page.locator("#explanation")).to_have_value("Half a sentence")
    at_work.submit()
    assert Judgment.objects.get().ui_language == "fr"


def test_the_history_shows_what_was_answered(at_work: Visitor) -> None:
    at_work.choose("b")
    at_work.page.fill("#explanation", "It is kind.")
    at_work.submit()
    at_work.page.click("header >> text=My answers")
    expect(at_work.page.locator("[data-answer]")).to_have_count(1)
    expect(at_work.page.locator("[data-answer]")).to_contain_text("It is kind.")


def test_on_a_phone_the_rest_is_a_sheet_away(visit: Visitors, project: Project) -> None:
    visitor = visit(width=390, height=844)
    visitor.sign_in("alice")
    visitor.go(TASK)
    page = visitor.page
    bar = page.locator(".bar").bounding_box()
    assert bar is not None
    assert bar["height"] < 80
    page.click("[popovertarget=others]")
    page.click("#others label:has([value=none])")
    expect(page.locator("#others")).to_be_hidden()
    visitor.submit()
    visitor.choose("a")
    page.click("[data-card=a] >> text=Why?")
    page.fill("#explanation", "Short.")
    page.click("#why >> text=Done")
    visitor.submit()
    assert [
        (judgment.choice_kind, judgment.explanation, judgment.device)
        for judgment in Judgment.objects.order_by("pk")
    ] == [("none", "", "phone"), ("response", "Short.", "phone")]


def test_an_invitation_link_leads_to_the_first_task(visit: Visitors, project: Project) -> None:
    [secret] = create_invitations(project=project, count=1, language="en")
    visitor = visit()
    visitor.go(f"/join/everyday/?invitation={secret}")
    visitor.page.click("#join button")
    expect(visitor.page.locator("#judgment")).to_be_visible()
