"""The plans of the statements on the annotators' path do for a study of any size, though made in its first minutes."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from annotator import authentication
from annotator.selectors import people, tasks
from annotator.services import assignments, checks, judgments
from annotator.statements import ONE_PLAN, Statement
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db

STATEMENTS = [
    each
    for module in (authentication, people, tasks, assignments, checks, judgments)
    for each in vars(module).values()
    if isinstance(each, Statement)
]
GROWING = {
    f"annotator_{name}"
    for name in [
        "assignment",
        "comparison",
        "comparisonoption",
        "candidateset",
        "conversation",
        "judgment",
        "offer",
        "participation",
        "prompt",
        "response",
        "turn",
    ]
}


@pytest.fixture(autouse=True, params=["has just begun", "is over"])
def _a_study(request: pytest.FixtureRequest) -> None:
    """As few rows as PostgreSQL counts at all, and it has counted them; or a study with nothing open, before the next."""
    is_over = request.param == "is over"
    project = make_project(overlap=3)
    for _ in range(20 if is_over else 60):
        make_set(project)
    for name in ("alice", "bob", "carol"):
        person = make_participation(project, make_annotator(name))
        for _ in range(20):
            make_judgment(person)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ANALYZE")


def plan_of(statement: Statement, settings: str = ONE_PLAN) -> dict[str, Any]:
    """Return the plan that a connection makes now, and keeps."""
    nothing = [None] * len(statement.types)
    prepare = statement.prepare.replace(f"PREPARE {statement.name} ", "PREPARE looked_at ")
    execute = statement.execute.removeprefix(ONE_PLAN).replace(statement.name, "looked_at")
    with connection.cursor() as cursor:
        cursor.execute(prepare)
        cursor.execute(f"{settings}EXPLAIN (FORMAT JSON) {execute}", nothing)
        plan: dict[str, Any] = cursor.fetchone()[0][0]["Plan"]
        cursor.execute("DEALLOCATE looked_at")
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every node of a plan."""
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def read_whole(plan: dict[str, Any]) -> Iterator[str]:
    """Yield each table of the study that the plan reads from end to end."""
    for node in nodes(plan):
        by_key = {"Index Cond", "Recheck Cond"} & node.keys()
        if node.get("Relation Name") in GROWING and "Scan" in node["Node Type"] and not by_key:
            yield node["Relation Name"]


def test_there_are_statements() -> None:
    assert {"store", "claim", "session"} <= {each.name for each in STATEMENTS}
    assert len({each.name for each in STATEMENTS}) == len(STATEMENTS)


def test_no_plan_reads_a_whole_table() -> None:
    found = {each.name: list(read_whole(plan_of(each))) for each in STATEMENTS}
    assert {name: tables for name, tables in found.items() if tables} == {}


def test_the_next_place_comes_first_in_its_index_and_is_not_sorted_out() -> None:
    (claim,) = (each for each in STATEMENTS if each.name == "claim")
    kinds = {node["Node Type"] for node in nodes(plan_of(claim))}
    assert "Sort" not in kinds
    indexes = {node.get("Index Name") for node in nodes(plan_of(claim))}
    assert "assignment_queue" in indexes


def test_without_their_settings_some_would() -> None:
    free = ONE_PLAN.replace("= off", "= on")
    assert any(list(read_whole(plan_of(each, free))) for each in STATEMENTS)
