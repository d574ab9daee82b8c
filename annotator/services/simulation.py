"""Simulated people with known values, who answer through the same services as everybody else.

They fill a test project, and since their values are known, what an analysis finds can be held against
them. Each person has a position on the two value dimensions of Inglehart and Welzel; a response is worth
to them what its value codes say, plus Gumbel noise, so that choices follow a multinomial logit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Annotator, Assignment, Offer, Participation, Project, Response
from annotator.selectors.questions import RATINGS, Questions, get_questions
from annotator.selectors.tasks import LETTERS
from annotator.services.assignments import claim_next
from annotator.services.judgments import Answer, submit_judgment
from annotator.services.people import join_project

SIGNS = {
    "traditional": ("traditional_secular", -1.0),
    "secular": ("traditional_secular", 1.0),
    "survival": ("survival_self_expression", -1.0),
    "self-expression": ("survival_self_expression", 1.0),
}
"""Where a value code lies on its dimension; any other code is neutral."""
DIMENSIONS = ("traditional_secular", "survival_self_expression")
SHARPNESS = 2.0


@dataclass(frozen=True)
class Simulated:
    """A simulated person: the participation, and a position of -1 or 1 on each of DIMENSIONS."""

    participation: Participation
    values: tuple[float, ...]


def simulate(
    *,
    project: Project,
    annotators: int,
    judgments: int,
    seed: int,
    on_judgment: Callable[[], object] = lambda: None,
) -> int:
    """Let simulated people give up to so many judgments; return how many they gave.

    The same seed makes the same people, with the same values; they go on where they stopped. It ends
    early where nothing is left for any of them.
    """
    if project.state != Project.State.OPEN:
        raise Refused("not_open", _("The project is not open. Open it first, then simulate."))
    if not project.languages:
        raise Refused("no_languages", _("The project has no languages yet. Import prompts first."))
    people = _people(project, annotators, seed)
    given = 0
    while people and given < judgments:
        idle = []
        for person in people:
            if given == judgments:
                break
            if _judge(person, seed):
                given += 1
                on_judgment()
            else:
                idle.append(person)
        people = [person for person in people if person not in idle]
    return given


def _people(project: Project, count: int, seed: int) -> list[Simulated]:
    people = []
    for number in range(count):
        account, _made = Annotator.objects.get_or_create(
            username=f"simulated-{project.pk}-{seed}-{number}"
        )
        language = project.languages[number % len(project.languages)]
        participation = Participation.objects.filter(project=project, annotator=account).first()
        if participation is None:
            participation = join_project(project=project, annotator=account, languages=[language])
        people.append(Simulated(participation, simulated_values(seed=seed, number=number)))
    return people


def simulated_values(*, seed: int, number: int) -> tuple[float, ...]:
    """Return where the simulated person of this number stands on each of DIMENSIONS: -1 or 1."""
    rng = np.random.default_rng([seed, number])
    return tuple(float(value) for value in rng.choice([-1.0, 1.0], size=len(DIMENSIONS)))


def _judge(person: Simulated, seed: int) -> bool:
    """Answer one task; say whether there was one."""
    place_id = claim_next(participation=person.participation)
    if place_id is None:
        return False
    place = Assignment.objects.get(pk=place_id)
    rng = np.random.default_rng([seed, place.comparison_id, person.participation.pk])
    codes = list(
        Response.objects.filter(options__comparison=place.comparison_id)
        .order_by("options__position")
        .values_list("codes", flat=True)
    )
    worth = [
        _worth(person, codes[position]) + float(rng.gumbel()) for position in place.display_order
    ]
    offer = Offer.objects.get(participation=person.participation, comparison=place.comparison_id)
    assert place.token is not None
    submit_judgment(
        participation=person.participation,
        assignment_id=place.pk,
        submission_id=place.token,
        answer=_answer(worth, get_questions(offer.wave_id)),
        device="desktop",
    )
    return True


def _answer(worth: list[float], questions: Questions) -> Answer:
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
