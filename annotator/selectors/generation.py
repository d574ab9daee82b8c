"""How far a run has come."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from annotator.models import CandidateSet, GenerationRun

# The speed is that of the last minute while the run goes on, else the mean over its whole time.
PROGRESS = """
    SELECT state, failure, count(*), coalesce(sum(completion_tokens), 0),
           coalesce(sum(completion_tokens) FILTER (WHERE completed_at > now() - interval '60 seconds'), 0),
           extract(epoch FROM now() - min(created_at))::float
    FROM annotator_candidateset WHERE run_id = %s GROUP BY state, failure
"""

NEXT_DUE = """
    SELECT extract(epoch FROM min(coalesce(not_before, now())) - now())::float
    FROM annotator_candidateset WHERE run_id = %s AND state = 'queued'
"""


@dataclass(frozen=True)
class RunProgress:
    """Counts of a run's sets by state; `reasons` says why sets failed, `waiting` why queued ones wait for another attempt."""

    state: str
    pause_reason: str
    total: int
    queued: int
    running: int
    review: int
    complete: int
    truncated: int
    failed: int
    cancelled: int
    reasons: Mapping[str, int]
    waiting: Mapping[str, int]
    tokens: int
    """Written by the model for the sets that ended well."""
    tokens_per_second: float

    @property
    def done(self) -> int:
        """Sets that have ended, well or not."""
        return self.total - self.queued - self.running

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state != GenerationRun.State.RUNNING


def run_progress(run: GenerationRun) -> RunProgress:
    """Return how far the run has come, now."""
    run.refresh_from_db(
        fields=("state", "pause_reason", "finished_at", "served_model", "server_version")
    )
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS, [run.pk])
        rows = cursor.fetchall()
    states = dict.fromkeys(CandidateSet.State.values, 0)
    for state, _failure, count, *_rest in rows:
        states[state] += count
    return RunProgress(
        state=run.state,
        pause_reason=run.pause_reason,
        total=sum(states.values()),
        **states,
        reasons={failure: count for state, failure, count, *_rest in rows if state == "failed"},
        waiting={
            failure: count
            for state, failure, count, *_rest in rows
            if state == "queued" and failure
        },
        tokens=sum(row[3] for row in rows if row[0] in ("complete", "review")),
        tokens_per_second=_speed(run, rows),
    )


def _speed(run: GenerationRun, rows: list[tuple[str, str, int, int, int, float]]) -> float:
    tokens, recent = sum(row[3] for row in rows), sum(row[4] for row in rows)
    if run.finished_at is not None:
        seconds = (run.finished_at - run.created_at).total_seconds()
        return tokens / max(seconds, 0.001)
    return recent / max(min(60.0, max((row[5] for row in rows), default=0.0)), 1.0)


def running_run(run_id: int) -> GenerationRun | None:
    """Return the run if it is to be worked on."""
    return GenerationRun.objects.filter(pk=run_id, state=GenerationRun.State.RUNNING).first()


def is_paused(run_id: int) -> bool:
    """Return whether the run is paused."""
    return GenerationRun.objects.filter(pk=run_id, state=GenerationRun.State.PAUSED).exists()


def seconds_until_due(run_id: int) -> float | None:
    """Return in how many seconds the next queued set may be claimed; None where none is queued."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_DUE, [run_id])
        (seconds,) = cursor.fetchone()
        return None if seconds is None else max(float(seconds), 0.0)
