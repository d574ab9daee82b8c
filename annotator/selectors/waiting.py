"""How far a set has come that somebody is waiting for, and nothing that would tell one response from another."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from annotator.errors import Missing
from annotator.models import Annotator, CandidateSet, GenerationRun, Project
from annotator.models.fields import LARGEST_ID

State, RunState = CandidateSet.State, GenerationRun.State

LONG = 3.0
"""So many times the usual time, and it takes longer than usual."""
LONG_SECONDS = 30.0
"""The same where no usual time is known, or a very short one."""
SOON_SECONDS, LATE_SECONDS = 10.0, 60.0
"""Until then the page looks again several times a second, and every second."""
FULL = 0.97
"""A bar is not full before the set is stored."""

# What is usual is told by the sets that the same run made last.
MAKING = """
    s.id, s.state, run.state, run.pause_reason, coalesce(s.progress, '{}'), run.candidates,
    extract(epoch FROM now() - s.created_at)::float, usual.seconds, usual.tokens, (run.parameters->>'max_tokens')::int
"""
MAKING_JOINS = """
    LEFT JOIN annotator_generationrun run ON run.id = s.run_id
    LEFT JOIN LATERAL (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM recent.completed_at - recent.created_at))::float AS seconds,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY recent.completion_tokens)::float AS tokens
        FROM (SELECT completed_at, created_at, completion_tokens FROM annotator_candidateset
              WHERE run_id = s.run_id AND state = 'complete' ORDER BY id DESC LIMIT 20) recent
    ) usual ON true
"""
OF_TURN = f"""
    SELECT project.id, project.slug, project.name, turn.id, CASE WHEN turn.number = 1 THEN prompt.text ELSE turn.message END, prompt.language, turn.number,
           conversation.finished_at IS NOT NULL, COALESCE((SELECT (config->>'turns_min')::int FROM annotator_wave WHERE project_id = project.id ORDER BY number DESC LIMIT 1), 1),
           {MAKING}
    FROM annotator_turn turn
    JOIN annotator_conversation conversation ON conversation.id = turn.conversation_id
    JOIN annotator_participation person ON person.id = conversation.participation_id
    JOIN annotator_project project ON project.id = conversation.project_id
    JOIN annotator_prompt prompt ON prompt.id = conversation.prompt_id
    LEFT JOIN LATERAL (
        SELECT * FROM annotator_candidateset made WHERE made.turn_id = turn.id ORDER BY made.id DESC LIMIT 1
    ) s ON true
    {MAKING_JOINS}
    WHERE turn.id = %s AND project.slug = %s AND person.annotator_id = %s AND person.withdrawn_at IS NULL
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Making:
    """A set while it is made.

    Attributes
    ----------
    stage
        waiting, writing, away (the model server), failed or complete; empty where nothing was asked.
    bars
        How far each request is, 0 to 1, the furthest first: the order tells nothing.
    usual_seconds
        The median of the sets before it; None where there are none.
    """

    stage: str
    k: int = 0
    bars: Sequence[float] = ()
    waited: float = 0.0
    usual_seconds: int | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether it is worth looking again."""
        return self.stage in ("waiting", "writing", "away")

    @property
    def look_again_ms(self) -> int:
        """After how many milliseconds: often while most sets are made, seldom once it takes long."""
        return 300 if self.waited < SOON_SECONDS else 1000 if self.waited < LATE_SECONDS else 3000

    @property
    def is_late(self) -> bool:
        """Whether it takes longer than usual."""
        return self.waited > max(LONG * (self.usual_seconds or 0.0), LONG_SECONDS)


@dataclass(frozen=True)
class WaitingTurn:
    """A turn whose author waits."""

    project: Project
    turn_id: int
    message: str
    language: str
    number: int
    is_finished: bool
    turns_min: int
    making: Making

    @property
    def may_stop(self) -> bool:
        """Whether the conversation may end here: it is long enough, or nothing answers as it should."""
        return (
            self.number > self.turns_min
            or self.making.stage not in ("waiting", "writing")
            or self.making.is_late
        )


def find_waiting_turn(*, annotator: Annotator, slug: str, turn_id: int) -> WaitingTurn:
    """Return a turn of the person's own with its newest set, in one query; foreign and absent are alike."""
    row = None
    if turn_id <= LARGEST_ID:
        with connection.cursor() as cursor:
            cursor.execute(OF_TURN, [turn_id, slug, annotator.pk])
            row = cursor.fetchone()
    if row is None:
        raise Missing(_("There is no such message of yours here. Go back to your projects."))
    project_id, slug, name, turn_id, message, language, number, is_finished, turns_min, *making = (
        row
    )
    project = Project.from_db("default", ("id", "slug", "name"), (project_id, slug, name))
    return WaitingTurn(
        project=project,
        turn_id=turn_id,
        message=message,
        language=language,
        number=number,
        is_finished=is_finished,
        turns_min=turns_min,
        making=_making(making),
    )


def _making(row: Sequence[Any]) -> Making:
    set_id, state, run_state, trouble, progress, k, waited, usual, tokens, most = row
    if set_id is None:
        return Making("")
    expected = tokens / max(len(progress), 1) if tokens else most or 1
    return Making(
        stage=_stage(
            state, is_away=run_state != RunState.RUNNING or trouble != "", progress=progress
        ),
        k=k,
        bars=[min(count / max(expected, 1), FULL) for count in sorted(progress, reverse=True)],
        waited=waited,
        usual_seconds=None if usual is None else math.ceil(usual),
    )


def _stage(state: str, *, is_away: bool, progress: Sequence[int]) -> str:
    if state == State.COMPLETE:
        return "complete"
    if state not in (State.QUEUED, State.RUNNING):
        return "failed"
    if is_away:
        return "away"
    return "writing" if any(progress) else "waiting"
