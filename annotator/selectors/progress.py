"""How far projects have come: live counts, each along an index, for any number of projects at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet

from annotator.models import (
    Assignment,
    CandidateSet,
    Comparison,
    GenerationRun,
    Judgment,
    Participation,
    Prompt,
)


@dataclass
class Progress:
    """What is there in one project at this moment."""

    prompts: int = 0
    candidate_sets: int = 0
    candidate_sets_by_state: dict[str, int] = field(default_factory=dict)
    """Sets of generation runs; those made elsewhere are complete from the start."""
    comparisons: int = 0
    places: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(Assignment.State.values, 0)
    )
    """Those that anybody may fill: later turns and own prompts are wanted from their author alone."""
    judgments: int = 0
    participants: int = 0

    @property
    def counted(self) -> int:
        """Judgments that fill a place."""
        return self.places[Assignment.State.JUDGED]


def count_progress(*, project_ids: Sequence[int]) -> dict[int, Progress]:
    """Return the counts of each project, in seven statements whatever their number."""
    found: dict[int, Progress] = defaultdict(Progress)
    counted: tuple[tuple[str, QuerySet[Any]], ...] = (
        ("prompts", Prompt.objects.exclude(source__in=(Prompt.Source.TRIAL, Prompt.Source.CHECK))),
        ("candidate_sets", CandidateSet.objects.all()),
        ("comparisons", Comparison.objects.exclude(kind=Comparison.Kind.REPEAT)),
        ("judgments", Judgment.objects.all()),
        ("participants", Participation.objects.all()),
    )
    for name, rows in counted:
        by_project = rows.filter(project__in=project_ids).order_by().values("project_id")
        for project_id, count in by_project.annotate(n=Count("*")).values_list("project_id", "n"):
            setattr(found[project_id], name, count)
    places = (
        Assignment.objects.filter(project__in=project_ids, owner=None)
        .order_by()
        .values("project_id", "state")
        .annotate(n=Count("*"))
    )
    for row in places:
        found[row["project_id"]].places[row["state"]] = row["n"]
    _count_generated(project_ids, found)
    return {project_id: found[project_id] for project_id in project_ids}


def _count_generated(project_ids: Sequence[int], found: dict[int, Progress]) -> None:
    """Count the sets by state along the index of the runs: that of the projects doesn't know the state."""
    runs = GenerationRun.objects.filter(project__in=project_ids).order_by()
    rows = runs.values("project_id", "candidate_sets__state").annotate(n=Count("candidate_sets"))
    for row in rows:
        if row["n"]:
            found[row["project_id"]].candidate_sets_by_state[row["candidate_sets__state"]] = row[
                "n"
            ]
