"""A claim costs the same in a small and a large project, and for a person's first and last task."""

from typing import Any

import pytest
from django.db import connection

from annotator.models import Participation, Project
from annotator.services.assignments import CLAIM, claim_next
from tests.factories import make_annotator, make_participation, make_project, make_set

pytestmark = pytest.mark.django_db

LARGE = 20_000


def fill(project: Project, comparisons: int) -> None:
    """Add comparisons with one place each, by copying the one that is there."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH made AS (
                INSERT INTO annotator_comparison (project_id, candidate_set_id, number, kind, language, seed, created_at)
                SELECT project_id, candidate_set_id, n, kind, language, seed, created_at
                FROM annotator_comparison, generate_series(1, %s) n WHERE project_id = %s AND number = 0 RETURNING id, project_id
            )
            INSERT INTO annotator_assignment (project_id, comparison_id, number, language, stratum, tier, key, state, place_kind, display_order, explanation_asked)
            SELECT project_id, id, 0, 'en', '', 1, nextval('annotator_assignment_key'), 'open', 'planned', '{0,1,2,3}', 'no' FROM made
            """,
            [comparisons, project.pk],
        )
        cursor.execute("ANALYZE annotator_assignment, annotator_comparison, annotator_offer")


def buffers(person: Participation) -> int:
    """Claim once and return how many pages the statement touched."""
    values: dict[str, Any] = {
        "person": person.pk,
        "project": person.project_id,
        "minutes": 30,
        "language": "en",
        "stratum": "",
        "ahead": True,
        "target": None,
    }
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + CLAIM.sql, values)
        plan: dict[str, Any] = cursor.fetchone()[0][0]["Plan"]
        cursor.execute("UPDATE annotator_assignment SET state = 'open' WHERE state = 'leased'")
    assert ("Seq Scan", "annotator_assignment") not in scans(plan)
    assert "Sort" not in {kind for kind, _ in scans(plan)}
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


def scans(plan: dict[str, Any]) -> set[tuple[str, str]]:
    return {(plan["Node Type"], plan.get("Relation Name", ""))}.union(
        *(scans(part) for part in plan.get("Plans", []))
    )


def test_a_claim_touches_as_many_pages_in_a_large_project_as_in_a_small_one() -> None:
    small, large = make_project("small", overlap=1), make_project("large", overlap=1)
    for project, comparisons in ((small, 500), (large, LARGE)):
        make_set(project)
        fill(project, comparisons)
    alice = make_annotator("alice")
    costs = [buffers(make_participation(project, alice)) for project in (small, large)]
    assert costs[1] <= costs[0] * 1.5 + 10


def test_a_claim_touches_as_many_pages_after_thousands_of_tasks_as_at_first() -> None:
    project = make_project(overlap=1)
    make_set(project)
    fill(project, LARGE)
    alice, bob = (make_participation(project, make_annotator(name)) for name in ("alice", "bob"))
    assert claim_next(participation=alice) is not None
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO annotator_offer (participation_id, comparison_id, assignment_id, wave_id, outcome, skip_reason, shown_at)
            SELECT %s, comparison_id, id, (SELECT id FROM annotator_wave WHERE project_id = %s), 'judged', '', now()
            FROM annotator_assignment WHERE state = 'open' AND project_id = %s ORDER BY key LIMIT 10000
            """,
            [alice.pk, project.pk, project.pk],
        )
        cursor.execute("UPDATE annotator_assignment SET state = 'open' WHERE state = 'leased'")
        cursor.execute(
            "UPDATE annotator_queuecursor SET position = (SELECT max(key) FROM annotator_assignment a JOIN annotator_offer USING (comparison_id) WHERE a.project_id = %s)",
            [project.pk],
        )
        cursor.execute("ANALYZE annotator_offer, annotator_queuecursor")
    assert buffers(alice) <= buffers(bob) * 1.5 + 10
