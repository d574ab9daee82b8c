"""Every format is answered with and without JavaScript, and by keyboard alone."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotator.models import Annotator, HarmFlag, Judgment, Project
from tests.e2e.test_appearance import barriers
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import make_participation, make_project, make_set

TASK = "/projects/everyday/task/"
MORE = {
    "veto_asked": True,
    "general_asked": True,
    "criteria": [
        {"slug": "helpful", "required": True, "texts": {"en": "More helpful?"}},
        {"slug": "true", "kind": "rating", "texts": {"en": "How true?"}},
    ],
    "reasons": [{"slug": "clear", "texts": {"en": "Clear"}}],
}
RANKING = {"task_format": "ranking", "ways_out": []}


def at_work(visit: Visitors, alice: Annotator, settings: dict[str, Any], **browser: Any) -> Visitor:
    project: Project = make_project(**settings)
    make_participation(project, alice)
    for _number in range(2):
        make_set(project, texts=["One.", "Two.", "Three."])
    visitor = visit(**browser)
    visitor.sign_in("alice")
    visitor.go(TASK)
    return visitor


def press_until(page: Page, key: str, selector: str) -> None:
    """Press a key until the focus is on such an element."""
    for _step in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} never reaches {selector}")


def shown_ranks(judgment: Judgment) -> list[int | None]:
    assert judgment.ranks is not None
    return [judgment.ranks[position] for position in judgment.display_order]


@pytest.mark.parametrize("javascript", [True, False])
def test_criteria_reasons_veto_and_a_general_choice(
    visit: Visitors, alice: Annotator, javascript: bool
) -> None:
    visitor = at_work(visit, alice, MORE, javascript=javascript)
    page = visitor.page
    expect(page.locator("#why")).to_be_hidden()
    visitor.choose("b")
    expect(page.locator("#why")).to_be_visible()
    if javascript:
        expect(page.locator("#submit")).to_be_disabled()
    else:
        page.click("#submit")
        expect(page.locator("#criteria-helpful-error")).to_be_visible()
        expect(page.locator("#choice-b")).to_be_checked()
    page.check("[name=general][value=none]")
    page.check("[name=criteria-helpful][value=no_difference]")
    page.check("[name=criteria-true-c][value='5']")
    page.check("[name=reasons][value=clear]")
    page.check("[name=veto][value=a]")
    visitor.submit()
    judgment = Judgment.objects.get()
    first, _second, third = judgment.display_order
    assert (judgment.general_kind, judgment.vetoes, judgment.reasons) == (
        "none",
        [first],
        ["clear"],
    )
    assert [row["kind"] for row in judgment.criteria] == ["no_difference", "rating"]
    assert judgment.criteria[1]["ratings"][third] == 5


@pytest.mark.parametrize("javascript", [True, False])
def test_responses_are_ranked_with_ties(
    visit: Visitors, alice: Annotator, javascript: bool
) -> None:
    visitor = at_work(visit, alice, RANKING, javascript=javascript)
    page = visitor.page
    for letter, place in (("a", 3), ("b", 1)):
        page.check(f"[name=rank-{letter}][value='{place}']")
    if javascript:
        expect(page.locator("#submit")).to_be_disabled()
    else:
        page.click("#submit")
        expect(page.locator(".bar .error").first).to_contain_text("Give every response a place.")
        expect(page.locator("[name=rank-a][value='3']")).to_be_checked()
    page.check("[name=rank-c][value='3']")
    expect(page.locator("[data-card=b] .mine")).to_be_visible()
    visitor.submit()
    assert shown_ranks(Judgment.objects.get()) == [2, 1, 2]


def test_a_ranking_is_typed_with_numbers(visit: Visitors, alice: Annotator) -> None:
    visitor = at_work(visit, alice, RANKING)
    page, first = visitor.page, visitor.task()
    for key in ("2", "1", "3", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("[name=assignment]")).not_to_have_value(first)
    assert shown_ranks(Judgment.objects.get()) == [2, 1, 3]


def test_only_the_best_are_asked_for_in_a_top_ranking(visit: Visitors, alice: Annotator) -> None:
    visitor = at_work(visit, alice, {**RANKING, "ranking_top": 1})
    page = visitor.page
    assert page.locator("[name=rank-a][value='2']").count() == 0
    page.check("[name=rank-a][value='1']")
    page.check("[name=rank-a][value='']")
    expect(page.locator("#submit")).to_be_disabled()
    page.check("[name=rank-b][value='1']")
    visitor.submit()
    assert shown_ranks(Judgment.objects.get()) == [None, 1, None]


def test_the_questions_beside_the_choice_are_reached_by_keyboard(
    visit: Visitors, alice: Annotator
) -> None:
    visitor = at_work(visit, alice, MORE)
    page, first = visitor.page, visitor.task()
    page.keyboard.press("2")
    press_until(page, "Shift+Tab", "[name=reasons]")
    page.keyboard.press("Space")
    press_until(page, "Shift+Tab", "[name=criteria-helpful]")
    page.keyboard.press("Space")
    press_until(page, "Shift+Tab", "[name=veto]")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("[name=assignment]")).not_to_have_value(first)
    judgment = Judgment.objects.get()
    assert (len(judgment.vetoes), len(judgment.criteria), judgment.reasons) == (1, 1, ["clear"])


def test_on_a_phone_what_is_required_opens_as_a_sheet(visit: Visitors, alice: Annotator) -> None:
    visitor = at_work(visit, alice, MORE, width=390, height=844)
    visitor.choose("a")
    page = visitor.page
    expect(page.locator("#why")).to_be_visible()
    page.check("[name=criteria-helpful][value=a]")
    page.click("#why >> text=Done")
    visitor.submit()
    assert Judgment.objects.get().criteria[0]["kind"] == "response"


def test_without_javascript_nothing_covers_what_is_missing_on_a_phone(
    visit: Visitors, alice: Annotator
) -> None:
    asked = {**MORE, "explanation_share": 1.0, "explanation_required_share": 1.0}
    visitor = at_work(visit, alice, asked, javascript=False, width=360, height=640)
    page = visitor.page
    page.click("#submit")
    expect(page.locator(".bar .error").first).to_be_in_viewport()
    expect(page.locator("#explanation-error")).to_be_visible()
    page.check("[name=criteria-helpful][value=a]")
    page.fill("#explanation", "It is kind.")
    visitor.choose("c")
    visitor.submit()
    assert Judgment.objects.get().explanation == "It is kind."
    page.click("[popovertarget=others]")
    page.click("#others [popovertarget=skip]")
    page.click("button[value=skip]")
    expect(page.locator("#skip .error")).to_be_visible()
    visitor.choose("a")  # they may still answer
    page.check("[name=skip_reason][value=unclear]")
    page.click("button[value=skip]")
    expect(page.locator("#saved")).to_have_text("Skipped")


def test_on_a_phone_a_change_leaves_room_for_saving_it(visit: Visitors, alice: Annotator) -> None:
    pairs = {"task_format": "pairwise", "ways_out": ["both_bad"], "candidates": 3}
    visitor = at_work(visit, alice, pairs, width=360, height=640)
    page = visitor.page
    visitor.choose("a")
    page.locator(".scale label:has([value='2'])").click()
    visitor.submit()
    path = f"/projects/everyday/history/{Judgment.objects.get().pk}/"
    visitor.go(path)
    save = page.locator("#submit").bounding_box()
    assert save
    assert save["width"] >= 60
    page.click("[popovertarget=others]")
    page.click("#others >> text=Leave it")
    page.wait_for_url("**/history/")
    visitor.go(path)
    visitor.choose("b")
    page.click("#submit")
    expect(page.locator("[data-answer] .mark")).to_have_text("B")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("settings", [MORE, {**RANKING, "veto_asked": True}])
def test_no_format_has_a_barrier(
    visit: Visitors, alice: Annotator, settings: dict[str, Any], scheme: str, width: int
) -> None:
    visitor = at_work(visit, alice, settings, width=width, scheme=scheme)
    assert barriers(visitor) == []
    if "task_format" in settings:
        visitor.page.check("[name=rank-a][value='1']")
    else:
        visitor.choose("a")
        assert barriers(visitor) == []
        if width == 360:  # what is required has opened as a sheet
            visitor.page.click("#why >> text=Done")
        visitor.page.check("[name=veto][value=b]")
    assert barriers(visitor) == []
    wider = visitor.page.locator("body").evaluate("body => body.scrollWidth - innerWidth")
    assert wider <= 0, "the page is wider than the screen"


@pytest.mark.parametrize("javascript", [True, False])
def test_a_recent_answer_is_changed_and_taken_back_from_the_history(
    visit: Visitors, alice: Annotator, javascript: bool
) -> None:
    visitor = at_work(visit, alice, {}, javascript=javascript)
    page = visitor.page
    visitor.choose("b")
    visitor.submit()
    visitor.go("/projects/everyday/history/")
    if javascript:  # without it nothing can look for barriers
        assert barriers(visitor) == []
    page.click("text=Change")
    expect(page.locator("#choice-b")).to_be_checked()
    visitor.choose("c")
    page.click("#submit")
    expect(page.locator("[data-answer] .mark")).to_have_text("C")
    page.click("text=Undo the change")
    expect(page.locator("[data-answer] .mark")).to_have_text("B")
    assert list(Judgment.objects.values_list("revision", flat=True).order_by("pk")) == [1, 2, 3]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_harmful_response_is_reported_beside_the_task(
    visit: Visitors, alice: Annotator, javascript: bool
) -> None:
    visitor = at_work(visit, alice, {}, javascript=javascript)
    page, task = visitor.page, visitor.task()
    if javascript:
        visitor.choose("b")
    page.click("button:has-text('Skip…'):visible")
    page.click("text=Report something harmful")
    page.check("#flag [name=response][value=c]")
    page.click("text=Report it")
    if javascript:
        expect(page.locator("#flag")).to_contain_text("Thank you.")
        assert barriers(visitor) == []
        expect(page.locator("#choice-b")).to_be_checked()
    else:
        page.wait_for_url(visitor.url + TASK)
    assert visitor.task() == task
    assert HarmFlag.objects.count() == 1
