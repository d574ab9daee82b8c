"""Exactness: many processes work on one study, are killed at any moment and come back; then the rows are counted.

    python -m benchmarks.race [--processes N] [--comparisons N] [--every S] [--seed N] [--without GUARD]

Three places a comparison, two of them reserved by country. Every process is one tab of one person on a
connection of its own; some people have two. They judge, double-click, skip, let their time pass, come back late,
and some leave for good. Meanwhile one process after the other gets SIGKILL; whoever was killed comes back, and
sends again what was not answered, as a browser does. What a person saw acknowledged stands in a journal,
outside the database. Ends with 1 where anything is over, under, twice, lost or stray; `--without offers`, which
takes a guard of the claim away, must end so.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from benchmarks.judged import started
from benchmarks.table import row
from tests.annotator.race import ALL_ARE_IN, Tab, run, taken_away

if TYPE_CHECKING:  # Django is set up by `started`
    from annotator.models import Assignment, Participation, Project

COUNTRIES = ("FR", "IN", "US")
QUOTAS = {"FR": 1, "IN": 1}
OVERLAP = 3
PAUSE = 0.5
"""Seconds until who found nothing asks again."""
STUCK = 60
"""Seconds without any progress, after which the rows are counted as they are."""


@dataclass(frozen=True)
class Journal:
    """What one process asked for and was told; it survives the process."""

    path: Path

    def note(self, **values: Any) -> None:
        """Add a line at once."""
        line = json.dumps(values, default=str) + "\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, line.encode())
        os.close(descriptor)

    def read(self, kind: str) -> list[dict[str, Any]]:
        """Return the notes of a kind, oldest first."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [note for note in map(json.loads, lines) if note["kind"] == kind]


class Visitor(Tab):
    """A tab whose process may be killed, of a person who may leave for good."""

    def __init__(
        self, person: int, rng: np.random.Generator, journal: Journal, leaves_after: int | None
    ) -> None:
        super().__init__(person, rng)
        self.journal = journal
        self.leaves_after = leaves_after

    def step(self) -> bool:
        """Do one thing, as the page does: who the person is, is read anew."""
        from annotator.services.withdrawal import withdraw

        self._look_at_myself()
        if self.person.withdrawn_at:
            return False
        if self.leaves_after is not None and self.person.judgments_given >= self.leaves_after:
            withdraw(participation=self.person)
            return True
        return super().step()

    def see(self, place: "Assignment") -> None:
        """Write down what is shown: another process may be told otherwise."""
        self.journal.note(
            kind="shown", person=self.person.pk, comparison=place.comparison_id, token=place.token
        )

    def click(self, place: "Assignment", choice: str) -> None:
        """Ask, and write down what was answered."""
        assert place.token is not None
        self.journal.note(kind="asked", place=place.pk, token=place.token, choice=choice)
        self._send(place.pk, place.token, choice)

    def send_again(self) -> None:
        """Send what a killed process got no answer to."""
        answered = {
            note["token"] for kind in ("stored", "gone") for note in self.journal.read(kind)
        }
        asked = {note["token"]: note for note in self.journal.read("asked")}
        for token, note in asked.items():
            if token not in answered:
                self._send(note["place"], UUID(token), note["choice"])

    def _send(self, place: int, token: UUID, choice: str) -> None:
        from annotator.errors import Missing
        from annotator.services.judgments import Answer, submit_judgment

        try:
            submitted = submit_judgment(
                participation=self.person,
                assignment_id=place,
                submission_id=token,
                answer=Answer(choice=choice),
            )
        except Missing:
            self._look_at_myself()
            if self.person.withdrawn_at is None:
                self.journal.note(kind="wrong", what=f"{token} was refused")
            self.journal.note(kind="gone", token=token)
        else:
            self.journal.note(kind="stored", token=token, judgment=submitted.judgment_id)

    def _look_at_myself(self) -> None:
        from annotator.models import Participation

        self.person = Participation.objects.select_related("project").get(pk=self.person.pk)


