"""Every format from the task to the stored answer by keyboard alone; the sheet of keys tells what each one has."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from annotator.models import Annotator, Conversation, Judgment, Project, Turn
from annotator.services.joint import open_joint_comparisons
from tests.e2e.test_formats import press_until, shown_ranks
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import make_participation, make_project, make_prompt, make_set

TASK = "/projects/everyday/task/"
NUMBERS = ("One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight")
LONG = " ".join(["A long answer."] * 200)
WATCH = """addEventListener("pointerdown", () => { window.pointed = true; }, true);"""
PAIRS = {"task_format": "pairwise", "ways_out": ["both_good", "no_difference", "both_bad"]}
MORE = {
    "ways_out": [],
    "veto_asked": True,
    "general_asked": True,
    "criteria": [
        {"slug": "helpful", "required": True, "texts": {"en": "More helpful?"}},
        {"slug": "true", "kind": "rating", "texts": {"en": "How true?"}},
    ],
    "reasons": [{"slug": "clear", "texts": {"en": "Clear"}}],
    "explanation_share": 1.0,
    "explanation_required_share": 1.0,
}
ALWAYS = "I H M + - D ?"


@pytest.fixture
def begin(visit: Visitors, alice: Annotator) -> Iterator[Any]:
    """Give the way to a page with the work of such a project; see at the end that no pointer was used."""
    pages: list[Page] = []

    def begin(k: int = 3, **settings: Any) -> Visitor:
        project = make_project(candidates=k, **settings)
        make_participation(project, alice)
        make_work(project, k)
        visitor = visit()
        visitor.sign_in("alice")
        visitor.page.add_init_script(WATCH)
        visitor.go(TASK)
        pages.append(visitor.page)
        return visitor

    yield begin
    assert not any(page.evaluate("window.pointed") for page in pages)


def make_work(project: Project, k: int) -> None:
    for number in range(2):
        make_set(project, make_prompt(project, f"Question {number}?"), texts=NUMBERS[:k])
    if project.task_format == "two_prompts":
        assert open_joint_comparisons(project=project)


def press(visitor: Visitor, *keys: str) -> None:
    for key in keys:
        visitor.page.keyboard.press(key)


def answer(visitor: Visitor, *keys: str) -> Judgment:
    """Press keys that end in an answer; return it once the next task is there."""
    before = visitor.task()
    press(visitor, *keys)
    visitor.page.wait_for_function(
        "before => document.querySelector('[name=assignment]')?.value !== before", arg=before
    )
    return Judgment.objects.latest("pk")


def chosen(judgment: Judgment) -> int:
    """Return which of the responses was chosen, counted from 0 as they were shown."""
    assert judgment.choice_response is not None
    option = judgment.comparison.options.get(response=judgment.choice_response)
    return judgment.display_order.index(option.position)


def listed(visitor: Visitor) -> str:
    """Return the keys that the sheet lists, and close it again."""
    press(visitor, "?")
    sheet = visitor.page.locator("#keys")
    expect(sheet).to_be_visible()
    keys = " ".join(" ".join(row.inner_text().split()) for row in sheet.locator("dt:visible").all())
    press(visitor, "Escape")
    expect(sheet).to_be_hidden()
    assert keys.endswith(ALWAYS)
    return keys.removesuffix(ALWAYS).strip()


@pytest.mark.parametrize("k", [2, 3, 5, 8])
def test_the_best_of_k(begin: Any, k: int) -> None:
    visitor = begin(k, ways_out=["none", "all_bad"], explanation_share=0.0)
    assert listed(visitor) == f"1–{k} N B Enter S J K"
    assert chosen(answer(visitor, str(k), "Enter")) == k - 1
    assert answer(visitor, "1", "b", "Enter").choice_kind == "all_bad"


def test_a_pair_with_strength_and_why(begin: Any) -> None:
    visitor = begin(2, **PAIRS, explanation_share=1.0)
    assert listed(visitor) == "1–2 Shift 1–3 G E B W Enter Ctrl Enter S J K"
    press(visitor, "2", "Shift+Digit3", "w")
    visitor.page.keyboard.type("Because 1 + 1 is d")
    judgment = answer(visitor, "Control+Enter")
    assert (chosen(judgment), judgment.strength) == (1, 3)
    assert judgment.explanation == "Because 1 + 1 is d"
    assert answer(visitor, "e", "Enter").choice_kind == "no_difference"


def test_two_different_prompts(begin: Any) -> None:
    visitor = begin(2, **{**PAIRS, "task_format": "two_prompts", "explanation_share": 0.0})
    assert listed(visitor) == "1–2 Shift 1–3 G E B Enter S J K"
    judgment = answer(visitor, "1", "Shift+Digit1", "Enter")
    assert (chosen(judgment), judgment.strength) == (0, 1)


def test_a_full_ranking_with_ties(begin: Any) -> None:
    visitor = begin(task_format="ranking", ways_out=[], explanation_share=0.0)
    assert listed(visitor) == "1–3 Enter S J K"
    assert shown_ranks(answer(visitor, "2", "1", "1", "Enter")) == [3, 1, 1]
    press(
        visitor, "1", "2", "3", "k", "1"
    )  # back to the second: it shares the first place after all
    assert shown_ranks(answer(visitor, "Enter")) == [1, 1, 3]


def test_a_ranking_of_the_best(begin: Any) -> None:
    visitor = begin(
        task_format="ranking", ranking_top=2, ways_out=[], veto_asked=True, explanation_share=0.0
    )
    assert listed(visitor) == "1–2 0 V Enter S J K"
    judgment = answer(visitor, "0", "1", "2", "k", "v", "Enter")
    assert shown_ranks(judgment) == [None, 1, 2]
    assert judgment.vetoes == [judgment.display_order[1]]


def test_all_the_questions_beside_the_choice(begin: Any) -> None:
    visitor = begin(**MORE)
    page = visitor.page
    assert listed(visitor) == "1–3 W V Enter Ctrl Enter S J K"
    press(visitor, "j", "v", "2", "w")
    press(visitor, "Space", "ArrowRight")  # the general question is the first
    for selector in ("[name=criteria-helpful]", "[name=criteria-true-a]", "[name=criteria-true-b]"):
        press_until(page, "Tab", selector)
        press(visitor, "Space")
    press_until(page, "Tab", "[name=reasons]")
    press(visitor, "Space")
    press_until(page, "Tab", "#explanation")
    page.keyboard.type("It is clear.")
    judgment = answer(visitor, "Control+Enter")
    assert (chosen(judgment), judgment.vetoes) == (1, [judgment.display_order[0]])
    assert judgment.general_response == judgment.choice_response
    assert [row["criterion"] for row in judgment.criteria] == ["helpful", "true"]
    assert (judgment.reasons, judgment.explanation) == (["clear"], "It is clear.")


def test_a_harmful_response_is_reported(begin: Any) -> None:
    visitor = begin()
    page = visitor.page
    press(visitor, "s")
    press_until(page, "Tab", "[popovertarget=flag]")
    press(visitor, "Enter")
    expect(page.locator("#flag")).to_be_visible()
    press_until(page, "Tab", "#flag [name=response]")
    press(visitor, "Space")
    press_until(page, "Tab", "#flag [type=submit]")
    press(visitor, "Enter")
    expect(page.locator("#flag")).to_contain_text("Thank you.")


def test_long_responses_are_folded(begin: Any, alice: Annotator) -> None:
    visitor = begin()
    make_set(Project.objects.get(), texts=["Short.", LONG, "Short too."])
    for _task in range(2):
        answer(visitor, "1", "Enter")
    assert listed(visitor).endswith("J K F")
    press(visitor, "f")
    expect(visitor.page.locator("#judgment .fold input")).to_be_checked()


def test_a_conversation(begin: Any, settings: Settings) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9"  # nothing answers: the person goes on
    visitor = begin(turns=3, strategy="independent", explanation_share=0.0)
    page = visitor.page
    press(visitor, "1", "Enter")
    expect(page.locator("#next-turn")).to_be_visible()
    assert listed(visitor) == "W Ctrl Enter"
    press(visitor, "w")
    page.keyboard.type("And why?")
    press(visitor, "Enter")
    page.keyboard.type("Really?")
    press(visitor, "Control+Enter")
    expect(page.locator("#stage")).to_be_visible()
    assert Turn.objects.get(number=2).message == "And why?\nReally?"
    press_until(page, "Tab", "a.button[href$='/task/']")
    press(visitor, "Enter")
    expect(page.locator("#prompt p")).to_have_text("Question 1?")
    press(visitor, "2", "Enter")
    expect(page.locator("#next-turn")).to_be_visible()
    press_until(page, "Tab", "[value=finish]")
    press(visitor, "Enter")
    page.wait_for_selector("#next-turn", state="detached")
    assert Conversation.objects.filter(finished_at__isnull=False).count() == 1


def test_a_change_of_an_answer(begin: Any) -> None:
    visitor = begin(ways_out=[], explanation_share=0.0)
    page = visitor.page
    answer(visitor, "1", "Enter")
    press(visitor, "h")
    page.wait_for_selector("[data-answer]")
    press_until(page, "Tab", "[data-answer] a")
    press(visitor, "Enter")
    expect(page.locator("#choice-a")).to_be_checked()
    assert listed(visitor) == "1–3 Enter J K"
    press(visitor, "3", "Enter")
    expect(page.locator("[data-answer] .mark")).to_have_text("C")
