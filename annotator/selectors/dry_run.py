"""What a study will take before it opens: people and hours by stratum, its cost, what it can tell."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt

from django.db import connection

from annotator.models import Project

MINUTES_PER_TASK = 1.5
"""Of a comparison of four responses, where nothing was measured yet; the median of the project counts once there are some."""
MINUTES_PER_MESSAGE = 0.5
"""Of writing the message that begins a later turn, or a prompt of one's own; it is never measured."""
FEWEST_MEASURED = 30
MOST_TASKS = 40
"""What one person is counted with where the project names no number of tasks per person."""
Z_TWO_SIDED, Z_POWER = 1.959964, 0.841621  # 5 %, and a power of 80 %

# For a stratum the most places at one comparison bound its people from below: nobody judges one twice.
WANTED = """
    SELECT language, stratum, count(*), max(at_one) FROM (
        SELECT language, stratum, count(*) OVER (PARTITION BY comparison_id, stratum) AS at_one
        FROM annotator_assignment WHERE project_id = %s AND state = 'open' AND owner_id IS NULL
    ) place GROUP BY 1, 2 ORDER BY 1, 2
"""
MEDIAN = """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY active_ms) / 60000.0, count(*) FROM (
        SELECT active_ms FROM annotator_judgment WHERE project_id = %s AND active_ms IS NOT NULL ORDER BY id DESC LIMIT 1000
    ) newest
"""
# How many answers the newest conversations have, and how many conversations these are.
TURNS = """
    SELECT count(*), count(*) FILTER (WHERE turn.number = 1) FROM (
        SELECT turn_id FROM annotator_judgment WHERE project_id = %s AND revision = 1 ORDER BY id DESC LIMIT 1000
    ) newest JOIN annotator_turn turn ON turn.id = newest.turn_id
    JOIN annotator_comparison comparison ON comparison.id = turn.comparison_id AND comparison.kind = 'collect'
"""


@dataclass(frozen=True)
class Need:
    """What one stratum of one language has to give."""

    language: str
    stratum: str
    judgments: int
    later: int
    """Answers to later turns, and to prompts of one's own, that come of them."""
    checks: int
    """Answers to training, checks and repeats beside them."""
    people: int
    hours: float
    cost: float | None


@dataclass(frozen=True)
class DryRun:
    """What the study will take."""

    needs: Sequence[Need]
    minutes_per_task: float
    is_measured: bool
    tasks_per_person: int
    turns: float
    """Answers in a conversation: the mean of the newest, or the most there may be where too few were measured."""
    currency: str
    """Of the pay in the project's settings; empty where the cost is worked out from a pay per hour."""
    hourly_pay: float | None
    """What the pay in the settings brings in an hour, without the bonus."""
    smallest_difference: float | None
    """Between two strata, in points of a share near one half; None where fewer than two strata are reserved."""

    @property
    def judgments(self) -> int:
        """All judgments that are still to come."""
        return sum(need.judgments for need in self.needs)

    @property
    def later(self) -> int:
        """All answers to later turns and to prompts of one's own."""
        return sum(need.later for need in self.needs)

    @property
    def checks(self) -> int:
        """All answers to training, checks and repeats beside them."""
        return sum(need.checks for need in self.needs)

    @property
    def people(self) -> int:
        """All people, were nobody to speak two languages."""
        return sum(need.people for need in self.needs)

    @property
    def hours(self) -> float:
        """All hours of work."""
        return sum(need.hours for need in self.needs)

    @property
    def cost(self) -> float | None:
        """The whole pay, where there is a rate."""
        costs = [need.cost for need in self.needs]
        return None if None in costs else sum(cost for cost in costs if cost is not None)


def get_dry_run(*, project: Project, hourly_pay: float | None = None) -> DryRun:
    """Return what the open places of the project will take, with what comes beside the tasks.

    Two statements, and a third where conversations go on. The cost is that of the pay in the project's settings, as
    they will be when they are put into force: each answer, those to later turns, training, checks and repeats too, and
    the bonus of each person. With `hourly_pay` it is that of the hours.
    """
    with connection.cursor() as cursor:
        cursor.execute(WANTED, [project.pk])
        wanted = cursor.fetchall()
    median, measured = median_minutes(project=project)
    is_measured = measured >= FEWEST_MEASURED
    minutes = median if is_measured else MINUTES_PER_TASK
    tasks = project.block_size or project.target_per_person or MOST_TASKS
    turns = _turns(project)
    needs = []
    per_stratum: defaultdict[str, int] = defaultdict(int)
    for language, stratum, count, at_one in wanted:
        need = _need(project, count, at_one, tasks=tasks, turns=turns, minutes=minutes)
        cost = need.cost if hourly_pay is None else need.hours * hourly_pay
        needs.append(replace(need, language=language, stratum=stratum, cost=cost))
        if stratum:
            per_stratum[stratum] += count
    return DryRun(
        needs=needs,
        minutes_per_task=minutes,
        is_measured=is_measured,
        tasks_per_person=tasks,
        turns=turns,
        currency=project.pay_currency if hourly_pay is None else "",
        hourly_pay=project.pay_per_answer / 100 / minutes * 60
        if project.pay_currency and minutes
        else None,
        smallest_difference=smallest_difference(sorted(per_stratum.values())[:2]),
    )


def _need(
    project: Project, count: int, at_one: int, *, tasks: int, turns: float, minutes: float
) -> Need:
    """Return what it takes to fill so many places, `at_one` of them at most at one comparison.

    Of each person's tasks a share begins with a prompt of their own and fills no place. Checks come by answers,
    repeats by tasks, training by people.
    """
    own = round(count * project.own_prompt_share / max(1 - project.own_prompt_share, 0.01))
    people = max(ceil((count + own) / tasks), at_one)
    later = round((count + own) * (turns - 1)) + own
    checks = people * project.training_items + round(
        count * project.repeat_share + (count + later) * project.check_share
    )
    answers = count + later + checks
    hours = (answers * minutes + later * MINUTES_PER_MESSAGE) / 60
    return Need("", "", count, later, checks, people, hours, _pay(project, answers, people))


def _turns(project: Project) -> float:
    if project.turns == 1 or project.task_format == Project.TaskFormat.TWO_PROMPTS:
        return 1.0
    with connection.cursor() as cursor:
        cursor.execute(TURNS, [project.pk])
        answers, conversations = cursor.fetchone()
    return answers / conversations if conversations >= FEWEST_MEASURED else float(project.turns)


def median_minutes(*, project: Project) -> tuple[float, int]:
    """Return the median minutes of the newest answers, and of how many; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(MEDIAN, [project.pk])
        median, measured = cursor.fetchone()
    return float(median or 0), measured


def _pay(project: Project, answers: int, people: int) -> float | None:
    """Return what the settings pay for it; None where they say nothing of pay."""
    if not project.pay_currency:
        return None
    bonus = project.pay_bonus if project.target_per_person else 0
    return (answers * project.pay_per_answer + people * bonus) / 100


def smallest_difference(counts: Sequence[int]) -> float | None:
    """Return the smallest difference of two shares that so many judgments can detect, as a share.

    Two-sided at 5 % with a power of 80 %, for shares near one half, as if judgments were independent:
    those of one person are not, so it is a lower bound.
    """
    if len(counts) < 2 or not all(counts):
        return None
    return (Z_TWO_SIDED + Z_POWER) * sqrt(0.25 / counts[0] + 0.25 / counts[1])
