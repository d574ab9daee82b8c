"""Simulated people with known values, who take part through the same services as everybody else.

They fill a test project, and since their values are known, what an analysis finds can be held against
them. Each person has a position on the two value dimensions of Inglehart and Welzel; a response is worth
to them what its value codes say, plus Gumbel noise, so that choices follow a multinomial logit.

They pass what a person passes: consent, questions about themselves, training, checks, repeats and, where a model server
answers, later turns and prompts of their own. They neither skip, come late, correct nor report anything, and come through no panel.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Assignment, Comparison, Project, Response, Turn, Wave
from annotator.selectors.endpoints import generating_endpoints
from annotator.selectors.questions import RATINGS, Questions, get_questions, plain
from annotator.selectors.tasks import LETTERS
from annotator.services.assignments import resume
from annotator.services.checks import begin_training, finish_training
from annotator.services.conversations import (
    begin_with_own_prompt,
    finish_conversation,
    give_up_waiting,
    send_message,
)
from annotator.services.generation.live import ask_for_turn
from annotator.services.judgments import Answer, submit_judgment
from annotator.services.simulated_people import DIMENSIONS, Simulated, enter
from annotator.services.steps import Step, next_step

SIGNS = {
    "traditional": ("traditional_secular", -1.0),
    "secular": ("traditional_secular", 1.0),
    "survival": ("survival_self_expression", -1.0),
    "self-expression": ("survival_self_expression", 1.0),
}
"""Where a value code lies on its dimension; any other code is neutral."""
SHARPNESS = 2.0
ATTENTIVE = 0.95
"""How often they answer a check or a training item rightly."""
PATIENCE = 60.0
"""Seconds for which they wait for a model server's next answer before they leave."""
PAUSE = 0.5
"""Seconds between two looks."""
COLLECTED = Comparison.Kind.COLLECT
GOES_ON = 0.7
"""How often they write on where they may also end the conversation."""


@dataclass
class Simulation:
    """What came of it: how many answers of which kind of comparison, and who or what was left behind."""

    answers: Counter[str] = field(default_factory=Counter)
    written: int = 0
    """Steps in conversations: messages, prompts of their own, and ends."""
    stopped: int = 0
    """People whom training or checks have stopped."""
    left_open: int = 0
    """Conversations that could not go on, because nothing answered."""

    @property
    def judgments(self) -> int:
        """Answers to what is collected, later turns too."""
        return self.answers[COLLECTED]

    @property
    def steps(self) -> int:
        """All that was done."""
        return self.answers.total() + self.written


def simulate(
    *,
    project: Project,
    annotators: int,
    judgments: int,
    seed: int,
    on_judgment: Callable[[], object] = lambda: None,
    patience: float = PATIENCE,
) -> Simulation:
    """Let simulated people give up to so many judgments, beside what checks, training and repeats ask; return what they gave.

    The same seed makes the same people, with the same values; they go on where they stopped. It ends
    early where nothing is left for any of them.
    """
    if project.state != Project.State.OPEN:
        raise Refused("not_open", _("The project is not open. Open it first, then simulate."))
    if not project.languages:
        raise Refused("no_languages", _("The project has no languages yet. Import prompts first."))
    wave = Wave.objects.filter(project=project).latest("number")
    found = Simulation()
    people = [
        enter(project=project, wave=wave, number=number, seed=seed) for number in range(annotators)
    ]
    seen = time.monotonic()
    while people and found.judgments < judgments:
        before = found.steps
        people = [
            person
            for person in people
            if found.judgments >= judgments or _act(person, wave, seed, found, on_judgment)
        ]
        if found.steps > before:
            seen = time.monotonic()
        elif time.monotonic() - seen > patience:
            break
        elif people:
            time.sleep(PAUSE)  # everybody waits for a model server
    waiting = Turn.objects.filter(comparison=None, conversation__finished_at=None)
    everybody = [person.participation.pk for person in people]
    found.left_open += waiting.filter(conversation__participation__in=everybody).count()
    return found


def _act(
    person: Simulated, wave: Wave, seed: int, found: Simulation, on_judgment: Callable[[], object]
) -> bool:
    """Do what comes next for one person; say whether there is or may be more for them."""
    participation = person.participation
    if participation.paused_at or participation.outcome:
        found.stopped += 1
        return False
    if wave.setting("training_items") and participation.trained_at is None:
        return _train(person, wave, seed, found)
    step = next_step(participation, wave)
    if step.task is not None:
        kind = _judge(person, step.task.assignment_id, step.task.questions, seed)
        found.answers[kind] += 1
        if kind == COLLECTED:
            on_judgment()
        return True
    if step.state in ("next", "own"):
        _write(person, wave, step, found)
        found.written += 1
        participation.refresh_from_db()
        return True
    return step.paths.waiting is not None


