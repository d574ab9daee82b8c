"""Two prompts side by side: comparisons of two responses that answer different prompts.

No set can open such a comparison alone, so they are opened for all sets that have no partner yet, when
somebody asks for it. Which sets meet is drawn from the project's seed and the sets' own ids: the same sets
are always paired in the same way.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import (
    CandidateSet,
    GenerationRun,
    Project,
    Response,
)
from annotator.selectors.exports.splits import is_held_out
from annotator.services.comparisons import Opening
from annotator.services.inserting import COMPARISON_IDS, PLACE_KEYS, insert_together, new_ids
from annotator.services.projects import current_wave
from pluralism.ordering import balanced_sides

Waiting = tuple[int, int, bool]
"""A set, its prompt, and whether that is held out in releases."""


@dataclass(frozen=True)
class JointQuestion:
    """Two responses to different prompts, and the seed of everything that is drawn for them."""

    language: str
    responses: tuple[int, int]
    seed: int


def open_joint_comparisons(*, project: Project) -> int:
    """Pair the complete sets of different prompts of a language that have no partner; return how many comparisons opened.

    1. Hold the project, so that two calls at once don't pair a set twice.
    2. By language, put the waiting sets in a drawn order and let sets of different prompts meet, as many as
       can; those held out in releases among themselves, as far as that leaves nobody alone. Who is left over
       waits for the next call.
    3. Each two sets give up to `pairs_per_set` comparisons, none of them with a response of another.

    Raises Refused where the project compares otherwise.
    """
    if project.task_format != Project.TaskFormat.TWO_PROMPTS:
        raise Refused(
            "format_needs_two_prompts",
            _("Only projects that compare answers to two different prompts pair their prompts."),
        )
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        questions = [
            question
            for language, sets in sorted(_waiting(project).items())
            for question in _meet(project, language, sets)
        ]
        if questions:
            opening = _make_rows(project, questions)
            insert_together(*opening.tables)
    return len(questions)


def count_waiting(*, project: Project) -> int:
    """Return how many complete sets have no partner yet."""
    return sum(len(sets) for sets in _waiting(project).values())


def _waiting(project: Project) -> dict[str, list[Waiting]]:
    rows = (
        CandidateSet.objects.filter(
            project=project, state=CandidateSet.State.COMPLETE, prompt__isnull=False
        )
        .exclude(run__purpose=GenerationRun.Purpose.TRIAL)
        .exclude(responses__options__isnull=False)
        .order_by("pk")
        .values_list("language", "pk", "prompt_id", "prompt__group__kind", "prompt__group__key")
    )
    waiting: defaultdict[str, list[Waiting]] = defaultdict(list)
    for language, set_id, prompt_id, kind, key in rows:
        assert prompt_id is not None
        group = f"{kind}:{key}" if kind else f"prompt:{prompt_id}"
        waiting[language].append(
            (set_id, prompt_id, is_held_out(project_id=project.pk, group=group))
        )
    return waiting


def _meet(project: Project, language: str, sets: Sequence[Waiting]) -> Iterator[JointQuestion]:
    rng = np.random.default_rng((project.seed, sets[0][0], len(sets)))
    couples = _couples_apart([sets[i] for i in rng.permutation(len(sets))])
    responses = _responses([set_id for couple in couples for set_id in couple])
    for first, second in couples:
        drawn = [rng.permutation(responses[set_id]).tolist() for set_id in (first, second)]
        for pair in list(zip(*drawn, strict=False))[: project.pairs_per_set]:
            here, there = pair if rng.integers(2) else reversed(pair)
            yield JointQuestion(language, (here, there), int(rng.integers(2**63)))


def _couples_apart(sets: Sequence[Waiting]) -> list[tuple[int, int]]:
    """Let sets meet that are held out or not alike, then who is left; all with all where more would meet so."""
    apart: list[tuple[int, int]] = []
    for held_out in (True, False):
        apart += _couples([one for one in sets if one[2] == held_out])
    met = {set_id for couple in apart for set_id in couple}
    apart += _couples([one for one in sets if one[0] not in met])
    together = list(_couples(sets))
    return apart if len(apart) >= len(together) else together


def _couples(sets: Sequence[Waiting]) -> Iterator[tuple[int, int]]:
    """Let as many sets as can be meet one that answers another prompt.

    Sets of one prompt stand together, the prompt with the most of them first. Then sets that are as far apart
    as the largest prompt is wide never answer the same one.
    """
    by_prompt: defaultdict[int, list[int]] = defaultdict(list)
    for set_id, prompt_id, _held_out in sets:
        by_prompt[prompt_id].append(set_id)
    groups = sorted(by_prompt.values(), key=len, reverse=True)
    if not groups:
        return iter(())
    ordered = [set_id for group in groups for set_id in group]
    couples = min(len(ordered) // 2, len(ordered) - len(groups[0]))
    return zip(ordered[:couples], ordered[len(ordered) - couples :], strict=True)


def _responses(set_ids: Sequence[int]) -> dict[int, list[int]]:
    by_set: defaultdict[int, list[int]] = defaultdict(list)
    rows = Response.objects.filter(candidate_set__in=set_ids).order_by("candidate_set_id", "slot")
    for set_id, response_id in rows.values_list("candidate_set_id", "pk"):
        by_set[set_id].append(response_id)
    return by_set


def _make_rows(project: Project, questions: Sequence[JointQuestion]) -> Opening:
    wave = current_wave(project_id=project.pk)
    opening = Opening()
    ids = new_ids({COMPARISON_IDS: len(questions), PLACE_KEYS: len(questions)})
    for question, pk, key in zip(questions, ids[COMPARISON_IDS], ids[PLACE_KEYS], strict=True):
        rng = np.random.default_rng(question.seed)
        [orders] = balanced_sides([(0, 1)], wave.project.overlap, rng)
        opening.add(
            pk=pk,
            key=key,
            wave=wave,
            language=question.language,
            seed=question.seed,
            responses=question.responses,
            orders=orders,
        )
    return opening
