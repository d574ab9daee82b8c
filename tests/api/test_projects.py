"""Projects with live counts, at a cost that doesn't grow with their number."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from annotator.models import Project
from tests.api.caller import Caller
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_prompt,
    make_set,
    make_token,
)

pytestmark = pytest.mark.django_db


def test_a_project_tells_what_is_there_now(project: Project, rita: Caller) -> None:
    make_prompt(project, "Not answered yet")
    make_set(project)
    make_judgment(make_participation(project, make_annotator("alice")))
    body = rita.get().json()
    assert (body["slug"], body["state"], body["task_format"], body["overlap"]) == (
        "everyday",
        "open",
        "best_of_k",
        2,
    )
    assert body["counts"] == {
        "prompts": 2,
        "candidate_sets": {"total": 1, "by_state": {}},
        "comparisons": 1,
        "places": {"open": 1, "leased": 0, "judged": 1, "closed": 0},
        "judgments": 1,
        "counted": 1,
        "participants": 1,
    }


def test_the_list_holds_the_tokens_projects_only(project: Project, rita: Caller) -> None:
    make_project("secret")
    body = rita.get("/api/v1/projects/").json()
    assert [row["slug"] for row in body["results"]] == ["everyday"]
    assert (body["next"], body["previous"]) == (None, None)


def test_the_list_costs_the_same_for_many_projects(
    django_assert_num_queries: Any, caller: Callable[..., Caller]
) -> None:
    projects = [make_project(f"p{number}") for number in range(6)]
    rita = Caller(make_token(*projects), projects[0])
    rita.get()
    with django_assert_num_queries(10):  # token, its limit, page, seven counts
        assert len(rita.get("/api/v1/projects/").json()["results"]) == 6


def test_pages_follow_each_other_in_both_directions(caller: Callable[..., Caller]) -> None:
    projects = [make_project(f"p{number}") for number in range(5)]
    rita = Caller(make_token(*projects), projects[0])
    first = rita.get("/api/v1/projects/?page_size=2").json()
    second = rita.get(first["next"].removeprefix("http://127.0.0.1:8000")).json()
    third = rita.get(second["next"].removeprefix("http://127.0.0.1:8000")).json()
    assert [[row["slug"] for row in page["results"]] for page in (first, second, third)] == [
        ["p0", "p1"],
        ["p2", "p3"],
        ["p4"],
    ]
    assert third["next"] is None
    assert first["next"].startswith(f"{settings.PUBLIC_URL}/api/v1/projects/?")
    assert (
        rita.get(second["previous"].removeprefix("http://127.0.0.1:8000")).json()["results"]
        == first["results"]
    )
