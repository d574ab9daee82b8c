"""Everything by keyboard: every key stands in the sheet, and nothing needs a pointer."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from annotator.models import Annotator, Judgment, Offer
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import make_participation, make_project, make_set

TASK = "/projects/everyday/task/"
LONG = "A long answer, " * 200
FORMATS: list[dict[str, Any]] = [
    {"ways_out": ["none", "all_bad"], "veto_asked": True},
    {"task_format": "pairwise", "ways_out": ["both_good", "no_difference", "both_bad"]},
    {"task_format": "ranking", "ways_out": []},
]


def at_work(visit: Visitors, alice: Annotator, **settings: Any) -> Visitor:
    project = make_project(**settings)
    make_participation(project, alice)
    for _number in range(2):
        make_set(project, texts=["One.", LONG])
    visitor = visit()
    visitor.sign_in("alice")
    visitor.go(TASK)
    return visitor


@pytest.mark.parametrize("settings", FORMATS)
def test_the_sheet_lists_every_key(
    visit: Visitors, alice: Annotator, settings: dict[str, Any]
) -> None:
    page = at_work(visit, alice, **settings).page
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    listed = set(" ".join(page.locator("#keys dt").all_inner_texts()).split())
    keys: list[str] = page.evaluate(
        "[...document.querySelectorAll('[data-key]')].map((each) => each.dataset.key)"
    )
    assert keys
    assert {key.removeprefix("shift+").upper() for key in keys} - {"2"} <= listed | {"1", "3"}
    assert {"J", "K", "+", "-", "D", "?", "Enter"} <= listed


def test_a_pair_is_judged_without_a_pointer(visit: Visitors, alice: Annotator) -> None:
    visitor = at_work(visit, alice, task_format="pairwise", ways_out=["both_bad"])
    page = visitor.page
    first = visitor.task()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-card=b]")).to_be_focused()
    page.keyboard.press("f")
    expect(page.locator("#judgment .fold input")).to_be_checked()
    page.keyboard.press("2")
    page.keyboard.press("Shift+Digit3")
    expect(page.locator("[name=strength][value='3']")).to_be_checked()
    page.keyboard.press("w")
    page.keyboard.type("Because + and d")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[name=assignment]")).not_to_have_value(first)
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Nothing to compare right now")
    one, two = Judgment.objects.order_by("pk")
    assert (one.strength, one.explanation, two.choice_kind) == (3, "Because + and d", "both_bad")


def test_skipping_and_the_menu_need_no_pointer(visit: Visitors, alice: Annotator) -> None:
    visitor = at_work(visit, alice)
    page = visitor.page
    first = visitor.task()
    page.keyboard.press("m")
    expect(page.locator("#menu")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.locator("#skip")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[name=assignment]")).not_to_have_value(first)
    assert Offer.objects.filter(outcome="skipped").count() == 1
    page.keyboard.press("h")
    page.wait_for_url(re.compile("/history/$"))
    page.keyboard.press("t")
    page.wait_for_url(re.compile("/task/$"))


def test_text_size_and_theme_have_keys(visit: Visitors, alice: Annotator) -> None:
    page = at_work(visit, alice).page
    page.keyboard.press("+")
    expect(page.locator("html")).to_have_attribute("data-size", "large")
    page.keyboard.press("-")
    page.keyboard.press("-")
    expect(page.locator("html")).to_have_attribute("data-size", "small")
    page.keyboard.press("d")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_keys_of_one_character_can_be_switched_off(visit: Visitors, alice: Annotator) -> None:
    page = at_work(visit, alice).page
    page.keyboard.press("?")
    page.locator("[data-keys-on]").uncheck()
    page.reload()
    for key in ("?", "1", "d", "s"):
        page.keyboard.press(key)
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#skip")).to_be_hidden()
    expect(page.locator("#choice-a")).not_to_be_checked()
    page.click("[popovertarget=keys]:visible")
    expect(page.locator("[data-keys-on]")).not_to_be_checked()


@pytest.mark.parametrize("width", [360, 1280])
def test_what_one_presses_is_large_enough_and_the_focus_is_seen(
    visit: Visitors, alice: Annotator, width: int
) -> None:
    project = make_project(task_format="pairwise", ways_out=["both_bad"])
    make_participation(project, alice)
    make_set(project, texts=["One.", LONG])
    visitor = visit(width=width)
    visitor.sign_in("alice")
    visitor.go(TASK)
    small = visitor.page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([type=hidden]), textarea, summary, .pick, .tick, .tag")]
            .filter((each) => each.checkVisibility())
            .map((each) => [each.outerHTML.slice(0, 80), (each.closest("label") ?? each).getBoundingClientRect()])
            .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24)).map(([name]) => name)"""
    )
    assert small == []
    for _step in range(8):
        visitor.page.keyboard.press("Tab")
        ring = visitor.page.evaluate(
            """() => { let each = document.activeElement; if (each.matches("input")) each = each.closest("label") ?? each;
                       const style = getComputedStyle(each); return parseFloat(style.outlineWidth) }"""
        )
        assert ring >= 2
