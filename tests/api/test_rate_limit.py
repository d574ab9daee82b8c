"""A token makes so many requests a minute; more are told when to come back."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.db.models import F

from annotator.models import ApiToken, Project
from tests.api.caller import Caller

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _rate(settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 5


def test_more_than_a_minutes_worth_waits(project: Project, rita: Caller) -> None:
    assert {rita.get().status_code for _ in range(5)} == {200}
    refused = rita.get()

    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 1 <= int(refused["Retry-After"]) <= 12

    ApiToken.objects.update(counted_at=F("counted_at") - timedelta(seconds=12))
    assert [rita.get().status_code for _ in range(2)] == [200, 429]


def test_a_long_pause_gives_no_more_than_a_minutes_worth(project: Project, rita: Caller) -> None:
    rita.get()
    ApiToken.objects.update(counted_at=F("counted_at") - timedelta(hours=5))
    assert [rita.get().status_code for _ in range(6)] == [200] * 5 + [429]


def test_tokens_do_not_share_an_account(
    project: Project, rita: Caller, caller: Callable[..., Caller]
) -> None:
    other = caller(project)
    assert {rita.get().status_code for _ in range(5)} == {other.get().status_code}


def test_requests_at_the_same_moment_are_counted_each(project: Project, rita: Caller) -> None:
    answers: list[int] = []

    def call() -> None:
        answers.append(rita.get().status_code)
        connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 5 + [429] * 7


def test_nothing_is_counted_where_no_limit_is_set(
    project: Project, rita: Caller, settings: Any
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 0
    assert {rita.get().status_code for _ in range(8)} == {200}
    assert ApiToken.objects.get().counted_at is None
