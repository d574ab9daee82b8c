"""A change of what is frozen says what it begins and asks; numbers of places change at once."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotator.models import Assignment, AuditEvent, Project, Wave
from annotator.services.projects import open_project
from tests.factories import make_project, make_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = make_project(
        "my-study", name="My study", ways_out=["none"], instructions={"en": "Choose the *best*."}
    )
    make_set(project)
    return project


class Form(HTMLParser):
    """What a browser would send of a page's form, were nothing changed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.named, self.text = "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        kind = given.get("type", "text")
        if tag in ("textarea", "select"):
            self.named, self.text = name, ""
        elif tag == "option" and "selected" in given and self.named:
            self.sent.setdefault(self.named, []).append(given.get("value", ""))
        elif tag == "input" and name and kind in ("checkbox", "radio"):
            if "checked" in given:
                self.sent.setdefault(name, []).append(given.get("value", "on"))
        elif tag == "input" and name and kind not in ("submit", "file"):
            self.sent.setdefault(name, []).append(given.get("value", ""))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.sent[self.named] = [self.text.removeprefix("\n")]
        if tag in ("textarea", "select"):
            self.named = ""


def save(adam: Client, project: Project, **changes: Any) -> Any:
    url = reverse("admin:annotator_project_change", args=[project.pk])
    return adam.post(url, {**Form(adam.get(url).content.decode()).sent, **changes})


def test_a_changed_text_says_that_it_begins_a_wave_and_waits_for_a_yes(
    adam: Client, project: Project
) -> None:
    refused = save(adam, project, **{"instructions.en": "Choose what you would rather read."})
    assert refused.status_code == 422
    assert "begins wave 2" in refused.content.decode()
    assert "instructions" in refused.content.decode()
    project.refresh_from_db()
    assert project.instructions == {"en": "Choose the *best*."}

    done = save(
        adam, project, next_wave="on", **{"instructions.en": "Choose what you would rather read."}
    )
    assert done.status_code == 302
    page = adam.get(done.headers["Location"]).content.decode()
    assert "Saved, not yet in force" in page
    dry_run = adam.get(reverse("admin:annotator_project_dry_run", args=[project.pk]))
    assert "Saved, not yet in force" in dry_run.content.decode(), (
        "its places are still the old ones"
    )
    assert Wave.objects.count() == 1

    open_project(project=Project.objects.get())
    assert Wave.objects.count() == 2
    assert "Saved, not yet in force" not in adam.get(done.headers["Location"]).content.decode()
    names = AuditEvent.objects.get(action="settings").details["names"]
    assert "instructions" in names


def test_what_is_not_frozen_is_saved_without_asking(adam: Client, project: Project) -> None:
    saved = save(adam, project, lease_minutes="45")
    assert saved.status_code == 302, saved.context["adminform"].form.errors
    project.refresh_from_db()
    assert project.lease_minutes == 45


def test_before_the_first_wave_nothing_is_asked(adam: Client) -> None:
    draft = make_project("my-study", name="My study", opened=False)
    page = adam.get(reverse("admin:annotator_project_change", args=[draft.pk])).content.decode()
    assert "next_wave" not in page
    assert save(adam, draft, **{"instructions.en": "Other words."}).status_code == 302


def test_a_changed_overlap_changes_the_places_that_are_there(
    adam: Client, project: Project
) -> None:
    assert save(adam, project, overlap="5").status_code == 302
    assert Assignment.objects.filter(state="open").count() == 5
    assert save(adam, project, overlap="2").status_code == 302
    assert Assignment.objects.filter(state="open").count() == 2
    project.refresh_from_db()
    assert project.overlap == 2