def work(
    person: int, project: int, seeds: Sequence[int], journal: Journal, leaves_after: int | None
) -> None:
    """Be one process of the race, at a lower priority than who kills."""
    os.nice(10)
    visitor = Visitor(person, np.random.default_rng(seeds), journal, leaves_after)
    visitor.send_again()
    run([visitor], project=project, pause=PAUSE)
    for wrong in visitor.wrong:
        journal.note(kind="wrong", what=wrong)


@dataclass
class Crowd:
    """The processes, and who sits at them."""

    project: int
    people: Sequence[int]
    leaves_after: dict[int, int]
    folder: Path
    seed: int
    kills: int = 0
    crashes: int = 0
    processes: list[ForkProcess] = field(default_factory=list)

    def start(self, number: int) -> ForkProcess:
        """Fork a process; nothing of this one's connection goes along."""
        from django.db import connection

        connection.close()
        person = self.people[number % len(self.people)]
        process = get_context("fork").Process(
            target=work,
            args=(
                person,
                self.project,
                (self.seed, number, self.kills),
                Journal(self.folder / str(number)),
                self.leaves_after.get(person),
            ),
        )
        process.start()
        return process

    def kill_one(self, rng: np.random.Generator) -> None:
        """Kill one process where it stands, and start it again; half of the time its lease passes meanwhile."""
        from annotator.models import Assignment

        number = int(rng.integers(len(self.processes)))
        self.processes[number].kill()
        self.processes[number].join()
        self.kills += 1
        if rng.random() < 0.5:
            person = self.people[number % len(self.people)]
            let_pass(Assignment.objects.filter(participation=person))
        self.processes[number] = self.start(number)

    def look_after(self) -> None:
        """Start again what ended by itself: nobody may, before all are in."""
        for number, process in enumerate(self.processes):
            if not process.is_alive():
                self.crashes += 1
                self.processes[number] = self.start(number)

    def wait(self) -> None:
        """Wait until all have found that nothing is left."""
        for process in self.processes:
            process.join()
            self.crashes += process.exitcode != 0

    def notes(self, kind: str) -> list[dict[str, Any]]:
        """Return all notes of a kind."""
        return [note for path in self.folder.iterdir() for note in Journal(path).read(kind)]


def let_pass(places: Any) -> None:
    """Let the time of what is leased among these places be over."""
    from django.db.models.functions import Now

    places.filter(state="leased").update(lease_until=Now())


@contextmanager
def crowd_at_work(crowd: Crowd, *, processes: int) -> Iterator[None]:
    """Start the processes; whatever happens, none is left."""
    crowd.processes += [crowd.start(number) for number in range(processes)]
    try:
        yield
    finally:
        for process in crowd.processes:
            process.kill()
            process.join()


def race(crowd: Crowd, *, processes: int, every: float) -> None:
    """Let them work, and kill one after the other until the study is full and who wants to leave has left."""
    from annotator.models import Assignment, Participation, Project
    from annotator.services.withdrawal import withdraw

    rng = np.random.default_rng(crowd.seed)
    wanted = Assignment.objects.filter(project=crowd.project, state__in=("open", "leased"))
    leavers = Participation.objects.filter(pk__in=crowd.leaves_after, withdrawn_at=None)
    least, since = wanted.count(), time.monotonic()
    with crowd_at_work(crowd, processes=processes):
        while time.monotonic() < since + STUCK:
            time.sleep(every)
            let_pass(wanted.filter(participation__withdrawn_at__isnull=False))
            left = wanted.count()
            late = list(leavers.select_related("project")) if not left else []
            if not left and not late:
                break
            for person in late:
                withdraw(participation=person)
            crowd.look_after()
            crowd.kill_one(rng)
            if left != least:
                if left // 500 != least // 500:
                    print(f"{left:,} places are left, {crowd.kills} kills", flush=True)
                least, since = left, time.monotonic()
        Project.objects.filter(pk=crowd.project).update(description=ALL_ARE_IN)
        crowd.wait()


