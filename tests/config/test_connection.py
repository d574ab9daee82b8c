"""A kept connection is looked at before each request, without asking the server."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection
from django.test import Client
from django.urls import reverse
from psycopg2 import connect
from psycopg2.extensions import cursor as Cursor

from tests.factories import make_annotator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def beside() -> Iterator[Cursor]:
    """Another connection to the same server."""
    given = connection.get_connection_params()
    other = connect(**{key: given[key] for key in ("dbname", "user", "host") if key in given})
    other.autocommit = True
    with other.cursor() as cursor:
        yield cursor
    other.close()
    connection.close()  # whatever became of it


def pid() -> int:
    """Return which connection the server knows ours by."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        number: int = cursor.fetchone()[0]
    return number


def end(number: int, beside: Cursor) -> None:
    """Let the server end a connection, and wait until it has."""
    beside.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
    assert beside.fetchone() == (True,)


def test_an_open_connection_is_usable_and_nothing_is_asked(beside: Cursor) -> None:
    number = pid()

    def last() -> Any:
        beside.execute("SELECT query, query_start FROM pg_stat_activity WHERE pid = %s", [number])
        return beside.fetchone()

    before = last()
    assert connection.is_usable()
    assert last() == before


def test_a_connection_that_the_server_ended_is_not_usable(beside: Cursor) -> None:
    end(pid(), beside)
    assert not connection.is_usable()


def test_a_closed_connection_is_not_usable(beside: Cursor) -> None:
    pid()
    connection.connection.close()
    assert not connection.is_usable()


def test_a_connection_that_was_left_in_a_broken_transaction_is_not_usable(beside: Cursor) -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        with pytest.raises(DatabaseError):
            cursor.execute("SELECT nothing")
    assert not connection.is_usable()


def test_a_server_that_dies_in_mid_answer_is_an_outage() -> None:
    """PostgreSQL killed with -9 while it answered gave this: an error of no class, without a code."""
    connection.errors_occurred = False
    with pytest.raises(OperationalError, match="unexpectedly"), connection.wrap_database_errors:
        raise psycopg2.DatabaseError("server closed the connection unexpectedly")
    assert connection.errors_occurred
    with pytest.raises(IntegrityError), connection.wrap_database_errors:
        raise psycopg2.IntegrityError


def test_the_next_request_goes_on_with_a_new_connection(client: Client, beside: Cursor) -> None:
    client.force_login(make_annotator("alice"))
    number = pid()
    end(number, beside)
    connection.health_check_done = False  # type: ignore[attr-defined]  # as at the beginning of a request
    assert client.get(reverse("home")).status_code == 200
    assert pid() != number
