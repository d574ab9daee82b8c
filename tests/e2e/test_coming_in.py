"""Coming in on a phone: consent, then questions about oneself, then the first task."""

import os
from typing import Any

import pytest

from annotator.models import Annotator, ProfileRevision
from annotator.models.demographics import default_demographics
from annotator.services.checks import import_checks
from annotator.services.people import set_ui_language
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import make_participation, make_project, make_prompt, make_set

TASK = "/projects/everyday/task/"

CONSENT = {
    "en": "You compare answers and say which one you prefer. Taking part is **voluntary**.",
    "ar": "تقارن بين إجابات وتقول أيّها تفضّل. المشاركة **طوعية**.",
}


def prepare(alice: Annotator, language: str, **settings: Any) -> None:
    project = make_project(
        languages=["en", "ar"],
        **{"demographics": default_demographics(), "consent_text": CONSENT, **settings},
    )
    make_participation(project, alice, languages=["en", "ar"])
    for tag, text in (("en", "What should I do?"), ("ar", "ماذا أفعل؟")):
        make_set(project, make_prompt(project, text, language=tag))
    set_ui_language(annotator=alice, language=language)


def look(visitor: Visitor, name: str) -> None:
    """Hold that nothing runs over the edge; keep a picture where a folder for them is named."""
    wide = visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, f"{name} is wider than the screen"
    if folder := os.environ.get("PLURIVOX_PICTURES"):
        visitor.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("javascript", [True, False])
def test_from_consent_over_the_profile_to_the_first_task(
    visit: Visitors, alice: Annotator, language: str, javascript: bool
) -> None:
    prepare(alice, language)
    visitor = visit(width=390, height=844, language=language, javascript=javascript)
    visitor.sign_in("alice")
    visitor.go(TASK)
    page = visitor.page
    if javascript:
        look(visitor, f"consent-{language}")
    page.click("#consent button")
    page.wait_for_selector("#adult-error")
    page.check("#consent [name=adult]")
    page.check("#consent [name=sensitive]")
    page.click("#consent button")
    page.wait_for_selector("#profile")
    page.check("#profile [name=country][value=FR]")
    page.click("#profile button")
    page.wait_for_selector("#profile [name=ethnicity]")
    if javascript:
        look(visitor, f"profile-{language}")
    page.check("#profile [name=ethnicity][value=Immigrant]")
    page.click("#profile button")
    page.wait_for_selector("#judgment")
    newest = ProfileRevision.objects.latest("pk")
    assert newest.sensitive_answers == {"ethnicity": "Immigrant"}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_my_data_and_the_way_out(visit: Visitors, alice: Annotator, language: str) -> None:
    prepare(alice, language, consent_text={})
    visitor = visit(width=390, height=844, language=language)
    visitor.sign_in("alice")
    visitor.go(TASK)
    visitor.page.check("#profile [name=age][value='35-45']")
    visitor.page.click("#profile button")
    visitor.page.wait_for_selector("#judgment")
    visitor.go("/account/")
    look(visitor, f"account-{language}")
    visitor.page.click("[href$='/leave/']")
    visitor.page.wait_for_selector("#leave")
    look(visitor, f"leave-{language}")
    visitor.page.click("#leave button")
    visitor.page.wait_for_selector("text=/./")
    visitor.go("/account/")
    assert visitor.page.locator("[href$='/leave/']").count() == 0


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_person_of_a_panel_arrives_works_and_goes_back(visit: Visitors, language: str) -> None:
    project = make_project(
        languages=[language],
        panels=[{"slug": "prolific", "preset": "prolific", "codes": {"complete": "C0MPLETE"}}],
        target_per_person=1,
        pay_currency="EUR",
        pay_per_answer=25,
    )
    make_set(project, make_prompt(project, "ماذا أفعل؟", language=language))
    make_set(project, make_prompt(project, "What now?", language=language))
    visitor = visit(width=390, height=844, language=language)
    visitor.go("/join/everyday/?PROLIFIC_PID=5f0&STUDY_ID=st&SESSION_ID=s1")
    visitor.page.wait_for_selector("#judgment")
    visitor.go("/projects/everyday/done/")
    look(visitor, f"stop-{language}")
    visitor.go(TASK)
    visitor.choose("a")
    visitor.page.click("#submit")
    visitor.page.wait_for_url("**/done/")
    look(visitor, f"done-{language}")
    assert visitor.page.locator(".code").inner_text() == "C0MPLETE"
    way_back = visitor.page.locator("a[rel=noreferrer]").get_attribute("href")
    assert way_back == "https://app.prolific.com/submissions/complete?cc=C0MPLETE"


@pytest.mark.parametrize("language", ["en", "ar"])
def test_training_on_a_phone(visit: Visitors, alice: Annotator, language: str) -> None:
    project = make_project(languages=[language], training_items=1, training_threshold=0)
    import_checks(
        project=project,
        rows=[
            {
                "kind": "training",
                "language": language,
                "text": {"en": "Which answer is polite?", "ar": "أيّ الجوابين مهذّب؟"}[language],
                "responses": {"en": ["Please.", "Sit!"], "ar": ["تفضّل.", "اجلس!"]}[language],
                "right": [0],
            }
        ],
    )
    make_set(project, make_prompt(project, "ماذا أفعل؟", language=language))
    make_participation(project, alice, languages=[language])
    set_ui_language(annotator=alice, language=language)
    visitor = visit(width=390, height=844, language=language)
    visitor.sign_in("alice")
    visitor.go(TASK)
    look(visitor, f"training-{language}")
    visitor.page.check("#training [value=b]")
    visitor.page.click("#training button")
    visitor.page.wait_for_selector("[href$='/training/']")
    look(visitor, f"feedback-{language}")
    visitor.page.click("main [href$='/training/']")
    visitor.page.wait_for_selector("#judgment")
