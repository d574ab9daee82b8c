"""The demo can be entered at once, and a second start changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from annotator.models import (
    Annotator,
    ApiToken,
    Assignment,
    CandidateSet,
    Comparison,
    Participation,
    Project,
    Prompt,
    PromptGroup,
    Response,
)
from annotator.services.demo import PEOPLE
from annotator.services.tokens import recognise_token

pytestmark = pytest.mark.django_db


def seed(path: Path) -> dict[str, Any]:
    call_command("seed_demo", output=path)
    demo: dict[str, Any] = json.loads(path.read_text())
    return demo


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "demo.json"


def test_the_file_says_how_to_enter(path: Path, settings: Settings) -> None:
    demo = seed(path)

    assert sorted(demo) == ["admin", "annotators", "api_token", "project", "url"]
    assert demo["url"] == settings.PUBLIC_URL
    assert path.stat().st_mode & 0o077 == 0
    admin = authenticate(**demo["admin"])
    assert isinstance(admin, Annotator)
    assert admin.is_superuser
    scopes = recognise_token(key=demo["api_token"]).scopes
    assert sorted(scopes) == [
        "read:demographics",
        "read:generation",
        "read:judgments",
        "read:project",
        "read:prompts",
        "read:statistics",
        "write:prompts",
    ]


def test_each_language_has_a_person_with_open_tasks_who_may_start_at_once(
    path: Path, settings: Settings, client: Client
) -> None:
    settings.DEMO = True
    demo = seed(path)

    assert [person["language"] for person in demo["annotators"]] == list(PEOPLE)
    for person in demo["annotators"]:
        account = authenticate(username=person["username"], password=person["password"])
        participation = Participation.objects.get(annotator=account, project__slug=demo["project"])
        tasks = Comparison.objects.filter(
            project=participation.project, language=person["language"], assignments__state="open"
        ).distinct()
        assert tasks.count() >= 12
        response = client.get(person["login_url"].removeprefix(demo["url"]))
        assert response.headers["Location"] == f"/projects/{demo['project']}/task/"
        assert (
            client.get(response.headers["Location"]).status_code == 200
        )  # no gate leads elsewhere
    assert set(Assignment.objects.values_list("explanation_asked", flat=True)) == {"optional"}


def test_the_responses_say_that_they_were_bundled_and_differ_in_their_values(path: Path) -> None:
    seed(path)

    assert set(Response.objects.values_list("strategy", flat=True)) == {"bundled"}
    assert set(CandidateSet.objects.values_list("strategy", flat=True)) == {"bundled"}
    for candidate_set in CandidateSet.objects.prefetch_related("responses"):
        codes = {
            json.dumps(response.codes, sort_keys=True) for response in candidate_set.responses.all()
        }
        assert (len(candidate_set.responses.all()), len(codes)) == (4, 4), candidate_set.prompt


def test_at_least_six_prompts_are_the_same_in_all_languages(path: Path) -> None:
    demo = seed(path)

    groups = PromptGroup.objects.filter(project__slug=demo["project"], kind="translation")
    complete = [
        group
        for group in groups
        if set(group.prompts.values_list("language", flat=True)) == set(PEOPLE)
    ]
    assert len(complete) >= 6


def test_a_second_start_changes_nothing(path: Path) -> None:
    first = seed(path)
    Project.objects.update(state="paused")
    counts = [
        model.objects.count()
        for model in (
            Prompt,
            CandidateSet,
            Comparison,
            Assignment,
            Annotator,
            Participation,
            ApiToken,
        )
    ]

    assert seed(path) == first
    assert [
        model.objects.count()
        for model in (
            Prompt,
            CandidateSet,
            Comparison,
            Assignment,
            Annotator,
            Participation,
            ApiToken,
        )
    ] == counts
    assert set(Project.objects.values_list("state", flat=True)) == {"paused"}


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"admin": 1}'])
def test_a_lost_file_is_written_anew_with_new_secrets(path: Path, content: str) -> None:
    first = seed(path)
    path.write_text(content)
    second = seed(path)

    assert first["admin"]["password"] != second["admin"]["password"]
    assert authenticate(**first["admin"]) is None
    assert authenticate(**second["admin"]) is not None
    assert recognise_token(key=second["api_token"])


def test_with_a_model_server_the_candidates_are_generated(path: Path, settings: Settings) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    demo = seed(path)
    seed(path)

    project = Project.objects.get(slug=demo["project"])
    run = project.runs.get()
    assert run.candidate_sets.filter(state="queued").count() == project.prompts.count()
    assert not Response.objects.exists()
    assert "No model server" not in project.instructions["en"]
