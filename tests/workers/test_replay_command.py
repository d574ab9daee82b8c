"""manage.py replay."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from annotator.models import Exchange, Project
from tests.factories import make_set
from tests.model_server import ModelServerStandIn, run_model_server
from tests.workers.runs import only_set, pump, start, with_short_pauses


def run_command(*arguments: Any) -> str:
    output = StringIO()
    call_command("replay", *arguments, stdout=output)
    return output.getvalue()


def replay_refused(*arguments: Any) -> tuple[str, str]:
    output = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("replay", *arguments, stdout=output)
    return str(error.value), output.getvalue()


def test_every_request_is_sent_again_as_recorded_and_gives_the_same_text(
    project: Project, model_server: ModelServerStandIn
) -> None:
    run = pump(start(project, "What is fair?", strategy="independent"))
    made = only_set(run)
    before = [seen.body for seen in model_server.seen]
    output = run_command(made.pk)
    recorded = list(Exchange.objects.order_by("number").values_list("request", flat=True))
    sent = [seen.body for seen in model_server.seen[len(before) :]]
    assert sent == recorded
    assert len(sent) == 4
    assert output.count("the same text") == 4
    assert "attempt 1, at default" in output
    assert "0.32.0 now" in output


def test_a_different_text_is_told_with_its_place_and_fails(
    project: Project, model_server: ModelServerStandIn
) -> None:
    made = only_set(pump(start(project, "What is fair?", strategy="nc_prompt")))
    exchange = Exchange.objects.get()
    assert exchange.answer is not None
    answer = exchange.answer
    text = answer["choices"][0]["message"]["content"]
    answer["choices"][0]["message"]["content"] = text[:50] + "Ω" + text[51:]
    Exchange.objects.update(answer=answer)
    sentence, output = replay_refused(made.pk)
    assert sentence == "1 of 1 requests did not give the same text."
    assert "different from character 51 on" in output
    assert "Ω" in output


def test_an_attempt_can_be_chosen_and_the_last_one_is_taken_by_itself(
    project: Project, model_server: ModelServerStandIn
) -> None:
    run = start(project, "[[preamble, ok]] What is fair?", strategy="nc_prompt")
    with_short_pauses(run)
    made = only_set(pump(run))
    assert set(Exchange.objects.values_list("attempt", flat=True)) == {1, 2}
    assert "attempt 2" in run_command(made.pk)
    # The stand-in answers properly by now, so the first attempt's text does not come again.
    assert "attempt 1" in replay_refused(made.pk, "--attempt", 1)[1]


def test_a_request_without_an_answer_is_no_success(
    project: Project, model_server: ModelServerStandIn
) -> None:
    made = only_set(pump(start(project, "[[context]] What is fair?", strategy="nc_prompt")))
    assert "no text now" in replay_refused(made.pk)[1]
    Exchange.objects.update(answer=None, request=Exchange.objects.get().request | {"messages": [{"role": "user", "content": "."}]})  # fmt: skip
    assert "no text then" in replay_refused(made.pk)[1]


def test_a_streamed_request_is_replayed_without_the_stream(
    project: Project, model_server: ModelServerStandIn
) -> None:
    made = only_set(pump(start(project, "What is fair?", strategy="nc_prompt")))
    request = Exchange.objects.get().request
    Exchange.objects.update(
        request=request | {"stream": True, "stream_options": {"include_usage": True}}
    )
    run_command(made.pk)
    assert model_server.seen[-1].body == request


def test_another_server_can_be_asked_by_its_name(
    project: Project, model_server: ModelServerStandIn, settings: Settings
) -> None:
    made = only_set(pump(start(project, "What is fair?", strategy="nc_prompt")))
    with run_model_server() as other:
        settings.VLLM_ENDPOINTS = [{"name": "other", "base_url": other.base_url}]
        assert "at other" in run_command(made.pk, "--endpoint", "other")
        assert len(other.seen) == 1
    sentence, _output = replay_refused(made.pk, "--endpoint", "nowhere")
    assert "default, other" in sentence


def test_a_set_without_requests_and_an_absent_one_are_refused(
    project: Project, model_server: ModelServerStandIn
) -> None:
    for number in (make_set(project).pk, 0):
        assert "No request is stored" in replay_refused(number)[0]


def test_a_server_that_is_away_is_said(
    project: Project, model_server: ModelServerStandIn, settings: Settings
) -> None:
    made = only_set(pump(start(project, "What is fair?", strategy="nc_prompt")))
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    assert "cannot be reached" in replay_refused(made.pk)[0]
