"""manage.py generate."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from annotator.management import watching
from annotator.models import CandidateSet, GenerationRun, Project
from annotator.services.generation import pause_run
from tests.factories import make_prompt
from tests.model_server import ModelServerStandIn
from tests.workers.celery_worker import run_worker, wait_until


def run_command(*arguments: Any) -> str:
    output = StringIO()
    call_command("generate", *arguments, stdout=output)
    return output.getvalue()


def test_it_starts_a_run_with_everything_that_was_said(
    project: Project, model_server: ModelServerStandIn
) -> None:
    make_prompt(project, language="fr")
    make_prompt(project, language="en")
    output = run_command(
        project.slug,
        "--strategy",
        "nc_prompt",
        "--parameter",
        "protocol=structured",
        "--parameter",
        "temperature=0.8",
        "--model",
        "big",
        "--language",
        "fr",
        "it",
        "--limit",
        "5",
    )
    run = GenerationRun.objects.get()
    assert (
        run.strategy,
        run.parameters["protocol"],
        run.parameters["temperature"],
        run.model,
        run.languages,
    ) == ("nc_prompt", "structured", 0.8, "big", ["fr", "it"])
    assert CandidateSet.objects.get().language == "fr"
    assert f"Run {run.pk}: 1 sets queued." in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "no project “nowhere”"),
        (["everyday", "--strategy", "magic"], "no strategy “magic”"),
        (["everyday", "--parameter", "temperature"], "NAME=VALUE"),
        (["everyday", "--parameter", "temperature=hot"], "temperature"),
        (["everyday", "--language", "not a tag"], "not a language tag"),
        (["everyday", "--limit", "0"], "limit"),
    ],
)
def test_what_it_cannot_do_it_says_in_a_sentence(
    project: Project, model_server: ModelServerStandIn, arguments: list[str], sentence: str
) -> None:
    make_prompt(project)
    with pytest.raises(CommandError, match=sentence):
        run_command(*arguments)
    assert not GenerationRun.objects.exists()


@pytest.mark.processes
def test_waiting_it_ends_well_only_if_every_set_is_complete(
    project: Project, model_server: ModelServerStandIn, settings: Settings, tmp_path: Path
) -> None:
    for text in ("A?", "B?"):
        make_prompt(project, text)
    with run_worker(log=tmp_path / "worker.log"):
        assert "2/2 complete 2, truncated 0, failed 0" in run_command(project.slug, "--wait")
        make_prompt(project, "C? [[context]]")
        with pytest.raises(
            CommandError, match=r"0 of 1 sets are complete; the run is finished. context_length: 1"
        ):
            run_command(project.slug, "--wait")
        make_prompt(project, "D? [[unauthorized]]")
        with pytest.raises(CommandError, match=r"the run is paused. The model server answered 401"):
            run_command(project.slug, "--wait")


def test_without_a_terminal_it_writes_plain_lines_until_somebody_pauses_the_run(
    project: Project, model_server: ModelServerStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(watching, "PLAIN_LINE_EVERY", 0.0)
    make_prompt(project)
    output = StringIO()

    def pause_when_it_has_said_something() -> None:
        wait_until(lambda: "0/1 complete 0" in output.getvalue())
        pause_run(run=GenerationRun.objects.get(), reason="Somebody paused it.")
        connection.close()

    with ThreadPoolExecutor(1) as somebody:
        somebody.submit(pause_when_it_has_said_something)
        with pytest.raises(CommandError, match="Somebody paused it"):
            call_command("generate", project.slug, "--wait", stdout=output)
    assert "\r" not in output.getvalue()
