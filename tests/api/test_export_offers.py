"""`offers`: every task shown to somebody, and what came of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotator.models import Assignment, Participation, Project
from annotator.services.assignments import claim_next, give_back_overdue, skip
from tests.api.caller import Caller
from tests.factories import make_annotator, make_judgment, make_participation, make_set

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(project: Project) -> Participation:
    """Judged one, skipped one, left one, holds one."""
    for number in range(4):
        make_set(project, texts=[f"{number}a", f"{number}b"])
    alice = make_participation(project, make_annotator("alice"), country="FR")
    make_judgment(alice)
    skipped = claim_next(participation=alice)
    assert skipped is not None
    skip(assignment_id=skipped, participation=alice, reason="unclear")
    claim_next(participation=alice)
    Assignment.objects.filter(state="leased").update(lease_until=timezone.now() - timedelta(1))
    give_back_overdue()
    claim_next(participation=alice)
    return alice


def rows(rita: Caller, query: str = "") -> list[dict[str, Any]]:
    return rita.rows(f"?format=offers{query}")


def test_each_task_shown_has_one_row(alice: Participation, rita: Caller) -> None:
    found = rows(rita)

    assert [row["outcome"] for row in found] == ["judged", "skipped", "expired", "shown"]
    assert [row["skip_reason"] for row in found] == [None, "unclear", None, None]
    assert [row["judgment_id"] is not None for row in found] == [True, False, False, False]
    assert [row["ended_at"] is not None for row in found] == [True, True, True, False]
    assert {row["annotator_id"] for row in found} == {alice.pseudonym}


def test_who_has_withdrawn_is_in_none(alice: Participation, rita: Caller) -> None:
    Participation.objects.filter(pk=alice.pk).update(withdrawn_at=timezone.now())
    assert rows(rita) == []


def test_rows_have_the_keys_of_the_features(alice: Participation, rita: Caller) -> None:
    wanted = rita.get("export/features/?format=offers").json()
    assert all(list(row) == list(wanted) for row in rows(rita))


@pytest.mark.parametrize(
    ("query", "count"), [("&country=FR", 4), ("&country=US", 0), ("&language=en&wave=1", 4)]
)
def test_it_is_narrowed_as_the_others(
    alice: Participation, rita: Caller, query: str, count: int
) -> None:
    assert len(rows(rita, query)) == count


@pytest.mark.parametrize("query", ["turn=1", "counted=true", "since=0"])
def test_what_only_judgments_have_is_refused(project: Project, rita: Caller, query: str) -> None:
    answer = rita.get(f"export/?format=offers&{query}")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [query.partition("=")[0]])
