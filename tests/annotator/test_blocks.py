"""A survey in blocks: each person gets m of M, all equally often; the choices give scores of values."""

from collections import Counter

import pytest

from annotator.models import Assignment, Participation, Project, Response
from annotator.selectors.values import list_country_scores, list_person_scores
from annotator.services.assignments import claim_next, skip
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db

CODES = ("traditional", "secular", "survival", "self-expression")


@pytest.fixture
def survey() -> Project:
    """Six items, two for each person."""
    project = make_project("survey", block_size=2, stratum_by="country")
    for _number in range(6):
        make_set(project)
    for response in Response.objects.all():
        Response.objects.filter(pk=response.pk).update(codes={"value": CODES[response.slot]})
    return project


def person(survey: Project, name: str, country: str = "FR") -> Participation:
    return make_participation(survey, make_annotator(name), country=country)


def test_nothing_is_shared_and_everybody_gets_a_block_of_their_own(survey: Project) -> None:
    assert not Assignment.objects.exists()
    for name in ("alice", "bob", "carol"):
        judge = person(survey, name)
        make_judgment(judge)
        make_judgment(judge)
        assert claim_next(participation=judge) is None
    used = Counter(Assignment.objects.values_list("comparison", flat=True))
    assert (len(used), set(used.values())) == (6, {1})
    assert all(place.owner_id == place.participation_id for place in Assignment.objects.all())


def test_items_are_balanced_within_each_stratum(survey: Project) -> None:
    for number in range(6):
        claim_next(participation=person(survey, f"p{number}", "FR" if number % 2 else "IN"))
    for country in ("FR", "IN"):
        used = Counter(
            Assignment.objects.filter(owner__country=country).values_list("comparison", flat=True)
        )
        assert set(used.values()) == {1}


def test_display_orders_of_an_item_are_balanced_over_people(survey: Project) -> None:
    for number in range(12):  # four passes over the six items
        claim_next(participation=person(survey, f"p{number}"))
    first = Assignment.objects.order_by("pk")[0].comparison_id
    orders = list(
        Assignment.objects.filter(comparison=first).values_list("display_order", flat=True)
    )
    assert len(orders) == 4
    for position in range(4):
        assert sorted(order[position] for order in orders) == [0, 1, 2, 3]


def test_a_skipped_item_is_not_shown_again(survey: Project) -> None:
    alice = person(survey, "alice")
    held = claim_next(participation=alice)
    assert held is not None
    skip(assignment_id=held, participation=alice, reason="unclear")
    make_judgment(alice)
    assert claim_next(participation=alice) is None


def test_choices_give_scores_of_people_and_countries_raw_and_raked(survey: Project) -> None:
    people = {name: person(survey, name) for name in ("alice", "bob", "carol")}
    chosen = {"alice": "traditional", "bob": "secular", "carol": "secular"}
    for name, judge in people.items():
        for _item in range(2):
            held = Assignment.objects.get(pk=claim_next(participation=judge) or 0)
            options = held.comparison.options.order_by("position")
            codes = [option.response.codes["value"] for option in options]
            letter = "abcd"[[codes[place] for place in held.display_order].index(chosen[name])]
            make_judgment(judge, letter)
    scores = list_person_scores(project=survey)
    of_alice = {s.code: s.share for s in scores if s.pseudonym == people["alice"].pseudonym}
    assert of_alice == {"traditional": 1.0, "secular": 0, "survival": 0, "self-expression": 0}

    answers = {
        judge.pseudonym: {"gender": "female" if name == "alice" else "male"}
        for name, judge in people.items()
    }
    margins = {"FR": {"gender": {"female": 0.5, "male": 0.5}}}
    countries = {
        score.code: score
        for score in list_country_scores(scores=scores, answers=answers, margins=margins)
    }
    assert countries["traditional"].raw.value == pytest.approx(1 / 3)
    assert countries["traditional"].raked.value == pytest.approx(0.5)
    impossible = {"FR": {"gender": {"female": 0.5, "other": 0.5}}}
    (undefined,) = {
        score.raked.value
        for score in list_country_scores(scores=scores, answers=answers, margins=impossible)
    }
    assert undefined is None
