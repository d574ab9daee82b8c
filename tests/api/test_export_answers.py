"""What people say beside the choice, and rankings: in `native` in full, elsewhere as rows of their own."""

from collections.abc import Callable
from typing import Any

import pytest

from annotator.models import Judgment, Participation, Project
from tests.api.caller import Caller
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)

CRITERIA = [
    {"slug": "helpful", "texts": {"en": "More helpful?"}},
    {"slug": "true", "kind": "rating", "texts": {"en": "How true?"}},
]


@pytest.fixture
def project(db: None) -> Project:
    return make_project(
        overlap=2,
        veto_asked=True,
        general_asked=True,
        criteria=CRITERIA,
        reasons=[{"slug": "clear", "texts": {"en": "Clear"}}],
    )


@pytest.fixture
def alice(project: Project) -> Participation:
    make_set(project)
    return make_participation(project, make_annotator("alice"))


@pytest.fixture
def full(alice: Participation) -> Judgment:
    return make_judgment(
        alice,
        "b",
        vetoes=["d"],
        general="none",
        criteria={"helpful": "c", "true-a": "5", "true-b": "5", "true-c": "1"},
        reasons=["clear"],
    )


def shown(judgment: Judgment) -> dict[str, int]:
    """Return the response behind each letter."""
    options = dict(judgment.comparison.options.values_list("position", "response_id"))
    return {
        letter: options[position]
        for letter, position in zip("abcdefgh", judgment.display_order, strict=False)
    }


def pairs(rows: list[dict[str, Any]]) -> set[tuple[int, int]]:
    return {(row["chosen_id"], row["rejected_id"]) for row in rows}


def ranked(
    caller: Callable[..., Caller], *, top: int | None = None, **ranks: int
) -> tuple[Caller, Judgment]:
    project = make_project("ranked", task_format="ranking", ways_out=[], ranking_top=top)
    make_set(project)
    bob = make_participation(project, make_annotator("bob"))
    return caller(project), make_judgment(bob, "", ranks=ranks)


def test_native_holds_every_answer(full: Judgment, rita: Caller) -> None:
    [row] = rita.rows()
    letters = shown(full)
    assert row["vetoes"] == [letters["d"]]
    assert row["general"] == {"kind": "none", "response_id": None, "position_shown": None}
    assert row["reasons"] == ["clear"]
    helpful, true = row["criteria"]
    assert helpful == {
        "criterion": "helpful",
        "kind": "response",
        "response_id": letters["c"],
        "position_shown": 2,
        "ratings": [],
    }
    assert {each["response_id"]: each["rating"] for each in true["ratings"]} == {
        letters["a"]: 5,
        letters["b"]: 5,
        letters["c"]: 1,
        letters["d"]: None,
    }
    assert (true["kind"], true["response_id"], row["ranks"]) == ("rating", None, [])


def test_what_was_not_answered_is_empty(alice: Participation, rita: Caller) -> None:
    make_judgment(alice, "a")
    [row] = rita.rows()
    assert (row["vetoes"], row["general"], row["criteria"], row["reasons"], row["ranks"]) == (
        [],
        None,
        [],
        [],
        [],
    )


def test_pairs_follow_the_choice_itself_unless_told_otherwise(full: Judgment, rita: Caller) -> None:
    rows = rita.rows("?format=preference")
    assert {row["criterion"] for row in rows} == {"overall"}
    assert sum(row["pair_weight"] for row in rows) == pytest.approx(1)
    assert rows == rita.rows("?format=preference&criterion=overall")


def test_pairs_follow_a_criterion_that_is_asked_for(full: Judgment, rita: Caller) -> None:
    a, b, c, d = (shown(full)[letter] for letter in "abcd")
    helpful = rita.rows("?format=preference&criterion=helpful")
    assert pairs(helpful) == {(c, a), (c, b), (c, d)}
    true = rita.rows("?format=preference&criterion=true")
    assert pairs(true) == {(a, c), (b, c)}
    assert [row["pair_weight"] for row in true] == [0.5, 0.5]
    everything = rita.rows("?format=preference&criterion=all")
    assert [row["criterion"] for row in everything].count("overall") == 3
    assert len(everything) == 8
    assert len(rita.rows("?format=preference&criterion=all&pairs=one")) == 3


