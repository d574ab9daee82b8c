"""Visits through Prolific, as its participants have them, and an annotator who takes their answers back."""

import json
from typing import Any

from playwright.sync_api import expect

from annotator.models import Assignment, Judgment, Offer, Project
from annotator.services.assignments import claim_next, give_back_overdue
from tests.e2e.visitors import Visitor, Visitors
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
    make_token,
)

CODES = {"complete": "C0MPLETE", "screen_out": "SCREENED", "quota_full": "QU0TAFULL"}
AGE = [{"slug": "age", "texts": {"en": "How old are you?"}, "options": ["18-34", "35-54"]}]
TASK = "/projects/everyday/task/"


def make_study(*, sets: int = 2, overlap: int = 1, **panel: Any) -> Project:
    project = make_project(
        overlap=overlap,
        panels=[{"slug": "prolific", "preset": "prolific", "codes": CODES, **panel}],
        demographics=AGE,
        target_per_person=2,
        pay_currency="GBP",
        pay_per_answer=30,
    )
    for _number in range(sets):
        make_set(project)
    return project


def arrive(visitor: Visitor, person: str, session: str = "s1") -> None:
    """Open the link that Prolific opens for a participant."""
    visitor.go(f"/join/everyday/?PROLIFIC_PID={person}&STUDY_ID=study&SESSION_ID={session}")


def say_age(visitor: Visitor, age: str) -> None:
    visitor.page.check(f"#profile [name=age][value='{age}']")
    visitor.page.click("#profile button")


def way_back(visitor: Visitor) -> str | None:
    return visitor.page.locator("a[rel=noreferrer]").get_attribute("href")


def test_a_participant_completes_and_goes_back_with_the_code(visit: Visitors) -> None:
    make_study()
    visitor = visit()
    arrive(visitor, "anna")
    say_age(visitor, "18-34")
    visitor.choose("a")
    visitor.submit()
    visitor.choose("b")
    visitor.page.click("#submit")
    visitor.page.wait_for_url("**/done/")
    expect(visitor.page.locator("main")).to_contain_text("You have earned 0.60 GBP so far.")
    assert way_back(visitor) == "https://app.prolific.com/submissions/complete?cc=C0MPLETE"
    visitor.go(TASK)
    visitor.page.wait_for_url("**/done/")


def test_who_the_study_does_not_need_is_screened_out_before_any_work(visit: Visitors) -> None:
    make_study(requirements={"age": ["18-34"]})
    visitor = visit()
    arrive(visitor, "bruno")
    say_age(visitor, "35-54")
    visitor.page.wait_for_url("**/done/")
    expect(visitor.page.locator("h1")).to_have_text("This study looks for somebody else")
    assert way_back(visitor) == "https://app.prolific.com/submissions/complete?cc=SCREENED"
    assert not Offer.objects.exists()
    arrive(visitor, "bruno", session="s2")
    visitor.page.wait_for_url("**/done/")


def test_who_comes_when_all_places_are_taken_is_told_so_before_any_work(visit: Visitors) -> None:
    project = make_study(sets=1)
    make_judgment(make_participation(project, make_annotator("bob")))
    visitor = visit()
    arrive(visitor, "carla")
    visitor.page.wait_for_url("**/done/")
    expect(visitor.page.locator("h1")).to_have_text("All places are taken")
    assert way_back(visitor) == "https://app.prolific.com/submissions/complete?cc=QU0TAFULL"


def test_who_lets_the_time_pass_goes_on_and_their_late_answer_is_kept(visit: Visitors) -> None:
    project = make_study(sets=2)
    visitor = visit()
    arrive(visitor, "dora")
    say_age(visitor, "18-34")
    late = visitor.task()
    Assignment.objects.filter(pk=late).update(lease_until="2020-01-01T00:00Z")
    give_back_overdue(project_id=project.pk)
    bob = make_participation(project, make_annotator("bob"))
    assert claim_next(participation=bob) == int(late)
    visitor.choose("a")
    visitor.submit()
    (kept,) = Judgment.objects.filter(participation__external_id="dora")
    assert not hasattr(kept, "place"), "the place is somebody else's; the answer is kept beside it"

    elsewhere = visit()
    arrive(elsewhere, "dora")  # the same session on another device
    assert elsewhere.task() == visitor.task()
    elsewhere.choose("b")
    elsewhere.page.click("#submit")
    elsewhere.page.wait_for_url("**/done/")
    assert way_back(elsewhere) == "https://app.prolific.com/submissions/complete?cc=C0MPLETE"


def test_who_returns_the_study_frees_the_task_and_keeps_what_was_done(visit: Visitors) -> None:
    project = make_study(sets=3)
    visitor = visit()
    arrive(visitor, "emil")
    say_age(visitor, "18-34")
    visitor.choose("a")
    visitor.submit()
    held = visitor.task()
    visitor.page.click("[popovertarget=menu]")
    visitor.page.get_by_role("link", name="I stop here").click()
    visitor.page.get_by_role("button", name="Return the study").click()
    expect(visitor.page.locator("h1")).to_have_text("You have returned the study")
    assert Assignment.objects.get(pk=held).state == "open"
    assert Assignment.objects.filter(project=project, state="judged").count() == 1


def test_who_leaves_is_in_no_later_export_and_their_places_reopen(visit: Visitors) -> None:
    project = make_project(overlap=1)
    make_set(project)
    make_participation(project, make_annotator("alice"))
    key = make_token(project)
    visitor = visit()
    visitor.sign_in("alice")
    visitor.go(TASK)
    visitor.choose("a")
    visitor.submit()
    assert len(export(visitor, key)) == 1
    visitor.go("/account/")
    visitor.page.get_by_role("link", name="Leave this project").click()
    visitor.page.get_by_role("button", name="Leave and take my answers out").click()
    expect(visitor.page.locator("h1")).to_have_text("You have left")
    assert export(visitor, key) == []
    bob = make_participation(project, make_annotator("bob"))
    assert make_judgment(bob).place.state == "judged"
    assert [row["annotator_id"] for row in export(visitor, key)] == [bob.pseudonym]


def export(visitor: Visitor, key: str) -> list[dict[str, Any]]:
    """Pull the project's judgments as a researcher does."""
    answer = visitor.context.request.get(
        f"{visitor.url}/api/v1/projects/everyday/export/",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.ok
    return [json.loads(line) for line in answer.text().splitlines()]
