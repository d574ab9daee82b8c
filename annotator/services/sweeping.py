"""Bringing back what stayed behind: overdue leases of people and of workers. Needs no broker."""

from dataclasses import dataclass

from annotator.bells import ring_measuring
from annotator.services import (
    assignments,
    boards,
    drafts,
    findings,
    generation,
    idempotency,
    releases,
)


@dataclass(frozen=True)
class Swept:
    """What one sweep found."""

    places: int
    candidate_sets: int


def sweep() -> Swept:
    """Give overdue places and candidate sets back and ring again for runs, measuring, releases and texts that wait."""
    # First, since the counting of boards may take long.
    swept = Swept(
        places=assignments.give_back_overdue(), candidate_sets=generation.requeue_overdue()
    )
    ring_measuring()
    releases.ring_for_releases()
    findings.ring_for_texts()
    idempotency.forget_old_answers()
    drafts.forget_old_drafts()
    boards.count_for_boards()
    return swept
