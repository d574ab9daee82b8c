"""How the pages look and read: every script, both schemes, both directions, without barriers or leaks."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Response, expect

from annotator.models import Annotator, Project
from annotator.services.people import set_ui_language
from annotator.services.projects import ensure_wave
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import make_participation, make_project, make_prompt, make_set

TASK = "/projects/everyday/task/"
TEXTS = {
    "en": [
        "A family shop is more than a business.",
        "This is *your* life:\n\n- try it\n- tell them",
        "Look at the numbers.",
        "Perhaps both.",
    ],
    "ar": [
        "دكان العائلة أكثر من تجارة.",
        "هذه حياتك:\n\n- جرّب\n- أخبر والديك",
        "انظر إلى الأرقام أولًا.",
        "ربما الاثنان معًا.",
    ],
}
ATTACK = '"><img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>'


def make_work(alice: Annotator, language: str = "en", **settings: Any) -> Project:
    project = make_project(
        languages=[language],
        consent_text={"en": "Taking part is **voluntary**."},
        target_per_person=40,
        **settings,
    )
    make_participation(
        project,
        alice,
        languages=[language],
        consent_version=ensure_wave(project=project).consent_version,
    )
    for _number in range(3):
        make_set(
            project,
            make_prompt(
                project,
                "ماذا أفعل؟" if language == "ar" else "What should I do?",
                language=language,
            ),
            texts=TEXTS[language],
        )
    set_ui_language(annotator=alice, language=language)
    return project


def barriers(visitor: Visitor) -> list[str]:
    """Return what axe finds wrong, one line each."""
    found = Axe().run(visitor.page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("width", [360, 1280])
def test_pairs_have_no_barrier(visit: Visitors, alice: Annotator, width: int) -> None:
    make_work(
        alice,
        task_format="pairwise",
        candidates=4,
        pairs_per_set=1,
        ways_out=["both_good", "no_difference", "both_bad"],
    )
    visitor = visit(width=width)
    visitor.sign_in("alice")
    visitor.go(TASK)
    visitor.choose("a")
    assert barriers(visitor) == []


def test_arabic_runs_from_the_right(visit: Visitors, alice: Annotator) -> None:
    make_work(alice, "ar")
    visitor = visit(language="ar")
    visitor.sign_in("alice")
    visitor.go(TASK)
    page = visitor.page
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("#prompt p")).to_have_attribute("dir", "rtl")
    expect(page.locator("[data-card=a] .tag")).to_contain_text("أ")
    first, second = (page.locator(f"[data-card={letter}]").bounding_box() for letter in "ab")
    assert first
    assert second
    assert first["x"] > second["x"]
    assert first["y"] == second["y"]
    pick, submit = (
        page.locator(selector).bounding_box() for selector in (".pick:has(#choice-a)", "#submit")
    )
    assert pick
    assert submit
    assert pick["x"] > submit["x"]


@pytest.mark.parametrize(
    ("width", "columns"), [(390, 1), (900, 1), (1100, 2), (1440, 2), (1680, 4)]
)
def test_rows_of_cards_are_full_and_equal(
    visit: Visitors, alice: Annotator, width: int, columns: int
) -> None:
    make_work(alice)
    visitor = visit(width=width)
    visitor.sign_in("alice")
    visitor.go(TASK)
    boxes = [card.bounding_box() for card in visitor.page.locator(".card").all()]
    lefts = sorted({round(box["x"]) for box in boxes if box})
    assert len(lefts) == columns
    assert len({round(box["width"]) for box in boxes if box}) == 1
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("count", [3, 5, 7])
@pytest.mark.parametrize("width", [390, 1100, 1440, 1680])
def test_no_response_stands_alone_in_a_row(
    visit: Visitors, alice: Annotator, count: int, width: int
) -> None:
    project = make_project(candidates=count)
    make_participation(project, alice)
    make_set(project, texts=[f"Number {number}." for number in range(count)])
    visitor = visit(width=width)
    visitor.sign_in("alice")
    visitor.go(TASK)
    rows: dict[int, int] = {}
    for card in visitor.page.locator(".card").all():
        box = card.bounding_box()
        assert box
        rows[round(box["y"])] = rows.get(round(box["y"]), 0) + 1
    assert len(set(rows.values())) == 1
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("count", [5, 8])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_on_a_phone_all_letters_stand_in_one_row(
    visit: Visitors, alice: Annotator, language: str, count: int
) -> None:
    project = make_project(candidates=count, languages=[language])
    make_participation(project, alice, languages=[language])
    texts = (TEXTS[language] * 2)[:count]
    make_set(project, make_prompt(project, language=language), texts=texts)
    set_ui_language(annotator=alice, language=language)
    visitor = visit(width=360, height=740, language=language)
    visitor.sign_in("alice")
    visitor.go(TASK)
    picks = [
        box
        for pick in visitor.page.locator("label.pick:visible").all()
        if (box := pick.bounding_box())
    ]
    bar = visitor.page.locator(".bar").bounding_box()
    assert bar
    assert len(picks) == count
    assert len({round(box["y"]) for box in picks}) == 1
    assert len({round(box["width"]) for box in picks}) == 1
    assert min(min(box["width"], box["height"]) for box in picks) >= 24
    assert bar["height"] < 130
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert barriers(visitor) == []


def test_texts_are_large_enough_on_a_phone(visit: Visitors, alice: Annotator) -> None:
    make_work(alice)
    visitor = visit(width=360)
    visitor.sign_in("alice")
    visitor.go(TASK)
    assert (
        visitor.page.evaluate(
            "parseFloat(getComputedStyle(document.querySelector('[data-response]')).fontSize)"
        )
        >= 17
    )


def test_the_choice_does_not_move_under_the_hand(visit: Visitors, alice: Annotator) -> None:
    make_work(alice)
    visitor = visit()
    visitor.sign_in("alice")
    visitor.go(TASK)
    button = visitor.page.locator(".pick:has(#choice-b)")
    before = button.bounding_box()
    visitor.choose("b")
    expect(visitor.page.locator("#why")).to_be_visible()
    assert button.bounding_box() == before


def test_theme_and_text_size_change_at_once_and_stay(visit: Visitors, alice: Annotator) -> None:
    make_work(alice)
    visitor = visit()
    visitor.sign_in("alice")
    visitor.go(TASK)
    visitor.choose("b")
    visitor.page.click("[popovertarget=menu]")
    visitor.page.click("#menu [value=dark]")
    visitor.page.click("#menu [value=large]")
    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(visitor.page.locator("#choice-b")).to_be_checked()
    visitor.page.reload()
    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(visitor.page.locator("html")).to_have_attribute("data-size", "large")


def test_the_first_load_is_light_and_asks_nobody_else(visit: Visitors, alice: Annotator) -> None:
    """At most 100 KB compressed, of which 40 KB are scripts; `visit` sees that no other server is asked."""
    make_work(alice)
    visitor = visit()
    visitor.sign_in("alice")
    fresh = visitor.context.new_page()  # it has nothing in memory
    answers: list[Response] = []
    fresh.on("response", lambda answer: answers.append(answer))
    fresh.goto(visitor.url + TASK, wait_until="networkidle")
    sizes = {answer.url: len(gzip.compress(answer.body())) for answer in answers}
    scripts = {url for url in sizes if url.endswith(".js")}
    assert {Path(url).stem for url in scripts} == {
        "htmx-2.min",
        *("look", "keys", "drafts", "task", "sending", "lease"),
    }
    assert all(url.startswith(visitor.url) for url in sizes)
    assert sum(sizes[url] for url in scripts) <= 40_000
    assert sum(sizes.values()) <= 100_000
    assert len(sizes) <= 12
    assert fresh.locator("script:not([src]), style, [style], [onclick]").count() == 0


def test_motion_and_forced_colours_are_heeded(visit: Visitors, alice: Annotator) -> None:
    make_work(alice)
    visitor = visit()  # it asks for reduced motion
    visitor.sign_in("alice")
    visitor.go(TASK)
    moving = visitor.page.evaluate(
        "[...document.querySelectorAll('*')].filter((each) => parseFloat(getComputedStyle(each).transitionDuration) > 0).length"
    )
    assert moving == 0
    visitor.page.emulate_media(forced_colors="active")
    visitor.choose("b")
    chosen, other = (
        visitor.page.locator(f".pick:has(#choice-{letter})").evaluate(
            "each => getComputedStyle(each).backgroundColor"
        )
        for letter in "ba"
    )
    assert chosen != other
    expect(visitor.page.locator("[data-card=b] .mine")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("task_format", ["best_of_k", "pairwise", "ranking"])
def test_a_text_twice_as_large_stays_on_the_page(
    visit: Visitors, alice: Annotator, language: str, width: int, task_format: str
) -> None:
    settings = {"candidates": 2, "ways_out": ["both_good"]} if task_format == "pairwise" else {}
    make_work(alice, language, task_format=task_format, **settings)
    visitor = visit(width=width, height=740, language=language)
    page = visitor.page
    session = visitor.context.new_cdp_session(page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    visitor.sign_in("alice")
    visitor.go(TASK)
    size = page.evaluate("getComputedStyle(document.querySelector('[data-response]')).fontSize")
    assert float(size.removesuffix("px")) >= 32
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for control in page.locator(".bar :is(.pick, .submit):visible, .ranks label:visible").all():
        box = control.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_numbers_that_scripts_write_are_of_the_language(visit: Visitors, alice: Annotator) -> None:
    make_work(alice, "ar")
    visitor = visit(language="ar")
    visitor.sign_in("alice")
    visitor.go(TASK)
    visitor.choose("b")
    expect(visitor.page.locator("#saved")).to_have_text(re.compile("[٠-٩]{1,2}:[٠-٩]{2}"))
