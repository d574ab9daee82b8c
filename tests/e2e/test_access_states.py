"""What pages look like only sometimes has no barrier either: ends, feedback, errors, waiting, formats, notices.

`test_access` walks through every address as it is mostly met.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings

from annotator.models import Annotator, CandidateSet, Outcome, PanelSession, Participation, Project
from annotator.models.demographics import default_demographics
from annotator.services.checks import import_checks
from annotator.services.generation import ask_for_turn
from annotator.services.joint import open_joint_comparisons
from annotator.services.people import set_ui_language
from tests.e2e.test_access import WORDS
from tests.e2e.test_appearance import barriers
from tests.e2e.visitors import PAIRINGS, Visitor, Visitors
from tests.factories import (
    make_annotator,
    make_judgment,
    make_own_turn,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

CODES = {outcome: f"CODE-{outcome}" for outcome in Outcome.values}
FORMATS: dict[str, dict[str, Any]] = {
    "ranking": {"task_format": "ranking", "ways_out": [], "ranking_top": 2},
    "pair-of-prompts": {"task_format": "two_prompts", "candidates": 2},
    "eight": {"candidates": 8, "veto_asked": True},
    "talk": {"turns": 3, "turns_min": 1},
}
STAGES: dict[str, dict[str, Any]] = {
    "waiting": {},
    "writing": {"progress": [20, 4, 0, 0]},
    "failed": {"state": "failed", "failure": "bad_request"},
}

Look = Callable[[str], None]


def make_ends(alice: Annotator, language: str) -> Iterator[tuple[str, str]]:
    """Make a visit through a panel for each way in which one ends; yield what it is and its address."""
    panels = [{"slug": "prolific", "preset": "prolific", "codes": CODES}]
    for outcome in (*Outcome.values, "", "paused"):
        slug = f"end-{outcome or 'open'}".replace("_", "-")
        project = make_project(slug, panels=panels, target_per_person=9, pay_currency="EUR")
        is_open = outcome in ("", "paused")
        person = make_participation(
            project,
            alice,
            languages=[language],
            panel="prolific",
            external_id=slug,
            outcome="" if is_open else outcome,
        )
        PanelSession.objects.create(
            project=project,
            participation=person,
            session_id=slug,
            ended_at=None if is_open else timezone.now(),
            outcome="" if is_open else outcome,
        )
        if outcome == "paused":
            Project.objects.filter(pk=project.pk).update(state="paused")
        yield f"end: {outcome or 'open'}", f"/projects/{slug}/done/"
    for field in ("paused_at", "excluded_at"):
        slug = field.replace("_", "-")
        person = make_participation(make_project(slug), alice, languages=[language])
        changed: dict[str, Any] = {field: timezone.now()}
        if field == "excluded_at":
            changed["excluded_for"] = "quality"
        Participation.objects.filter(pk=person.pk).update(**changed)
        yield field, f"/projects/{slug}/done/"


def make_formats(alice: Annotator, language: str) -> Iterator[tuple[str, str]]:
    """Make a task of each format that is not the usual one."""
    question, answers = WORDS[language]
    long = "\n\n".join(answers * 30)
    for slug, settings in FORMATS.items():
        project = make_project(slug, languages=[language], **settings)
        person = make_participation(project, alice, languages=[language])
        for _number in range(2):
            texts = [*answers * 4][: settings.get("candidates", 4)]
            prompt = make_prompt(project, question, language=language)
            make_set(project, prompt, texts=[long, *texts[1:]])
        if slug == "pair-of-prompts":
            open_joint_comparisons(project=project)
        if slug == "talk":
            make_judgment(person, explanation=answers[0])
        yield slug, f"/projects/{slug}/task/"
    for outcome in ("surplus", "repeated"):
        yield outcome, f"/projects/eight/task/?saved={outcome}"
    yield "answers without any", "/projects/eight/history/"
    yield "answers from somewhere else", "/projects/eight/history/?before=x"


def make_stages(alice: Annotator, language: str) -> Iterator[tuple[str, str]]:
    """Make a message in each stage of being answered."""
    person = make_participation(
        make_project("waits", languages=[language], own_prompt_share=1.0, strategy="independent"),
        alice,
        languages=[language],
    )
    for stage, fields in STAGES.items():
        turn = make_own_turn(person, text=WORDS[language][0], language=language)
        made = ask_for_turn(turn=turn)
        CandidateSet.objects.filter(pk=made.pk).update(**fields)
        yield f"stage: {stage}", f"/projects/waits/turns/{turn.pk}/"


def walk_through_training(visitor: Visitor, alice: Annotator, language: str, look: Look) -> None:
    question, answers = WORDS[language]
    project = make_project("school", languages=[language], training_items=2, training_threshold=1.0)
    make_participation(project, alice, languages=[language])
    item = {"kind": "training", "text": question, "language": language, "responses": answers}
    rows = [{**item, "right": [right], "feedback": {language: answers[1]}} for right in (0, 1)]
    import_checks(project=project, rows=rows)
    for number in (1, 2):
        visitor.go("/projects/school/training/")
        visitor.page.locator("#training [name=choice]").first.check()
        visitor.page.click("#training button")
        visitor.page.wait_for_url("**answered=**")
        look(f"feedback {number}")
    visitor.go("/projects/school/training/")
    look("training, at its end")


def walk_through_gates(visitor: Visitor, alice: Annotator, language: str, look: Look) -> None:
    project = make_project(
        "gates",
        consent_text={language: WORDS[language][0]},
        consent_ticks=["sensitive", "texts", "training"],
        demographics=default_demographics(),
        own_words_asked=True,
    )
    make_participation(project, alice)
    page = visitor.page
    visitor.go("/projects/gates/consent/")
    page.click("#consent button")
    expect(page.locator("#adult-error")).to_be_visible()
    look("consent, not complete")
    visitor.go("/projects/gates/words/")
    page.evaluate("document.getElementById('text').value = '-'.repeat(3000)")
    page.click("#words button")
    expect(page.locator("#text-error")).to_be_visible()
    look("words, too long")


def walk_through_mistakes(visitor: Visitor, look: Look) -> None:
    page = visitor.page
    visitor.go("/projects/talk/task/")
    page.click("button[value=send]")
    expect(page.locator("#message-error")).to_be_visible()
    look("a message without words")
    visitor.go("/projects/eight/task/")
    page.evaluate("document.getElementById('skip').showPopover()")
    page.click("button[value=skip]")
    expect(page.locator(".skip .error")).to_be_attached()
    look("a skip without a reason")
    visitor.go("/projects/eight/task/")
    page.evaluate("document.getElementById('flag').showPopover()")
    page.locator("#flag [name=response]").first.check()
    page.click("#flag [type=submit]")
    expect(page.locator("#flag [role=status]")).to_be_visible()
    look("reported")


@pytest.mark.parametrize(("language", "scheme", "width"), PAIRINGS)
def test_what_pages_look_like_sometimes_has_no_barrier(
    visit: Visitors, alice: Annotator, settings: Settings, language: str, scheme: str, width: int
) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"  # nothing is asked of it
    set_ui_language(annotator=alice, language=language)
    visitor = visit(width=width, scheme=scheme, language=language)
    page = visitor.page
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
        found[name] = barriers(visitor)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name

    visitor.sign_in("alice")
    places = dict(make_formats(alice, language))
    places |= dict(make_ends(alice, language))
    places |= dict(make_stages(alice, language))
    for name, path in places.items():
        visitor.go(path)
        look(name)
    walk_through_training(visitor, alice, language, look)
    walk_through_gates(visitor, alice, language, look)
    walk_through_mistakes(visitor, look)
    visitor.go("/projects/eight/leave/")
    page.click("#leave button")
    page.wait_for_load_state()
    look("left")
    visitor.context.clear_cookies()
    make_annotator("bob", ui_language=language)
    visitor.sign_in("bob")
    for path in ("/", "/account/"):
        visitor.go(path)
        look(f"without a project: {path}")
    assert {name: lines for name, lines in found.items() if lines} == {}
