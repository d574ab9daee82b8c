"""An admin sets up a study from nothing: three countries, two languages, reserved places, pay, consent; then opens it."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from annotator.models import Participation, Project
from annotator.services.boards import count_for_boards
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import make_admin

QUESTIONS = {"en": "May one lie to spare a friend?", "fr": "Peut-on mentir pour ménager un ami ?"}
ANSWERS = {
    "en": ["Never.", "Out of kindness.", "Only in small things.", "Ask the friend."],
    "fr": ["Jamais.", "Par gentillesse.", "Pour des riens.", "Demandez à l’ami."],
}


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    """A file of two questions, each in both languages, with the responses made elsewhere."""
    rows = [
        {
            "text": f"{QUESTIONS[language]} ({number})",
            "language": language,
            "group": f"lie-{number}",
            "group_kind": "translation",
            "responses": ANSWERS[language],
        }
        for number in (1, 2)
        for language in ("en", "fr")
    ]
    path = tmp_path / "prompts.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_an_admin_sets_up_a_study_and_sees_it_fill(visit: Visitors, prompts: Path) -> None:
    make_admin("adam")
    adam = visit()
    adam.sign_in("adam")
    make_the_project(adam)
    upload(adam.page, prompts)
    look_at_the_dry_run(adam.page)
    adam.page.get_by_role("button", name="Open").click()
    expect(adam.page.locator(".pv-state")).to_contain_text("People can work.")
    link = invite(adam.page)
    work(visit(language="fr"), link)
    see_the_board(adam.page)


def make_the_project(adam: Visitor) -> None:
    adam.go("/admin/")
    page = adam.page
    page.get_by_role("link", name="Make a project").click()
    page.fill("#id_name", "Small lies")
    page.fill("#id_languages", "en, fr")
    page.fill("#id_overlap", "2")
    save(page)
    expect(page.locator(".messagelist")).to_contain_text("The project is made.")
    assert Project.objects.get().slug == "small-lies"
    page.fill("[name='consent_text.en']", "You compare answers. Taking part is **voluntary**.")
    page.fill("[name='consent_text.fr']", "Vous comparez. C’est **volontaire**.")
    unfold(page, "Panels and pay")
    page.fill("#id_pay_currency", "EUR")
    page.fill("#id_pay_per_answer", "50")
    unfold(page, "Who is needed")
    page.fill("#id_stratum_by", "country")
    page.fill("#id_group_quotas", "FR: 2\nIN: 2\nUS: 2")
    save(page)
    expect(page.locator(".messagelist")).to_contain_text("The settings are saved.")


def upload(page: Page, prompts: Path) -> None:
    page.get_by_role("link", name="Upload prompts").click()
    page.set_input_files("#id_file", prompts)
    page.check("#id_with_responses")
    page.click("input[type=submit].default")
    expect(page.locator(".messagelist")).to_contain_text("4 candidate sets with 4 comparisons")
    expect(page.locator(".pv-lacks")).to_contain_text("No instructions in: en, fr.")
    expect(page.locator(".pv-lacks")).not_to_contain_text("No consent text")


def look_at_the_dry_run(page: Page) -> None:
    page.get_by_role("link", name="Dry run").click()
    page.fill("#id_hourly_pay", "12")
    page.get_by_role("button", name="Work out the cost").click()
    expect(page.locator(".pv-counts")).to_contain_text("Pay")
    for stratum in ("FR", "IN", "US"):
        expect(page.locator(".pv-languages")).to_contain_text(stratum)
    page.get_by_role("link", name="Back to the project").click()


def invite(page: Page) -> str:
    """Make one link for somebody in France; return it."""
    page.get_by_role("link", name="Invite people").click()
    page.fill("#id_count", "1")
    page.select_option("#id_language", "fr")
    page.fill("#id_country", "FR")
    page.get_by_role("button", name="Make links").click()
    return page.locator(".pv-links code").inner_text()


def work(visitor: Visitor, link: str) -> None:
    page = visitor.page
    page.goto(re.sub(r"^https?://[^/]+", visitor.url, link))
    page.locator("form button[type=submit]").last.click()
    page.wait_for_selector("#consent")
    page.check("#consent [name=adult]")
    page.click("#consent button")
    page.click("#profile button")
    page.wait_for_selector("#judgment")
    visitor.choose("a")
    visitor.submit()
    assert Participation.objects.get().stratum == "FR"


def see_the_board(page: Page) -> None:
    count_for_boards()
    page.goto(re.sub(r"/invite/$", "/board/", page.url))
    expect(page.locator(".pv-fill tr", has_text="FR").first).to_be_visible()
    expect(page.locator(".pv-counts")).to_contain_text("1")


def unfold(page: Page, title: str) -> None:
    page.locator("summary", has_text=title).click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
