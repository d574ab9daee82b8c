"""Errors, outages, headers."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from annotator.middleware import outages
from annotator.views.errors import server_error

pytestmark = pytest.mark.django_db


def test_a_page_that_is_not_there_says_what_to_do(client: Client) -> None:
    answer = client.get("/nothing/")
    assert answer.status_code == 404
    assert "There is no such page." in answer.content.decode()


def test_a_form_without_its_token_is_refused_with_a_sentence() -> None:
    answer = Client(enforce_csrf_checks=True).post("/login/", {})
    assert answer.status_code == 403
    assert "reload the page" in answer.content.decode()


def test_too_large_a_form_is_refused(client: Client) -> None:
    assert client.post("/login/", {"username": "x" * 3_000_000}).status_code == 400


@pytest.mark.parametrize(
    "url", ["/", "/login/", "/nothing/", "/join/everyday/", "/projects/everyday/task/"]
)
def test_every_answer_forbids_what_the_pages_do_not_need(client: Client, url: str) -> None:
    headers = client.get(url).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.fixture
def database_away() -> Iterator[None]:
    """Let every statement fail as it does when the server is away."""

    def refuse(*_args: Any) -> None:
        raise OperationalError(
            "server closed the connection unexpectedly"
        ) from psycopg2.OperationalError()

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.usefixtures("database_away")
def test_a_database_that_is_away_is_a_moments_trouble_and_no_bug(client: Client) -> None:
    answer = client.get("/join/everyday/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert "try again" in answer.content.decode()
    assert client.post("/login/", {"username": "a", "password": "b"}).status_code == 503


def answer_to(error: Exception, path: str = "/") -> HttpResponse | None:
    return outages(lambda request: pytest.fail("not reached")).process_exception(
        RequestFactory().get(path), error
    )


def test_a_lock_that_takes_too_long_is_a_moments_trouble() -> None:
    answer = answer_to(OperationalError("canceling statement due to lock timeout"))
    assert answer is not None
    assert answer.status_code == 503
    assert answer_to(KeyError("a bug")) is None


def test_programs_get_the_same_as_json() -> None:
    answer = answer_to(OperationalError(), "/api/v1/projects/")
    assert answer is not None
    assert answer.status_code == 503
    assert b'"code": "unavailable"' in answer.content


def test_an_outage_outside_the_views_is_told_from_a_bug() -> None:
    request = RequestFactory().get("/")
    for error, status in ((OperationalError(), 503), (KeyError(), 500)):
        try:
            raise error
        except type(error):
            assert server_error(request).status_code == status


def test_the_address_of_every_page_is_the_promised_one() -> None:
    expected = {
        "join": "/join/everyday/",
        "consent": "/projects/everyday/consent/",
        "task": "/projects/everyday/task/",
        "history": "/projects/everyday/history/",
        "instructions": "/projects/everyday/instructions/",
    }
    assert {name: reverse(name, args=["everyday"]) for name in expected} == expected
