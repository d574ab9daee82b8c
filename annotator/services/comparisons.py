"""Opening comparisons: from complete candidate sets to the places people fill."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from django.db import connection

from annotator.models import (
    Assignment,
    CandidateSet,
    Comparison,
    ComparisonOption,
    Project,
    Response,
    Turn,
    Wave,
)
from annotator.services.explanations import draw_explanation
from annotator.services.group_places import open_group_places
from annotator.services.inserting import COMPARISON_IDS, PLACE_KEYS, Rows, insert_together, new_ids
from annotator.services.projects import current_wave
from pluralism.ordering import Order, balanced_orders, balanced_pairs, balanced_sides

GIVE_TO_AUTHORS = """
    UPDATE annotator_turn turn SET comparison_id = comparison.id
    FROM annotator_candidateset s JOIN annotator_comparison comparison ON comparison.candidate_set_id = s.id
    WHERE s.id = ANY (%s) AND turn.id = s.turn_id
"""


@dataclass(frozen=True)
class Question:
    """A comparison before it has a row: which slots of the set it compares, in which order for each place."""

    candidate_set: CandidateSet
    wave: Wave
    number: int
    slots: Sequence[int]
    orders: Sequence[Order]
    seed: int
    owner: int | None
    """Whose places these are alone."""


class Opening:
    """The rows of comparisons that open, with their options and places."""

    def __init__(self) -> None:
        self.comparisons = Rows(
            Comparison, ("id", "project_id", "candidate_set_id", "number", "language", "seed")
        )
        self.options = Rows(ComparisonOption, ("comparison_id", "response_id", "position"))
        self.places = Rows(
            Assignment,
            (
                *("project_id", "comparison_id", "number", "language", "owner_id", "key"),
                *("stratum", "display_order", "explanation_asked"),
            ),
        )

    @property
    def tables(self) -> Sequence[Rows]:
        """What to insert together."""
        return self.comparisons, self.options, self.places

    def add(
        self,
        *,
        pk: int,
        key: int,
        wave: Wave,
        language: str,
        seed: int,
        responses: Sequence[int],
        orders: Sequence[Order],
        set_id: int | None = None,
        number: int = 0,
        owner: int | None = None,
    ) -> None:
        """Add a comparison of these responses with a place for each display order; the key is theirs in the queue."""
        project = wave.project_id
        self.comparisons.values.append((pk, project, set_id, number, language, seed))
        self.options.values.extend(
            (pk, response, position) for position, response in enumerate(responses)
        )
        if wave.setting("block_size") and owner is None:
            return  # each person's are made when they come: services.blocks
        drawn = _draw_places(wave, len(orders), seed)
        self.places.values.extend(
            (project, pk, i, language, owner, key, "" if owner else stratum, order, asked)
            for i, (order, (stratum, asked)) in enumerate(zip(orders, drawn, strict=True))
        )


def open_for(*, candidate_sets: Sequence[CandidateSet]) -> int:
    """Open the comparisons of complete sets whose responses are stored; return how many.

    Call it inside the transaction that completes or stores the sets, so that there is never a set
    without its comparisons. Only sets that answer a shared prompt get places here.

    1. Read the responses' ids, in slot order.
    2. Draw from the set's seed: the pairs (pairwise), the display orders, who is asked to explain, which
       place is reserved for which stratum.
    3. Insert comparisons, options and places together.
    """
    if not candidate_sets:
        return 0
    responses = _responses_by_set(candidate_sets)
    questions = draw_questions([(one, len(responses[one.pk])) for one in candidate_sets])
    ids = new_ids({COMPARISON_IDS: len(questions), PLACE_KEYS: len(questions)})
    opening = make_rows(
        questions, responses=responses, ids=ids[COMPARISON_IDS], keys=ids[PLACE_KEYS]
    )
    insert_together(*opening.tables)
    open_group_places(candidate_sets=sets_of_groups(questions))
    return len(questions)


def sets_of_groups(questions: Iterable[Question]) -> list[CandidateSet]:
    """Return the sets whose wave wants places of groups."""
    return [one.candidate_set for one in questions if one.wave.setting("group_quotas")]


def draw_questions(sized: Iterable[tuple[CandidateSet, int]]) -> list[Question]:
    """Draw from each set's seed what is asked about its responses, of which the number is given."""
    questions = []
    sized = list(sized)
    authors = _authors([one.turn_id for one, _k in sized if one.turn_id])
    for project_id, sets in groupby(
        sorted(sized, key=lambda pair: pair[0].project_id), key=lambda pair: pair[0].project_id
    ):
        wave = current_wave(project_id=project_id)
        for candidate_set, k in sets:
            # An aligned set is asked about as its source is: the same pairs, in the same orders.
            rng = np.random.default_rng((candidate_set.source_set or candidate_set).seed)
            drawn = _questions(wave.project, k, rng)
            if candidate_set.turn_id:  # one comparison with one place, its author's
                slots, orders = drawn[0]
                drawn = [(slots, orders[:1])]
            questions += [
                Question(
                    candidate_set,
                    wave,
                    number,
                    slots,
                    orders,
                    int(rng.integers(2**63)),
                    authors.get(candidate_set.turn_id),
                )
                for number, (slots, orders) in enumerate(drawn)
            ]
    return questions


