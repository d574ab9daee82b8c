"""How long the work takes, as people are told before they begin."""

from dataclasses import dataclass
from math import ceil

from annotator.models import BoardCount, Project
from annotator.selectors.dry_run import FEWEST_MEASURED, MINUTES_PER_TASK


@dataclass(frozen=True)
class Effort:
    """Minutes are whole, rounded up. `tasks` and `minutes` are None where nobody is asked for a number of tasks."""

    minutes_per_task: int
    tasks: int | None
    minutes: int | None
    is_measured: bool


def get_effort(*, project: Project) -> Effort:
    """Return what is asked of one person: by the median that the sweep measured last, else by a guess. One query."""
    counted = BoardCount.objects.filter(project=project).values_list("figures", flat=True).first()
    median, answers = (counted or {}).get("minutes", (None, 0))
    is_measured = answers >= FEWEST_MEASURED
    each = median if is_measured else MINUTES_PER_TASK
    tasks = project.block_size or project.target_per_person
    return Effort(
        minutes_per_task=max(ceil(each), 1),
        tasks=tasks,
        minutes=ceil(each * tasks) if tasks else None,
        is_measured=is_measured,
    )
