"""Late work that is kept as surplus fills a place that opens again, as far as its target has room."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.models import Assignment, Participation, Project, Target
from annotator.services.assignments import claim_next, give_back_overdue
from annotator.services.judgments import Answer, submit_judgment
from annotator.services.withdrawal import withdraw
from tests.factories import (
    hold_too_long,
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db


def person(project: Project, name: str, country: str) -> Participation:
    return make_participation(project, make_annotator(name), country=country)


def answer_late(participation: Participation, held: Assignment) -> int:
    submitted = submit_judgment(
        participation=participation,
        assignment_id=held.pk,
        submission_id=held.token or uuid.uuid4(),
        answer=Answer(choice="a"),
    )
    assert submitted.outcome == "surplus"
    return submitted.judgment_id


def taken() -> dict[str, int]:
    return dict(Target.objects.values_list("name", "taken"))


def test_it_takes_the_room_that_whoever_left_gave_back() -> None:
    project = make_project(overlap=1, target_by="country", targets={"FR": 1})
    make_set(project)
    alice, bob = person(project, "alice", "FR"), person(project, "bob", "FR")
    late = hold_too_long(alice)
    make_judgment(bob)
    judgment = answer_late(alice, late)
    assert taken() == {"FR": 1}
    withdraw(participation=bob)
    place = Assignment.objects.get()
    assert (place.judgment_id, place.participation_id) == (judgment, alice.pk)
    assert place.target is not None
    assert taken() == {"FR": 1}
    withdraw(participation=alice)
    assert taken() == {"FR": 0}


def test_it_stays_surplus_where_its_target_is_full() -> None:
    project = make_project(overlap=1, target_by="country", targets={"FR": 1, "*": 1})
    for _number in range(2):
        make_set(project)
    alice, carol = person(project, "alice", "FR"), person(project, "carol", "FR")
    bob = person(project, "bob", "IN")
    late = hold_too_long(alice)
    make_judgment(bob)  # what alice held
    make_judgment(carol)
    answer_late(alice, late)
    assert taken() == {"FR": 1, "*": 1}
    withdraw(participation=bob)
    assert Assignment.objects.get(pk=late.pk).state == "open"
    assert taken() == {"FR": 1, "*": 0}


def test_of_several_as_many_as_have_room() -> None:
    project = make_project(overlap=2, target_by="country", targets={"FR": 1, "*": 9})
    make_set(project)
    french = [person(project, name, "FR") for name in ("alice", "carol")]
    late = []
    for each in french:  # one after the other: the target has room for one at a time
        late.append(hold_too_long(each))
    others = [person(project, name, "IN") for name in ("bob", "dave")]
    for each in others:
        make_judgment(each)
    for each, held in zip(french, late, strict=True):
        answer_late(each, held)
    for each in others:
        withdraw(participation=each)
    assert taken() == {"FR": 1, "*": 0}
    assert Assignment.objects.filter(state="judged").count() == 1


def test_one_late_answer_fills_one_of_two_places_that_open_at_once() -> None:
    project = make_project(overlap=2, stratum_by="country", quotas={"FR": 1})
    make_set(project)
    alice, bob, carol = (person(project, name, "FR") for name in ("alice", "bob", "carol"))
    late = hold_too_long(alice)
    for each in (bob, carol):
        assert claim_next(participation=each) is not None
    judgment = answer_late(alice, late)
    Assignment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert give_back_overdue() == 2
    filled = Assignment.objects.get(state="judged")
    assert (filled.judgment_id, filled.stratum) == (judgment, "FR")
    assert Assignment.objects.filter(state="open").count() == 1
