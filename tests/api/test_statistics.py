"""Statistics over REST: what they count, their intervals, and what is undefined and why."""

from typing import Any

import pytest

from annotator.models import Assignment, Participation, Project
from annotator.services.assignments import claim_next
from tests.api.caller import Caller
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(project: Project) -> list[Participation]:
    return [make_participation(project, make_annotator(name)) for name in ("alice", "bob")]


def judge(person: Participation, response: str) -> None:
    """Let a person choose a response, by the letter of its slot, wherever it stands."""
    if response == "none":
        make_judgment(person, "none")
        return
    claimed = claim_next(participation=person)
    assert claimed is not None
    place = Assignment.objects.get(pk=claimed)
    make_judgment(person, "abcd"[place.display_order.index("abcd".index(response))])


def get(rita: Caller, name: str) -> Any:
    answer = rita.get(f"statistics/{name}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_people_agree_on_responses_wherever_these_stood(
    project: Project, people: list[Participation], rita: Caller
) -> None:
    for answers in (("a", "a"), ("b", "b"), ("c", "d"), ("none", "none")):
        make_set(project)
        for person, answer in zip(people, answers, strict=True):
            judge(person, answer)
    found = get(rita, "agreement/?divided=1")
    whole = found["whole"]
    assert (whole["answers"], whole["percent"]["n"], whole["by_chance"]) == (8, 4, 0.25)
    assert whole["percent"]["value"] == 0.75
    assert whole["percent"]["interval"]["low"] < 0.75 <= whole["percent"]["interval"]["high"]
    assert whole["free_marginal_kappa"]["value"] == pytest.approx(2 / 3)
    assert whole["entropy"]["value"] == 0.25
    assert whole["plurality"]["value"] == 0.875
    assert [language["language"] for language in found["languages"]] == ["en"]
    (divided,) = found["most_divided"]
    assert (divided["entropy"], divided["plurality"]["value"]) == (1, 0.5)


def test_what_is_undefined_says_why(project: Project, rita: Caller) -> None:
    whole = get(rita, "agreement/")["whole"]
    assert whole["percent"] == {
        "value": None,
        "interval": None,
        "n": 0,
        "undefined_because": "undefined because no comparison was answered by two people or more",
    }
    assert get(rita, "positions/") == []


def test_kappa_needs_equal_numbers_and_alpha_does_not(rita: Caller, project: Project) -> None:
    people = [make_participation(project, make_annotator(f"p{n}")) for n in range(3)]
    make_set(project)
    Project.objects.filter(pk=project.pk).update(overlap=3)
    project.refresh_from_db()
    make_set(project)
    for person in people[:2]:
        judge(person, "a")
        judge(person, "b")
    judge(people[2], "c")
    whole = get(rita, "agreement/")["whole"]
    assert "different numbers" in whole["fleiss_kappa"]["undefined_because"]
    assert whole["krippendorff_alpha"]["value"] is not None


def test_adaptive_places_and_people_who_left_are_not_in_it(
    project: Project, people: list[Participation], rita: Caller
) -> None:
    for _set in range(2):
        make_set(project)
        for person in people:
            judge(person, "a")
    assert get(rita, "agreement/")["whole"]["percent"]["n"] == 2
    adaptive = Assignment.objects.filter(state="judged").earliest("pk")
    Assignment.objects.filter(pk=adaptive.pk).update(place_kind="adaptive")
    assert get(rita, "agreement/")["whole"]["percent"]["n"] == 1
    Participation.objects.filter(pk=people[0].pk).update(withdrawn_at="2026-01-01T00:00:00Z")
    assert get(rita, "agreement/")["whole"]["percent"]["n"] == 0
    assert get(rita, "positions/")[0]["n"] < 3


def test_positions_are_where_the_chosen_response_stood(
    project: Project, people: list[Participation], rita: Caller
) -> None:
    for choice in ("a", "a", "b", "none"):
        make_set(project)
        make_judgment(people[0], choice)
    make_set(project, texts=("One.", "Two."))
    make_judgment(people[0], "b")
    two, four = get(rita, "positions/")
    assert [(p["position_shown"], p["count"]) for p in two["positions"]] == [(0, 0), (1, 1)]
    assert [p["count"] for p in four["positions"]] == [2, 1, 0, 0]
    assert (four["k"], four["n"], four["degrees_of_freedom"]) == (4, 3, 3)
    assert four["chi_square"] == pytest.approx(11 / 3)
    assert four["positions"][0]["share"]["value"] == pytest.approx(2 / 3)
    assert four["positions"][0]["share"]["interval"]["low"] == pytest.approx(0.2077, abs=1e-4)


def test_progress_counts_places_by_language_and_judgments_by_day(
    project: Project, people: list[Participation], rita: Caller
) -> None:
    make_set(project)
    make_set(project, make_prompt(project, language="hi"))
    for person in people:
        make_judgment(person)
    found = get(rita, "progress/")
    assert found["languages"] == [
        {"language": "en", "places": 2, "judged": 2, "comparisons": 1, "complete": 1},
        {"language": "hi", "places": 2, "judged": 0, "comparisons": 1, "complete": 0},
    ]
    assert [(day["judgments"], day["annotators"]) for day in found["days"]] == [(2, 2)]
    assert found["counts"]["counted"] == 2


def test_diversity_is_the_table_of_strategies(project: Project, rita: Caller) -> None:
    make_set(project, strategy="nc_prompt")
    (row,) = get(rita, "diversity/?by=language")["rows"]
    assert (row["strategy"], row["part"], row["sets"]) == ("nc_prompt", "en", 1)
    assert row["mean_dissimilarity"]["undefined_because"]
    assert rita.get("statistics/diversity/?by=colour").status_code == 400


def test_another_project_has_no_part_in_it(
    project: Project, people: list[Participation], rita: Caller
) -> None:
    other = make_project("elsewhere", overlap=2)
    for name in ("carol", "dan"):
        person = make_participation(other, make_annotator(name))
        if name == "carol":
            make_set(other)
        make_judgment(person)
    assert get(rita, "agreement/")["whole"]["answers"] == 0
    assert get(rita, "progress/")["languages"] == []


@pytest.mark.parametrize(
    ("name", "statements"), [("agreement/", 1), ("positions/", 1), ("progress/", 9)]
)
def test_its_statements_do_not_grow_with_the_project(
    project: Project,
    people: list[Participation],
    rita: Caller,
    name: str,
    statements: int,
    django_assert_max_num_queries: Any,
) -> None:
    for _set in range(3):
        make_set(project)
        make_judgment(people[0])
    with django_assert_max_num_queries(statements + 8):  # the token, its limit, the project
        get(rita, name)
