"""The corpus of hostile texts through what people say of themselves and write beside their answers: their own words,
drafts, notes of reports; and through what researchers read of it: translations, findings, every page of a project.
"""

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django import Settings

from annotator.models import Annotator, CheckItem, Finding, HarmFlag, Participation
from annotator.services.checks import import_checks
from annotator.services.drafts import save_draft
from annotator.services.findings import check_texts
from annotator.services.flags import flag_response
from annotator.services.generation import accept_translation
from annotator.services.own_words import LONGEST_WORDS, save_own_words
from annotator.services.people import set_ui_language
from annotator.services.prompt_rows import text_problem
from tests.aligned import make_drafted_set
from tests.e2e.test_hostile_pages import ALL, STRANGE, make_everything
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
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

SHOWN_AS_IT_IS = [text for text in TEXTS if not text_problem(text, LONGEST_WORDS)]


@pytest.fixture(autouse=True)
def model_server_configured(settings: Settings) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"  # nothing is asked of it


def test_what_matters_to_people_does_nothing(
    watched: Visitor,  # noqa: F811
    alice: Annotator,
) -> None:
    person = make_work(alice, own_words_asked=True, turns=3)
    watched.sign_in("alice")
    assert len(SHOWN_AS_IT_IS) > 70
    for text in SHOWN_AS_IT_IS:
        save_own_words(participation=person, text=text, language="en", lend=True)
        person.refresh_from_db()
        look(watched, "/projects/everyday/words/")
        said = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        assert watched.page.locator("#text").input_value() in (said, "")
    look(watched, "/account/")
    watched.go("/projects/everyday/words/")
    watched.page.locator("#text").evaluate("(box, text) => { box.value = text; }", ALL)
    watched.page.click("#words button")  # too long: shown again
    expect(watched.page.locator("#text-error")).to_be_visible()
    assert watched.page.evaluate(LOOK) == []
    make_admin("adam")
    watched.context.clear_cookies()
    watched.sign_in("adam")
    watched.go(reverse("admin:annotator_participation_change", args=[person.pk]))
    assert watched.page.evaluate(STRANGE) == []


def test_drafts_of_messages_do_nothing(watched: Visitor, alice: Annotator) -> None:  # noqa: F811
    person = make_work(alice, turns=3)
    make_set(person.project)
    judgment = make_judgment(person)
    own = make_project("own", own_prompt_share=1.0)
    writer = make_participation(own, alice)
    watched.sign_in("alice")
    for group in in_groups(20):
        text = "\n".join(group)
        content = {"message": [text], text: TEXTS[:3], "__proto__": [text], "action": [text]}
        save_draft(participation=person, about=f"turn-{judgment.turn_id}", content=content)
        save_draft(participation=writer, about="own-0", content=content)
        for path in (TASK, "/projects/own/task/"):
            look(watched, path)
            assert watched.page.locator("#message").input_value()[:20] == text[:20]


def test_a_message_that_is_given_back_does_nothing(
    watched: Visitor,  # noqa: F811
    alice: Annotator,
) -> None:
    person = make_work(alice, turns=3)
    make_set(person.project)
    make_judgment(person)
    watched.sign_in("alice")
    for javascript in (True, False):
        look(watched, TASK)
        watched.page.locator("#message").evaluate(
            "(box, text) => { box.removeAttribute('maxlength'); box.value = text; }", ALL * 9
        )
        if not javascript:
            watched.page.evaluate("document.getElementById('next-turn').removeAttribute('hx-post')")
        watched.page.click("button[value=send]")
        expect(watched.page.locator("#message-error")).to_be_visible()
        assert watched.page.evaluate(LOOK) == []


def test_feedback_in_training_does_nothing(
    watched: Visitor,  # noqa: F811
    alice: Annotator,
) -> None:
    person = make_work(alice, training_items=1)
    import_checks(
        project=person.project,
        rows=[
            {
                "kind": "training",
                "text": text,
                "language": "en",
                "responses": [text, f"{text} {text}"],
                "right": [0],
                "feedback": {"en": text},
            }
            for text in ("\n".join(group) for group in in_groups(10))
        ],
    )
    watched.sign_in("alice")
    for _item in range(CheckItem.objects.count()):
        watched.go("/projects/everyday/training/")
        if not watched.page.locator("#training").count():
            break
        watched.page.locator("[name=choice]").last.check()
        watched.page.click("#training button")
        watched.page.wait_for_url("**answered=**")
        assert watched.page.evaluate(LOOK) == []


def test_translated_sets_do_nothing(watched: Visitor, alice: Annotator) -> None:  # noqa: F811
    project = make_project(languages=["en", "fr", "ar"], explanation_share=0.0)
    person = make_participation(project, alice, languages=["ar"])
    reviewer = make_admin("adam")
    set_ui_language(annotator=alice, language="ar")
    watched.sign_in("adam")
    groups = [(group * 4)[:4] for group in in_groups(4)]
    for number, group in enumerate(groups):
        drafted = make_drafted_set(project, f"group-{number}", group)
        watched.go(reverse("admin:annotator_candidateset_review", args=[drafted.pk]))
        assert watched.page.evaluate(STRANGE) == []
        accept_translation(
            candidate_set=drafted,
            texts={slot: f"{slot} {text}" for slot, text in enumerate(group)},
            attempt=drafted.attempt,
            reviewer=reviewer,
        )
    watched.context.clear_cookies()
    watched.sign_in("alice")
    for _group in groups:
        look(watched, TASK)
        assert watched.page.locator("[data-response]").count() == 4
        make_judgment(person)


def test_what_was_found_and_reported_does_nothing_on_the_pages_of_a_project(
    watched: Visitor,  # noqa: F811
    alice: Annotator,
) -> None:
    project = make_everything(alice)
    person = Participation.objects.get(project=project)
    for text in TEXTS:
        make_set(project, make_prompt(project, text), texts=["One.", "Two.", "Three.", "Four."])
        judgment = make_judgment(person, explanation=f"{text}\nanna@example.org")
        assert judgment.assignment_id is not None
        flag_response(
            participation=person, assignment_id=judgment.assignment_id, letter="a", note=text[:1000]
        )
    check_texts(project=project)
    assert Finding.objects.count() >= len(TEXTS)
    make_admin("adam")
    watched.sign_in("adam")
    pages = [
        reverse(f"admin:annotator_project_{page}", args=[project.pk])
        for page in ("texts", "generate", "align", "people", "pay", "values", "check")
    ]
    pages += [
        reverse("admin:annotator_harmflag_change", args=[report.pk])
        for report in HarmFlag.objects.all()
    ]
    for path in pages:
        watched.go(path)
        assert watched.page.evaluate(STRANGE) == [], path
    preview = reverse("admin:annotator_project_preview", args=[project.pk])
    for page in ("task", "consent", "instructions"):  # in a frame in which no script runs
        watched.go(f"{preview}?page={page}&language=en")
        assert watched.page.locator("iframe").get_attribute("sandbox") == ""
        assert watched.page.evaluate("window.ran") == []
