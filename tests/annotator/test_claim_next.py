"""Handing out places: exact, in order, to the right people."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotator.models import Assignment, Offer, Participation, Project, QueueCursor
from annotator.services import assignments
from annotator.services.assignments import claim_next, give_back_overdue, renew, skip
from annotator.services.projects import pause_project
from tests.factories import (
    make_annotator,
    make_comparison,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(overlap=2)


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


def expire(place: Assignment) -> None:
    Assignment.objects.filter(pk=place.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_claim_leases_a_place_and_remembers_the_offer(
    project: Project, alice: Participation
) -> None:
    comparison = make_comparison(project)
    place = claimed(alice)
    assert (place.comparison, place.state, place.participation) == (comparison, "leased", alice)
    assert place.token is not None
    assert place.lease_until is not None
    offer = Offer.objects.get(participation=alice, comparison=comparison)
    assert (offer.outcome, offer.assignment, offer.wave) == ("shown", place, project.waves.get())


def test_asking_again_returns_the_live_lease_and_renews_it(
    project: Project, alice: Participation
) -> None:
    make_set(project)
    make_set(project)
    first = claimed(alice)
    expire(first)
    again = claimed(alice)
    assert (again.pk, again.token) == (first.pk, first.token)
    assert again.lease_until is not None
    assert again.lease_until > timezone.now()


def test_comparisons_are_finished_one_after_the_other(
    project: Project, alice: Participation, bob: Participation
) -> None:
    first, _second = make_comparison(project), make_comparison(project)
    assert {claimed(alice).comparison, claimed(bob).comparison} == {first}


def test_nobody_gets_a_comparison_twice_whatever_became_of_it(
    project: Project, alice: Participation
) -> None:
    make_set(project)
    place = claimed(alice)
    expire(place)
    assert give_back_overdue() == 1
    assert claim_next(participation=alice) is None


def test_the_offer_holds_even_where_the_cursor_is_lost(
    project: Project, alice: Participation
) -> None:
    make_set(project)
    skip(assignment_id=claimed(alice).pk, participation=alice, reason="unclear")
    QueueCursor.objects.all().delete()
    assert claim_next(participation=alice) is None


def test_places_given_back_come_before_fresh_ones(
    project: Project, alice: Participation, bob: Participation
) -> None:
    first, second = make_comparison(project), make_comparison(project)
    skip(assignment_id=claimed(alice).pk, participation=alice, reason="unclear")
    assert claimed(alice).comparison == second
    place = claimed(bob)
    assert (place.comparison, place.tier) == (first, Assignment.RETURNED)


def test_places_that_appear_behind_the_cursor_are_found_by_the_last_search(
    project: Project,
    alice: Participation,
    monkeypatch: pytest.MonkeyPatch,
    settings: pytest.FixtureRequest,
) -> None:
    settings.LAST_SEARCH_SECONDS = 0  # type: ignore[attr-defined]
    behind, ahead = make_comparison(project), make_comparison(project)
    Assignment.objects.filter(comparison=behind).update(
        project=make_project("elsewhere")
    )  # not yet committed, so to speak
    assert claimed(alice).comparison == ahead
    skip(assignment_id=claimed(alice).pk, participation=alice, reason="unclear")
    Assignment.objects.filter(comparison=behind).update(project=project)
    with monkeypatch.context() as without:
        without.setattr(assignments, "_last_search", lambda _participation: None)
        assert claim_next(participation=alice) is None, "the cursor alone does not find it"
    assert claimed(alice).comparison == behind


def test_the_last_search_is_made_at_most_once_in_a_while(
    project: Project, alice: Participation
) -> None:
    assert claim_next(participation=alice) is None
    with CaptureQueriesContext(connection) as queries:
        assert claim_next(participation=alice) is None
    assert sum("EXECUTE claim " in query["sql"] for query in queries) == 1, (
        "one queue, searched once"
    )


def test_a_last_search_brings_overdue_places_of_others_back(
    project: Project, alice: Participation, bob: Participation
) -> None:
    Project.objects.filter(pk=project.pk).update(overlap=1)
    comparison = make_comparison(project)
    expire(claimed(alice))
    assert claimed(bob).comparison == comparison


def test_people_get_their_languages_the_least_recently_served_first(project: Project) -> None:
    carol = make_participation(project, make_annotator("carol"), languages=["en", "fr"])
    for language in ("en", "fr", "en", "fr", "de"):
        make_set(project, make_prompt(project, language=language))
    given = []
    for _ in range(4):
        place = claimed(carol)
        given.append(place.language)
        skip(assignment_id=place.pk, participation=carol, reason="unclear")
    assert given[:2] in (["en", "fr"], ["fr", "en"])
    assert given[2:] == given[:2]
    assert claim_next(participation=carol) is None, (
        "nobody is given a language they do not judge in"
    )


def test_reserved_places_go_to_their_stratum_only() -> None:
    project = make_project("strata", overlap=2, stratum_by="country", quotas={"FR": 1})
    comparison = make_comparison(project)
    french = make_participation(project, make_annotator("alice"), country="FR")
    others = [
        make_participation(project, make_annotator(name), country="IT") for name in ("bob", "carol")
    ]
    assert claimed(others[0]).stratum == ""
    assert claim_next(participation=others[1]) is None
    place = claimed(french)
    assert (place.comparison, place.stratum) == (comparison, "FR")


def test_a_paused_project_hands_out_nothing_new(
    project: Project, alice: Participation, bob: Participation
) -> None:
    make_set(project)
    held = claimed(alice)
    pause_project(project=project)
    assert claim_next(participation=bob) is None
    assert claimed(alice) == held, "what is being worked on stays"


def test_a_lease_is_renewed_by_its_token_only(project: Project, alice: Participation) -> None:
    make_set(project)
    place = claimed(alice)
    assert place.token is not None
    assert renew(assignment_id=place.pk, participation=alice, token=place.token) is not None
    expire(place)
    give_back_overdue()
    assert renew(assignment_id=place.pk, participation=alice, token=place.token) is None


def test_one_person_never_holds_two_places(project: Project, alice: Participation) -> None:
    first, second = make_comparison(project), make_comparison(project)
    assert claimed(alice).comparison == first
    with pytest.raises(IntegrityError, match="one_lease_per_participation"), transaction.atomic():
        Assignment.objects.filter(comparison=second, number=0).update(
            state="leased",
            participation=alice,
            token="00000000-0000-4000-8000-000000000000",
            lease_until=timezone.now(),
        )


def test_a_comparison_has_each_place_once(project: Project) -> None:
    comparison = make_comparison(project)
    place = comparison.assignments.get(number=0)
    place.pk = None
    with (
        pytest.raises(IntegrityError, match="one_assignment_per_comparison_and_number"),
        transaction.atomic(),
    ):
        place.save(force_insert=True)
