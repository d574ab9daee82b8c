"""An answer is stored exactly once, and never refused for being late."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from annotator.errors import Missing, Refused
from annotator.models import (
    Assignment,
    Change,
    Conversation,
    Judgment,
    Offer,
    Participation,
    Project,
    Response,
)
from annotator.services.assignments import claim_next, give_back_overdue, skip
from annotator.services.judgments import Answer, Submitted, submit_judgment
from tests.factories import (
    make_annotator,
    make_comparison,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(overlap=1)


@pytest.fixture
def alice(project: Project) -> Participation:
    return make_participation(project, make_annotator("alice"))


@pytest.fixture
def bob(project: Project) -> Participation:
    return make_participation(project, make_annotator("bob"))


def claimed(participation: Participation) -> Assignment:
    place = claim_next(participation=participation)
    assert place is not None
    return Assignment.objects.get(pk=place)


def submit(
    place: Assignment,
    who: Participation,
    choice: str = "a",
    *,
    strength: int | None = None,
    explanation: str = "",
    **measured: Any,
) -> Submitted:
    assert place.token is not None
    answer = Answer(choice=choice, strength=strength, explanation=explanation)
    return submit_judgment(
        participation=who,
        assignment_id=place.pk,
        submission_id=place.token,
        answer=answer,
        **measured,
    )


def lose(place: Assignment) -> None:
    Assignment.objects.filter(pk=place.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert give_back_overdue() == 1


def test_an_answer_is_stored_with_what_was_shown(project: Project, alice: Participation) -> None:
    comparison = make_comparison(project)
    place = claimed(alice)
    submitted = submit(
        place, alice, "b", explanation="Kinder.", ui_language="fr", device="phone", active_ms=1234
    )
    judgment = Judgment.objects.get(pk=submitted.judgment_id)
    shown_second = comparison.options.get(position=place.display_order[1]).response
    assert submitted.outcome == "counted"
    assert (judgment.choice_kind, judgment.choice_response) == ("response", shown_second)
    assert judgment.display_order == place.display_order
    assert (judgment.explanation, judgment.ui_language, judgment.device, judgment.active_ms) == (
        "Kinder.",
        "fr",
        "phone",
        1234,
    )
    assert judgment.submission_id == place.token
    assert judgment.shown_at < judgment.submitted_at
    assert (
        judgment.turn.number,
        judgment.turn.comparison,
        judgment.turn.conversation.participation,
    ) == (1, comparison, alice)
    place.refresh_from_db()
    alice.refresh_from_db()
    assert (place.state, place.judgment, alice.judgments_given) == ("judged", judgment, 1)
    assert Offer.objects.get(participation=alice).outcome == "judged"
    assert list(Change.objects.values_list("kind", "judgment")) == [("judged", judgment.pk)]


def test_the_same_page_sent_again_stores_nothing_new(
    project: Project, alice: Participation
) -> None:
    make_set(project)
    place = claimed(alice)
    first = submit(place, alice, "a")
    again = submit(place, alice, "b")
    assert again == Submitted(first.judgment_id, "repeated")
    assert Judgment.objects.get().choice_response is not None
    assert (Conversation.objects.count(), Change.objects.count()) == (1, 1)


def test_a_late_answer_takes_its_place_back_while_it_is_free(
    project: Project, alice: Participation
) -> None:
    make_set(project)
    place = claimed(alice)
    lose(place)
    assert submit(place, alice).outcome == "counted"


def test_a_late_answer_to_a_full_comparison_is_kept_as_surplus(
    project: Project, alice: Participation, bob: Participation
) -> None:
    make_set(project)
    place = claimed(alice)
    lose(place)
    assert submit(claimed(bob), bob).outcome == "counted"
    assert submit(place, alice).outcome == "surplus"
    assert Judgment.objects.count() == 2
    assert Assignment.objects.get().judgment == Judgment.objects.get(participation=bob)


def test_a_late_answer_never_takes_a_place_from_under_somebody(
    project: Project, alice: Participation, bob: Participation
) -> None:
    make_set(project)
    place = claimed(alice)
    lose(place)
    assert claimed(bob) == place
    assert submit(place, alice).outcome == "surplus"
    assert claimed(bob).state == "leased"


def test_surplus_fills_a_place_that_is_given_back(
    project: Project, alice: Participation, bob: Participation
) -> None:
    make_set(project)
    place = claimed(alice)
    lose(place)
    held = claimed(bob)
    late = submit(place, alice)
    skip(assignment_id=held.pk, participation=bob, reason="unclear")
    filled = Assignment.objects.get()
    assert (filled.state, filled.judgment_id, filled.participation) == (
        "judged",
        late.judgment_id,
        alice,
    )
    assert list(Change.objects.order_by("id").values_list("kind", "judgment")) == [
        ("judged", late.judgment_id),
        ("marked", late.judgment_id),
    ]


def test_surplus_never_fills_a_place_reserved_for_another_stratum() -> None:
    project = make_project("strata", overlap=1, stratum_by="country", quotas={"FR": 1})
    make_set(project)
    french, also_french = (
        make_participation(project, make_annotator(name), country="FR") for name in ("alice", "bob")
    )
    place = claimed(french)
    lose(place)
    held = claimed(also_french)
    submit(place, french)
    Participation.objects.filter(pk=french.pk).update(stratum="IT")
    lose(held)
    assert Assignment.objects.get().state == "open"


@pytest.mark.parametrize("choice", ["none", "all_bad"])
def test_a_way_out_is_an_answer_without_a_winner(
    project: Project, alice: Participation, choice: str
) -> None:
    make_set(project)
    judgment = Judgment.objects.get(pk=submit(claimed(alice), alice, choice).judgment_id)
    assert (judgment.choice_kind, judgment.choice_response) == (choice, None)


@pytest.mark.parametrize("choice", ["", "e", "A", "both_bad", "bad", "ab", "response"])
def test_an_answer_that_was_not_offered_is_refused_by_its_field(
    project: Project, alice: Participation, choice: str
) -> None:
    make_set(project)
    with pytest.raises(Refused) as refused:
        submit(claimed(alice), alice, choice)
    assert set(refused.value.fields) == {"choice"}
    assert not Judgment.objects.exists()


def test_pairwise_asks_for_the_strength_of_a_winner_only(alice: Participation) -> None:
    project = make_project(
        "pairs", overlap=1, task_format="pairwise", ways_out=["no_difference"], pairs_per_set=2
    )
    make_set(project)
    carol = make_participation(project, make_annotator("carol"))
    place = claimed(carol)
    for strength in (None, 0, 4):
        with pytest.raises(Refused) as refused:
            submit(place, carol, "a", strength=strength)
        assert set(refused.value.fields) == {"strength"}
    assert Judgment.objects.get(pk=submit(place, carol, "a", strength=3).judgment_id).strength == 3
    without = Judgment.objects.get(
        pk=submit(claimed(carol), carol, "no_difference", strength=2).judgment_id
    )
    assert (without.choice_kind, without.strength) == ("no_difference", None)


def test_a_required_explanation_is_required_and_an_unasked_one_is_not_stored() -> None:
    required = make_project("required", overlap=1, explanation_required_share=1.0)
    make_set(required)
    alice = make_participation(required, make_annotator("alice"))
    place = claimed(alice)
    with pytest.raises(Refused) as refused:
        submit(place, alice, "a", explanation=" \n")
    assert set(refused.value.fields) == {"explanation"}
    unasked = make_project("unasked", overlap=1, explanation_share=0.0)
    make_set(unasked)
    bob = make_participation(unasked, make_annotator("bob"))
    assert (
        Judgment.objects.get(
            pk=submit(claimed(bob), bob, "a", explanation="Why not").judgment_id
        ).explanation
        == ""
    )


def test_a_foreign_and_an_absent_task_are_answered_alike(
    project: Project, alice: Participation, bob: Participation
) -> None:
    make_set(project)
    place = claimed(alice)
    sentences = []
    for assignment_id in (place.pk, 999_999_999):
        with pytest.raises(Missing) as missing:
            submit_judgment(
                participation=bob,
                assignment_id=assignment_id,
                submission_id=uuid.uuid4(),
                answer=Answer(choice="a"),
            )
        sentences.append(missing.value.sentence)
    assert sentences[0] == sentences[1]


def test_a_submission_id_of_somebody_else_tells_nothing_and_stores_nothing(
    project: Project, alice: Participation, bob: Participation
) -> None:
    make_set(project)
    make_set(project)
    hers = claimed(alice)
    submit(hers, alice)
    his = claimed(bob)
    with pytest.raises(Refused) as refused:
        submit_judgment(
            participation=bob,
            assignment_id=his.pk,
            submission_id=Judgment.objects.get().submission_id,
            answer=Answer(choice="a"),
        )
    assert set(refused.value.fields) == {"submission_id"}
    assert Judgment.objects.count() == Conversation.objects.count() == 1


def test_a_judgment_can_be_neither_changed_nor_deleted(
    project: Project, alice: Participation
) -> None:
    make_set(project)
    judgment = Judgment.objects.get(pk=submit(claimed(alice), alice).judgment_id)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Judgment.objects.filter(pk=judgment.pk).update(explanation="Something else")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        connection.cursor().execute("DELETE FROM annotator_judgment")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Response.objects.update(text="Something else")


def test_two_people_cannot_count_for_one_place_nor_one_person_twice(
    project: Project, alice: Participation
) -> None:
    comparison = make_comparison(project, texts=("One.", "Two."))
    submit(claimed(alice), alice)
    place = comparison.assignments.get()
    second = Assignment(
        project=project, comparison=comparison, number=1, language="en", key=1, display_order=[0, 1],
        state="judged", participation=alice, judgment=place.judgment,
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save()
    judgment = Judgment.objects.get()
    judgment.pk, judgment.submission_id = None, uuid.uuid4()
    with (
        pytest.raises(
            IntegrityError, match="one_judgment_per_participation_comparison_and_revision"
        ),
        transaction.atomic(),
    ):
        judgment.save(force_insert=True)


def test_a_pause_does_not_refuse_what_is_being_worked_on(
    project: Project, alice: Participation
) -> None:
    make_set(project)
    place = claimed(alice)
    Project.objects.filter(pk=project.pk).update(state=Project.State.PAUSED)
    assert submit(place, alice).outcome == "counted"
