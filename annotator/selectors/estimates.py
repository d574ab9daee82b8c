"""What a run will cost before it is started, and what is left of it: sets, requests, tokens, time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotator.models import Project
from annotator.selectors.generation import RunProgress
from annotator.selectors.wanted import WANTED_PROMPTS
from pluralism.strategies import Message, Strategy, Task

LOOKED_AT = 200
"""A median is taken over so many sets of a language, the last ones; a speed over as many."""
RUNS = 5
"""So many earlier runs are looked at."""

SETS_BY_LANGUAGE = f"SELECT wanted.language, count(*) FROM (SELECT prompt.language {WANTED_PROMPTS}) wanted GROUP BY wanted.language"  # noqa: S608 - two constants

# What a median set took in each language, in the newest runs of this strategy and model.
PAST_TOKENS = """
    WITH past AS (
        SELECT s.language, s.completion_tokens, row_number() OVER (PARTITION BY s.language ORDER BY s.id DESC) AS number
        FROM annotator_candidateset s JOIN annotator_generationrun run ON run.id = s.run_id
        WHERE run.id IN (
            SELECT id FROM annotator_generationrun
            WHERE strategy = %(strategy)s AND model = %(model)s AND candidates = %(candidates)s ORDER BY id DESC LIMIT %(runs)s)
          AND s.state IN ('complete', 'review') AND s.completion_tokens > 0)
    SELECT language, percentile_cont(0.5) WITHIN GROUP (ORDER BY completion_tokens)
    FROM past WHERE number <= %(looked_at)s GROUP BY language
"""

# Between the first and the last set of the newest run of the model that tells: nights between runs don't count.
LAST_SPEED = """
    WITH newest AS (
        SELECT run.id FROM annotator_generationrun run
        WHERE run.model = %(model)s
          AND EXISTS (SELECT FROM annotator_candidateset s WHERE s.run_id = run.id AND s.state = 'complete' OFFSET 1)
        ORDER BY run.id DESC LIMIT 1),
    last AS (
        SELECT s.completed_at, s.completion_tokens FROM annotator_candidateset s JOIN newest ON newest.id = s.run_id
        WHERE s.state = 'complete' AND s.completion_tokens > 0 ORDER BY s.completed_at DESC LIMIT %(looked_at)s)
    SELECT sum(completion_tokens)::float * (count(*) - 1) / nullif(count(*), 0),
           extract(epoch FROM max(completed_at) - min(completed_at))::float
    FROM last
"""


@dataclass(frozen=True)
class Estimate:
    """What a run would take. `tokens` are those the model writes.

    Attributes
    ----------
    measured
        How many of the sets stand in a language in which such sets were made before: their share of the
        tokens is the median of those. The rest is counted at its upper bound.
    speed
        Tokens per second of all requests together, as last seen with this model; None where never.
    """

    sets: int
    requests: int
    tokens: int
    measured: int
    speed: float | None

    @property
    def is_upper_bound(self) -> bool:
        """Whether nothing was measured: `tokens` will hardly be reached."""
        return self.measured == 0

    @property
    def seconds(self) -> float | None:
        """How long it takes at the speed last seen."""
        return self.tokens / self.speed if self.speed else None


def add_up(
    *,
    sets: Mapping[str, int],
    medians: Mapping[str, float],
    requests_per_set: int,
    most_tokens_per_set: int,
    speed: float | None,
) -> Estimate:
    """Return the estimate for so many sets in each language, from the medians of earlier ones where there are any."""
    tokens = sum(
        count * min(medians.get(tag, most_tokens_per_set), most_tokens_per_set)
        for tag, count in sets.items()
    )
    total = sum(sets.values())
    return Estimate(
        sets=total,
        requests=total * requests_per_set,
        tokens=round(tokens),
        measured=sum(count for tag, count in sets.items() if tag in medians),
        speed=speed,
    )


def estimate_run(
    *,
    project: Project,
    strategy: Strategy,
    model: str = "",
    languages: Sequence[str] = (),
    limit: int | None = None,
    is_trial: bool = False,
) -> Estimate:
    """Return what a run would take if it were started now: three statements."""
    values: dict[str, Any] = {
        "project": project.pk,
        "strategy": strategy.name,
        "parameters": strategy.model_dump_json(),
        "model": model,
        "candidates": project.candidates,
        "languages": list(languages),
        "limit": limit,
        "trial": is_trial,
        "looked_at": LOOKED_AT,
        "runs": RUNS,
    }
    with connection.cursor() as cursor:
        cursor.execute(SETS_BY_LANGUAGE, values)
        sets = dict(cursor.fetchall())
        cursor.execute(PAST_TOKENS, values)
        medians = dict(cursor.fetchall())
        cursor.execute(LAST_SPEED, values)
        tokens, seconds = cursor.fetchone()
    requests, most = _size(strategy, project.candidates)
    return add_up(
        sets=sets,
        medians=medians,
        requests_per_set=requests,
        most_tokens_per_set=most,
        speed=tokens / seconds if tokens and seconds else None,
    )


def _size(strategy: Strategy, k: int) -> tuple[int, int]:
    """Return how many requests a set takes and how many tokens they may come to."""
    asked = strategy.ask(Task(conversation=(Message("user", "…"),), language="en", k=k, seed=0))
    return len(asked), sum(int(request.sampling["max_tokens"]) for request in asked)


@dataclass(frozen=True)
class Remaining:
    """What is left of a run that goes on; None where nothing was complete yet to judge by."""

    sets: int
    tokens: int | None
    seconds: float | None


def estimate_remaining(progress: RunProgress) -> Remaining:
    """Return what is left: as many tokens a set as the complete ones took, at the speed of the last minute."""
    sets = progress.queued + progress.running
    if not progress.complete or not progress.tokens:
        return Remaining(sets=sets, tokens=None, seconds=None)
    tokens = round(sets * progress.tokens / progress.complete)
    speed = progress.tokens_per_second
    return Remaining(sets=sets, tokens=tokens, seconds=tokens / speed if speed > 0 else None)
