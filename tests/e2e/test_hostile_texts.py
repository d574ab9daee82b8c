"""Texts of models and people can be read and do nothing else.

The corpus `tests/bad_input/hostile_texts.json` goes through every place that shows texts, in a real browser: nothing
runs, nothing is loaded, nothing leaves its box.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from annotator.models import Annotator, Judgment, Participation, Project
from annotator.services.candidates import import_candidates
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

CORPUS: list[dict[str, str]] = json.loads(
    (Path(__file__).parent.parent / "bad_input" / "hostile_texts.json").read_text()
)
TEXTS = [row["text"] for row in CORPUS]
TASK = "/projects/everyday/task/"

TRAP = """
    window.ran = [];
    for (const name of ["alert", "confirm", "prompt", "print", "open", "owned"]) window[name] = () => window.ran.push(name);
"""
LOOK = """() => {
    const faults = window.ran.map((name) => `ran: ${name}`);
    const boxes = [...document.querySelectorAll(".text, .own, .asked, .prompt p, h1, h2, legend, [lang][dir], [dir=auto]")];
    const allowed = "P BR EM STRONG S A UL OL LI BLOCKQUOTE CODE PRE HR H3 TABLE THEAD TBODY TR TH TD".split(" ");
    const attributes = ["href", "title", "rel", "target", "start", "tabindex"];
    for (const box of boxes.filter((each) => each.matches(".text"))) {
        const outer = box.getBoundingClientRect();
        for (const each of box.querySelectorAll("*")) {
            if (!allowed.includes(each.tagName)) faults.push(`tag: ${each.outerHTML.slice(0, 80)}`);
            for (const { name } of each.attributes) if (!attributes.includes(name)) faults.push(`attribute: ${name}`);
            if (each.matches("[href]") && !/^(https?|mailto):/.test(each.getAttribute("href"))) faults.push(`link: ${each.href}`);
            const inner = each.getBoundingClientRect();
            const scrolls = each.parentElement.closest("pre, table") !== null;
            const isOut = inner.left < outer.left - 2 || inner.right > outer.right + 2 || inner.top < outer.top - 2 || inner.bottom > outer.bottom + 2;
            if (isOut && !scrolls) faults.push(`out of its box: ${each.outerHTML.slice(0, 80)}`);
        }
    }
    if (document.documentElement.scrollWidth > innerWidth) faults.push("the page scrolls sideways");
    const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`id twice: ${id}`);
    const strange = document.querySelectorAll("main :is(script, img, svg, math, iframe, object, embed, style, link, base, template, video, audio, meta), [onerror], [onload]");
    for (const each of strange) faults.push(`element: ${each.outerHTML.slice(0, 80)}`);
    for (const name of ["cookie", "documentElement", "forms", "body"]) if (document[name] instanceof HTMLImageElement) faults.push(`clobbered: ${name}`);
    return faults;
}"""


def in_groups(size: int, texts: Iterable[str] = TEXTS) -> Iterator[list[str]]:
    texts = iter(texts)
    while group := list(islice(texts, size)):
        yield group


@pytest.fixture
def watched(visit: Visitors, alice: Annotator) -> Visitor:
    visitor = visit()
    visitor.page.add_init_script(TRAP)
    return visitor


def look(visitor: Visitor, path: str) -> None:
    """Open a page and see that the texts on it have done nothing."""
    visitor.go(path)
    assert visitor.page.url == visitor.url + path
    assert visitor.page.evaluate(LOOK) == [], path


def make_work(alice: Annotator, **settings: Any) -> Participation:
    project = make_project(**settings)
    return make_participation(project, alice)


def test_the_corpus_is_large_and_of_every_class() -> None:
    assert len(CORPUS) >= 80
    assert len({row["class"] for row in CORPUS}) >= 11
    assert len(set(TEXTS)) == len(TEXTS)


def test_responses_and_prompts_do_nothing(watched: Visitor, alice: Annotator) -> None:
    person = make_work(alice, candidates=8, explanation_share=0.0)
    rows = [
        {
            "text": group[0],
            "language": "en",
            "responses": (group * 8)[:8] if len(group) < 2 else group,
        }
        for group in in_groups(8)
    ]
    report = import_candidates(project=person.project, rows=list(enumerate(rows, start=1)))
    assert not report.refused
    watched.sign_in("alice")
    for _row in rows:
        look(watched, TASK)
        shown = watched.page.locator("[data-response]").count()
        assert watched.page.locator("#judgment").count() == 1
        watched.choose("a")
        watched.page.click("#submit")
        expect(watched.page.locator("#saved")).to_contain_text("Saved")
        assert watched.page.evaluate("window.ran") == []
        assert shown >= 2
    assert Judgment.objects.count() == len(rows)


def test_what_people_wrote_does_nothing_in_their_history(
    watched: Visitor, alice: Annotator
) -> None:
    person = make_work(alice)
    for text in TEXTS:
        make_set(person.project, make_prompt(person.project, text), texts=["One.", "Two."])
        make_judgment(person, explanation=text)
    watched.sign_in("alice")
    path = "/projects/everyday/history/"
    seen = 0
    while path:
        look(watched, path)
        seen += watched.page.locator("[data-answer]").count()
        following = watched.page.locator("[rel=next]")
        path = (
            f"/projects/everyday/history/{following.get_attribute('href')}"
            if following.count()
            else ""
        )
    assert seen == len(TEXTS)


def test_names_descriptions_instructions_and_consents_do_nothing(
    watched: Visitor, alice: Annotator
) -> None:
    for number, text in enumerate(TEXTS):
        words = text.replace("\n", " ").replace("\r", " ").replace("\u2028", " ")
        project = make_project(
            f"p{number}",
            name=words[:120],
            description={"en": text},
            instructions={"en": text},
            consent_text={"en": text},
        )
        make_participation(project, alice)
    watched.sign_in("alice")
    look(watched, "/")
    for number in range(len(TEXTS)):
        look(watched, f"/projects/p{number}/instructions/")
        look(watched, f"/projects/p{number}/consent/")


def test_criteria_reasons_and_hints_do_nothing(watched: Visitor, alice: Annotator) -> None:
    watched.sign_in("alice")
    for number, group in enumerate(in_groups(20)):
        words = [{"slug": f"s{i}", "texts": {"en": text[:300]}} for i, text in enumerate(group)]
        project = make_project(f"c{number}", criteria=words, reasons=words)
        make_participation(project, alice)
        make_set(project)
        look(watched, f"/projects/c{number}/task/")
        assert watched.page.locator("#judgment").count() == 1


def test_own_prompts_and_messages_do_nothing(watched: Visitor, alice: Annotator) -> None:
    person = make_work(alice, turns=3)
    watched.sign_in("alice")
    project: Project = person.project
    for group in in_groups(10):
        turn = make_own_turn(person, text="\n".join(group))
        look(watched, f"/projects/everyday/turns/{turn.pk}/")
        make_set(project)
        following = make_next_turn(make_judgment(person), "\n".join(group))
        look(watched, f"/projects/everyday/turns/{following.pk}/")
