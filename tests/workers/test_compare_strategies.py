"""manage.py compare_strategies."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from annotator.management import watching
from annotator.models import CandidateSet, Comparison, GenerationRun, Project
from annotator.services.generation import start_side_by_side
from annotator.services.profiles import add_library_profiles
from tests.factories import make_prompt
from tests.model_server import ModelServerStandIn
from tests.workers.celery_worker import run_worker


def compare(*arguments: Any) -> list[str]:
    output = StringIO()
    call_command("compare_strategies", *arguments, stdout=output)
    return output.getvalue().splitlines()


@pytest.mark.processes
def test_strategies_answer_the_same_prompts_and_stand_in_one_table(
    project: Project, model_server: ModelServerStandIn, tmp_path: Path
) -> None:
    for text in ("A?", "B?", "C?"):
        make_prompt(project, text)
    with run_worker(log=tmp_path / "worker.log"):
        lines = compare(project.slug, "nc_prompt", "independent", "--limit", "2")
    header, _rule, nc_prompt, independent = (line for line in lines if line.startswith("|"))
    assert header.startswith(
        "| strategy | run | complete | tokens a set | dissimilarity | log-determinant |"
    )
    assert nc_prompt.startswith("| nc_prompt | #")
    assert independent.startswith("| independent | #")
    assert all("| 2/2 |" in line for line in (nc_prompt, independent))
    asked = {
        run.strategy: set(
            CandidateSet.objects.filter(run=run).values_list("prompt__text", flat=True)
        )
        for run in GenerationRun.objects.all()
    }
    assert asked == {"nc_prompt": {"A?", "B?"}, "independent": {"A?", "B?"}}
    assert not Comparison.objects.exists()


def test_every_strategy_may_spend_as_many_tokens_on_a_set(
    project: Project, model_server: ModelServerStandIn
) -> None:
    make_prompt(project)
    runs = start_side_by_side(
        project=project,
        strategies=[
            ("nc_prompt", {"max_tokens": 9}),
            ("independent", {}),
            ("select_dpp", {"pool": "10"}),
        ],
        tokens=1000,
    )
    assert [run.parameters["max_tokens"] for run in runs] == [1000, 250, 100]
    assert {run.purpose for run in runs} == {"trial"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere", "nc_prompt", "independent"], "no project “nowhere”"),
        (["everyday", "nc_prompt"], "at least two"),
        (["everyday", "nc_prompt", "magic"], "no strategy “magic”"),
        (["everyday", "nc_prompt", "independent temperature"], "NAME=VALUE"),
        (["everyday", "nc_prompt", "independent temperature=hot"], "temperature"),
        (["everyday", "nc_prompt", 'value_systems profiles=["none"]'], "no JSON"),
        (["everyday", "nc_prompt", "value_systems 'profiles=[\"none\"]'"], "no value profile"),
        (["everyday", "nc_prompt", "independent 'open"], "write NAME"),
        (["everyday", "nc_prompt", "independent", "--tokens", "40"], "at least 64 tokens"),
    ],
)
def test_what_it_cannot_do_it_says_in_a_sentence_and_starts_nothing(
    project: Project, model_server: ModelServerStandIn, arguments: list[str], sentence: str
) -> None:
    make_prompt(project)
    with pytest.raises(CommandError, match=sentence):
        compare(*arguments)
    assert not GenerationRun.objects.exists()


def test_value_profiles_are_named_by_their_slugs(
    project: Project, model_server: ModelServerStandIn
) -> None:
    add_library_profiles()
    make_prompt(project)
    slugs = ["care", "order"]
    runs = start_side_by_side(
        project=project,
        strategies=[
            ("value_systems", {"profiles": slugs}),
            ("select_dpp", {"base": "value_systems", "base_parameters": {"profiles": slugs}}),
        ],
        tokens=1000,
    )
    for profiles in (
        runs[0].parameters["profiles"],
        runs[1].parameters["base_parameters"]["profiles"],
    ):
        assert [profile["slug"] for profile in profiles] == slugs
        assert all("en" in profile["texts"] for profile in profiles)


def test_sets_that_nobody_measures_are_told(
    project: Project,
    model_server: ModelServerStandIn,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    settings.JUDGE_ENDPOINT = "default"
    monkeypatch.setattr(watching, "STILL_AFTER", 0.1)
    make_prompt(project)
    with run_worker(log=tmp_path / "worker.log"):  # on the bulk queue alone: nothing measures
        lines = compare(project.slug, "nc_prompt", "independent")
    assert lines[-1].startswith("2 sets are still to be embedded or judged")
