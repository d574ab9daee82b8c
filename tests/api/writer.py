"""One person who answers everything, in a process of its own, and is slow to commit.

    python -m tests.api.writer '{"participation": 3, "seed": 1, "without_lock": false}'

A change's number is drawn before its transaction commits; the pause between them is where increments go wrong.
"""

import json
import sys
import time
from contextlib import nullcontext
from unittest.mock import patch

import django
import numpy as np

LOCK = "pg_advisory_xact_lock_shared(%(lock)s, %(project)s::int)"


def write(*, participation: int, seed: int, without_lock: bool) -> None:
    """Answer until nothing is left."""
    from django.db import transaction

    from annotator.models import Assignment, Participation
    from annotator.services import judgments
    from annotator.services.assignments import claim_next
    from annotator.services.judgments import Answer, submit_judgment
    from annotator.statements import Statement

    shown = judgments.SHOWN
    unlocked = Statement("shown_unlocked", shown.sql.replace(LOCK, "%(lock)s"), **shown.types)
    assert unlocked.sql != shown.sql
    rng = np.random.default_rng(seed)
    person = Participation.objects.select_related("project").get(pk=participation)
    with patch.object(judgments, "SHOWN", unlocked) if without_lock else nullcontext():
        while (claimed := claim_next(participation=person)) is not None:
            place = Assignment.objects.get(pk=claimed)
            assert place.token is not None
            with transaction.atomic():
                submit_judgment(
                    participation=person,
                    assignment_id=place.pk,
                    submission_id=place.token,
                    answer=Answer(choice="abcd"[rng.integers(4)]),
                )
                time.sleep(rng.uniform(0, 0.03))


if __name__ == "__main__":
    django.setup()
    write(**json.loads(sys.argv[1]))