def make_rows(
    questions: Sequence[Question],
    *,
    responses: Mapping[int, Sequence[int]],
    ids: Iterator[int],
    keys: Iterator[int],
) -> Opening:
    """Return the rows of the questions, given the ids of each set's responses and of the rows to be."""
    opening = Opening()
    for question, pk, key in zip(questions, ids, keys, strict=True):
        candidate_set = question.candidate_set
        of_set = responses[candidate_set.pk]
        opening.add(
            pk=pk,
            key=key,
            wave=question.wave,
            language=candidate_set.language,
            seed=question.seed,
            responses=[of_set[slot] for slot in question.slots],
            orders=question.orders,
            set_id=candidate_set.pk,
            number=question.number,
            owner=question.owner,
        )
    return opening


def give_to_authors(*, candidate_sets: Sequence[CandidateSet]) -> None:
    """Tell the turns that waited for these sets which comparison is theirs."""
    live = [candidate_set.pk for candidate_set in candidate_sets if candidate_set.turn_id]
    if live:
        with connection.cursor() as cursor:
            cursor.execute(GIVE_TO_AUTHORS, [live])


def _questions(
    project: Project, k: int, rng: np.random.Generator
) -> list[tuple[Sequence[int], list[Order]]]:
    """Return for each comparison of a set the slots it compares and the display order of each place.

    With two prompts a set alone asks nothing: `services.joint` pairs its responses with another's.
    """
    if project.task_format in (Project.TaskFormat.BEST_OF_K, Project.TaskFormat.RANKING):
        return [(rng.permutation(k).tolist(), balanced_orders(k, project.overlap, rng))]
    if project.task_format == Project.TaskFormat.TWO_PROMPTS:
        return []
    pairs = balanced_pairs(k, project.pairs_per_set, rng)
    return list(zip(pairs, balanced_sides(pairs, project.overlap, rng), strict=True))


def _draw_places(wave: Wave, count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Draw from a comparison's seed which of its places are reserved for which stratum, and what is to be explained."""
    rng = np.random.default_rng(seed)
    reserved = [
        stratum for stratum, places in sorted(wave.setting("quotas").items()) for _ in range(places)
    ]
    strata = (reserved + [""] * count)[:count]
    rng.shuffle(strata)
    asked, required = wave.setting("explanation_share"), wave.setting("explanation_required_share")
    for stratum, draw in zip(strata, rng.random(count).tolist(), strict=True):
        yield stratum, draw_explanation(draw, asked, required)


def _authors(turn_ids: Sequence[int]) -> dict[int | None, int]:
    """Return the participation of each turn's author."""
    if not turn_ids:
        return {}
    turns = Turn.objects.filter(pk__in=turn_ids)
    return dict(turns.values_list("pk", "conversation__participation_id"))


def _responses_by_set(sets: Sequence[CandidateSet]) -> dict[int, list[int]]:
    rows = (
        Response.objects.filter(candidate_set__in=sets)
        .order_by("candidate_set_id", "slot")
        .values_list("candidate_set_id", "pk")
    )
    return {
        set_id: [pk for _, pk in group] for set_id, group in groupby(rows, key=lambda row: row[0])
    }
