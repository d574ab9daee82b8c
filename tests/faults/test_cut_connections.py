"""A connection that is cut at any statement costs a retry and nothing else: PostgreSQL is the only truth."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import Error, connection, connections

from annotator.models import Assignment, Conversation, Judgment, Offer, Participation
from annotator.services.assignments import claim_next
from annotator.services.judgments import Answer, Submitted, submit_judgment
from tests.factories import make_annotator, make_participation, make_project, make_set

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def cut(*, at: int, after: bool) -> Iterator[list[str]]:
    """End this connection's server process before or after its statement number `at`."""
    seen: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()

    def end() -> None:
        other = connections.create_connection("default")
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        finally:
            other.close()

    def wrapper(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        seen.append(sql)
        if len(seen) == at and not after:
            end()
        result = execute(sql, params, many, context)
        if len(seen) == at and after:
            end()
        return result

    with connection.execute_wrapper(wrapper):
        yield seen
    connection.close()


@pytest.fixture
def alice() -> Participation:
    project = make_project(overlap=1)
    make_set(project)
    return make_participation(project, make_annotator("alice"))


def held(person: Participation) -> Assignment:
    place = claim_next(participation=person)
    assert place is not None
    return Assignment.objects.get(pk=place)


def claim_and_go_on(person: Participation) -> None:
    """Claim, and use the connection once more: a cut after the last statement shows there."""
    claim_next(participation=person)
    Assignment.objects.exists()


def submit(person: Participation, place: Assignment) -> Submitted:
    assert place.token is not None
    return submit_judgment(
        participation=person,
        assignment_id=place.pk,
        submission_id=place.token,
        answer=Answer(choice="b"),
    )


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2])
def test_a_submit_that_is_cut_stores_nothing_and_its_retry_stores_it_once(
    alice: Participation, at: int, after: bool
) -> None:
    place = held(alice)
    with cut(at=at, after=after) as seen, pytest.raises(Error):
        submit(alice, place)
    assert len([sql for sql in seen if sql.startswith("EXECUTE")]) <= 2, (
        "a statement more: give it a case here"
    )
    assert not Judgment.objects.exists()
    assert not Conversation.objects.exists()
    assert submit(alice, place).outcome == "counted"
    assert submit(alice, place).outcome == "repeated"
    assert (Judgment.objects.count(), Conversation.objects.count()) == (1, 1)
    place.refresh_from_db()
    assert place.judgment == Judgment.objects.get()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2])
def test_a_claim_that_is_cut_leaves_the_person_with_one_place(
    alice: Participation, at: int, after: bool
) -> None:
    with cut(at=at, after=after), pytest.raises(Error):
        claim_and_go_on(alice)
    place = held(alice)
    assert Assignment.objects.filter(state="leased").get() == place
    assert Offer.objects.count() == 1
    assert submit(alice, place).outcome == "counted"
