"""A POST sent again under its `Idempotency-Key` changes nothing and gets the same answer."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from annotator.models import AnsweredCall, CandidateSet, GenerationRun, Project, Prompt, Release
from annotator.services.idempotency import forget_old_answers
from api.urls import urlpatterns
from tests.api.caller import Caller
from tests.factories import make_project, make_prompt

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = [{"text": "Why?", "language": "en"}, {"text": "Why?", "language": "en"}]


def send(caller: Caller, path: str, body: Any, key: str = "k1") -> Any:
    return caller.post(path, body, headers={"Idempotency-Key": key})


@pytest.mark.parametrize(
    ("path", "body", "made"),
    [
        ("prompts/", ROWS, Prompt),
        (
            "candidate-sets/",
            [{"text": "Why?", "language": "en", "responses": ["a", "b"]}],
            CandidateSet,
        ),
        ("generation-runs/", {"strategy": "independent", "limit": 1}, GenerationRun),
        ("releases/", {"version": "1.0", "formats": ["ranking"]}, Release),
    ],
)
def test_the_second_time_gets_the_first_answer(
    project: Project, rita: Caller, settings: Any, path: str, body: Any, made: Any
) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    make_prompt(project, "First?")
    first = send(rita, path, body)
    count = made.objects.count()
    again = send(rita, path, body)

    assert first.status_code in (201, 202), first.content
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert made.objects.count() == count > 0


def test_every_post_takes_a_key() -> None:
    posts = [
        pattern.callback.cls.post
        for pattern in urlpatterns
        if hasattr(pattern.callback, "cls") and hasattr(pattern.callback.cls, "post")
    ]
    assert len(posts) >= 8
    assert all(hasattr(post, "__wrapped__") for post in posts)


@pytest.mark.parametrize("other", [{"path": "candidate-sets/"}, {"body": [ROWS[0]]}])
def test_a_key_with_another_body_or_address_is_refused(
    project: Project, rita: Caller, other: dict[str, Any]
) -> None:
    send(rita, "prompts/", ROWS)
    answer = send(rita, **{"path": "prompts/", "body": ROWS, **other})

    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert Prompt.objects.count() == 2


def test_what_was_refused_may_be_mended_under_its_key(project: Project, rita: Caller) -> None:
    assert send(rita, "prompts/", [{"text": "Why?"}]).status_code == 400
    assert send(rita, "releases/", {"version": "one"}).status_code == 400
    assert send(rita, "prompts/", ROWS).status_code == 201


def test_keys_of_two_tokens_are_two_keys(
    project: Project, rita: Caller, caller: Callable[..., Caller]
) -> None:
    other = make_project("other")
    assert send(rita, "prompts/", ROWS).status_code == 201
    assert send(caller(other), "prompts/", ROWS).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "x" * 256])
def test_a_key_that_is_none_is_refused(project: Project, rita: Caller, key: str) -> None:
    answer = send(rita, "prompts/", ROWS, key)

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["Idempotency-Key"])
    assert not Prompt.objects.exists()


def test_many_at_once_are_carried_out_once(project: Project, rita: Caller) -> None:
    answers: list[Any] = []

    def call() -> None:
        answers.append(send(rita, "prompts/", ROWS))
        connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["added"] for answer in answers} == {2}
    assert Prompt.objects.count() == 2


def test_one_that_is_under_way_answers_409_and_when_to_come_back(
    project: Project, rita: Caller
) -> None:
    send(rita, "prompts/", ROWS, "other")  # a token row to hold on to
    other = connection.get_new_connection(connection.get_connection_params())
    other.set_session(autocommit=False)
    try:
        with other.cursor() as cursor:
            cursor.execute(
                "INSERT INTO annotator_answeredcall (token_id, key, digest, status, answer, created_at) "
                "SELECT token_id, 'k1', digest, 201, '{}', now() FROM annotator_answeredcall"
            )
        answer = send(rita, "prompts/", ROWS)
    finally:
        other.close()
    assert (answer.status_code, answer.json()["code"]) == (409, "call_under_way")
    assert answer["Retry-After"] == "1"


def test_answers_are_forgotten_after_a_day(project: Project, rita: Caller) -> None:
    send(rita, "prompts/", ROWS)
    assert forget_old_answers() == 0
    AnsweredCall.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert forget_old_answers() == 1
