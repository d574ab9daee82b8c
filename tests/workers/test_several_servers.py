"""A run on several model servers: they share the load, and one that is away or odd is left out."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pytest_django import Settings

from annotator.errors import Refused
from annotator.models import CandidateSet, Exchange, GenerationRun, ModelEndpoint, Project
from annotator.services.generation import resume_run
from tests.factories import make_prompt
from tests.model_server import ModelServerStandIn, run_model_server
from tests.workers.runs import pump, start

NOWHERE = "http://127.0.0.1:9/v1"
QUESTIONS = tuple(f"What is owed to neighbour {number}? [[slow-30]]" for number in range(16))


@pytest.fixture
def servers(settings: Settings) -> Iterator[tuple[ModelServerStandIn, ModelServerStandIn]]:
    """Serve two stand-ins under the names one and two."""
    with ExitStack() as stack:
        one, two = (stack.enter_context(run_model_server()) for _ in range(2))
        settings.VLLM_BASE_URL = settings.VLLM_MODEL = ""
        settings.VLLM_TIMEOUT = 10.0
        name_servers(settings, one=one.base_url, two=two.base_url)
        yield one, two


def name_servers(settings: Settings, **addresses: str) -> None:
    settings.VLLM_ENDPOINTS = tuple(
        {"name": name, "base_url": address, "concurrency": 8} for name, address in addresses.items()
    )


def states(run: GenerationRun) -> set[str]:
    return set(CandidateSet.objects.filter(run=run).values_list("state", flat=True))


def test_the_load_is_shared_and_every_exchange_names_its_server(
    project: Project, servers: tuple[ModelServerStandIn, ModelServerStandIn]
) -> None:
    run = pump(start(project, *QUESTIONS, strategy="independent"))
    assert states(run) == {"complete"}
    asked = [
        Exchange.objects.filter(candidate_set__run=run, endpoint=name).count()
        for name in ("one", "two")
    ]
    assert sum(asked) == 64
    assert min(asked) > 16, asked


def test_a_run_asks_only_the_servers_that_were_chosen(
    project: Project, servers: tuple[ModelServerStandIn, ModelServerStandIn]
) -> None:
    run = pump(start(project, *QUESTIONS, endpoints=["two"]))
    assert states(run) == {"complete"}
    assert set(Exchange.objects.values_list("endpoint", flat=True)) == {"two"}
    assert not servers[0].seen


def test_a_name_that_is_not_in_the_environment_is_refused(
    project: Project, servers: tuple[ModelServerStandIn, ModelServerStandIn]
) -> None:
    make_prompt(project)
    with pytest.raises(Refused, match=r"no model server “http://evil\.example”"):
        start(project, endpoints=["http://evil.example"])
    assert not GenerationRun.objects.exists()


def test_one_that_is_away_is_left_out_and_its_row_says_why(
    project: Project,
    servers: tuple[ModelServerStandIn, ModelServerStandIn],
    settings: Settings,
) -> None:
    name_servers(settings, one=servers[0].base_url, two=NOWHERE)
    run = pump(start(project, *QUESTIONS))
    assert (states(run), run.pause_reason) == ({"complete"}, "")
    seen = {row.name: row for row in ModelEndpoint.objects.all()}
    assert (seen["one"].state, seen["one"].version) == ("up", "0.32.0")
    assert seen["one"].served_models == ["stand-in"]
    assert seen["two"].state == "down"
    assert "cannot be reached" in seen["two"].notice


def test_a_run_that_began_with_another_version_pauses_and_goes_on_when_told(
    project: Project, servers: tuple[ModelServerStandIn, ModelServerStandIn]
) -> None:
    run = start(project, *QUESTIONS[:2])
    GenerationRun.objects.filter(pk=run.pk).update(server_version="0.31.0")
    run = pump(run)
    assert run.state == "paused"
    assert "runs version 0.32.0, and this run began with 0.31.0" in run.pause_reason
    assert not servers[0].seen
    resume_run(run=run)
    run = pump(run)
    assert (states(run), run.server_version) == ({"complete"}, "0.32.0")


def test_a_server_that_is_not_configured_for_the_model_is_not_asked(
    project: Project,
    servers: tuple[ModelServerStandIn, ModelServerStandIn],
    settings: Settings,
) -> None:
    settings.VLLM_ENDPOINTS = (
        {"name": "one", "base_url": servers[0].base_url, "models": ("other",)},
        {"name": "two", "base_url": servers[1].base_url, "models": ("stand-in",)},
    )
    run = pump(start(project, *QUESTIONS[:4], model="stand-in"))
    assert states(run) == {"complete"}
    assert set(Exchange.objects.values_list("endpoint", flat=True)) == {"two"}


def test_without_any_server_left_the_run_pauses_with_a_sentence(
    project: Project, servers: tuple[ModelServerStandIn, ModelServerStandIn], settings: Settings
) -> None:
    run = start(project, *QUESTIONS[:1], endpoints=["two"])
    name_servers(settings, one=servers[0].base_url)
    run = pump(run)
    assert (run.state, "two" in run.pause_reason) == ("paused", True)
