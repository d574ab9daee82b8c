"""One process of the race: several people's tabs at once, who judge, double-click, skip, stall and come back.

    python -m tests.annotator.race '{"project": 1, "tabs": [3, 4], "seed": 7, "without": ""}'

Prints what it saw that must never be, a line each.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING
from unittest.mock import patch
from uuid import UUID

import django
import numpy as np

if TYPE_CHECKING:  # Django is set up when this file runs, or by who imports it
    from annotator.models import Assignment

ALL_ARE_IN = {"en": "all are in"}
"""Stands as the project's description when nothing more is to come."""


class Tab:
    """One tab of one person."""

    def __init__(self, participation: int, rng: np.random.Generator) -> None:
        from annotator.models import Participation

        self.person = Participation.objects.select_related("project").get(pk=participation)
        self.rng = rng
        self.shown: dict[int, UUID] = {}
        self.wrong: list[str] = []

    def step(self) -> bool:
        """Do one thing; answer whether there was work."""
        from annotator.models import Assignment
        from annotator.services.assignments import claim_next, skip

        place_id = claim_next(participation=self.person)
        if place_id is None:
            return False
        held = list(Assignment.objects.filter(participation=self.person, state="leased"))
        if len(held) > 1:
            self.wrong.append(f"{self.person} holds {len(held)} places at once")
        place = next((place for place in held if place.pk == place_id), None)
        if place is None or place.token is None:
            return True  # the person's other tab has already answered it
        self.see(place)
        draw = self.rng.random()
        if draw < 0.15:
            skip(assignment_id=place.pk, participation=self.person, reason="unclear")
        elif draw < 0.3:
            self.stall(place)
        else:
            self.submit(place, clicks=2 if draw < 0.65 else 1)
        return True

    def see(self, place: "Assignment") -> None:
        """Remember what is shown."""
        assert place.token is not None
        if self.shown.setdefault(place.comparison_id, place.token) != place.token:
            self.wrong.append(f"{self.person} was shown comparison {place.comparison_id} twice")

    def stall(self, place: "Assignment") -> None:
        """Let the lease pass; come back late half of the time."""
        from django.db.models import F
        from django.db.models.functions import Now

        from annotator.models import Assignment
        from annotator.services.assignments import give_back_overdue

        Assignment.objects.filter(pk=place.pk, token=place.token, state="leased").update(
            lease_until=Now(), key=F("key")
        )
        give_back_overdue(project_id=self.person.project_id)
        if self.rng.random() < 0.5:
            self.submit(place, clicks=1)

    def submit(self, place: "Assignment", *, clicks: int) -> None:
        """Send the page; a double click comes from a second thread at the same moment."""
        barrier = threading.Barrier(clicks)
        choice = "abcd"[self.rng.integers(4)]

        def click() -> None:
            barrier.wait()
            self.click(place, choice)

        def click_elsewhere() -> None:
            from django.db import connection

            connection.ensure_connection()
            try:
                click()
            finally:
                connection.close()

        threads = [threading.Thread(target=click_elsewhere) for _ in range(clicks - 1)]
        for thread in threads:
            thread.start()
        click()
        for thread in threads:
            thread.join()

    def click(self, place: "Assignment", choice: str) -> None:
        """Send the answer once, on the connection of this thread."""
        from annotator.errors import Missing
        from annotator.services.judgments import Answer, submit_judgment

        assert place.token is not None
        try:
            submit_judgment(
                participation=self.person,
                assignment_id=place.pk,
                submission_id=place.token,
                answer=Answer(choice=choice),
            )
        except Missing:
            self.wrong.append(f"{self.person} was refused an answer to what they were shown")


def run(people: Sequence[Tab], *, project: int, pause: float = 0.01) -> None:
    """Work until nothing is left for anybody: no new places to come, none leased, none for these tabs."""
    from annotator.models import Assignment, Project

    while True:
        complete = Project.objects.filter(pk=project, description=ALL_ARE_IN).exists()
        busy = Assignment.objects.filter(project=project, state="leased").exists()
        worked = [tab.step() for tab in people]
        if complete and not busy and not any(worked):
            return
        if not any(worked):
            time.sleep(pause)  # others hold what is left; nothing is asserted on time


def taken_away(guard: str) -> "nullcontext[None]":
    """Take one guard out of the code."""
    from annotator.services import assignments
    from annotator.statements import Statement

    if guard == "offers":
        claim = assignments.CLAIM.sql.replace(f"AND {assignments.NOT_SEEN}", "").replace(
            "FROM pick, wave\n)",
            "FROM pick, wave ON CONFLICT (participation_id, comparison_id) DO UPDATE SET assignment_id = EXCLUDED.assignment_id, outcome = 'shown'\n)",
        )
        assert claim.count("seen.participation_id") == 0
        types = assignments.CLAIM.types
        return patch.object(assignments, "CLAIM", Statement("claim_without_offers", claim, **types))  # type: ignore[return-value]
    if guard == "last_search":
        nothing: Callable[[object], None] = lambda _person: None  # noqa: E731
        return patch.object(assignments, "_last_search", nothing)  # type: ignore[return-value]
    return nullcontext()


if __name__ == "__main__":
    django.setup()
    arguments = json.loads(sys.argv[1])
    with taken_away(arguments["without"]):
        tabs = [
            Tab(person, np.random.default_rng([arguments["seed"], i]))
            for i, person in enumerate(arguments["tabs"])
        ]
        run(tabs, project=arguments["project"])
        sys.stdout.write("\n".join(wrong for tab in tabs for wrong in tab.wrong))
