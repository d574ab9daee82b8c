"""What was sent becomes the columns of a judgment, or is refused by its field."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from annotator.errors import Refused
from annotator.models import Judgment, Participation, Project
from annotator.selectors.questions import Criterion, Questions, Worded
from annotator.services.answers import Answer, Shown, columns_of
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

CRITERIA = [
    {"slug": "helpful", "kind": "choice", "required": True, "texts": {"en": "More helpful?"}},
    {"slug": "true", "kind": "rating", "texts": {"en": "How true?"}},
]
REASONS = [
    {"slug": "polite", "texts": {"en": "Polite"}},
    {"slug": "clear", "texts": {"en": "Clear"}},
]
EVERYTHING = Questions(
    task_format="best_of_k",
    ways_out=("none", "all_bad"),
    veto_asked=True,
    general_asked=True,
    criteria=(
        Criterion("helpful", (), "choice", required=True),
        Criterion("true", (), "rating", required=False),
    ),
    reasons=(Worded("polite", ()), Worded("clear", ())),
    explanation_min_length=10,
)
SHOWN = Shown(order=[2, 0, 1], responses=[100, 101, 102], explanation_asked="optional")
"""Letters a, b, c stand for the positions 2, 0, 1."""


def columns(
    questions: Questions = EVERYTHING, shown: Shown = SHOWN, **answer: Any
) -> dict[str, Any]:
    return columns_of(answer=Answer(**answer), questions=questions, shown=shown)


def refused(questions: Questions = EVERYTHING, shown: Shown = SHOWN, **answer: Any) -> set[str]:
    with pytest.raises(Refused) as refusal:
        columns(questions, shown, **answer)
    assert all(refusal.value.fields.values())
    return set(refusal.value.fields)


def ranked(ranks: dict[str, int], *, top: int | None = None) -> dict[str, Any]:
    return columns(Questions(task_format="ranking", ranking_top=top), ranks=ranks)


def test_letters_become_positions_and_responses() -> None:
    assert columns(
        choice="a",
        general="none",
        vetoes=["c", "b"],
        criteria={"helpful": "b", "true-a": "5", "true-c": "1"},
        reasons=["clear", "polite"],
        explanation="It is kind.",
    ) == {
        "kind": "response",
        "response": 102,
        "strength": None,
        "ranks": None,
        "general_kind": "none",
        "general_response": None,
        "vetoes": [0, 1],
        "criteria": '[{"criterion": "helpful", "kind": "response", "position": 0}, {"criterion": "true", "kind": "rating", "ratings": [null, 1, 5]}]',
        "reasons": ["polite", "clear"],
        "explanation": "It is kind.",
    }


def test_a_general_choice_may_differ_and_may_be_left_out() -> None:
    answer: dict[str, Any] = {"choice": "a", "criteria": {"helpful": "a"}}
    general = columns(**answer, general="c")
    assert (general["general_kind"], general["general_response"]) == ("response", 101)
    without = columns(**answer)
    assert (without["general_kind"], without["general_response"]) == ("", None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"choice": "d"}, "choice"),
        ({"choice": "both_bad"}, "choice"),
        ({"general": "d"}, "general"),
        ({"general": "both_good"}, "general"),
        ({"vetoes": ["d"]}, "veto"),
        ({"vetoes": ["a", "a"]}, "veto"),
        ({"vetoes": ["none"]}, "veto"),
        ({"criteria": {}}, "criteria-helpful"),
        ({"criteria": {"helpful": "d"}}, "criteria-helpful"),
        ({"criteria": {"helpful": "none"}}, "criteria-helpful"),
        ({"criteria": {"helpful": "a", "true-a": "6"}}, "criteria-true"),
        ({"criteria": {"helpful": "a", "true-a": "x"}}, "criteria-true"),
        ({"criteria": {"helpful": "a", "true-d": "1"}}, "criteria"),
        ({"criteria": {"helpful": "a", "kind": "a"}}, "criteria"),
        ({"reasons": ["rude"]}, "reasons"),
        ({"reasons": ["clear", "clear"]}, "reasons"),
        ({"explanation": "Kind."}, "explanation"),
        ({"explanation": "x" * 5001}, "explanation"),
    ],
)
def test_what_was_not_offered_is_refused_by_its_field(change: dict[str, Any], field: str) -> None:
    assert refused(**{"choice": "a", "criteria": {"helpful": "a"}, **change}) == {field}


def test_every_field_at_fault_is_named_at_once() -> None:
    assert refused(choice="", vetoes=["z"], reasons=["z"]) == {
        "choice",
        "veto",
        "reasons",
        "criteria-helpful",
    }


def test_what_was_not_asked_is_left_out() -> None:
    bare = columns(
        Questions(),
        Shown([0, 1], [100, 101], "no"),
        choice="b",
        strength=2,
        ranks={"a": 1},
        vetoes=["a"],
        general="a",
        criteria={"helpful": "a"},
        reasons=["clear"],
        explanation="Why not",
    )
    assert (bare["response"], bare["strength"], bare["ranks"], bare["explanation"]) == (
        101,
        None,
        None,
        "",
    )
    assert (bare["vetoes"], bare["general_kind"], bare["criteria"], bare["reasons"]) == (
        [],
        "",
        "[]",
        [],
    )


def test_a_criterion_can_be_answered_with_no_difference() -> None:
    assert (
        '"kind": "no_difference", "position": null'
        in columns(choice="a", criteria={"helpful": "no_difference"})["criteria"]
    )


def test_a_required_rating_is_one_of_every_response() -> None:
    questions = Questions(criteria=(Criterion("true", (), "rating", required=True),))
    partly: dict[str, Any] = {"choice": "a", "criteria": {"true-a": "1", "true-b": "2"}}
    assert refused(questions, **partly) == {"criteria-true"}
    partly["criteria"]["true-c"] = "3"
    assert '"ratings": [2, 3, 1]' in columns(questions, **partly)["criteria"]


@pytest.mark.parametrize(
    ("ranks", "stored", "first"),
    [
        ({"a": 1, "b": 2, "c": 3}, [2, 3, 1], 102),
        ({"a": 1, "b": 1, "c": 2}, [1, 3, 1], None),
        ({"a": 1, "b": 3, "c": 3}, [2, 2, 1], 102),
        ({"a": 2, "b": 2, "c": 2}, [1, 1, 1], None),
        ({"a": 3, "b": 2, "c": 3}, [1, 2, 2], 100),
    ],
)
def test_ranks_are_places_with_ties(
    ranks: dict[str, int], stored: list[int], first: int | None
) -> None:
    columns = ranked(ranks)
    assert (columns["kind"], columns["ranks"], columns["response"]) == ("ranking", stored, first)


def test_only_the_first_places_are_asked_for_in_a_top_ranking() -> None:
    assert ranked({"b": 1}, top=1)["ranks"] == [1, None, None]
    assert ranked({"b": 2, "c": 1}, top=2)["ranks"] == [2, 1, None]
    for ranks in ({"b": 1}, {"b": 1, "c": 3}, {}):
        with pytest.raises(Refused) as refusal:
            ranked(ranks, top=2)
        assert set(refusal.value.fields) == {"ranks"}


@pytest.mark.parametrize(
    "ranks",
    [
        {},
        {"a": 1, "b": 2},
        {"a": 1, "b": 2, "d": 3},
        {"a": 0, "b": 1, "c": 2},
        {"a": 4, "b": 1, "c": 2},
    ],
)
def test_a_ranking_gives_every_response_a_place_that_is_offered(ranks: dict[str, int]) -> None:
    assert refused(Questions(task_format="ranking"), ranks=ranks) == {"ranks"}


def test_the_explanation_has_its_least_length_where_one_is_given_or_required() -> None:
    questions = Questions(explanation_min_length=10)
    required = Shown([0, 1], [100, 101], "required")
    assert refused(questions, required, choice="a") == {"explanation"}
    assert refused(questions, required, choice="a", explanation="123456789 ") == {"explanation"}
    assert columns(questions, required, choice="a", explanation="1234567890")["explanation"]
    assert columns(questions, choice="a")["explanation"] == ""


@pytest.fixture
def alice(db: None) -> Participation:
    project = make_project(
        task_format="best_of_k",
        veto_asked=True,
        general_asked=True,
        criteria=CRITERIA,
        reasons=REASONS,
    )
    make_set(project, texts=["One.", "Two."])
    return make_participation(project, make_annotator("alice"))


def test_everything_is_stored_with_the_judgment(alice: Participation) -> None:
    judgment = make_judgment(
        alice,
        "b",
        vetoes=["a"],
        general="a",
        criteria={"helpful": "b", "true-a": "2"},
        reasons=["clear"],
    )
    first, second = judgment.display_order
    assert (judgment.vetoes, judgment.reasons, judgment.general_kind) == (
        [first],
        ["clear"],
        "response",
    )
    assert judgment.general_response == judgment.comparison.options.get(position=first).response
    ratings: list[int | None] = [None, None]
    ratings[first] = 2
    assert judgment.criteria == [
        {"criterion": "helpful", "kind": "response", "position": second},
        {"criterion": "true", "kind": "rating", "ratings": ratings},
    ]


@pytest.mark.django_db
def test_a_ranking_is_stored_with_its_unique_first() -> None:
    project = make_project(task_format="ranking", ways_out=[])
    make_set(project, texts=["One.", "Two.", "Three."])
    judgment = make_judgment(
        make_participation(project, make_annotator("bob")), "", ranks={"a": 2, "b": 1, "c": 2}
    )
    assert judgment.choice_kind == Judgment.ChoiceKind.RANKING
    assert judgment.choice_response is not None
    winner = judgment.comparison.options.get(response=judgment.choice_response).position
    assert winner == judgment.display_order[1]
    assert judgment.ranks == [1 if position == winner else 2 for position in range(3)]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("criteria", {"slug": "a"}, "must be a list"),
        ("criteria", [1], "must be a list"),
        ("criteria", [{"slug": "a-b", "texts": {"en": "x"}}], "needs a slug"),
        ("criteria", [{"slug": "a", "texts": {}}], "needs its words"),
        ("criteria", [{"slug": "a", "texts": {"en": " "}}], "needs its words"),
        ("criteria", [{"slug": "a", "texts": {"english!": "x"}}], "not a language tag"),
        ("criteria", [{"slug": "a", "texts": {"en": "x" * 301}}], "longer than 300"),
        ("criteria", [{"slug": "a", "kind": "yes", "texts": {"en": "x"}}], "kind is"),
        ("criteria", [{"slug": "a", "required": 1, "texts": {"en": "x"}}], "true or false"),
        ("criteria", [{"slug": "a", "texts": {"en": "x"}}] * 2, "stands twice"),
        ("criteria", [{"slug": f"a{i}", "texts": {"en": "x"}} for i in range(21)], "more than 20"),
        ("reasons", [{"slug": "a", "kind": "choice", "texts": {"en": "x"}}], "there is no “kind”"),
    ],
)
def test_settings_that_nobody_could_answer_are_refused(
    name: str, value: object, sentence: str
) -> None:
    project = Project(slug="p", name="P", **{name: value})
    with pytest.raises(ValidationError, match=sentence):
        project.clean_fields(
            exclude=[field.name for field in Project._meta.fields if field.name != name]
        )