def _train(person: Simulated, wave: Wave, seed: int, found: Simulation) -> bool:
    """Answer a training item, or look at what came of them; say whether they may go on."""
    begin_training(participation=person.participation, wave=wave)
    place = resume(participation=person.participation)
    if place is not None:
        _judge(person, place, plain(get_questions(wave.pk)), seed)
        found.answers[Comparison.Kind.TRAINING] += 1
        return True
    passed = finish_training(participation=person.participation, wave=wave)
    found.stopped += not passed
    return passed


def _write(person: Simulated, wave: Wave, step: Step, found: Simulation) -> None:
    """Write on, or end the conversation where that may be; without a model server, end it in any case."""
    participation, text = person.participation, _("Why? Please say more. (A simulated person.)")
    if step.paths.next_turn is None:
        turn = begin_with_own_prompt(
            participation=participation,
            wave=wave,
            text=text,
            language=participation.languages[0],
            number=participation.conversations_begun,
        )
    else:
        following = step.paths.next_turn
        rng = np.random.default_rng([participation.pk, following.turn_id])
        goes_on = bool(generating_endpoints()) and rng.random() < GOES_ON
        if following.may_finish and not goes_on:
            finish_conversation(participation=participation, wave=wave, turn_id=following.turn_id)
            return
        turn = send_message(
            participation=participation, wave=wave, turn_id=following.turn_id, message=text
        )
    if generating_endpoints():
        ask_for_turn(turn=turn)
    else:
        give_up_waiting(participation=participation, turn_id=turn.pk)
        found.left_open += 1


def _judge(person: Simulated, place_id: int, questions: Questions, seed: int) -> str:
    """Answer what is shown in a place; return the kind of its comparison."""
    place = Assignment.objects.select_related("comparison__check_item").get(pk=place_id)
    rng = np.random.default_rng([seed, place.comparison_id, person.participation.pk])
    worth = _worths(person, place, rng)
    assert place.token is not None
    submit_judgment(
        participation=person.participation,
        assignment_id=place.pk,
        submission_id=place.token,
        answer=_answer(worth, questions),
        device="desktop",
    )
    return place.comparison.kind


def _worths(person: Simulated, place: Assignment, rng: np.random.Generator) -> list[float]:
    """Return what the responses are worth to the person, in the order shown; of a check, which of them are right."""
    noise = rng.gumbel(size=len(place.display_order)).tolist()
    if hasattr(place.comparison, "check_item"):
        reads = 1.0 if rng.random() < ATTENTIVE else -1.0
        right = place.comparison.check_item.right
        return [
            100.0 * reads * (position in right) + one
            for position, one in zip(place.display_order, noise, strict=True)
        ]
    codes = list(
        Response.objects.filter(options__comparison=place.comparison_id)
        .order_by("options__position")
        .values_list("codes", flat=True)
    )
    return [
        _worth(person, codes[position]) + one
        for position, one in zip(place.display_order, noise, strict=True)
    ]


def _answer(worth: Sequence[float], questions: Questions) -> Answer:
    """Answer whatever is asked by what the responses, in the order shown, are worth."""
    order = sorted(range(len(worth)), key=lambda i: -worth[i])
    best, margin = LETTERS[order[0]], worth[order[0]] - worth[order[1]]
    places = questions.places(len(worth))
    criteria: dict[str, str] = {}
    for criterion in questions.criteria:
        if criterion.is_rating:
            for nth, i in enumerate(order):
                criteria[f"{criterion.slug}-{LETTERS[i]}"] = str(max(1, len(RATINGS) - nth))
        else:
            criteria[criterion.slug] = best
    return Answer(
        choice=best,
        strength=1 + int(margin > 1) + int(margin > 2),
        ranks={LETTERS[i]: place for i, place in zip(order, places, strict=False)},
        criteria=criteria,
        explanation=_("A simulated person.").ljust(questions.explanation_min_length, "."),
    )


def _worth(person: Simulated, codes: dict[str, str]) -> float:
    """Return what a response is worth to a person before noise."""
    position = dict.fromkeys(DIMENSIONS, 0.0)
    for code in codes.values():
        dimension, sign = SIGNS.get(code, (None, 0.0))
        if dimension:
            position[dimension] = sign
    return SHARPNESS * sum(
        value * position[dimension]
        for value, dimension in zip(person.values, DIMENSIONS, strict=True)
    )
