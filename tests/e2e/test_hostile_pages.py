"""The corpus of hostile texts through the places beside the task: hints, questions, training, drafts, refusals, the
administration. `test_hostile_texts` has the task itself and what LOOK looks for.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Route
from pytest_django import Settings

from annotator.models import Annotator, HarmFlag, Participation, ProfileRevision, Project
from annotator.services.candidates import import_candidates
from annotator.services.checks import import_checks
from annotator.services.drafts import save_draft
from annotator.services.flags import flag_response
from annotator.services.joint import open_joint_comparisons
from tests.e2e.test_hostile_texts import (
    LOOK,
    TASK,
    TEXTS,
    in_groups,
    look,
    make_work,
    watched,  # noqa: F401 - a fixture
)
from tests.e2e.visitors import Visitor
from tests.factories import (
    make_admin,
    make_judgment,
    make_next_turn,
    make_own_turn,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)
from tests.pages import hidden

ALL = "\n".join(TEXTS)
STRANGE = """() => window.ran.concat(
    [...document.querySelectorAll("[onerror], [onload], [onclick], [onmouseover], [style*=expression], iframe, object, embed, base, math, svg :is(script, foreignObject, animate, set, image, a)")].map((each) => each.outerHTML.slice(0, 120)),
    [...document.querySelectorAll("img, script[src], link[href], a[href]")].map((each) => each.getAttribute("src") ?? each.getAttribute("href"))
        .filter((address) => address !== null && !/^([/?#.]|$|https?:\\/\\/(localhost|127|www\\.))/.test(address)),
)"""
"""What stands in no page of the administration: handlers, frames, and addresses that are not its own."""


def test_topic_hints_do_nothing(
    watched: Visitor,  # noqa: F811
    alice: Annotator,
    settings: Settings,
) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    make_work(alice, own_prompt_share=1.0, topic_hints={"en": TEXTS})
    watched.sign_in("alice")
    look(watched, TASK)
    assert watched.page.locator(".hints li").count() == len(TEXTS)


def test_questions_about_people_and_their_answers_do_nothing(
    watched: Visitor,  # noqa: F811
    alice: Annotator,
) -> None:
    options = [text[:100] for text in dict.fromkeys(text.strip()[:100] for text in TEXTS)]
    questions: list[dict[str, Any]] = [
        {"slug": f"s{number}", "options": group, "texts": {"en": group[0]}}
        for number, group in enumerate(in_groups(40, options))
    ]
    person = make_work(alice, demographics=questions)
    watched.sign_in("alice")
    look(watched, "/projects/everyday/profile/")
    said = {question["slug"]: question["options"][-1] for question in questions}
    ProfileRevision.objects.create(participation=person, number=1, answers=said)
    look(watched, "/account/")
    for path in ("leave/", "done/"):
        look(watched, f"/projects/everyday/{path}")


def test_training_does_nothing(watched: Visitor, alice: Annotator) -> None:  # noqa: F811
    person = make_work(alice, training_items=1)
    groups = list(in_groups(8))
    rows: Iterator[Mapping[str, Any]] = (
        {
            "kind": "training",
            "text": "\n".join(group),
            "language": "en",
            "responses": group,
            "right": [0],
            "feedback": {"en": "\n".join(group)},
        }
        for group in groups
    )
    import_checks(project=person.project, rows=rows)
    watched.sign_in("alice")
    path = "/projects/everyday/training/"
    look(watched, path)
    watched.page.locator("[name=choice]").last.check()
    watched.page.click("#training button")
    watched.page.wait_for_url("**answered=**")
    assert watched.page.evaluate(LOOK) == []


def test_two_prompts_do_nothing(watched: Visitor, alice: Annotator) -> None:  # noqa: F811
    person = make_work(alice, task_format="two_prompts", candidates=2, explanation_share=0.0)
    for group in in_groups(10):
        prompt = make_prompt(person.project, "\n".join(group))
        make_set(person.project, prompt, texts=["One.", "Two."])
    open_joint_comparisons(project=person.project)
    watched.sign_in("alice")
    for _pair in range(len(TEXTS) // 20):
        look(watched, TASK)
        assert watched.page.locator(".card .asked").count() == 2
        make_judgment(person, strength=1)


def test_conversations_changes_and_drafts_do_nothing(
    watched: Visitor,  # noqa: F811
    alice: Annotator,
) -> None:
    person = make_work(alice, turns=3)
    make_set(person.project, make_prompt(person.project, ALL), texts=["One.", "Two."])
    judgment = make_judgment(person, explanation=ALL[:5000])
    watched.sign_in("alice")
    look(watched, TASK)  # the next message, after all that was said
    assert watched.page.locator(".said").count() == 1
    change = f"/projects/everyday/history/{judgment.pk}/"
    look(watched, change)
    save_draft(
        participation=person,
        about=f"change-{judgment.pk}",
        content={"explanation": [ALL[:5000]], "choice": TEXTS, '"><i>': TEXTS},
    )
    look(watched, change)
    assert watched.page.locator("#explanation").input_value()[:40] == ALL[:40]


def show(html: str, route: Route) -> None:
    route.fulfill(body=html, content_type="text/html; charset=utf-8")


def test_what_is_refused_does_nothing(watched: Visitor, alice: Annotator) -> None:  # noqa: F811
    person = make_work(alice)
    make_set(person.project)
    watched.sign_in("alice")
    for fields in (
        {"explanation": ALL},  # too long and without a choice: shown again
        {"explanation": ALL, "assignment": "999"},  # not theirs: given back
        {"explanation": ALL, "action": ALL},
        {"explanation": ALL, "device": ALL, "choice": ALL},
        {f"criteria-{text}": text for text in TEXTS},
        {f"rank-{text}": text for text in TEXTS},
    ):
        watched.go(TASK)
        form = {**hidden(watched.page.content()), "action": "submit", **fields}
        token = watched.page.locator("#judgment [name=csrfmiddlewaretoken]").input_value()
        answer = watched.page.request.post(
            watched.url + TASK,
            form={"csrfmiddlewaretoken": token, **form},
            headers={"Referer": watched.url},
        )
        assert answer.status in (404, 422)
        watched.page.route("**/refused/", partial(show, answer.text()))
        watched.go("/refused/")
        assert watched.page.evaluate(LOOK) == []
        watched.page.unroute("**/refused/")


def make_everything(alice: Annotator) -> Project:
    """Make a project whose every text is hostile."""
    words = ALL.replace("\n", " ").replace("\u2028", " ")
    project = make_project(
        turns=3,
        name=words[:120],
        description={"en": ALL},
        instructions={"en": ALL},
        consent_text={"en": ALL},
        topic_hints={"en": TEXTS},
        criteria=[{"slug": "helpful", "texts": {"en": words[:300]}}],
        reasons=[{"slug": "clear", "texts": {"en": words[:300]}}],
    )
    person: Participation = make_participation(project, alice, pseudonym=words[:16])
    rows = [
        (number, {"text": "\n".join(group), "language": "en", "responses": group})
        for number, group in enumerate(in_groups(4), start=1)
    ]
    assert not import_candidates(project=project, rows=rows).refused
    judgment = make_judgment(person, explanation=ALL[:5000])
    assert judgment.assignment_id is not None
    flag_response(
        participation=person, assignment_id=judgment.assignment_id, letter="a", note=words[:1000]
    )
    make_next_turn(judgment, ALL)
    make_own_turn(person, text=ALL)
    return project


def test_nothing_that_people_and_models_wrote_does_anything_in_the_administration(
    watched: Visitor,  # noqa: F811
    alice: Annotator,
) -> None:
    project = make_everything(alice)
    assert HarmFlag.objects.exists()
    make_admin("adam")
    watched.sign_in("adam")
    pages = [reverse("admin:index")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages.append(reverse(f"{name}_changelist"))
        rows = model._default_manager.order_by("-pk")
        pages += [reverse(f"{name}_change", args=[row.pk]) for row in rows[:30]]
    for page in ("board", "dry_run", "team", "diversity", "upload", "invite", "release"):
        pages.append(reverse(f"admin:annotator_project_{page}", args=[project.pk]))
    for path in pages:
        watched.go(path)
        assert watched.page.evaluate(STRANGE) == [], path
