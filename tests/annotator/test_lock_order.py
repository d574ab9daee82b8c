"""Who gives a place back takes the project's change lock first, as an exclusion does: neither waits for the other."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from annotator.models import Assignment, Outcome, PanelSession, Participation
from annotator.services.assignments import claim_next, give_back_overdue, skip
from annotator.services.exclusion import exclude
from annotator.services.panels import end_visit
from tests.factories import make_annotator, make_participation, make_project, make_set

pytestmark = pytest.mark.django_db(transaction=True)

WAITING = """
SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()
"""


def sweep(_alice: Participation, _place: int) -> None:
    give_back_overdue()


def skip_it(alice: Participation, place: int) -> None:
    skip(assignment_id=place, participation=alice, reason="unclear")


def stop(alice: Participation, _place: int) -> None:
    end_visit(participation=alice, outcome=Outcome.RETURNED)


def wait_for(number: int) -> None:
    """Wait until so many other connections wait for a lock."""
    until = time.monotonic() + 20
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            if cursor.fetchone()[0] == number:
                return
            time.sleep(0.02)
    raise AssertionError(f"There are not {number} that wait.")


def hanging_up(action: Callable[[], object]) -> None:
    try:
        action()
    finally:
        connection.close()


@pytest.mark.parametrize("give_back", [sweep, skip_it, stop])
def test_what_is_given_back_while_its_holder_is_left_out_ends_well(
    give_back: Callable[[Participation, int], None],
) -> None:
    """The exclusion holds the lock and waits; the other comes; then the exclusion goes on to the place."""
    project = make_project(overlap=1)
    make_set(project)
    alice = make_participation(project, make_annotator(), panel="prolific", external_id="p1")
    PanelSession.objects.create(project=project, participation=alice, session_id="s1", study_id="1")
    place = claim_next(participation=alice)
    assert place is not None
    Assignment.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    out = Participation.objects.select_related("project").get(pk=alice.pk)
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            Participation.objects.select_for_update().get(pk=alice.pk)
            excluding = pool.submit(
                hanging_up, lambda: exclude(participation=out, reason="quality", by=None)
            )
            wait_for(1)
            giving = pool.submit(hanging_up, lambda: give_back(alice, place))
            wait_for(2)
        excluding.result(timeout=30)
        giving.result(timeout=30)
    assert Assignment.objects.get().state == "open"
