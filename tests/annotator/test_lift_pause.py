"""Letting a person go on whom failed checks had paused."""

import uuid

import pytest

from annotator.errors import Refused
from annotator.models import AuditEvent, Judgment, Participation, QualityFlag
from annotator.services.checks import flag, import_checks, note_result
from annotator.services.exclusion import lift_pause
from annotator.services.projects import ensure_wave
from annotator.views.doors import gates
from tests.annotator.test_checks import ITEM
from tests.factories import (
    make_annotator,
    make_judgment,
    make_member,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db


def fail(alice: Participation) -> None:
    """Let a check of alice's be answered wrongly."""
    project = alice.project
    import_checks(project=project, rows=[ITEM])
    item = project.check_items.latest("pk")
    collected = make_judgment(alice)
    wrong = item.comparison.options.get(position=1).response
    judgment = Judgment.objects.create(
        **{
            field.attname: getattr(collected, field.attname)
            for field in Judgment._meta.concrete_fields
            if field.attname not in ("id", "submission_id", "comparison_id", "choice_response_id")
        },
        submission_id=uuid.uuid4(),
        comparison=item.comparison,
        choice_response=wrong,
    )
    note_result(judgment_id=judgment.pk, participation=alice, wave=ensure_wave(project=project))


def is_paused(alice: Participation) -> bool:
    alice.refresh_from_db()
    return alice.paused_at is not None


def paused() -> Participation:
    project = make_project(pause_after_failed=2)
    for _number in range(6):
        make_set(project)
    alice = make_participation(project, make_annotator())
    fail(alice)
    assert not is_paused(alice)
    fail(alice)
    assert is_paused(alice)
    return alice


def test_the_person_may_work_at_once_and_the_log_tells_who_let_them() -> None:
    alice = paused()
    rita = make_member(alice.project)
    lift_pause(participation=alice, note="The item was wrong.", by=rita)
    alice.refresh_from_db()
    assert alice.paused_at is None
    assert gates(alice, ensure_wave(project=alice.project)) is None
    event = AuditEvent.objects.get(action="unpause")
    assert (event.actor, event.subject, event.details) == (
        rita,
        alice.pseudonym,
        {"note": "The item was wrong."},
    )


def test_checks_failed_before_count_no_more_towards_the_next_pause() -> None:
    alice = paused()
    lift_pause(participation=alice, note="Once more.", by=None)
    fail(alice)
    assert not is_paused(alice)
    fail(alice)
    assert is_paused(alice)
    assert QualityFlag.objects.count() == 4


def test_who_is_not_paused_is_refused_and_a_reason_is_needed() -> None:
    alice = make_participation(make_project(), make_annotator())
    with pytest.raises(Refused, match="not paused"):
        lift_pause(participation=alice, note="Why not.", by=None)
    with pytest.raises(Refused, match="Say why"):
        lift_pause(participation=alice, note="", by=None)


def test_a_flag_is_made_once() -> None:
    alice = paused()
    judgment = QualityFlag.objects.latest("pk").judgment
    flag(judgment=judgment, kind=QualityFlag.Kind.ATTENTION)
    assert QualityFlag.objects.count() == 2
    assert alice.quality_flags.count() == 2
