"""Prompts come with responses made elsewhere, over REST, and their comparisons open."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from annotator.models import CandidateSet, Comparison, Project, Prompt, Scope
from tests.api.caller import Caller

pytestmark = pytest.mark.django_db

ROW = {"text": "Why?", "language": "en", "external_id": "q1", "responses": ["Yes.", "No."]}


@pytest.mark.parametrize("path", ["candidate-sets/", "prompts/"])
def test_a_row_with_responses_opens_a_comparison(project: Project, rita: Caller, path: str) -> None:
    answer = rita.post(path, [ROW])

    assert answer.status_code == 201
    assert answer.json() == {
        "added": 1,
        "already_there": 0,
        "candidate_sets_added": 1,
        "comparisons_opened": 1,
        "languages_added": [],
        "error_count": 0,
        "errors": [],
    }
    assert rita.post(path, [ROW]).status_code == 200
    assert (Prompt.objects.count(), CandidateSet.objects.count()) == (1, 1)


def test_new_responses_to_a_known_prompt_are_something_new(project: Project, rita: Caller) -> None:
    rita.post("prompts/", [{**ROW, "responses": None}])
    answer = rita.post("candidate-sets/", [ROW])

    assert (answer.status_code, answer.json()["added"]) == (201, 0)


def test_pairs_as_json_lines(project: Project, rita: Caller) -> None:
    pairs = [
        {"prompt": "Why?", "chosen": "a", "rejected": other, "language": "en"} for other in "bc"
    ]
    body = "\n".join(json.dumps(pair) for pair in pairs)
    answer = rita.post("candidate-sets/", body, content_type="application/jsonl")

    assert (answer.status_code, answer.json()["candidate_sets_added"]) == (201, 2)
    assert Prompt.objects.count() == 1


@pytest.mark.parametrize("path", ["candidate-sets/", "prompts/"])
@pytest.mark.parametrize("responses", [["a"], ["a", "a"], ["a", 1], "ab", {}])
def test_a_bad_row_keeps_everything_out(
    project: Project, rita: Caller, path: str, responses: Any
) -> None:
    answer = rita.post(path, [ROW, {**ROW, "external_id": "q2", "responses": responses}])

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["line 1"])
    assert "responses" in answer.json()["errors"][0]["detail"]
    assert not Prompt.objects.exists()


def test_bare_prompts_and_prompts_with_responses_come_together(
    project: Project, rita: Caller
) -> None:
    answer = rita.post("prompts/", [{"text": "Bare?", "language": "en"}, ROW])

    assert answer.json()["added"] == 2
    assert Comparison.objects.count() == 1
    assert rita.post("candidate-sets/", [{"text": "Bare?", "language": "en"}]).status_code == 400


def test_it_needs_the_scope_that_adds_prompts(
    project: Project, caller: Callable[..., Caller]
) -> None:
    reader = caller(project, scopes=[Scope.READ_GENERATION])
    assert reader.get("candidate-sets/").status_code == 200
    assert reader.post("candidate-sets/", [ROW]).status_code == 403
