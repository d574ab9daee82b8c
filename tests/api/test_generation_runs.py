"""Runs are asked for, watched and steered."""

from typing import Any

import pytest

from annotator.models import CandidateSet, GenerationRun, Project
from tests.api.caller import Caller
from tests.factories import make_project, make_prompt, make_set, make_token

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_model_server_is_configured(settings: Any) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"


def test_a_run_of_the_projects_own_strategy_needs_nothing(project: Project, rita: Caller) -> None:
    make_prompt(project)
    answer = rita.post("generation-runs/", {})
    assert (answer.status_code, answer.json()["strategy"], answer.json()["state"]) == (
        201,
        "nc_prompt",
        "running",
    )
    assert (answer.json()["progress"]["total"], answer.json()["progress"]["queued"]) == (1, 1)
    run = GenerationRun.objects.get()
    assert run.created_by is not None
    assert run.created_by.username == "rita"
    assert [row["id"] for row in rita.get("generation-runs/").json()["results"]] == [run.pk]


def test_a_run_takes_languages_a_limit_and_parameters(project: Project, rita: Caller) -> None:
    for number in range(3):
        make_prompt(project, f"Question {number}?")
    answer = rita.post(
        "generation-runs/",
        {
            "strategy": "independent",
            "parameters": {"temperature": 0.5},
            "model": "tiny",
            "languages": ["en"],
            "limit": 2,
        },
    )
    assert (answer.status_code, answer.json()["progress"]["total"], answer.json()["model"]) == (
        201,
        2,
        "tiny",
    )
    assert answer.json()["parameters"]["temperature"] == 0.5


def test_a_run_is_paused_resumed_and_cancelled(project: Project, rita: Caller) -> None:
    make_prompt(project)
    path = f"generation-runs/{rita.post('generation-runs/', {}).json()['id']}/"
    states = [rita.post(f"{path}{verb}/").json()["state"] for verb in ("pause", "resume", "cancel")]
    assert states == ["paused", "running", "cancelled"]
    assert rita.get(path).json()["progress"]["cancelled"] == 1


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "retry"])
def test_what_the_state_forbids_is_a_conflict(project: Project, rita: Caller, verb: str) -> None:
    run = GenerationRun.objects.create(
        project=project, strategy="nc_prompt", candidates=4, state="cancelled"
    )
    answer = rita.post(f"generation-runs/{run.pk}/{verb}/")
    assert answer.status_code == 409
    assert answer.json()["detail"]


def test_failed_sets_are_queued_again(project: Project, rita: Caller) -> None:
    make_prompt(project)
    run_id = rita.post("generation-runs/", {}).json()["id"]
    CandidateSet.objects.update(state="failed", failure="timeout")
    assert rita.get(f"generation-runs/{run_id}/").json()["progress"]["reasons"] == {"timeout": 1}
    assert rita.post(f"generation-runs/{run_id}/retry/").json()["progress"]["queued"] == 1


def test_another_projects_run_is_as_absent_as_none(project: Project, rita: Caller) -> None:
    other = make_project("other")
    run = GenerationRun.objects.create(project=other, strategy="nc_prompt", candidates=4)
    for path in (f"generation-runs/{run.pk}/", f"/api/v1/projects/other/generation-runs/{run.pk}/"):
        assert rita.get(path).status_code == 404
    assert rita.post(f"generation-runs/{run.pk}/cancel/").status_code == 404
    run.refresh_from_db()
    assert run.state == "running"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"strategy": "magic"}, "strategy"),
        ({"strategy": 7.5}, "strategy"),
        ({"strategy": "x" * 33}, "strategy"),
        ({"strategy": "a\0b"}, "strategy"),
        ({"model": "a\0b"}, "model"),
        ({"model": "x" * 201}, "model"),
        ({"languages": "en"}, "languages"),
        ({"languages": ["not a tag"]}, "languages.0"),
        ({"languages": [{}]}, "languages.0"),
        ({"limit": 0}, "limit"),
        ({"limit": -1}, "limit"),
        ({"limit": 2**63}, "limit"),
        ({"limit": 1.0}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"parameters": []}, "parameters"),
        ({"parameters": {"no_such": 1}}, "parameters.no_such"),
        ({"parameters": {"temperature": "hot"}}, "parameters.temperature"),
        ({"parameters": {"temperature": 1e999}}, None),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_bad_field_is_named_and_nothing_starts(
    project: Project, rita: Caller, body: dict[str, Any], field: str | None
) -> None:
    make_prompt(project)
    answer = rita.post("generation-runs/", body)
    assert answer.status_code == 400, answer.content
    if field:
        assert field in answer.json()["fields"]
    assert not GenerationRun.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"[" * 50_000,
        b'{"limit": NaN}',
        b'{"model": "\\ud800"}',
        b'{"model": "\xff"}',
        b'{"a":' * 2000,
    ],
)
def test_a_body_that_is_no_json_object_is_refused(
    project: Project, rita: Caller, body: bytes
) -> None:
    make_prompt(project)
    answer = rita.post("generation-runs/", body)
    assert answer.status_code == (400 if body else 201), answer.content


def test_candidate_sets_tell_their_origins(
    project: Project, rita: Caller, django_assert_max_num_queries: Any
) -> None:
    for _number in range(3):
        make_set(project, strategy="nc_prompt", seed=2**63 - 1)
    rita.get()
    with django_assert_max_num_queries(5):  # token, limit, project, sets, responses
        rows = rita.get("candidate-sets/").json()["results"]
    assert [row["strategy"] for row in rows] == ["nc_prompt"] * 3
    assert rows[0]["seed"] == 2**63 - 1
    assert [
        (response["slot"], response["text"], response["model"]) for response in rows[0]["responses"]
    ] == [
        (0, "One.", "model-0"),
        (1, "Two.", "model-1"),
        (2, "Three.", "model-2"),
        (3, "Four.", "model-3"),
    ]
    assert Caller(make_token(project), project).get("candidate-sets/?page_size=1").json()["next"]
