"""From what a person sent to the columns of a judgment, checked against what they were asked."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Assignment, Judgment
from annotator.selectors.questions import RATINGS, Criterion, Questions
from annotator.selectors.tasks import LETTERS

MAX_EXPLANATION = 5000
SAME = Judgment.ChoiceKind.NO_DIFFERENCE.value
"""What a criterion may be answered with beside the letters."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person said, in the letters of the order they saw.

    `choice` and `general`: a letter or a way out. `ranks`: a place from 1 for each letter that has one.
    `criteria`: by slug a letter or `no_difference`, or by `slug-letter` a rating from 1 to 5.
    """

    choice: str = ""
    strength: int | None = None
    ranks: Mapping[str, int] = field(default_factory=dict)
    vetoes: Sequence[str] = ()
    general: str = ""
    criteria: Mapping[str, str] = field(default_factory=dict)
    reasons: Sequence[str] = ()
    explanation: str = ""


@dataclass(frozen=True)
class Shown:
    """What was before the person: option positions in the order shown, and the response at each position."""

    order: Sequence[int]
    responses: Sequence[int]
    explanation_asked: str

    @property
    def letters(self) -> str:
        """The letters that were shown, in their order."""
        return LETTERS[: len(self.order)]

    def letter(self, position: int) -> str:
        """Return the letter that an option position had."""
        return self.letters[self.order.index(position)]

    def letter_of(self, kind: str, response_id: int | None) -> str:
        """Return the letter of a chosen response, or the way out."""
        return kind if response_id is None else self.letter(self.responses.index(response_id))

    def position(self, letter: str) -> int:
        """Return the option position behind a letter."""
        return self.order[self.letters.index(letter)]


def columns_of(*, answer: Answer, questions: Questions, shown: Shown) -> dict[str, Any]:
    """Return the columns of the answer, or refuse it with a sentence for each field at fault.

    What was not asked is left out; of what was asked, only what was offered is taken.
    """
    errors: dict[str, str] = {}
    columns = _ranking(answer, questions, shown, errors) or _choice(
        answer, questions, shown, errors
    )
    columns |= {
        "vetoes": _vetoes(answer, questions, shown, errors),
        "criteria": json.dumps(_criteria(answer, questions, shown, errors)),
        "reasons": _reasons(answer, questions, errors),
        "explanation": _explanation(answer, questions, shown, errors),
        **_general(answer, questions, shown, errors),
    }
    if errors:
        raise Refused("incomplete", _("Your answer is not complete yet."), fields=errors)
    return columns


def answer_of(judgment: Judgment, *, shown: Shown) -> Answer:
    """Return what the person had said, in the letters of the order they saw: `columns_of` the other way round."""
    is_ranking = judgment.choice_kind == Judgment.ChoiceKind.RANKING
    criteria: dict[str, str] = {}
    for row in judgment.criteria:
        for position, rating in enumerate(row.get("ratings", [])):
            if rating is not None:
                criteria[f"{row['criterion']}-{shown.letter(position)}"] = str(rating)
        if row["kind"] != "rating":
            chosen = row["position"]
            criteria[row["criterion"]] = row["kind"] if chosen is None else shown.letter(chosen)
    return Answer(
        choice=""
        if is_ranking
        else shown.letter_of(judgment.choice_kind, judgment.choice_response_id),
        strength=judgment.strength,
        ranks={
            shown.letter(position): rank
            for position, rank in enumerate(judgment.ranks or [])
            if rank is not None
        },
        vetoes=[shown.letter(position) for position in judgment.vetoes],
        general=shown.letter_of(judgment.general_kind, judgment.general_response_id),
        criteria=criteria,
        reasons=judgment.reasons,
        explanation=judgment.explanation,
    )


def _choice(
    answer: Answer, questions: Questions, shown: Shown, errors: dict[str, str]
) -> dict[str, Any]:
    winner = _is_letter(answer.choice, shown)
    if not winner and answer.choice not in questions.ways_out:
        errors["choice"] = _("Choose one of the answers.")
    asks_strength = winner and questions.strength_asked
    if asks_strength and answer.strength not in (1, 2, 3):
        errors["strength"] = _("Say how much better it is.")
    return {
        "kind": Judgment.ChoiceKind.RESPONSE.value if winner else answer.choice,
        "response": shown.responses[shown.position(answer.choice)] if winner else None,
        "strength": answer.strength if asks_strength else None,
        "ranks": None,
    }


def _ranking(
    answer: Answer, questions: Questions, shown: Shown, errors: dict[str, str]
) -> dict[str, Any] | None:
    """Return the ranks as places: after two that share the first comes the third."""
    if not questions.is_ranking:
        return None
    places = len(questions.places(len(shown.order)))
    given = answer.ranks
    if not all(_is_letter(letter, shown) and 1 <= rank <= places for letter, rank in given.items()):
        errors["ranks"] = _("Give each response one of the places that are offered.")
        given = {}
    elif len(given) < places:
        errors["ranks"] = (
            _("Give every response a place.")
            if places == len(shown.order)
            else _("Fill the first %(places)d places.") % {"places": places}
        )
    by_position = {shown.position(letter): rank for letter, rank in given.items()}
    ranks = [
        1 + sum(other < by_position[i] for other in by_position.values())
        if i in by_position
        else None
        for i in range(len(shown.order))
    ]
    return {
        "kind": Judgment.ChoiceKind.RANKING.value,
        "response": shown.responses[ranks.index(1)] if ranks.count(1) == 1 else None,
        "strength": None,
        "ranks": ranks,
    }


def _vetoes(
    answer: Answer, questions: Questions, shown: Shown, errors: dict[str, str]
) -> list[int]:
    if not questions.veto_asked:
        return []
    if not _are_distinct(answer.vetoes, shown.letters):
        errors["veto"] = _("Mark only responses that are shown, each once.")
        return []
    return sorted(shown.position(letter) for letter in answer.vetoes)


def _general(
    answer: Answer, questions: Questions, shown: Shown, errors: dict[str, str]
) -> dict[str, Any]:
    nothing = {"general_kind": "", "general_response": None}
    if not (questions.general_asked and answer.general):
        return nothing
    if _is_letter(answer.general, shown):
        response = shown.responses[shown.position(answer.general)]
        return {"general_kind": Judgment.ChoiceKind.RESPONSE.value, "general_response": response}
    if answer.general not in questions.ways_out:
        errors["general"] = _("Choose one of the answers.")
    return nothing | {"general_kind": answer.general}


def _criteria(
    answer: Answer, questions: Questions, shown: Shown, errors: dict[str, str]
) -> list[dict[str, Any]]:
    """Return the answers in the order of the criteria; one without an answer gives none."""
    if not questions.criteria:
        return []
    rows, known = [], set()
    for criterion in questions.criteria:
        answered = _rate if criterion.is_rating else _choose
        names = _names(criterion, shown)
        known |= set(names)
        row = answered(criterion, [answer.criteria.get(name, "") for name in names], shown, errors)
        if row:
            rows.append({"criterion": criterion.slug, **row})
    for name in answer.criteria:
        if name not in known:
            errors["criteria"] = _("This was not asked.")
    return rows


def _names(criterion: Criterion, shown: Shown) -> list[str]:
    if criterion.is_rating:
        return [f"{criterion.slug}-{letter}" for letter in shown.letters]
    return [criterion.slug]


def _choose(
    criterion: Criterion, given: list[str], shown: Shown, errors: dict[str, str]
) -> dict[str, Any] | None:
    (choice,) = given
    if _is_letter(choice, shown):
        return {"kind": "response", "position": shown.position(choice)}
    if choice == SAME:
        return {"kind": SAME, "position": None}
    if choice or criterion.required:
        errors[f"criteria-{criterion.slug}"] = _("Choose one of the answers.")
    return None


def _rate(
    criterion: Criterion, given: list[str], shown: Shown, errors: dict[str, str]
) -> dict[str, Any] | None:
    if any(rating and rating not in RATINGS for rating in given) or (
        criterion.required and not all(given)
    ):
        errors[f"criteria-{criterion.slug}"] = _("Rate each response from 1 to %(most)d.") % {
            "most": len(RATINGS)
        }
        return None
    if not any(given):
        return None
    ratings: list[int | None] = [None] * len(given)
    for position, rating in zip(shown.order, given, strict=True):
        ratings[position] = int(rating) if rating else None
    return {"kind": "rating", "ratings": ratings}


def _reasons(answer: Answer, questions: Questions, errors: dict[str, str]) -> list[str]:
    """Return the reasons in the order in which they are offered."""
    offered = [reason.slug for reason in questions.reasons]
    if not offered:
        return []
    if not _are_distinct(answer.reasons, offered):
        errors["reasons"] = _("Choose among the reasons that are offered, each once.")
        return []
    return [slug for slug in offered if slug in answer.reasons]


def _explanation(answer: Answer, questions: Questions, shown: Shown, errors: dict[str, str]) -> str:
    if shown.explanation_asked == Assignment.ExplanationAsked.NO:
        return ""
    written, least = len(answer.explanation.strip()), questions.explanation_min_length
    required = shown.explanation_asked == Assignment.ExplanationAsked.REQUIRED
    if len(answer.explanation) > MAX_EXPLANATION:
        errors["explanation"] = _("Please shorten this to %(most)s characters.") % {
            "most": MAX_EXPLANATION
        }
    elif required and not written:
        errors["explanation"] = _("Please say in a few words why.")
    elif written < least and (required or written):
        errors["explanation"] = _("Please write at least %(least)d characters.") % {"least": least}
    return answer.explanation


def _is_letter(choice: str, shown: Shown) -> bool:
    return len(choice) == 1 and choice in shown.letters


def _are_distinct(chosen: Sequence[str], offered: Iterable[str]) -> bool:
    return len(set(chosen)) == len(chosen) and set(chosen) <= set(offered)
