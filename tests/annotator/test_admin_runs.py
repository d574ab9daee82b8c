"""The page of a run: live numbers, failures by reason, and the buttons."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from annotator.models import CandidateSet, GenerationRun
from annotator.services.generation import start_run
from tests.factories import make_annotator, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(settings: Settings) -> GenerationRun:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    project = make_project()
    for number in range(3):
        make_prompt(project, f"Question {number}?")
    return start_run(project=project)


def page(run: GenerationRun, name: str = "change") -> str:
    return reverse(f"admin:annotator_generationrun_{name}", args=[run.pk])


def steer(client: Client, run: GenerationRun, action: str) -> str:
    client.post(page(run, "steer"), {"action": action})
    run.refresh_from_db()
    return run.state


def test_the_live_part_asks_again_while_the_run_goes_on(adam: Client, run: GenerationRun) -> None:
    assert page(run, "progress") in adam.get(page(run)).content.decode()
    assert "hx-trigger" in adam.get(page(run, "progress")).content.decode()
    steer(adam, run, "cancel")
    assert "hx-trigger" not in adam.get(page(run, "progress")).content.decode()


def test_the_live_part_says_who_answers_as_soon_as_it_is_known(
    adam: Client, run: GenerationRun
) -> None:
    assert "Answered by" not in adam.get(page(run, "progress")).content.decode()
    GenerationRun.objects.filter(pk=run.pk).update(served_model="Q<wen", server_version="0.32.0")
    shown = adam.get(page(run, "progress")).content.decode()
    assert "Answered by <code>Q&lt;wen</code>, on a model server of version 0.32.0." in shown


def test_failures_are_counted_by_reason_with_examples(adam: Client, run: GenerationRun) -> None:
    failed = CandidateSet.objects.filter(run=run).earliest("pk")
    CandidateSet.objects.filter(pk=failed.pk).update(
        state="failed", failure="context_length", failure_detail="8,000 tokens > 2,048"
    )
    response = adam.get(page(run, "progress"))

    content = response.content.decode()
    assert response.context["progress"].reasons == {"context_length": 1}
    assert "8,000 tokens &gt; 2,048" in content
    assert "Question 0?" in content


def test_what_is_left_is_told_while_the_run_goes_on(adam: Client, run: GenerationRun) -> None:
    assert "Left:" not in adam.get(page(run, "progress")).content.decode()
    done = CandidateSet.objects.filter(run=run).earliest("pk")
    CandidateSet.objects.filter(pk=done.pk).update(
        state="complete", completed_at=timezone.now(), completion_tokens=100
    )
    assert "200 tokens" in adam.get(page(run, "progress")).content.decode()
    steer(adam, run, "cancel")
    assert "Left:" not in adam.get(page(run, "progress")).content.decode()


def test_profiles_are_named_and_not_written_out(adam: Client, run: GenerationRun) -> None:
    profiles = [{"slug": "care", "texts": {"en": "You look after others."}}]
    GenerationRun.objects.filter(pk=run.pk).update(parameters={"profiles": profiles, "top_p": 0.9})
    shown = adam.get(page(run)).content.decode()
    assert "<code>profiles</code> care<br><code>top_p</code> 0.9" in shown
    assert "You look after others." not in shown


def test_a_run_is_paused_resumed_cancelled(adam: Client, run: GenerationRun) -> None:
    assert [steer(adam, run, action) for action in ("pause", "resume", "cancel")] == [
        "paused",
        "running",
        "cancelled",
    ]
    assert LogEntry.objects.count() == 3


def test_failed_sets_are_tried_again(adam: Client, run: GenerationRun) -> None:
    CandidateSet.objects.filter(run=run).update(state="failed", failure="unusable")
    steer(adam, run, "retry")

    assert set(CandidateSet.objects.filter(run=run).values_list("state", flat=True)) == {"queued"}


@pytest.mark.parametrize("action", ["resume", "retry", "explode", ""])
def test_what_cannot_be_done_now_says_why(adam: Client, run: GenerationRun, action: str) -> None:
    response = adam.post(page(run, "steer"), {"action": action}, follow=True)

    assert any(message.level_tag == "error" for message in response.context["messages"])
    run.refresh_from_db()
    assert run.state == "running"


def test_a_run_is_not_steered_by_following_a_link(adam: Client, run: GenerationRun) -> None:
    assert adam.get(page(run, "steer"), {"action": "cancel"}).status_code == 405


@pytest.mark.parametrize("name", ["progress", "steer"])
@pytest.mark.parametrize("number", [0, 999_999, 2**63, 10**30])
def test_a_run_that_is_not_there_is_not_found(adam: Client, name: str, number: int) -> None:
    url = f"/admin/annotator/generationrun/{number}/{name}/"
    assert (adam.get(url) if name == "progress" else adam.post(url)).status_code == 404


@pytest.mark.parametrize("name", ["progress", "steer"])
def test_staff_without_a_role_neither_sees_nor_steers(
    client: Client, run: GenerationRun, name: str
) -> None:
    client.force_login(make_annotator(is_staff=True))
    assert client.post(page(run, name), {"action": "cancel"}).status_code == 404
    run.refresh_from_db()
    assert run.state == "running"


def test_who_may_only_look_does_not_steer(client: Client, run: GenerationRun) -> None:
    client.force_login(make_member(run.project, role="researcher"))
    assert client.get(page(run)).status_code == 200
    assert 'value="cancel"' not in client.get(page(run)).content.decode()
    assert client.post(page(run, "steer"), {"action": "cancel"}).status_code == 403
