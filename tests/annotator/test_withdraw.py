"""Leaving a project: out of later exports, places reopened, texts erased where that was promised."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from annotator.errors import Missing, Refused
from annotator.models import (
    Annotator,
    Assignment,
    AuditEvent,
    CandidateSet,
    Change,
    Judgment,
    Participation,
    ProfileRevision,
    Project,
    Prompt,
    Response,
)
from annotator.selectors.exports import Filters, open_export
from annotator.services.assignments import claim_next, give_back_overdue
from annotator.services.judgments import Answer, submit_judgment
from annotator.services.people import give_consent, join_project
from annotator.services.projects import ensure_wave, open_project
from annotator.services.quotas import set_overlap
from annotator.services.withdrawal import ERASED, GIVE_BACK, delete_account, withdraw
from tests.factories import (
    make_admin,
    make_annotator,
    make_judgment,
    make_next_turn,
    make_own_turn,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db


def make_alice(project: Project) -> Participation:
    return make_participation(project, make_annotator("alice"))


def exported(project: Project, **filters: Any) -> list[dict[str, Any]]:
    with open_export(project=project, export_format="native", filters=Filters(**filters)) as stream:
        return [json.loads(line) for line in b"".join(stream).splitlines()]


def test_the_places_reopen_and_others_fill_them() -> None:
    project = make_project(overlap=2)
    make_set(project)
    alice, bob = make_alice(project), make_participation(project, make_annotator("bob"))
    carol = make_participation(project, make_annotator("carol"))
    make_judgment(alice)
    make_judgment(bob)
    assert claim_next(participation=carol) is None
    withdraw(participation=alice)
    assert sorted(Assignment.objects.values_list("state", flat=True)) == ["judged", "open"]
    Participation.objects.update(searched_at=None)
    make_judgment(carol)
    assert set(Assignment.objects.values_list("judgment__participation", flat=True)) == {
        bob.pk,
        carol.pk,
    }


def test_a_place_that_is_not_wanted_any_more_closes_instead() -> None:
    """The overlap was lowered when more people had answered already."""
    project = make_project(overlap=2)
    make_set(project)
    alice, bob = make_alice(project), make_participation(project, make_annotator("bob"))
    make_judgment(alice)
    make_judgment(bob)
    set_overlap(project=project, overlap=1)
    withdraw(participation=alice)
    assert sorted(Assignment.objects.values_list("state", flat=True)) == ["closed", "judged"]
    carol = make_participation(project, make_annotator("carol"))
    assert claim_next(participation=carol) is None


def test_places_of_their_own_close_those_they_saw_too() -> None:
    project = make_project(block_size=3)
    for _number in range(3):
        make_set(project)
    alice = make_alice(project)
    make_judgment(alice)
    claim_next(participation=alice)
    withdraw(participation=alice)
    states = Assignment.objects.filter(owner=alice).values_list("state", flat=True)
    assert sorted(states) == ["closed", "closed", "judged"]


def test_what_they_hold_and_filled_is_found_along_indexes() -> None:
    """One condition with OR would read all places of all projects."""
    alice = make_alice(make_project())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + GIVE_BACK, {"person": alice.pk})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "one_lease_per_participation" in plan
    assert "one_judgment_per_participation_comparison_and_revision" in plan
    assert "Seq Scan" not in plan


def test_late_work_of_another_fills_the_place_first() -> None:
    project = make_project(overlap=1)
    make_set(project)
    alice, bob = make_alice(project), make_participation(project, make_annotator("bob"))
    claim_next(participation=bob)
    held = Assignment.objects.get()
    Assignment.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    give_back_overdue()
    make_judgment(alice)
    late = submit_judgment(
        participation=bob,
        assignment_id=held.pk,
        submission_id=held.token or uuid.uuid4(),
        answer=Answer(choice="a"),
    )
    assert late.outcome == "surplus"
    withdraw(participation=alice)
    place = Assignment.objects.get()
    assert (place.state, place.judgment_id) == ("judged", late.judgment_id)


def test_what_is_held_goes_back_at_once() -> None:
    project = make_project(overlap=1)
    make_set(project)
    alice = make_alice(project)
    claim_next(participation=alice)
    withdraw(participation=alice)
    bob = make_participation(project, make_annotator("bob"))
    assert claim_next(participation=bob) is not None


@pytest.mark.django_db(transaction=True)
def test_later_exports_are_without_them_and_increments_say_so() -> None:
    project = make_project()
    make_set(project)
    alice = make_alice(project)
    judgment = make_judgment(alice, explanation="Because of my mother.")
    before = Change.objects.latest("pk").pk
    withdraw(participation=alice)
    assert exported(project) == []
    [tombstone] = exported(project, since=before)
    assert (tombstone["judgment_id"], tombstone["withdrawn"]) == (judgment.pk, True)
    assert tombstone["explanation"] is None


def test_what_they_wrote_is_erased_with_all_that_followed_from_it() -> None:
    project = make_project(turns=3)
    make_set(project)
    alice = make_alice(project)
    judgment = make_judgment(alice, explanation="Because of my mother.")
    make_next_turn(judgment, "And my father?")
    own = make_own_turn(alice, text="My own question")
    followed = CandidateSet.objects.create(
        project=project, turn=own, language="en", strategy="imported"
    )
    Response.objects.create(
        project=project, candidate_set=followed, slot=0, text="You asked", html="<p>You asked</p>"
    )
    ProfileRevision.objects.create(participation=alice, number=1, answers={"age": "55+"})
    withdraw(participation=alice)
    judgment.refresh_from_db()
    assert judgment.explanation == ""
    assert not alice.conversations.filter(turns__message="And my father?").exists()
    assert Prompt.objects.get(author=alice).text == ERASED
    assert set(followed.responses.values_list("text", "html")) == {(ERASED, "")}
    assert ProfileRevision.objects.get().answers == {}


def test_nothing_of_others_is_touched() -> None:
    project = make_project()
    shared = make_set(project)
    alice, bob = make_alice(project), make_participation(project, make_annotator("bob"))
    make_judgment(alice, explanation="mine")
    theirs = make_judgment(bob, explanation="theirs")
    withdraw(participation=alice)
    theirs.refresh_from_db()
    assert theirs.explanation == "theirs"
    assert set(shared.responses.values_list("text", flat=True)) == {
        "One.",
        "Two.",
        "Three.",
        "Four.",
    }
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Judgment.objects.update(explanation="")  # the door is shut again


def test_the_terms_that_were_agreed_to_decide_what_is_kept() -> None:
    project = make_project(consent_text={"en": "Yes?"}, after_withdrawal="keep")
    make_set(project)
    alice = make_alice(project)
    give_consent(
        participation=alice, wave=ensure_wave(project=project), language="en", is_adult=True
    )
    judgment = make_judgment(alice, explanation="kept")
    project.after_withdrawal = "erase"
    project.save()
    open_project(project=project)
    withdraw(participation=alice)
    judgment.refresh_from_db()
    assert judgment.explanation == "kept"
    assert AuditEvent.objects.get(action="erase").details["texts"] == "kept"


def test_a_second_time_changes_nothing_and_the_log_names_nobody() -> None:
    project = make_project()
    make_set(project)
    alice = make_alice(project)
    make_judgment(alice)
    for _time in range(2):
        withdraw(participation=alice)
    assert Change.objects.filter(kind="withdrawn").count() == 1
    event = AuditEvent.objects.get(action="erase")
    assert (event.subject, event.actor) == (alice.pseudonym, None)


def test_who_has_left_answers_no_more_and_does_not_come_back() -> None:
    project = make_project()
    make_set(project)
    alice = make_alice(project)
    claim_next(participation=alice)
    stale = Participation.objects.get(pk=alice.pk)
    withdraw(participation=alice)
    with pytest.raises((Missing, AssertionError)):
        make_judgment(stale)
    assert not Judgment.objects.exists()
    with pytest.raises(Refused, match="You have left"):
        join_project(project=project, annotator=alice.annotator, languages=["en"])


def test_deleting_the_account_leaves_every_project_and_no_name(client: Client) -> None:
    alice = make_annotator("alice", email="alice@example.org", first_name="Alice")
    for slug in ("one", "two"):
        make_participation(make_project(slug), alice)
    client.force_login(alice)
    assert client.post("/account/delete/").status_code == 422
    assert client.post("/account/delete/", {"sure": "yes"}).status_code == 200
    alice.refresh_from_db()
    assert alice.username.startswith("deleted-")
    assert (alice.email, alice.first_name, alice.is_active) == ("", "", False)
    assert not Participation.objects.filter(withdrawn_at=None).exists()
    assert 'href="/login/"' in client.get("/").content.decode()


def test_accounts_of_the_staff_stay() -> None:
    with pytest.raises(Refused, match="administrator"):
        delete_account(annotator=make_admin())
    assert Annotator.objects.get().is_active
