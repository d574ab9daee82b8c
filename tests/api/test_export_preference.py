"""`preference`: the winner against each other response, as TRL takes it."""

from collections.abc import Callable

import pytest

from annotator.models import Assignment, Comparison, Participation, Project
from annotator.services.projects import ensure_wave
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


@pytest.fixture
def alice(project: Project) -> Participation:
    return make_participation(project, make_annotator("alice"))


def test_the_winner_stands_against_each_other_response_and_the_weights_sum_to_one(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    judgment = make_judgment(alice, "b")
    rows = rita.rows("?format=preference")
    assert [row["prompt"] for row in rows] == [
        [{"role": "user", "content": "What do you owe your parents?"}]
    ] * 3
    assert {row["chosen_id"] for row in rows} == {judgment.choice_response_id}
    assert {
        tuple(message["role"] for message in row["chosen"] + row["rejected"]) for row in rows
    } == {("assistant", "assistant")}
    texts = {row["rejected"][0]["content"] for row in rows} | {rows[0]["chosen"][0]["content"]}
    assert texts == {"One.", "Two.", "Three.", "Four."}
    assert sum(row["pair_weight"] for row in rows) == pytest.approx(1)
    assert all(isinstance(row["pair_weight"], float) for row in rows)
    assert {
        (
            row["judgment_id"],
            row["annotator_id"],
            row["language"],
            row["schema_version"],
            row["criterion"],
        )
        for row in rows
    } == {(judgment.pk, alice.pseudonym, "en", 1, "overall")}


def test_one_pair_per_judgment_is_drawn_from_the_stored_seed(
    project: Project, alice: Participation, rita: Caller
) -> None:
    for _number in range(12):
        make_set(project)
        make_judgment(alice, "a")
    rows = rita.rows("?format=preference&pairs=one")
    assert [row["pair_weight"] for row in rows] == [1.0] * 12
    assert len({row["judgment_id"] for row in rows}) == 12
    assert rita.rows("?format=preference&pairs=one") == rows
    slots = dict(
        Assignment.objects.values_list(
            "comparison__options__response_id", "comparison__options__response__slot"
        )
    )
    assert len({slots[row["rejected_id"]] for row in rows}) > 1


@pytest.mark.parametrize("choice", ["none", "all_bad"])
def test_an_answer_without_a_winner_makes_no_pair(
    project: Project, alice: Participation, rita: Caller, choice: str
) -> None:
    make_set(project)
    make_judgment(alice, choice)
    assert rita.rows("?format=preference") == []


def test_only_what_counts_is_in_it_unless_asked(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    Assignment.objects.filter(judgment=make_judgment(alice)).update(judgment=None, state="open")
    assert rita.rows("?format=preference") == []
    assert len(rita.rows("?format=preference&counted=all")) == 3
    assert len(rita.rows("?format=preference&counted=false")) == 3


def test_other_kinds_of_comparison_are_left_out(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    make_judgment(alice)
    Comparison.objects.update(kind="gold")
    assert rita.rows("?format=preference&counted=all") == []


def test_a_system_message_that_all_candidates_were_given_opens_the_prompt(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project, make_prompt(project, system="Be brief."))
    make_judgment(alice)
    assert rita.rows("?format=preference")[0]["prompt"][0] == {
        "role": "system",
        "content": "Be brief.",
    }


def test_the_margin_is_a_float_on_every_row_where_the_strength_was_asked(
    caller: Callable[..., Caller],
) -> None:
    project = make_project(
        task_format="pairwise", ways_out=["both_good"], pairs_per_set=4, overlap=1
    )
    alice = make_participation(project, make_annotator("alice"))
    make_set(project)
    for strength in (1, 2, 3):
        make_judgment(alice, "a", strength=strength)
    rows = caller(project).rows("?format=preference")
    assert [row["margin"] for row in rows] == [pytest.approx(1 / 3), pytest.approx(2 / 3), 1.0]
    assert [row["pair_weight"] for row in rows] == [1.0] * 3
    assert caller(project).get("export/features/?format=preference").json()["margin"] == {
        "dtype": "float64",
        "_type": "Value",
    }


def test_a_judgment_of_a_wave_that_did_not_ask_has_the_margin_zero(
    caller: Callable[..., Caller],
) -> None:
    project = make_project(
        task_format="pairwise", ways_out=[], strength_asked=False, pairs_per_set=2, overlap=1
    )
    alice = make_participation(project, make_annotator("alice"))
    make_set(project)
    make_judgment(alice, "a")
    project.strength_asked = True
    project.save()
    ensure_wave(project=project)
    make_judgment(alice, "b", strength=3)
    assert [row["margin"] for row in caller(project).rows("?format=preference")] == [0.0, 1.0]


def test_without_the_question_there_is_no_margin(
    project: Project, alice: Participation, rita: Caller
) -> None:
    make_set(project)
    make_judgment(alice)
    assert "margin" not in rita.rows("?format=preference")[0]
    assert "margin" not in rita.get("export/features/?format=preference").json()
