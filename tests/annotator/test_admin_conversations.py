"""The settings of conversations on the project's page."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from annotator.models import Project
from annotator.selectors.progress import count_progress
from annotator.selectors.readiness import list_lacks
from tests.annotator.conversing import SERVER, answer
from tests.annotator.test_admin_settings import make
from tests.factories import (
    make_annotator,
    make_own_turn,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db

TALKING = {
    "turns": "4",
    "turns_min": "2",
    "without_winner": "draw",
    "own_prompt_share": "0.31",
    "topic_hints.en": "A rule you disagree with\r\n\r\n A choice your parents made ",
    "topic_hints-another-language": "hi",
    "topic_hints-another-text": "कोई नियम",
}


def add(adam: Client, **fields: str) -> Any:
    return make(adam, **fields)


def test_a_project_of_conversations_is_set_up_and_shown_again(adam: Client) -> None:
    content = add(adam, **TALKING).content.decode()
    project = Project.objects.get()
    assert (project.turns, project.turns_min, project.without_winner) == (4, 2, "draw")
    assert project.own_prompt_share == 0.31
    assert project.topic_hints == {
        "en": ["A rule you disagree with", "A choice your parents made"],
        "hi": ["कोई नियम"],
    }
    assert "A rule you disagree with\nA choice your parents made" in content
    assert "No model server: what people write would not be answered." in content


def test_what_is_left_empty_is_a_single_comparison(adam: Client) -> None:
    add(adam, turns="", turns_min="", own_prompt_share="")
    project = Project.objects.get()
    assert (project.turns, project.turns_min, project.own_prompt_share) == (1, 1, 0.0)
    assert project.topic_hints == {}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"turns": "2", "turns_min": "3"}, "This is more than a conversation may have."),
        (
            {"turns": "2", "task_format": "two_prompts"},
            "Two prompts side by side have no further turns.",
        ),
        ({"own_prompt_share": "1.5"}, "less than or equal to 1"),
        ({"turns": "21"}, "less than or equal to 20"),
    ],
)
def test_what_does_not_fit_is_refused(adam: Client, fields: dict[str, str], sentence: str) -> None:
    assert sentence in add(adam, **fields).content.decode()
    assert (Project.objects.get().turns, Project.objects.get().own_prompt_share) == (1, 0)


def test_with_a_model_server_nothing_is_missing_for_conversations(settings: Settings) -> None:
    settings.VLLM_BASE_URL = SERVER
    project = make_project(turns=2)
    assert not [lack for lack in list_lacks(project=project, states=[]) if "model" in lack.sentence]


def test_places_of_ones_own_are_no_work_for_others(settings: Settings) -> None:
    settings.VLLM_BASE_URL = SERVER
    project = make_project(turns=2, strategy="independent")
    make_set(project)
    answer(make_own_turn(make_participation(project, make_annotator("alice"))))
    progress = count_progress(project_ids=[project.pk])[project.pk]
    assert (progress.comparisons, progress.places["open"]) == (2, 3)
