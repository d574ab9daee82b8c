"""Two quotas for each comparison, by country and by gender, in three countries and two languages: from nothing to exactly full."""

import re
from collections import Counter
from pathlib import Path

from playwright.sync_api import Page, expect

from annotator.models import Assignment, Comparison, Project
from tests.e2e.test_a_study import prompts, save, unfold
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import make_admin

__all__ = ["prompts"]

COUNTRIES, GENDERS = ("FR", "IN", "US"), ("female", "male")
GROUPS = [f"{country} · {gender}" for country in COUNTRIES for gender in GENDERS]
RESERVED = "kept for other groups of people"
ANSWERED = "Everything in your languages has been answered by enough people"


def test_two_quotas_are_filled_exactly_and_whoever_is_too_many_reads_why(
    visit: Visitors, prompts: Path
) -> None:
    make_admin("adam")
    adam = visit()
    adam.sign_in("adam")
    set_up(adam, prompts)
    links = invite(adam.page)
    *first, last = GROUPS
    for group in first:
        come_and_answer_all(visit(language="en-GB"), links, group)
    expect(come(visit(), links, "FR", "female").page.locator("#prompt")).to_contain_text(RESERVED)
    expect(come(visit(), links, "US", "").page.locator("#prompt")).to_contain_text(RESERVED)
    come_and_answer_all(visit(javascript=False), links, last)
    expect(come(visit(), links, "US", "male").page.locator("#prompt")).to_contain_text(ANSWERED)
    look_at_the_fill()


def set_up(adam: Visitor, prompts: Path) -> None:
    page = adam.page
    adam.go("/admin/")
    page.get_by_role("link", name="Make a project").click()
    page.fill("#id_name", "Small lies")
    page.fill("#id_languages", "en, fr")
    page.fill("#id_overlap", "6")
    save(page)
    page.fill("[name='consent_text.en']", "Taking part is **voluntary**.")
    page.fill("[name='consent_text.fr']", "C’est **volontaire**.")
    unfold(page, "Who is needed")
    page.fill("#id_stratum_by", "country+gender")
    page.fill("#id_quotas", "\n".join(f"{name.replace('·', '+')}: 1" for name in GROUPS))
    save(page)
    page.get_by_role("link", name="Upload prompts").click()
    page.set_input_files("#id_file", prompts)
    page.check("#id_with_responses")
    page.click("input[type=submit].default")
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".pv-state")).to_contain_text("People can work.")


def invite(page: Page) -> dict[str, list[str]]:
    """Make the links of each country; people choose both languages themselves."""
    page.get_by_role("link", name="Invite people").click()
    links = {}
    for country in COUNTRIES:
        page.fill("#id_count", "4")
        page.fill("#id_country", country)
        page.get_by_role("button", name=re.compile("Make .*links")).click()
        expect(page.locator(".pv-links code")).to_have_count(4)
        links[country] = page.locator(".pv-links code").all_inner_texts()
    return links


def come(visitor: Visitor, links: dict[str, list[str]], country: str, gender: str) -> Visitor:
    """Come in through an invitation, agree, and say one's gender, or leave it open."""
    page = visitor.page
    page.goto(re.sub(r"^https?://[^/]+", visitor.url, links[country].pop()))
    for tag in ("en", "fr"):
        page.check(f"#join [value={tag}]")
    page.click("#join button")
    page.check("#consent [name=adult]")
    page.click("#consent button")
    page.check(f"#profile [name=gender][value='{gender}']", force=True)
    page.click("#profile button")
    page.wait_for_url("**/task/")
    return visitor


def come_and_answer_all(visitor: Visitor, links: dict[str, list[str]], group: str) -> None:
    """Answer every comparison; what is left then is kept for others, or everything is full."""
    come(visitor, links, *group.split(" · "))
    page = visitor.page
    for _number in range(Comparison.objects.count()):
        before = visitor.task()
        page.check("#choice-a", force=True)
        page.click("#submit")
        page.locator(f"[name=assignment][value='{before}']").wait_for(state="detached")
    ending = ANSWERED if group == GROUPS[-1] else RESERVED
    expect(page.locator("#prompt")).to_contain_text(ending)


def look_at_the_fill() -> None:
    """Each comparison has each group once, judged by somebody of that group; nothing is over and nothing is open."""
    places = Assignment.objects.filter(project=Project.objects.get())
    assert set(places.values_list("state", flat=True)) == {Assignment.State.JUDGED}
    judged = places.values_list("comparison_id", "judgment__participation__stratum")
    wanted = [
        (pk, group) for pk in Comparison.objects.values_list("pk", flat=True) for group in GROUPS
    ]
    assert Counter(judged) == Counter(wanted)
