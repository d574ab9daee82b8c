"""Increments, pulled while other processes write, add up to the full export; without the lock they don't."""

import json
import subprocess
import sys

import pytest

from annotator.models import Participation, Project
from annotator.selectors.exports import Filters, open_export
from annotator.services.withdrawal import withdraw
from tests.annotator.test_race import environment
from tests.factories import make_annotator, make_judgment, make_participation, make_set

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

WRITERS, SETS = 4, 25


class Copy:
    """What a researcher holds who pulls increments."""

    def __init__(self, project: Project) -> None:
        self.project, self.cursor, self.pulls = project, 0, 0
        self.rows: dict[int, bytes] = {}

    def pull(self) -> None:
        """Fold the next increment in: the last row of a judgment wins, a tombstone takes it away."""
        filters = Filters(since=self.cursor)
        with open_export(project=self.project, export_format="native", filters=filters) as stream:
            for line in b"".join(stream).splitlines():
                row = json.loads(line)
                if row["withdrawn"]:
                    self.rows.pop(row["judgment_id"], None)
                else:
                    self.rows[row["judgment_id"]] = line
            self.cursor = stream.cursor
        self.pulls += 1


def full(project: Project) -> dict[int, bytes]:
    with open_export(project=project, export_format="native", filters=Filters()) as stream:
        return {json.loads(line)["judgment_id"]: line for line in b"".join(stream).splitlines()}


def pull_while_others_write(project: Project, *, without_lock: bool) -> Copy:
    """Start the writers, pull until they have ended, and once more."""
    leaving = make_participation(project, make_annotator("leaving"))
    for _set in range(SETS):
        make_set(project)
    for _judgment in range(3):
        make_judgment(leaving)
    people = [
        make_participation(project, make_annotator(f"writer-{number}")).pk
        for number in range(WRITERS)
    ]
    copy = Copy(project)
    copy.pull()
    assert len(copy.rows) == 3
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.api.writer",
                json.dumps({"participation": person, "seed": person, "without_lock": without_lock}),
            ],
            env=environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        for person in people
    ]
    try:
        while any(process.poll() is None for process in processes):
            copy.pull()
            if len(copy.rows) > SETS and Participation.objects.filter(
                pk=leaving.pk, withdrawn_at=None
            ):
                withdraw(participation=leaving)
        failures = [process.communicate()[1] for process in processes if process.wait()]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert failures == []
    copy.pull()
    return copy


@pytest.fixture
def project(transactional_db: None) -> Project:
    from tests.factories import make_project

    return make_project(overlap=WRITERS + 1)


def test_folded_increments_are_the_full_export(project: Project) -> None:
    copy = pull_while_others_write(project, without_lock=False)
    assert copy.pulls > 10
    assert len(copy.rows) == WRITERS * SETS
    assert copy.rows == full(project)


def test_without_the_lock_they_miss_something(project: Project) -> None:
    """The proof that the test above can fail: a lower number commits after a higher one was seen."""
    copy = pull_while_others_write(project, without_lock=True)
    assert copy.rows.keys() < full(project).keys()
