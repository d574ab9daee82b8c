"""What the API no longer gives out once a person has left, or of people who agree to less."""

import pytest
from django.utils import timezone

from annotator.models import CandidateSet, Participation, Project
from annotator.services.withdrawal import withdraw
from tests.api.caller import Caller
from tests.factories import (
    make_annotator,
    make_judgment,
    make_own_turn,
    make_participation,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)
LISTS = ("prompts/", "candidate-sets/")


@pytest.mark.parametrize("policy", ["keep", "erase"])
def test_what_people_wrote_and_what_answered_it_goes_with_them(
    project: Project, rita: Caller, policy: str
) -> None:
    Project.objects.update(after_withdrawal=policy)
    alice = make_participation(project, make_annotator("alice"))
    make_set(project)
    before = {path: len(rita.get(path).json()["results"]) for path in LISTS}
    turn = make_own_turn(alice, text="My sister's debts?")
    CandidateSet.objects.create(
        project=project, turn=turn, language="en", state="complete", completed_at=timezone.now()
    )
    assert "My sister" in rita.get("prompts/").content.decode()
    assert len(rita.get("candidate-sets/").json()["results"]) == before["candidate-sets/"] + 1
    withdraw(participation=alice)
    assert {path: len(rita.get(path).json()["results"]) for path in LISTS} == before


FOR_TRAINERS = ("preference", "preference-implicit", "unpaired", "ranking")


def test_who_says_no_to_training_is_in_no_format_made_for_trainers(
    project: Project, rita: Caller
) -> None:
    make_set(project)
    people = [make_participation(project, make_annotator(name)) for name in ("alice", "bob")]
    for person in people:
        make_judgment(person)

    def told(export_format: str) -> set[str]:
        return {row["annotator_id"] for row in rita.rows(f"?format={export_format}")}

    alice, bob = (person.pseudonym for person in people)
    assert all(told(each) == {alice, bob} for each in FOR_TRAINERS)
    Participation.objects.filter(pseudonym=bob).update(allows_training=False)
    assert all(told(each) == {alice} for each in FOR_TRAINERS)
    Participation.objects.filter(pseudonym=alice).update(allows_training=True)
    assert all(told(each) == {alice} for each in FOR_TRAINERS)
    assert told("native") == {alice, bob}
