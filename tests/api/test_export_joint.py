"""`joint`: a prompt with its response against another prompt with its own."""

from collections.abc import Callable

import pytest

from annotator.models import Judgment, Project
from annotator.services.joint import open_joint_comparisons
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
def project(db: None) -> Project:
    project = make_project(
        task_format="two_prompts", pairs_per_set=2, ways_out=["both_good", "no_difference"]
    )
    for number in range(2):
        make_set(
            project,
            make_prompt(project, f"Question {number}?"),
            texts=[f"Answer {number}.", f"Other {number}."],
        )
    assert open_joint_comparisons(project=project) == 2
    return project


@pytest.fixture
def judgments(project: Project) -> list[Judgment]:
    alice = make_participation(project, make_annotator("alice"))
    return [make_judgment(alice, "b", strength=3), make_judgment(alice, "both_good")]


def test_a_row_holds_both_prompts_with_their_responses(
    judgments: list[Judgment], rita: Caller
) -> None:
    [row] = rita.rows("?format=joint")
    chosen = judgments[0].choice_response
    assert chosen is not None
    assert row["judgment_id"] == judgments[0].pk
    assert row["r_chosen"] == chosen.text
    for side in ("chosen", "rejected"):
        number = row[f"r_{side}"][-2]
        assert row[f"i_{side}"] == f"Question {number}?"
    assert row["i_chosen"] != row["i_rejected"]
    assert (row["margin"], row["candidate_set_id"]) == (1.0, None)


def test_every_key_is_among_the_features(judgments: list[Judgment], rita: Caller) -> None:
    [row] = rita.rows("?format=joint")
    assert list(rita.get("export/features/?format=joint").json()) == list(row)


def test_native_puts_each_prompt_beside_its_response(
    judgments: list[Judgment], rita: Caller
) -> None:
    for row in rita.rows():
        assert row["context"] == []
        assert (row["prompt"]["id"], row["candidate_set_id"]) == (None, None)
        for response in row["responses"]:
            assert response["prompt"] == f"Question {response['text'][-2]}?"


@pytest.mark.parametrize(
    "name",
    [
        "preference",
        "preference-implicit",
        "unpaired",
        "ranking",
        "rewardbench-2",
        "community-alignment",
    ],
)
def test_no_format_of_one_prompt_holds_such_judgments(
    judgments: list[Judgment], rita: Caller, name: str
) -> None:
    answer = rita.get(f"export/?format={name}")
    assert (answer.status_code, answer.json()["code"]) == (400, "format_needs_one_prompt")
    assert "joint" in answer.json()["detail"]


def test_a_project_of_one_prompt_has_no_joint(caller: Callable[..., Caller]) -> None:
    rita = caller(make_project("other"))
    assert rita.get("export/?format=joint").json()["code"] == "format_needs_two_prompts"
