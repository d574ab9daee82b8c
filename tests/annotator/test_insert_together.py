"""Rows of several tables inserted at once arrive as they were made."""

from typing import Any

import pytest

from annotator.models import CandidateSet, Response
from annotator.services.inserting import Rows, insert_together
from tests.factories import make_project, make_prompt

pytestmark = pytest.mark.django_db


@pytest.fixture
def candidate_set() -> CandidateSet:
    project = make_project()
    return CandidateSet.objects.create(
        project=project, prompt=make_prompt(project), language="en", state="complete"
    )


def insert(candidate_set: CandidateSet, *rows: dict[str, Any]) -> list[Response]:
    responses = [
        Response(
            project_id=candidate_set.project_id,
            candidate_set=candidate_set,
            strategy="test",
            **{"slot": slot, "text": "Yes.", **row},
        )
        for slot, row in enumerate(rows)
    ]
    insert_together(Rows.of(Response, responses))
    return list(Response.objects.filter(candidate_set=candidate_set).order_by("slot"))


def test_texts_in_arrays_arrive_whatever_they_hold(candidate_set: CandidateSet) -> None:
    flags = [['say "so"', "C:\\", "{a,b}"], [], ["NULL", "", " प्र "]]
    stored = insert(candidate_set, *({"flags": each} for each in flags))
    assert [response.flags for response in stored] == flags


def test_what_python_takes_for_equal_stays_apart(candidate_set: CandidateSet) -> None:
    codes = [{"scale": 1}, {"scale": True}, {"scale": 1.5}]
    stored = insert(candidate_set, *({"codes": each} for each in codes))
    assert [repr(response.codes) for response in stored] == [repr(each) for each in codes]


def test_what_is_left_open_in_some_rows_or_in_all_is_null(candidate_set: CandidateSet) -> None:
    stored = insert(candidate_set, {"seed": 7}, {"seed": None})
    assert [(response.seed, response.prompt_tokens) for response in stored] == [
        (7, None),
        (None, None),
    ]


def test_a_single_row_arrives_too(candidate_set: CandidateSet) -> None:
    (stored,) = insert(candidate_set, {"flags": ["one"], "text": "50 % “of\\it”"})
    assert (stored.flags, stored.text) == (["one"], "50 % “of\\it”")


def test_columns_that_are_not_named_have_what_a_new_row_has(candidate_set: CandidateSet) -> None:
    columns = ("project_id", "candidate_set_id", "slot", "text", "strategy")
    given = [
        (candidate_set.project_id, candidate_set.pk, slot, "Yes.", "test") for slot in range(3)
    ]
    insert_together(Rows(Response, columns, given))
    new = Response()
    for slot, stored in enumerate(Response.objects.order_by("pk")):
        assert (stored.slot, stored.text, stored.flags, stored.codes) == (slot, "Yes.", [], {})
        assert (stored.html, stored.seed, stored.origin) == (new.html, new.seed, new.origin)
