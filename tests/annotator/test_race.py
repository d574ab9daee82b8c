"""Many processes, barely more people than places, people who skip, stall, double-click and use two tabs.

The same race is run with one guard taken away at a time, and must then find something wrong: otherwise
it would prove nothing.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, models, transaction

from annotator.models import Assignment, Judgment, Offer, Project
from tests.annotator.exactness import find_violations
from tests.annotator.race import ALL_ARE_IN
from tests.factories import make_annotator, make_participation, make_project, make_set

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

COMPARISONS = 24
COUNTRIES = ["FR", "FR", "IT", "IT", "IN"]


def race(without: str) -> tuple[Project, list[str]]:
    """Run the race; return what the processes saw that must never be."""
    project = make_project("race", overlap=3, stratum_by="country", quotas={"FR": 1, "IT": 1})
    people = [
        make_participation(project, make_annotator(f"p{i}"), country=country)
        for i, country in enumerate(COUNTRIES)
    ]
    tabs = [person.pk for person in people] * 2
    processes: list[subprocess.Popen[str]] = []
    try:
        with late_commit(project) as commit_when:
            processes += [start(project, tabs[i::4], seed=i, without=without) for i in range(4)]
            commit_when(10, processes)
        outputs = [process.communicate(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    crashes = [
        err for process, (_, err) in zip(processes, outputs, strict=True) if process.returncode
    ]
    return project, [line for out, _ in outputs for line in out.splitlines() if line] + crashes


@contextmanager
def late_commit(project: Project) -> Iterator[Callable[[int, list["subprocess.Popen[str]"]], None]]:
    """Open comparisons whose keys were drawn before, and are committed after, those people work on."""
    with transaction.atomic():
        for _ in range(COMPARISONS // 4):
            make_set(project)
        early = subprocess.run(
            [sys.executable, "-c", OPEN_OTHERS, str(project.pk), str(COMPARISONS - COMPARISONS // 4)],
            env=environment(), check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert early.returncode == 0

        def commit_when(judged: int, processes: list["subprocess.Popen[str]"]) -> None:
            while Judgment.objects.count() < judged:
                assert any(process.poll() is None for process in processes)

        yield commit_when
    Project.objects.filter(pk=project.pk).update(description=ALL_ARE_IN)


OPEN_OTHERS = """
import sys, django; django.setup()
from annotator.models import Project
from tests.factories import make_set
project = Project.objects.get(pk=int(sys.argv[1]))
for _ in range(int(sys.argv[2])): make_set(project)
"""


def environment() -> dict[str, str]:
    database = os.environ["DATABASE_URL"].replace(
        "/plurivox?", f"/{connection.settings_dict['NAME']}?"
    )
    return os.environ | {
        "DATABASE_URL": database,
        "LAST_SEARCH_SECONDS": "0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


def start(project: Project, tabs: list[int], *, seed: int, without: str) -> "subprocess.Popen[str]":
    arguments = json.dumps({"project": project.pk, "tabs": tabs, "seed": seed, "without": without})
    return subprocess.Popen(
        [sys.executable, "-m", "tests.annotator.race", arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def violations(project: Project) -> list[str]:
    """Return what the rows say that must never be."""
    found = find_violations(project=project, acknowledged={})
    return [line for lines in found.values() for line in lines]


def test_the_race_ends_exact() -> None:
    project, seen = race(without="")
    assert seen == []
    assert violations(project) == []
    assert Assignment.objects.filter(project=project).count() == COMPARISONS * 3
    assert Assignment.objects.filter(state="judged").count() > COMPARISONS * 3 // 2
    assert Offer.objects.filter(outcome="skipped").exists()


@pytest.mark.parametrize(
    ("guard", "found"),
    [("offers", "was shown comparison"), ("last_search", "eligible people were never shown it")],
)
def test_without_a_guard_in_the_code_the_race_finds_it_out(guard: str, found: str) -> None:
    for _again in range(8):  # a race need not go wrong at once
        project, seen = race(without=guard)
        if any(found in wrong for wrong in seen + violations(project)):
            return
        clear()
    pytest.fail("Without the guard nothing went wrong: the race proves nothing.")


def test_without_the_unique_keys_the_race_finds_it_out() -> None:
    with (
        dropped(
            Assignment,
            "one_lease_per_participation",
            "one_judged_place_per_comparison_and_participation",
        ),
        dropped(
            Judgment,
            "one_judgment_per_submission",
            "one_judgment_per_participation_comparison_and_revision",
        ),
    ):
        project, seen = race(without="")
        wrong = seen + violations(project)
    assert any("judged twice" in line or "places at once" in line for line in wrong)


def clear() -> None:
    """Take the project and its people away."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE annotator_project, annotator_annotator CASCADE")


@contextmanager
def dropped(model: type[models.Model], *names: str) -> Iterator[None]:
    """Take constraints away for the while; the rows go before they come back."""
    constraints = [constraint for constraint in model._meta.constraints if constraint.name in names]
    assert len(constraints) == len(names)
    with connection.schema_editor() as editor:
        for constraint in constraints:
            editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        clear()
        with connection.schema_editor() as editor:
            for constraint in constraints:
                editor.add_constraint(model, constraint)
