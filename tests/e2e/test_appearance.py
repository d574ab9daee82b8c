"""How the pages look and read: every script, both schemes, both directions, without barriers or leaks."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from playwright.sync_api import expect

from annotator.models import Annotator, Judgment, Participation, Project
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
    found = Axe().run(visitor.page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_page_has_a_barrier(
    visit: Visitors, alice: Annotator, language: str, scheme: str, width: int
) -> None:
    make_work(alice, language)
    visitor = visit(width=width, scheme=scheme, language=language)
    visitor.go("/login/")
    found = {"login": barriers(visitor)}
    visitor.sign_in("alice")
    visitor.go(TASK)
    found["task"] = barriers(visitor)
    visitor.choose("b")
    found["task, chosen"] = barriers(visitor)
    visitor.page.click("[popovertarget=menu]")
    found["menu"] = barriers(visitor)
    visitor.page.keyboard.press("Escape")
    visitor.submit()
    visitor.go("/projects/everyday/history/")
    visitor.page.locator("summary").first.click()
    found["history"] = barriers(visitor)
    Participation.objects.update(consent_version="")
    visitor.go(TASK)
    expect(visitor.page.locator("#consent")).to_be_visible()
    found["consent"] = barriers(visitor)
    visitor.go("/")
    found["home"] = barriers(visitor)
    assert {name: lines for name, lines in found.items() if lines} == {}


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


def test_nothing_that_people_write_runs(visit: Visitors, alice: Annotator) -> None:
    project = make_project(
        name=ATTACK, description=ATTACK, instructions={"en": ATTACK}, consent_text={"en": ATTACK}
    )
    make_participation(project, alice)
    for _number in range(2):
        make_set(
            project,
            make_prompt(project, ATTACK),
            texts=[ATTACK, "[x](javascript:alert(1))", "Three.", "Four."],
        )
    visitor = visit()
    visitor.sign_in("alice")
    pages = ["/", "/projects/everyday/consent/", "/projects/everyday/instructions/", TASK]
    for path in pages:
        visitor.go(path)
        assert "owned" not in visitor.page.title().replace(ATTACK, "")
        if visitor.page.locator("#consent").count():
            visitor.page.check("#consent [name=adult]")
            visitor.page.click("#consent button")
    visitor.choose("a")
    visitor.page.fill("#explanation", ATTACK)
    visitor.submit()
    visitor.go("/projects/everyday/history/")
    visitor.page.locator("summary").first.click()
    expect(visitor.page.locator(".own")).to_have_text(ATTACK)
    assert visitor.page.locator("img, main script").count() == 0
    assert Judgment.objects.get().explanation == ATTACK


def test_scripts_are_few_and_nothing_is_inline(visit: Visitors, alice: Annotator) -> None:
    make_work(alice)
    visitor = visit()
    visitor.sign_in("alice")
    scripts: list[str] = []
    visitor.page.on(
        "request",
        lambda request: scripts.append(request.url) if request.resource_type == "script" else None,
    )
    visitor.go(TASK)
    assert visitor.page.locator("script:not([src]), style, [style], [onclick]").count() == 0
    assert {Path(url).name for url in scripts} == {
        "htmx-2.min.js",
        *(f"{name}.js" for name in ("look", "keys", "drafts", "task", "sending", "lease")),
    }
    sources = [finders.find(url.split("/static/")[1]) for url in scripts]
    assert (
        sum(len(gzip.compress(Path(source).read_bytes())) for source in sources if source) < 40_000
    )
