"""Leaving a person out of a study: nothing more for them, nothing of theirs counts, and the study still gets its n."""

import json
import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from annotator.errors import Missing, Refused
from annotator.models import (
    Assignment,
    AuditEvent,
    Change,
    Judgment,
    Participation,
    Project,
    Target,
)
from annotator.selectors.exports import Filters, open_export
from annotator.selectors.standing import foresee, get_standing
from annotator.services.assignments import claim_next, give_back_overdue
from annotator.services.conversations import send_message
from annotator.services.exclusion import exclude, include
from annotator.services.judgments import Answer, submit_judgment
from annotator.services.projects import ensure_wave
from annotator.services.withdrawal import withdraw
from tests.factories import (
    hold,
    make_annotator,
    make_judgment,
    make_member,
    make_participation,
    make_project,
    make_set,
)
from tests.pages import task_url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _search_at_once(settings: Any) -> None:
    settings.LAST_SEARCH_SECONDS = 0


def person(project: Project, name: str = "alice", **fields: Any) -> Participation:
    return make_participation(project, make_annotator(name), **fields)


def leave_out(participation: Participation, reason: str = "quality") -> int:
    return exclude(participation=participation, reason=reason, by=None)


def take_in(participation: Participation) -> int:
    return include(participation=participation, note="A mistake.", by=None)


def answer(participation: Participation, place: Assignment) -> str:
    return submit_judgment(
        participation=participation,
        assignment_id=place.pk,
        submission_id=place.token or uuid.uuid4(),
        answer=Answer(choice="a"),
    ).outcome


def exported(project: Project, form: str = "native", **filters: Any) -> list[dict[str, Any]]:
    with open_export(project=project, export_format=form, filters=Filters(**filters)) as stream:
        return [json.loads(line) for line in b"".join(stream).splitlines()]


def states() -> Counter[str]:
    return Counter(Assignment.objects.values_list("state", flat=True))


def test_nothing_more_is_handed_out_and_the_person_is_told(client: Client) -> None:
    project = make_project()
    make_set(project)
    alice = person(project)
    leave_out(alice)
    client.force_login(alice.annotator)
    assert client.get(task_url())["Location"] == "/projects/everyday/done/"
    html = client.get("/projects/everyday/done/").content.decode()
    assert "The researchers have decided to go on without your answers." in html


def test_what_they_held_goes_to_somebody_else_at_once() -> None:
    project = make_project(overlap=1)
    make_set(project)
    alice = person(project)
    claim_next(participation=alice)
    leave_out(alice)
    assert claim_next(participation=person(project, "bob")) is not None


def test_their_places_open_again_and_the_study_gets_all_it_wants() -> None:
    project = make_project(overlap=2)
    for _number in range(3):
        make_set(project)
    alice, bob, carol = (person(project, name) for name in ("alice", "bob", "carol"))
    for _number in range(3):
        make_judgment(alice)
        make_judgment(bob)
    assert leave_out(alice) == 3
    for _number in range(3):
        make_judgment(carol)
    assert states() == {"judged": 6}
    counting = Counter(Assignment.objects.values_list("judgment__participation", flat=True))
    assert counting == {bob.pk: 3, carol.pk: 3}
    assert claim_next(participation=person(project, "dave")) is None


def test_what_they_send_late_is_kept_and_counts_nowhere() -> None:
    project = make_project(overlap=1)
    make_set(project)
    alice = person(project)
    held = hold(alice)
    leave_out(alice)
    assert answer(alice, held) == "surplus"
    assert Judgment.objects.count() == 1
    assert states() == {"open": 1}


@pytest.mark.django_db(transaction=True)
def test_exports_mark_them_and_count_them_nowhere() -> None:
    project = make_project(overlap=2)
    make_set(project)
    alice, bob = person(project), person(project, "bob")
    mine, theirs = make_judgment(alice), make_judgment(bob)
    before = Change.objects.latest("pk").pk
    leave_out(alice)
    rows = {row["judgment_id"]: row for row in exported(project)}
    assert [(rows[j.pk]["excluded"], rows[j.pk]["counted"]) for j in (mine, theirs)] == [
        (True, False),
        (False, True),
    ]
    assert not rows[mine.pk]["surplus"]
    assert [row["judgment_id"] for row in exported(project, since=before)] == [mine.pk]
    assert {row["judgment_id"] for row in exported(project, "preference")} == {theirs.pk}


@pytest.mark.django_db(transaction=True)
def test_work_in_places_of_ones_own_counts_no_more_either() -> None:
    project = make_project(block_size=2)
    for _number in range(2):
        make_set(project)
    alice = person(project)
    make_judgment(alice)
    leave_out(alice)
    assert [row["counted"] for row in exported(project)] == [False]
    take_in(alice)
    assert [row["counted"] for row in exported(project)] == [True]
    make_judgment(alice)  # and the rest of the block is still there


