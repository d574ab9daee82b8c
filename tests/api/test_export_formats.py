"""The formats made for a reader, beside `native` and `preference`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from annotator.models import (
    Comparison,
    Conversation,
    Judgment,
    Participation,
    Project,
    Response,
    Turn,
)
from annotator.selectors.exports import FORMATS
from tests.api.caller import Caller
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_prompt,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)

PUBLISHED = {
    "conversation_id": "int64",
    "assigned_lang": "string",
    "annotator_id": "int64",
    "wave": "int64",
    **{
        f"{turn}_turn_{part}": "string"
        for turn in ("first", "second", "third", "fourth")
        for part in (
            "prompt",
            "responses",
            *(f"response_{letter}" for letter in "abcd"),
            "preferred_response",
            "feedback",
        )
    },
    "annotator_age": "string",
    "annotator_gender": "string",
    "annotator_education_level": "string",
    "annotator_political": "string",
    "annotator_ethnicity": "string",
    "annotator_country": "string",
    "is_pregenerated_first_prompt": "bool",
    "in_balanced_subset": "bool",
    "in_balanced_subset_10": "bool",
}
"""The columns of the Community Alignment dataset, v1.1, in their order."""


@pytest.fixture
def alice(project: Project) -> Participation:
    return make_participation(project, make_annotator("alice"), country="US")


def vote(project: Project, winner: int | None, name: str) -> Judgment:
    """Let a person choose the response in this slot of the only set; None: all bad."""
    person = make_participation(project, make_annotator(name))
    from annotator.models import Assignment
    from annotator.services.assignments import claim_next
    from annotator.services.judgments import Answer, submit_judgment

    claimed = claim_next(participation=person)
    assert claimed is not None
    place = Assignment.objects.get(pk=claimed)
    positions = {
        option.position: option.response.slot
        for option in place.comparison.options.select_related("response")
    }
    letters = ["abcdefgh"[i] for i in range(len(place.display_order))]
    shown = [positions[position] for position in place.display_order]
    choice = "all_bad" if winner is None else letters[shown.index(winner)]
    assert place.token
    submitted = submit_judgment(
        participation=person,
        assignment_id=place.pk,
        submission_id=place.token,
        answer=Answer(choice=choice),
        ui_language="en",
        device="desktop",
        active_ms=1,
    )
    return Judgment.objects.get(pk=submitted.judgment_id)


def test_implicit_pairs_hold_the_prompt_inside_both(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project, make_prompt(project, system="Be brief."))
    make_judgment(alice, "a")
    rows, explicit = rita.rows("?format=preference-implicit"), rita.rows("?format=preference")
    assert "prompt" not in rows[0]
    assert [(row["chosen"], row["rejected"]) for row in rows] == [
        (row["prompt"] + row["chosen"], row["prompt"] + row["rejected"]) for row in explicit
    ]
    assert [message["role"] for message in rows[0]["chosen"]] == ["system", "user", "assistant"]


@pytest.mark.parametrize(
    ("choice", "negatives", "labels"),
    [
        ("a", "rated", [(True, "chosen")]),
        ("a", "unchosen", [(False, "unchosen")] * 3 + [(True, "chosen")]),
        ("all_bad", "rated", [(False, "all_bad")] * 4),
        ("none", "unchosen", []),
    ],
)
def test_unpaired_labels_what_was_said_of_each_response(
    project: Project,
    alice: Participation,
    rita: Caller,
    choice: str,
    negatives: str,
    labels: list[tuple[bool, str]],
) -> None:
    make_set(project)
    judgment = make_judgment(alice, choice)
    rows = rita.rows(f"?format=unpaired&negatives={negatives}")
    assert sorted((row["label"], row["label_source"]) for row in rows) == labels
    assert all(
        row["completion"][0]["content"] == Response.objects.get(pk=row["response_id"]).text
        for row in rows
    )
    chosen = [row["response_id"] for row in rows if row["label"]]
    assert chosen == ([judgment.choice_response_id] if choice == "a" else [])


@pytest.mark.parametrize(
    ("choice", "labels"),
    [("both_good", [True, True]), ("both_bad", [False, False]), ("no_difference", [])],
)
def test_unpaired_keeps_the_answers_of_pairs_apart(
    caller: Callable[..., Caller], db: None, choice: str, labels: list[bool]
) -> None:
    project = make_project(
        "pairs",
        overlap=1,
        task_format="pairwise",
        ways_out=["both_good", "no_difference", "both_bad"],
        pairs_per_set=1,
    )
    make_set(project)
    make_judgment(make_participation(project, make_annotator("bob")), choice)
    rows = caller(project).rows("?format=unpaired&negatives=unchosen")
    assert [row["label"] for row in rows] == labels


def test_ranking_gives_competition_ranks(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    judgment = make_judgment(alice, "c")
    make_set(project)
    make_judgment(alice, "none")
    (row,) = rita.rows("?format=ranking")
    assert [answer["rank"] for answer in row["answers"]] == [1, 2, 2, 2]
    assert row["answers"][0]["response_id"] == judgment.choice_response_id


def test_rewardbench_takes_the_sets_with_a_clear_favourite(
    caller: Callable[..., Caller], db: None
) -> None:
    project = make_project("bench", overlap=6, ways_out=["all_bad"])
    rita = caller(project)
    make_set(project, make_prompt(project, topic="money"))
    for number in range(4):
        vote(project, 2, f"a{number}")
    assert rita.rows("?format=rewardbench-2") == []  # four are too few
    vote(project, 2, "a4")
    vote(project, None, "a5")
    (row,) = rita.rows("?format=rewardbench-2")
    assert (row["chosen"], sorted(row["rejected"])) == (["Three."], ["Four.", "One.", "Two."])
    assert (row["num_correct"], row["num_incorrect"], row["total_completions"]) == (1, 3, 4)
    assert row["models"][0] == "model-2"
    assert row["subset"] == "money"
    assert row["additional_metadata"]["n"] == 6
    assert row["additional_metadata"]["shares"][0]["share"] == pytest.approx(5 / 6)
    assert (row["judgment_id"], row["annotator_id"]) == (None, None)


def test_rewardbench_leaves_out_where_people_differ(
    caller: Callable[..., Caller], db: None
) -> None:
    project = make_project("bench", overlap=6)
    make_set(project)
    for number, slot in enumerate((0, 0, 0, 1, 1, 1)):
        vote(project, slot, f"a{number}")
    assert caller(project).rows("?format=rewardbench-2") == []


def test_a_withdrawn_persons_vote_counts_no_more_in_rewardbench(
    caller: Callable[..., Caller], db: None
) -> None:
    from django.utils import timezone

    project = make_project("bench", overlap=5)
    make_set(project)
    first, *_others = [vote(project, 1, f"a{number}") for number in range(5)]
    assert len(caller(project).rows("?format=rewardbench-2")) == 1
    Participation.objects.filter(pk=first.participation_id).update(withdrawn_at=timezone.now())
    assert caller(project).rows("?format=rewardbench-2") == []


def test_community_alignment_has_exactly_the_published_columns(
    project: Project, alice: Participation, rita: Caller
) -> None:
    features = rita.get("export/features/?format=community-alignment").json()
    assert {name: feature["dtype"] for name, feature in features.items()} == PUBLISHED
    make_set(project)
    make_judgment(alice, "a")
    (row,) = rita.rows("?format=community-alignment")
    assert list(row) == list(PUBLISHED)


def test_a_row_of_community_alignment_is_a_conversation(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    judgment = make_judgment(alice, "b", explanation="It listens.")
    make_set(project)
    make_judgment(alice, "none")  # no turn with a chosen response: no row
    (row,) = rita.rows("?format=community-alignment")
    letters = {letter: row[f"first_turn_response_{letter}"] for letter in "abcd"}
    assert sorted(letters.values()) == ["Four.", "One.", "Three.", "Two."]
    assert judgment.choice_response
    preferred = row["first_turn_preferred_response"].removeprefix("response_")
    assert letters[preferred] == judgment.choice_response.text
    assert row["first_turn_responses"] == "\n".join(
        f"# Response {letter.upper()}:\n{text}" for letter, text in letters.items()
    )
    assert row["first_turn_feedback"] == "It listens."
    assert row["conversation_id"] == judgment.turn.conversation_id
    assert (row["assigned_lang"], row["annotator_country"]) == ("en", "united states")
    assert 0 <= row["annotator_id"] < 2**53
    assert row["is_pregenerated_first_prompt"] is True
    assert {value for name, value in row.items() if name.startswith("second")} == {None}


def test_the_letters_are_the_sets_not_the_displays(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    make_judgment(alice, "a")
    make_judgment(make_participation(project, make_annotator("bob")), "a")
    first, second = rita.rows("?format=community-alignment")
    names = [f"first_turn_response_{letter}" for letter in "abcd"]
    assert [first[name] for name in names] == [second[name] for name in names]
    assert first["annotator_id"] != second["annotator_id"]


def answer_turn(first: Judgment, number: int, choice_kind: str) -> None:
    """Write a later turn of a conversation, judged, with the rows a multi-turn page writes."""
    made = make_set(first.project)
    comparison = Comparison.objects.get(candidate_set=made)
    turn = Turn.objects.create(
        conversation=Conversation.objects.get(pk=first.turn.conversation_id),
        number=number,
        message=f"And then? {number}",
        continues=first.choice_response,
        comparison=comparison,
    )
    chosen = made.responses.earliest("slot") if choice_kind == "response" else None
    fields = {
        field.attname: getattr(first, field.attname)
        for field in Judgment._meta.concrete_fields
        if field.attname not in ("id", "submission_id", "assignment_id")
    }
    import uuid

    Judgment.objects.create(
        **fields
        | {
            "submission_id": uuid.uuid4(),
            "comparison_id": comparison.pk,
            "turn_id": turn.pk,
            "choice_kind": choice_kind,
            "choice_response_id": chosen.pk if chosen else None,
            "explanation": "",
        }
    )


def test_a_conversation_ends_before_its_first_turn_without_a_chosen_response(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    first = make_judgment(alice, "a")
    answer_turn(first, 2, "response")
    answer_turn(first, 3, "none")
    answer_turn(first, 4, "response")
    (row,) = rita.rows("?format=community-alignment")
    assert row["second_turn_prompt"] == "And then? 2"
    assert row["second_turn_preferred_response"] in {f"response_{letter}" for letter in "abcd"}
    assert row["second_turn_feedback"] is None
    assert {
        value for name, value in row.items() if name.startswith(("third_turn", "fourth_turn"))
    } == {None}


def test_pairs_leave_c_and_d_null(caller: Callable[..., Caller], db: None) -> None:
    project = make_project("pairs", task_format="pairwise", ways_out=[], pairs_per_set=1)
    make_set(project)
    make_judgment(make_participation(project, make_annotator("bob")), "a", strength=2)
    (row,) = caller(project).rows("?format=community-alignment")
    assert row["first_turn_response_a"]
    assert row["first_turn_response_b"]
    assert (row["first_turn_response_c"], row["first_turn_response_d"]) == (None, None)


@pytest.mark.parametrize(
    ("settings", "query", "code"),
    [
        ({"candidates": 5}, "community-alignment", "too_many_candidates"),
        ({}, "community-alignment&turn=2", "whole_conversations"),
        ({}, "rewardbench-2&counted=all", "counted_only"),
        (
            {"task_format": "pairwise", "ways_out": []},
            "rewardbench-2",
            "format_needs_best_of_k",
        ),
        ({}, "ranking&since=0", "since_needs_native"),
        ({}, "nothing", "unknown_format"),
        ({}, "joint", "format_needs_two_prompts"),
        ({"task_format": "two_prompts"}, "preference", "format_needs_one_prompt"),
        ({"task_format": "ranking"}, "community-alignment", "format_needs_a_choice"),
    ],
)
def test_a_format_that_does_not_fit_is_refused_with_the_reason(
    caller: Callable[..., Caller], db: None, settings: dict[str, Any], query: str, code: str
) -> None:
    answer = caller(make_project("other", **settings)).get(f"export/?format={query}")
    assert (answer.status_code, json.loads(answer.content)["code"]) == (400, code)


@pytest.mark.parametrize("export_format", [name for name in FORMATS if name != "joint"])
def test_every_row_has_the_columns_of_its_features(
    project: Project, alice: Participation, rita: Caller, export_format: str
) -> None:
    make_set(project)
    make_judgment(alice, "d")
    features = rita.get(f"export/features/?format={export_format}").json()
    rows = rita.rows(f"?format={export_format}")
    assert all(list(row) == list(features) for row in rows)
    assert rows or export_format == "rewardbench-2"
