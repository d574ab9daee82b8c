"""What comes next for a person: the conversation they are in, a prompt of their own, a task, or nothing."""

from dataclasses import dataclass

from annotator.models import Participation, Project, Wave
from annotator.selectors.conversations import (
    NO_PATHS,
    Paths,
    begins_with_own_prompt,
    find_paths,
)
from annotator.selectors.endpoints import generating_endpoints
from annotator.selectors.tasks import Task, get_task
from annotator.services.assignments import claim_next, resume
from annotator.services.checks import give_check_if_due
from annotator.services.conversations import fall_back
from annotator.services.repeats import give_early_repeat, give_repeat_if_due


@dataclass(frozen=True)
class Step:
    """What there is to do: `state` is task, next, own, done, empty, or the project's own."""

    state: str
    task: Task | None = None
    paths: Paths = NO_PATHS


def next_step(participation: Participation, wave: Wave | None) -> Step:
    """Return what comes next.

    1. A conversation whose last turn is answered is written on or ended first.
    2. Then the place that the person holds, or one of their own: their messages are answered.
    3. Where as many tasks are taken as were wanted, what waits to be asked again, then nothing more.
    4. Where it was drawn so, a prompt of their own; where nothing would answer one, a given one instead.
    5. A task from the queues; where they hold none, what waits to be asked again.
    """
    project = participation.project
    if wave is None or project.state == Project.State.DRAFT:
        return Step(Project.State.DRAFT)
    target = project.target_per_person
    is_done = target is not None and participation.tasks_taken >= target
    if project.state != Project.State.OPEN:
        return Step("done" if is_done else project.state)
    give_check_if_due(participation=participation, wave=wave)
    give_repeat_if_due(participation=participation, wave=wave)
    paths = find_paths(participation=participation, wave=wave)
    if paths.next_turn:
        return Step("next", paths=paths)
    if is_done:
        return _step_when_done(participation, wave, paths)
    if begins_with_own_prompt(participation=participation, wave=wave):
        return _step_of_ones_own(participation, paths)
    found = claim_next(participation=participation)
    if found is None and give_early_repeat(participation=participation, wave=wave):
        found = resume(participation=participation)
    return _step_with_task(found, participation, paths)


def _step_when_done(participation: Participation, wave: Wave, paths: Paths) -> Step:
    """Go on with what was begun, then with what is asked again, and then with nothing more."""
    goes_on = give_early_repeat(participation=participation, wave=wave) or paths is not NO_PATHS
    begun = resume(participation=participation) if goes_on else None
    step = _step_with_task(begun, participation, paths)
    return step if step.task else Step("done", paths=paths)


def _step_of_ones_own(participation: Participation, paths: Paths) -> Step:
    """Ask for a prompt, unless something begun goes on or nothing would answer: then a given one is due."""
    step = _step_with_task(resume(participation=participation), participation, paths)
    if step.task:
        return step
    if generating_endpoints() and not paths.waits_for_first:
        return Step("own", paths=paths)
    fall_back(participation=participation)
    return _step_with_task(claim_next(participation=participation), participation, paths)


def _step_with_task(assignment_id: int | None, participation: Participation, paths: Paths) -> Step:
    task = None
    if assignment_id is not None:
        task = get_task(assignment_id=assignment_id, participation=participation)
    return Step("task" if task else "empty", task, paths)
