"""No page of the annotators has a barrier: axe on each of them, both directions, both schemes, wide and narrow.

Every address has its entry in PAGES or in NO_PAGE; a new one without an entry fails.
"""

from functools import partial
from typing import Any

import pytest
from django.template.loader import get_template
from django.utils import translation
from playwright.sync_api import Route, expect
from pytest_django import Settings

from annotator.models import Annotator, Project
from annotator.models.demographics import default_demographics
from annotator.services.checks import import_checks
from annotator.services.people import create_invitations, set_ui_language
from annotator.urls import urlpatterns
from tests.e2e.test_appearance import barriers
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import (
    make_judgment,
    make_own_turn,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

PAGES = {
    "home": ["/"],
    "account": ["/account/"],
    "delete_account": ["/account/delete/"],
    "join": ["/join/gates-open/"],
    "consent": ["/projects/gates/consent/"],
    "profile": ["/projects/gates/profile/"],
    "words": ["/projects/gates/words/"],
    "training": ["/projects/school/training/"],
    "leave": ["/projects/everyday/leave/"],
    "instructions": ["/projects/everyday/instructions/"],
    "turn": ["/projects/own/turns/{turn}/"],
    "history": ["/projects/everyday/history/"],
    "revise": ["/projects/everyday/history/{judgment}/"],
    "done": ["/projects/done/done/"],
    # what is next; a prompt of one's own; nothing to do; paused; closed; in preparation; a target reached
    "task": [
        "/projects/talk/task/",
        "/projects/own/task/",
        "/projects/empty/task/",
        "/projects/paused/task/",
        "/projects/closed/task/",
        "/projects/draft/task/",
        "/projects/done/task/",
    ],
}
"""Addresses to look at when signed in; the task itself and the sign-in page are walked through below."""
NO_PAGE = {
    "login": "walked through",
    "logout": "takes a POST and leads home",
    "set_language": "takes a POST and leads back",
    "set_look": "takes a POST and leads back",
    "demo_login": "leads to the task",
    "download": "a file",
    "languages": "takes a POST and leads back",
    "renew": "for scripts",
    "flag": "takes a POST; its form is on the task page",
    "drafts": "for scripts",
    "own_prompt": "takes a POST; its form is on the task page",
}
ERRORS = ("400", "403", "403_csrf", "500", "503")
WORDS = {
    "en": ("What should I do?", ["A family shop is more than a business.", "This is *your* life."]),
    "ar": ("ماذا أفعل؟", ["دكان العائلة أكثر من تجارة.", "هذه حياتك."]),
}


def make_projects(alice: Annotator, language: str) -> dict[str, int]:
    """Make a project for each state of things; return the ids that stand in addresses."""
    question, answers = WORDS[language]
    states = {"paused": "paused", "closed": "closed", "draft": "draft"}
    special: dict[str, dict[str, Any]] = {
        "everyday": {
            "task_format": "pairwise",
            "ways_out": ["both_good", "no_difference", "both_bad"],
            "candidates": 2,
            "target_per_person": 40,
            "veto_asked": True,
            "general_asked": True,
            "criteria": [{"slug": "true", "kind": "rating", "texts": {language: question}}],
            "reasons": [{"slug": "clear", "texts": {language: answers[1]}}],
            "explanation_required_share": 1.0,
        },
        "talk": {"turns": 3},
        "own": {"own_prompt_share": 1.0, "topic_hints": {language: [question]}},
        "gates": {
            "consent_text": {language: answers[1]},
            "demographics": default_demographics(),
            "own_words_asked": True,
        },
        "done": {"target_per_person": 1},
        "school": {"training_items": 1},
    }
    people = {}
    for slug in ("everyday", "talk", "own", "gates", "done", "empty", "school", *states):
        project = make_project(slug, languages=[language], **special.get(slug, {}))
        people[slug] = make_participation(project, alice, languages=[language])
    for slug in ("everyday", "everyday", "everyday", "talk", "done"):
        prompt = make_prompt(people[slug].project, question, language=language)
        make_set(people[slug].project, prompt, texts=answers)
    import_checks(
        project=people["school"].project,
        rows=[
            {
                "kind": "training",
                "text": question,
                "language": language,
                "responses": answers,
                "right": [0],
                "feedback": {language: answers[1]},
            }
        ],
    )
    judgment = make_judgment(people["everyday"], strength=2, explanation=answers[0])
    make_judgment(people["talk"])
    make_judgment(people["done"])
    for slug, state in states.items():
        Project.objects.filter(slug=slug).update(state=state)
    make_project("gates-open", languages=["en", "ar"], open_to_all=True)
    set_ui_language(annotator=alice, language=language)
    turn = make_own_turn(people["own"], text=question, language=language)
    return {"turn": turn.pk, "judgment": judgment.pk}


def walk_through_signing_in(visitor: Visitor) -> dict[str, list[str]]:
    [secret] = create_invitations(project=Project.objects.get(slug="everyday"), count=1)
    found = {}
    for name, path in (
        ("home, unknown", "/"),
        ("invited", f"/join/everyday/?invitation={secret}"),
        ("not invited", "/join/everyday/?invitation=no-such-invitation"),
        ("login", "/login/"),
    ):
        visitor.go(path)
        found[name] = barriers(visitor)
    visitor.page.click("#login button")
    expect(visitor.page.locator(".error").first).to_be_visible()
    found["login, refused"] = barriers(visitor)
    return found


def walk_through_a_task(visitor: Visitor) -> dict[str, list[str]]:
    page = visitor.page
    visitor.go("/projects/everyday/task/")
    found = {"task": barriers(visitor)}
    visitor.choose("b")
    found["task, chosen"] = barriers(visitor)
    for panel in ("menu", "keys", "skip", "why", "others", "flag"):
        page.evaluate("id => document.getElementById(id).showPopover()", panel)
        found[panel] = barriers(visitor)
        page.evaluate("id => document.getElementById(id).hidePopover()", panel)
    page.evaluate("document.querySelector('#submit').disabled = false")
    page.click("#submit")
    expect(page.locator(".bar .error").first).to_be_visible()
    found["task, not complete"] = barriers(visitor)
    page.evaluate("document.getElementById('clock').hidden = false")
    page.evaluate("document.getElementById('trouble').textContent = 'Not saved'")
    found["task, in trouble"] = barriers(visitor)
    return found


def answer_with(html: str, route: Route) -> None:
    route.fulfill(body=html, content_type="text/html; charset=utf-8")


def walk_through_errors(visitor: Visitor, language: str) -> dict[str, list[str]]:
    found = {}
    for name in ERRORS:
        with translation.override(language):
            html = get_template(f"{name}.html").render()
        visitor.page.route("**/broken/", partial(answer_with, html))
        visitor.go("/broken/")
        found[name] = barriers(visitor)
        visitor.page.unroute("**/broken/")
    visitor.go("/no-such-page/")
    found["404"] = barriers(visitor)
    return found


def test_every_address_has_its_entry() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(PAGES) | set(NO_PAGE)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_page_has_a_barrier(
    visit: Visitors, alice: Annotator, settings: Settings, language: str, scheme: str, width: int
) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"  # own prompts need one; nothing is asked of it
    ids = make_projects(alice, language)
    visitor = visit(width=width, scheme=scheme, language=language)
    found = walk_through_signing_in(visitor)
    visitor.sign_in("alice")
    for paths in PAGES.values():
        for path in paths:
            answer = visitor.page.goto(visitor.url + path.format(**ids))
            assert answer
            assert answer.ok, path
            visitor.page.evaluate(
                "document.querySelectorAll('details').forEach((each) => each.open = true)"
            )
            found[path] = barriers(visitor)
            direction = visitor.page.locator("html").get_attribute("dir")
            assert direction == ("rtl" if language == "ar" else "ltr"), path
            assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    found |= walk_through_a_task(visitor) | walk_through_errors(visitor, language)
    assert {name: lines for name, lines in found.items() if lines} == {}
