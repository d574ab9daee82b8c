"""Previews: what annotators of a language see under the saved settings, in a frame that lets nothing out."""

import html
import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotator.models import Assignment, Offer, Project
from tests.factories import (
    make_annotator,
    make_project,
    make_prompt,
    make_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = make_project(
        languages=["en", "ar"],
        consent_text={"en": "A **study** in English.", "ar": "دراسة **بالعربية**."},
        instructions={"en": "Read *everything*."},
        target_per_person=12,
        opened=False,
    )
    make_set(project)
    make_set(project, make_prompt(project, "ماذا تدين لوالديك؟", language="ar"))
    return project


def frame(adam: Client, project: Project, page: str, language: str) -> str:
    """Return the page inside the frame."""
    address = reverse("admin:annotator_project_preview", args=[project.pk])
    answer = adam.get(address, {"page": page, "language": language})
    assert answer.status_code == 200
    found = re.search(r'<iframe[^>]* sandbox [^>]*srcdoc="([^"]*)"', answer.content.decode())
    return html.unescape(found[1]) if found else ""


def test_consent_is_shown_in_the_language_and_its_direction(adam: Client, project: Project) -> None:
    english, arabic = (frame(adam, project, "consent", tag) for tag in ("en", "ar"))
    assert "<strong>study</strong>" in english
    assert 'dir="ltr"' in english
    assert "<strong>بالعربية</strong>" in arabic
    assert re.search(r'<html lang="ar"\s+dir="rtl"', arabic)


def test_a_saved_text_is_shown_before_it_is_in_force(adam: Client, project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(instructions={"en": "Brand-new."})
    assert "Brand-new." in frame(adam, project, "instructions", "en")


def test_instructions_tell_how_long_it_takes(adam: Client, project: Project) -> None:
    shown = frame(adam, project, "instructions", "en")
    assert "You are asked for 12 tasks: about 18 min in all." in shown
    assert "An example" in shown


def test_a_task_of_the_language_is_shown_and_given_to_nobody(
    adam: Client, project: Project
) -> None:
    shown = frame(adam, project, "task", "ar")
    assert "ماذا تدين لوالديك؟" in shown
    assert 'data-response="d"' in shown
    assert 'name="explanation"' in shown
    assert not Offer.objects.exists()
    assert not Assignment.objects.exclude(state="open").exists()


def test_a_language_without_an_interface_is_shown_with_the_english_one(
    adam: Client, project: Project
) -> None:
    Project.objects.filter(pk=project.pk).update(
        languages=["sw"], consent_text={"sw": "Utafiti huu."}
    )
    shown = frame(adam, project, "consent", "sw")
    assert "Utafiti huu." in shown
    assert "Before you begin" in shown


def test_what_is_missing_is_said_and_nothing_asked_for_is_unknown(
    adam: Client, project: Project
) -> None:
    Project.objects.filter(pk=project.pk).update(consent_text={})
    assert frame(adam, project, "nonsense", "xx") == ""


def test_the_preview_costs_the_same_in_every_project(
    adam: Client, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # session, person, project; the comparison with its prompt, its options with their responses
    with django_assert_num_queries(5):
        frame(adam, project, "task", "en")


def test_it_is_no_page_for_annotators(client: Client, project: Project) -> None:
    client.force_login(make_annotator())
    address = reverse("admin:annotator_project_preview", args=[project.pk])
    assert client.get(address).status_code == 302
