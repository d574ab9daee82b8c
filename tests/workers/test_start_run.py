"""Starting a run: what is queued, and what is refused."""

from typing import Any

import pytest
from pytest_django import Settings

from annotator.errors import Refused
from annotator.models import CandidateSet, GenerationRun, Project
from annotator.services.generation import cancel_run, start_run
from tests.factories import make_prompt, make_set
from tests.model_server import ModelServerStandIn

pytestmark = pytest.mark.usefixtures("model_server")


def refusal(project: Project, **options: Any) -> Refused:
    make_prompt(project)
    with pytest.raises(Refused) as refused:
        start_run(project=project, **options)
    assert not GenerationRun.objects.exists()
    return refused.value


def test_a_run_queues_one_set_for_each_prompt_with_a_seed_of_its_own(project: Project) -> None:
    prompts = [make_prompt(project, f"Question {number}?") for number in range(3)]
    run = start_run(project=project, strategy="independent")
    sets = list(CandidateSet.objects.filter(run=run).order_by("id"))
    assert [made.prompt for made in sets] == prompts
    assert {(made.state, made.strategy, made.template_version, made.language) for made in sets} == {
        ("queued", "independent", "independent-1", "en")
    }
    assert len({made.seed for made in sets}) == 3
    assert all(made.seed >= 0 for made in sets)


def test_the_run_keeps_its_parameters_complete_with_their_defaults(project: Project) -> None:
    make_prompt(project)
    run = start_run(
        project=project, strategy="independent", parameters={"temperature": "0.5"}, model="big"
    )
    assert run.parameters == {
        "temperature": 0.5,
        "top_p": 1.0,
        "max_tokens": 1024,
        "instruction_language": "english",
        "response_language": "",
        "max_length_ratio": None,
    }
    assert (run.model, run.candidates) == ("big", project.candidates)


def test_without_a_strategy_the_projects_own_is_taken_with_its_parameters(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(
        strategy="nc_prompt", strategy_parameters={"protocol": "structured"}
    )
    project.refresh_from_db()
    make_prompt(project)
    run = start_run(project=project)
    assert (run.strategy, run.parameters["protocol"]) == ("nc_prompt", "structured")


def test_languages_and_limit_choose_prompts(project: Project) -> None:
    french = [make_prompt(project, f"{number} ?", language="fr") for number in range(3)]
    make_prompt(project, language="hi")
    run = start_run(project=project, languages=["fr", "it"], limit=2)
    assert [made.prompt for made in CandidateSet.objects.filter(run=run).order_by("id")] == french[
        :2
    ]


def test_asking_again_makes_only_what_is_missing(project: Project) -> None:
    make_prompt(project)
    start_run(project=project)
    with pytest.raises(Refused) as refused:
        start_run(project=project)
    assert refused.value.code == "nothing_to_generate"
    new = make_prompt(project, "And a new one?")
    assert [
        made.prompt for made in CandidateSet.objects.filter(run=start_run(project=project))
    ] == [new]


def test_a_trial_takes_every_prompt_again_and_does_not_count_as_made(project: Project) -> None:
    prompt = make_prompt(project)
    trial = start_run(project=project, purpose="trial", queue="interactive")
    assert (trial.purpose, trial.queue) == ("trial", "interactive")
    collect = start_run(project=project)
    assert (collect.purpose, collect.queue) == ("collect", "bulk")
    again = start_run(project=project, purpose="trial")
    assert [
        made.prompt for made in CandidateSet.objects.filter(run__in=[trial, collect, again])
    ] == 3 * [prompt]


@pytest.mark.parametrize(
    "other",
    [{"strategy": "independent"}, {"parameters": {"temperature": 0.2}}, {"model": "another"}],
)
def test_what_is_made_in_another_way_is_no_reason_to_leave_a_prompt_out(
    project: Project, other: dict[str, Any]
) -> None:
    prompt = make_prompt(project)
    make_set(project, prompt)
    start_run(project=project)
    assert [
        made.prompt for made in CandidateSet.objects.filter(run=start_run(project=project, **other))
    ] == [prompt]


def test_a_cancelled_run_leaves_its_prompts_to_the_next(project: Project) -> None:
    prompt = make_prompt(project)
    cancel_run(run=start_run(project=project))
    assert [
        made.prompt for made in CandidateSet.objects.filter(run=start_run(project=project))
    ] == [prompt]


@pytest.mark.parametrize(
    ("options", "code", "field"),
    [
        ({"strategy": "magic"}, "unknown_strategy", "strategy"),
        ({"parameters": {"temperature": 9}}, "bad_parameters", "parameters.temperature"),
        ({"parameters": {"colour": "red"}}, "bad_parameters", "parameters.colour"),
        (
            {"strategy": "select_dpp", "parameters": {"pool": 4}},
            "bad_parameters",
            "parameters.pool",
        ),
        ({"languages": ["english!"]}, "bad_request", "languages"),
        ({"languages": ["e\0n"]}, "bad_request", "languages"),
        ({"limit": 0}, "bad_request", "limit"),
        ({"limit": 2**63}, "bad_request", "limit"),
        ({"model": "a\0b"}, "bad_request", "model"),
        ({"model": "\ud800"}, "bad_request", "model"),
        ({"model": "m" * 201}, "bad_request", "model"),
    ],
)
def test_a_senseless_request_is_refused_with_the_field_at_fault(
    project: Project, options: dict[str, Any], code: str, field: str
) -> None:
    error = refusal(project, **options)
    assert error.code == code
    assert list(error.fields) == [field]
    assert error.sentence


def test_languages_without_prompts_are_refused(project: Project) -> None:
    assert refusal(project, languages=["am"]).code == "nothing_to_generate"


def test_without_a_model_server_nothing_is_queued(
    project: Project, settings: Settings, model_server: ModelServerStandIn
) -> None:
    settings.VLLM_BASE_URL = ""
    error = refusal(project)
    assert error.code == "no_model_server"
    assert "VLLM_BASE_URL" in error.sentence


def test_a_closed_project_gets_no_candidates(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(state=Project.State.CLOSED)
    project.refresh_from_db()
    assert refusal(project).code == "project_closed"