def test_a_criterion_with_no_difference_makes_no_pair(alice: Participation, rita: Caller) -> None:
    make_judgment(alice, "a", criteria={"helpful": "no_difference"})
    assert rita.rows("?format=preference&criterion=helpful") == []
    assert rita.rows("?format=unpaired&criterion=helpful&negatives=unchosen") == []
    assert len(rita.rows("?criterion=helpful")) == 1
    assert rita.rows("?criterion=true") == []


def test_a_veto_makes_a_response_unwanted(full: Judgment, rita: Caller) -> None:
    rows = rita.rows("?format=unpaired")
    letters = shown(full)
    assert {(row["response_id"], row["label"], row["label_source"]) for row in rows} == {
        (letters["b"], True, "chosen"),
        (letters["d"], False, "veto"),
    }
    assert [row["response_id"] for row in rita.rows("?format=unpaired&criterion=helpful")] == [
        letters["c"]
    ]


def test_an_unknown_criterion_is_refused_with_those_there_are(full: Judgment, rita: Caller) -> None:
    for criterion in ("nice", "a-b", ""):
        answer = rita.get(f"export/?format=preference&criterion={criterion}")
        assert answer.status_code == 400
        assert "criterion" in answer.json()["fields"]
    assert "helpful" in rita.get("export/?criterion=nice").json()["detail"]


def test_formats_of_the_choice_itself_have_no_criteria(full: Judgment, rita: Caller) -> None:
    for name in ("community-alignment", "rewardbench-2"):
        answer = rita.get(f"export/?format={name}&criterion=helpful")
        assert (answer.status_code, answer.json()["code"]) == (400, "overall_only")


def test_every_strictly_ordered_pair_of_a_ranking_has_the_same_weight(
    caller: Callable[..., Caller],
) -> None:
    rita, judgment = ranked(caller, a=2, b=1, c=2, d=4)
    a, b, c, d = (shown(judgment)[letter] for letter in "abcd")
    rows = rita.rows("?format=preference")
    assert pairs(rows) == {(b, a), (b, c), (b, d), (a, d), (c, d)}
    assert [row["pair_weight"] for row in rows] == [0.2] * 5
    assert "margin" not in rows[0]
    assert len(rita.rows("?format=preference-implicit&pairs=one")) == 1
    [row] = rita.rows()
    assert row["choice"] == {"kind": "ranking", "response_id": b, "position_shown": 1}
    assert {each["response_id"]: each["rank"] for each in row["ranks"]} == {a: 2, b: 1, c: 2, d: 4}


def test_what_a_top_ranking_leaves_out_comes_after_what_it_names(
    caller: Callable[..., Caller],
) -> None:
    rita, judgment = ranked(caller, top=1, c=1)
    a, b, c, d = (shown(judgment)[letter] for letter in "abcd")
    assert pairs(rita.rows("?format=preference")) == {(c, a), (c, b), (c, d)}
    [row] = rita.rows("?format=ranking")
    assert sorted(each["rank"] for each in row["answers"]) == [1, 2, 2, 2]
    assert row["answers"][0]["response_id"] == c


def test_a_ranking_without_any_order_gives_nothing(caller: Callable[..., Caller]) -> None:
    rita, _judgment = ranked(caller, a=1, b=1, c=1, d=1)
    for name in ("preference", "ranking", "unpaired"):
        assert rita.rows(f"?format={name}&negatives=unchosen") == []
    assert rita.rows()[0]["choice"]["response_id"] is None


def test_the_ranking_format_has_places_as_in_competitions(
    caller: Callable[..., Caller], full: Judgment, rita: Caller
) -> None:
    ranker, _judgment = ranked(caller, a=1, b=1, c=3, d=4)
    [row] = ranker.rows("?format=ranking")
    assert [each["rank"] for each in row["answers"]] == [1, 1, 3, 4]
    [by_truth] = rita.rows("?format=ranking&criterion=true")
    assert [each["rank"] for each in by_truth["answers"]] == [1, 1, 3]
    assert by_truth["criterion"] == "true"


def test_a_ranking_project_has_no_community_alignment(caller: Callable[..., Caller]) -> None:
    rita, _judgment = ranked(caller, a=1, b=2, c=3, d=4)
    for name in ("community-alignment", "rewardbench-2", "joint"):
        answer = rita.get(f"export/?format={name}")
        assert answer.status_code == 400
        assert answer.json()["detail"]
