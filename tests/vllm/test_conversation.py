"""A conversation of two turns at the pages, its candidates made by a real vLLM."""

import time
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from annotator.models import CandidateSet, Judgment, Turn
from annotator.selectors.exports import Filters, open_export
from tests.annotator.conversing import form, write_on
from tests.factories import make_annotator, make_participation, make_project
from tests.pages import sent, task_url
from tests.vllm.real_server import MODEL, RealServer
from tests.workers.celery_worker import run_worker

pytestmark = [pytest.mark.vllm, pytest.mark.processes, pytest.mark.django_db(transaction=True)]

PATIENCE = 120.0


def wait_for(client: Client, url: str) -> None:
    """Look at the waiting page as a person does until it leads on; where it failed, ask again."""
    deadline = time.monotonic() + PATIENCE
    while (page := client.get(url)).status_code == 200:
        if "Try again" in page.content.decode():  # the tiny model speaks noise
            client.post(url)
        assert time.monotonic() < deadline, page.content.decode()
        time.sleep(0.2)
    assert page.headers["Location"] == task_url()


def test_an_own_prompt_and_a_second_turn(
    vllm: RealServer, vllm_settings: Settings, client: Client, tmp_path: Path
) -> None:
    project = make_project(
        turns=2,
        own_prompt_share=1.0,
        strategy="nc_prompt",
        strategy_parameters={"protocol": "structured", "max_tokens": 1800, "max_characters": 120},
    )
    alice = make_participation(project, make_annotator("alice"))
    client.force_login(alice.annotator)
    with run_worker(log=tmp_path / "worker.log", queue="interactive"):
        own = form(client.get(task_url()).content.decode(), "own-prompt")
        begun = client.post(own.pop("url"), {**own, "message": "What do I owe my neighbour?"})
        wait_for(client, begun.headers["Location"])
        sent(client, choice="b")
        wait_for(client, write_on(client, "And if we quarrel?").headers["Location"])
        assert "And if we quarrel?" in client.get(task_url()).content.decode()
        sent(client, choice="c")

    first, second = Judgment.objects.order_by("pk")
    assert first.turn.conversation == second.turn.conversation
    assert first.turn.conversation.finished_at is not None
    assert first.choice_response is not None
    assert second.turn.continues == first.choice_response
    assert set(
        CandidateSet.objects.filter(state="complete").values_list("run__queue", flat=True)
    ) == {"interactive"}
    made = CandidateSet.objects.get(turn=Turn.objects.get(number=2), state="complete")
    assert set(made.responses.values_list("model", flat=True)) == {MODEL}
    asked = made.exchanges.latest("pk").request["messages"]
    said = [message["content"] for message in asked if message["role"] != "system"]
    assert [first.choice_response.text in text for text in said].count(True) == 1
    assert "And if we quarrel?" in said[-1]
    with open_export(project=project, export_format="native", filters=Filters(turn=2)) as stream:
        (line,) = b"".join(stream).splitlines()
    assert b"What do I owe my neighbour?" in line
    assert made.completion_tokens
