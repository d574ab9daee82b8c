"""Going through conversations without a browser or a worker."""

import re
from typing import Any

from django.test import Client

from annotator.models import CandidateSet, Comparison, Turn
from annotator.services.generation import SetResult, ask_for_turn, claim_sets, store_results
from tests.pages import sent, task_url
from tests.workers.test_candidate_queue import FOUR

SERVER = "http://127.0.0.1:9/v1"
"""A model server that nothing speaks to: these tests store what a worker would bring."""


def answer(turn: Turn) -> Comparison:
    """Let a worker make the candidates of a turn."""
    candidate_set = ask_for_turn(turn=turn)
    (claimed,) = claim_sets(run_id=candidate_set.run_id or 0, limit=1)
    store_results(results=[SetResult(claimed=claimed, outcome=FOUR)])
    return Comparison.objects.get(candidate_set=candidate_set)


def fail(turn: Turn) -> None:
    """Let nothing come of the candidates of a turn."""
    CandidateSet.objects.filter(turn=turn).update(state="failed", failure="rejected")


def form(html: str, name: str) -> dict[str, str]:
    """Return a form's address as `url` and its hidden fields."""
    found = re.search(rf'<form id="{name}".*?</form>', html, re.DOTALL)
    assert found, html
    action = re.search(r'action="([^"]+)"', found[0])
    assert action
    hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', found[0])
    return {"url": action[1], **dict(hidden)}


def next_form(client: Client) -> dict[str, str]:
    """Open the task page, which asks for the next message."""
    return form(client.get(task_url()).content.decode(), "next-turn")


def write_on(client: Client, message: str, action: str = "send", **fields: Any) -> Any:
    """Send the form for the next message."""
    found = next_form(client)
    url = found.pop("url")
    return client.post(url, {**found, "message": message, "action": action, **fields})


def judge_and_write_on(client: Client, message: str) -> Turn:
    """Answer the task, write on, and let a worker answer that."""
    sent(client, choice="a")
    write_on(client, message)
    turn = Turn.objects.latest("pk")
    answer(turn)
    return turn