def test_taken_in_again_they_fill_what_is_open_and_never_more() -> None:
    project = make_project(overlap=1)
    for _number in range(2):
        make_set(project)
    alice, bob = person(project), person(project, "bob")
    for _number in range(2):
        make_judgment(alice)
    leave_out(alice)
    make_judgment(bob)
    assert foresee(participation=alice).returning == 1
    assert take_in(alice) == 1
    assert states() == {"judged": 2}
    alice.refresh_from_db()
    assert (alice.excluded_at, alice.excluded_for) == (None, "")


def test_what_they_sent_late_in_a_place_of_their_own_counts_again() -> None:
    project = make_project(block_size=1)
    make_set(project)
    alice = person(project)
    held = hold(alice)
    leave_out(alice)
    answer(alice, held)
    assert take_in(alice) == 1
    assert states() == {"judged": 1}


def test_late_work_of_an_excluded_person_never_fills_a_place() -> None:
    project = make_project(overlap=1)
    make_set(project)
    alice, bob = person(project), person(project, "bob")
    held = hold(alice)
    Assignment.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    give_back_overdue()
    make_judgment(bob)
    assert answer(alice, held) == "surplus"
    leave_out(alice)
    withdraw(participation=bob)
    assert states() == {"open": 1}


def test_places_that_late_work_fills_at_once_are_not_told_as_open() -> None:
    project = make_project(overlap=1)
    for _number in range(2):
        make_set(project)
    alice, bob = person(project), person(project, "bob")
    held = hold(bob)
    Assignment.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    give_back_overdue()
    for _number in range(2):
        make_judgment(alice)
    assert answer(bob, held) == "surplus"
    assert leave_out(alice) == 1
    assert states() == {"judged": 1, "open": 1}
    assert AuditEvent.objects.get(action="exclude").details["places_reopened"] == 1


def test_a_target_gets_its_room_back() -> None:
    project = make_project(overlap=1, target_by="country", targets={"FR": 1})
    for _number in range(2):
        make_set(project)
    alice = person(project, country="FR")
    make_judgment(alice)
    assert claim_next(participation=person(project, "bob", country="FR")) is None
    leave_out(alice)
    assert Target.objects.get(name="FR").taken == 0
    assert take_in(alice) == 1
    assert Target.objects.get(name="FR").taken == 1


def test_their_conversations_end_where_they_are() -> None:
    project = make_project(turns=3)
    make_set(project)
    alice = person(project)
    judgment = make_judgment(alice)
    leave_out(alice)
    with pytest.raises(Missing):
        send_message(
            participation=alice,
            wave=ensure_wave(project=project),
            turn_id=judgment.turn_id,
            message="And then?",
        )


def test_the_log_tells_who_did_it_and_why_and_names_nobody() -> None:
    project = make_project()
    rita, alice = make_member(project), person(project)
    exclude(participation=alice, reason="twice", note="Two accounts.", by=rita)
    include(participation=alice, note="They are sisters.", by=rita)
    events = AuditEvent.objects.filter(action__in=("exclude", "include")).order_by("pk")
    assert [(event.action, event.actor, event.subject) for event in events] == [
        ("exclude", rita, alice.pseudonym),
        ("include", rita, alice.pseudonym),
    ]
    assert events[0].details == {"reason": "twice", "note": "Two accounts.", "places_reopened": 0}


def test_only_who_is_there_is_left_out_and_only_who_is_out_is_taken_in() -> None:
    project = make_project()
    alice = person(project)
    with pytest.raises(Refused, match="not left out"):
        take_in(alice)
    with pytest.raises(Refused, match="Choose a reason"):
        leave_out(alice, reason="mood")
    leave_out(alice)
    with pytest.raises(Refused, match="left out already"):
        leave_out(alice)
    with pytest.raises(Refused, match="Say why"):
        include(participation=alice, note=" ", by=None)
    withdraw(participation=alice)
    with pytest.raises(Refused, match="not left out"):
        take_in(alice)


def test_the_database_wants_a_reason() -> None:
    alice = person(make_project())
    with pytest.raises(IntegrityError, match="an_exclusion_has_a_reason"), transaction.atomic():
        Participation.objects.filter(pk=alice.pk).update(excluded_at=timezone.now())


def test_exclusions_are_told_by_group() -> None:
    project = make_project(stratum_by="country", quotas={"FR": 1})
    make_set(project)
    alice, bob = person(project, country="FR"), person(project, "bob", country="FR")
    carol = person(project, "carol", country="IN")
    make_judgment(alice)
    leave_out(alice, reason="twice")
    withdraw(participation=carol)
    Participation.objects.filter(pk=bob.pk).update(outcome="screen_out")
    standing = get_standing(project=project)
    assert [
        (group.group, group.joined, group.answered, group.withdrawn, group.excluded)
        for group in standing.by_country
    ] == [("FR", 2, 1, 0, 1), ("IN", 1, 0, 1, 0)]
    assert sum(standing.by_country[0].outcomes) == 1
    assert [group.group for group in standing.by_stratum] == ["FR", "IN"]
    assert standing.reasons == {"took part more than once": 1}