def prepare(comparisons: int, people: int) -> tuple["Project", list["Participation"]]:
    """Open a study, and let people of three countries in."""
    from annotator.models import Annotator
    from annotator.services.candidates import import_candidates
    from tests.factories import make_participation, make_project

    project = make_project(overlap=OVERLAP, stratum_by="country", quotas=QUOTAS)
    import_candidates(
        project=project,
        rows=(
            (
                number,
                {
                    "text": f"Question {number}: what do you owe your parents?",
                    "language": "en",
                    "responses": [f"{word} {number}." for word in ("One", "Two", "Three", "Four")],
                },
            )
            for number in range(comparisons)
        ),
    )
    return project, [
        make_participation(
            project,
            Annotator.objects.create(username=f"p{number}"),
            country=COUNTRIES[number % len(COUNTRIES)],
        )
        for number in range(people)
    ]


def judge_the_race(crowd: Crowd, project: "Project", comparisons: int) -> dict[str, list[str]]:
    """Return what is wrong, by kind, of the rows and of what people saw."""
    from annotator.models import Assignment
    from tests.annotator.exactness import find_violations

    acknowledged: dict[UUID, int] = {}
    twice = []
    for note in crowd.notes("stored"):
        judgment = acknowledged.setdefault(UUID(note["token"]), note["judgment"])
        if judgment != note["judgment"]:
            twice.append(f"{note['token']} was acknowledged as two judgments")
    found = find_violations(project=project, acknowledged=acknowledged)
    found["twice"] += twice
    found["lost"] += [note["what"] for note in crowd.notes("wrong")]
    shown: dict[tuple[int, int], str] = {}
    for note in crowd.notes("shown"):
        if shown.setdefault((note["person"], note["comparison"]), note["token"]) != note["token"]:
            found["twice"].append(f"{note['person']} was shown {note['comparison']} twice")
    judged = Assignment.objects.filter(project=project, state="judged").count()
    missing = comparisons * OVERLAP - judged
    found["under"] += [f"{missing} judgments are missing"] * (missing > 0)
    found["crashed"] = [f"{crowd.crashes} processes ended by themselves"] * (crowd.crashes > 0)
    return found


def describe(crowd: Crowd, project: "Project", seconds: float) -> str:
    """Return what happened meanwhile."""
    from annotator.models import Judgment, Offer

    offers = Offer.objects.filter(comparison__project=project)
    judgments = Judgment.objects.filter(project=project)
    return (
        f"{crowd.kills} kills, {offers.filter(outcome='skipped').count():,} skips, "
        f"{judgments.filter(participation__withdrawn_at=None, place=None).count():,} late answers, "
        f"{len(crowd.leaves_after)} people who left with "
        f"{judgments.filter(participation__withdrawn_at__isnull=False).count():,} judgments, in {seconds:.0f} s"
    )


def main() -> int:
    """Run the race, print what was wrong and the row."""
    parser = argparse.ArgumentParser(description="Exactness under kills.")
    parser.add_argument("--processes", type=int, default=64)
    parser.add_argument("--comparisons", type=int, default=2000)
    parser.add_argument("--every", type=float, default=0.2, help="seconds between two kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", choices=("", "offers", "last_search"), default="")
    options = parser.parse_args()
    os.environ["LAST_SEARCH_SECONDS"] = "0"
    with started(), tempfile.TemporaryDirectory() as folder, taken_away(options.without):
        project, people = prepare(options.comparisons, people=options.processes * 7 // 8)
        mean = options.comparisons * OVERLAP // len(people)
        leaves_after = {
            person.pk: mean * (1 + number) // 8
            for number, person in enumerate(people[: len(people) // 9])
        }
        crowd = Crowd(project.pk, [p.pk for p in people], leaves_after, Path(folder), options.seed)
        begin = time.monotonic()
        race(crowd, processes=options.processes, every=options.every)
        meanwhile = describe(crowd, project, time.monotonic() - begin)
        found = judge_the_race(crowd, project, options.comparisons)
    for kind, lines in found.items():
        print("".join(f"{kind}: {line}\n" for line in lines[:20]), end="")
    print(
        row(
            f"exactness: {options.processes} processes, {options.comparisons:,} comparisons × {OVERLAP} by strata",
            ", ".join(f"{len(lines)} {kind}" for kind, lines in found.items()),
            meanwhile,
            wanted="0 of each",
        )
    )
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main())
