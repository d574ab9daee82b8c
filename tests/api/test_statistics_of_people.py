"""Statistics over REST: what is chosen, whether groups answer alike, how people work."""

from math import log10
from typing import Any

import pytest

from annotator.models import (
    Assignment,
    Comparison,
    ComparisonOption,
    Participation,
    ProfileRevision,
    Project,
    QualityFlag,
    Scope,
)
from annotator.selectors import sampling
from annotator.selectors.annotators import annotator_figures
from annotator.selectors.groups import compare_groups
from annotator.selectors.rankings import ranking
from annotator.selectors.statistics import agreement
from annotator.services.assignments import claim_next
from tests.annotator.many import make_many, plans_of
from tests.api.caller import Caller
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
    make_token,
)

pytestmark = pytest.mark.django_db

QUESTIONS = [
    {"slug": "age", "options": ["18-34", "55+"]},
    {"slug": "political", "options": ["left", "right"], "sensitive": True},
]


def get(caller: Caller, name: str) -> Any:
    answer = caller.get(f"statistics/{name}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def join(project: Project, name: str, **fields: Any) -> Participation:
    return make_participation(project, make_annotator(name), **fields)


def tell(person: Participation, answers: dict[str, str], sensitive: dict[str, str]) -> None:
    profile = ProfileRevision.objects.create(
        participation=person, number=1, answers=answers, sensitive_answers=sensitive
    )
    Participation.objects.filter(pk=person.pk).update(profile=profile)


def judge(person: Participation, slot: str) -> None:
    """Let a person choose the response of a slot, a to d, wherever it stands."""
    claimed = claim_next(participation=person)
    assert claimed is not None
    place = Assignment.objects.get(pk=claimed)
    option = ComparisonOption.objects.get(
        comparison=place.comparison_id, response__slot="abcd".index(slot)
    )
    make_judgment(person, "abcd"[place.display_order.index(option.position)])


def answer(project: Project, people: list[Participation], *choices: str) -> None:
    """Make a set for each string, whose letters are what the people choose in turn."""
    for letters in choices:
        make_set(project)
        for person, letter in zip(people, letters, strict=True):
            judge(person, letter)


def test_models_are_rated_by_what_people_chose(project: Project, rita: Caller) -> None:
    people = [join(project, name) for name in ("alice", "bob")]
    answer(project, people, "aa", "ab", "ba", "ab", "bc")
    found = get(rita, "ranking/")
    assert (found["by"], found["judgments"]) == ("model", 10)
    assert [(one["item"], one["pool"], one["chosen"]) for one in found["items"]] == [
        ("model-0", 1, 5),
        ("model-1", 1, 4),
        ("model-2", 1, 1),
        ("model-3", None, 0),
    ]
    first, second, third, fourth = (one["rating"] for one in found["items"])
    assert first["value"] + second["value"] + third["value"] == pytest.approx(3000)
    assert first["value"] - second["value"] == pytest.approx(400 * log10(5 / 4))
    assert first["value"] - third["value"] == pytest.approx(400 * log10(5 / 1))
    assert first["interval"]["low"] < first["value"] < first["interval"]["high"]
    assert fourth["undefined_because"].endswith("never chosen")
    assert fourth["n"] == 10


def test_a_slot_is_one_of_its_strategy(project: Project, rita: Caller) -> None:
    people = [join(project, name) for name in ("alice", "bob")]
    answer(project, people, "ab", "ba")
    items = get(rita, "ranking/?by=slot")["items"]
    assert [one["item"] for one in items[:2]] == ["imported/0", "imported/1"]
    assert get(rita, "ranking/?by=strategy")["items"] == []
    assert rita.get("statistics/ranking/?by=colour").status_code == 400


def test_countries_are_compared_within_comparisons(project: Project, rita: Caller) -> None:
    Project.objects.filter(pk=project.pk).update(overlap=5)
    project.refresh_from_db()
    people = [
        join(project, name, country=country)
        for name, country in [("a1", "FR"), ("a2", "FR"), ("b1", "IN"), ("b2", "IN"), ("c", "")]
    ]
    answer(project, people, *["aabba", "aabbc", "ccdda", "aabba"])
    found = get(rita, "groups/")
    assert (found["by"], found["not_stated"], found["left_out"]) == ("country", 1, 0)
    assert [(group["group"], group["people"], group["judgments"]) for group in found["groups"]] == [
        ("FR", 2, 8),
        ("IN", 2, 8),
    ]
    for group in found["groups"]:
        assert (group["within"]["value"], group["effective_answers"]["value"]) == (1.0, 1.0)
        assert [(one["kind"], one["share"]["value"]) for one in group["answered"]] == [
            ("response", 1.0)
        ]
    (pair,) = found["pairs"]
    assert (pair["one"], pair["other"]) == ("FR", "IN")
    assert (pair["between"]["value"], pair["between"]["n"]) == (0.0, 4)
    assert pair["similarity"]["value"] == 0.0
    assert 0.005 <= pair["p"] == pair["q"] < 0.05


def test_what_people_said_of_themselves_needs_its_scope_and_their_consent(rita: Caller) -> None:
    project = make_project("asking", overlap=2, demographics=QUESTIONS)
    people = [join(project, name) for name in ("alice", "bob")]
    for person, age, side in zip(people, ("18-34", "55+"), ("left", "right"), strict=True):
        tell(person, {"age": age}, {"political": side})
    Participation.objects.filter(pk=people[0].pk).update(allows_sensitive=True)
    answer(project, people, "ab", "aa")
    reader = Caller(make_token(project, scopes=[Scope.READ_STATISTICS]), project)
    refused = reader.get("statistics/groups/?by=age")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert reader.get("statistics/groups/").status_code == 200
    whole = Caller(make_token(project), project)
    assert [group["group"] for group in get(whole, "groups/?by=age")["groups"]] == ["18-34", "55+"]
    found = get(whole, "groups/?by=political")
    assert ([group["group"] for group in found["groups"]], found["not_stated"]) == (["left"], 1)
    unknown = whole.get("statistics/groups/?by=income")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown_question")


def test_how_people_work_is_told_by_pseudonym(project: Project, rita: Caller) -> None:
    alice, bob = (join(project, name) for name in ("alice", "bob"))
    for _set in range(8):
        make_set(project)
        make_judgment(alice, "a")
    make_judgment(bob, "none")
    found = get(rita, "annotators/")
    assert set(found) == {"results", "next", "previous"}
    first, second = found["results"]
    assert (first["annotator_id"], first["judgments"]) == (alice.pseudonym, 8)
    assert (first["seconds"]["value"], first["seconds"]["interval"]) == (
        1.2,
        {"low": 1.2, "high": 1.2},
    )
    position = first["one_position"]
    assert (position["k"], position["position_shown"], position["share"]["value"]) == (4, 0, 1.0)
    assert position["p"] == pytest.approx(4 * 0.25**8)
    assert first["gold"]["undefined_because"] == "undefined because there was none"
    assert first["skipped"] == {**first["skipped"], "value": 0.0, "n": 8}
    assert second["one_position"] is None
    assert second["seconds"]["interval"] is None


def test_checks_and_repeats(project: Project, rita: Caller) -> None:
    alice = join(project, "alice")
    judged = []
    for choice in ("a", "a", "none", "none", "a", "b"):
        make_set(project)
        judged.append(make_judgment(alice, choice))
    Comparison.objects.filter(pk__in=[one.comparison_id for one in judged[:2]]).update(kind="gold")
    QualityFlag.objects.create(
        project=alice.project, participation=alice, judgment=judged[0], kind="gold"
    )
    for repeat, first in ((3, 2), (5, 4)):
        Comparison.objects.filter(pk=judged[repeat].comparison_id).update(
            kind="repeat", repeat_of=judged[first].comparison_id
        )
    (found,) = get(rita, "annotators/")["results"]
    assert (found["gold"]["value"], found["gold"]["n"]) == (0.5, 2)
    assert (found["consistency"]["value"], found["consistency"]["n"]) == (0.5, 2)
    assert found["judgments"] == 2


def test_who_has_left_or_done_nothing_is_not_listed(project: Project, rita: Caller) -> None:
    alice, _bob = (join(project, name) for name in ("alice", "bob"))
    make_set(project)
    make_judgment(alice)
    assert len(get(rita, "annotators/")["results"]) == 1
    Participation.objects.filter(pk=alice.pk).update(withdrawn_at="2026-01-01T00:00:00Z")
    assert get(rita, "annotators/")["results"] == []


@pytest.mark.parametrize(
    ("name", "statements"), [("ranking/", 2), ("groups/", 3), ("annotators/", 5)]
)
def test_its_statements_do_not_grow_with_the_project(
    project: Project,
    rita: Caller,
    name: str,
    statements: int,
    django_assert_max_num_queries: Any,
) -> None:
    people = [join(project, person, country="FR") for person in ("alice", "bob")]
    for _set in range(3):
        make_set(project)
        for person in people:
            assert claim_next(participation=person)
            make_judgment(person)
    with django_assert_max_num_queries(statements + 8):  # the token, its limit, the project
        get(rita, name)


@pytest.mark.parametrize("name", ["agreement", "ranking", "groups"])
def test_all_is_looked_at_up_to_a_bound_and_it_says_so(
    project: Project, rita: Caller, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [join(project, person, country="FR") for person in ("alice", "bob")]
    answer(project, people, *["ab", "ba", "aa"] * 10)
    whole = get(rita, f"{name}/")
    assert whole["sample"] == {"answers": 60, "share": 1.0, "how": ""}
    monkeypatch.setattr(sampling, "MOST_ANSWERS", 20)
    part = get(rita, f"{name}/")
    assert part["sample"]["share"] == pytest.approx(1 / 3)
    assert "about 20 of 60" in part["sample"]["how"]
    looked_at, all_of_it = (looked_at_in(name, found) for found in (part, whole))
    assert 0 < looked_at < all_of_it
    assert get(rita, f"{name}/") == part  # the same ones again


def looked_at_in(name: str, found: Any) -> int:
    """Return the n that an answer names."""
    if name == "ranking":
        return int(found["judgments"])
    whole = found["whole"]["percent"] if name == "agreement" else found["groups"][0]["within"]
    return int(whole["n"])


@pytest.mark.parametrize("read", [agreement, ranking, compare_groups])
def test_as_many_rows_are_fetched_of_a_large_project_as_of_a_small_one(
    project: Project, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "MOST_ANSWERS", 500)
    alice = join(project, "alice", country="FR")
    make_set(project)
    make_judgment(alice)
    make_many(project, judgments=500)
    few = rows_fetched(lambda: read(project=project))
    make_many(project, judgments=4_500)
    many = rows_fetched(lambda: read(project=project))
    assert many <= few * 1.3 + 10


def test_of_each_person_a_few_rows_are_fetched_however_much_they_did(project: Project) -> None:
    alice = join(project, "alice")
    make_set(project)
    make_judgment(alice)
    make_many(project, judgments=3_000)
    figures = []
    assert rows_fetched(lambda: figures.extend(annotator_figures(people=[alice]))) < 15
    (found,) = figures
    assert (found.judgments, found.seconds.n) == (3_001, 3_001)
    # make_many took 1 to 3,000 ms for them, and make_judgment 1,200
    assert found.seconds.value == pytest.approx(1.5, abs=0.01)
    assert found.seconds.interval is not None
    assert found.seconds.interval.low == pytest.approx(1.446, abs=0.01)


def rows_fetched(act: Any) -> int:
    """Do something; return how many rows its statements gave."""
    return sum(plan["Actual Rows"] for plan in plans_of(act))
