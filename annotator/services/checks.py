"""Training and checks: items whose right answer is known, given to each person as places of their own.

Which item comes when is drawn from the project's seed and the person before anything is shown. What an
answer shows is a flag, and a pause where the project says so; nothing is removed.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from annotator.errors import Refused
from annotator.markup import render_markdown
from annotator.models import (
    Assignment,
    CandidateSet,
    Change,
    CheckItem,
    Comparison,
    ComparisonOption,
    Judgment,
    Outcome,
    Participation,
    Project,
    Prompt,
    QualityFlag,
    Response,
    Wave,
)
from annotator.models.fields import validate_language_tag
from annotator.services.changes import share_changes
from annotator.services.inserting import PLACE_KEYS, new_ids
from annotator.services.panels import end_visit
from annotator.statements import Statement

KINDS = (Comparison.Kind.TRAINING, Comparison.Kind.ATTENTION, Comparison.Kind.GOLD)

# One of the items that a person has not met, the same one for the same draw between 0 and 1. Items are few and
# comparisons many, so each item's comparison is looked up by its key.
DRAW = Statement(
    "draw_check",
    """
WITH fitting AS MATERIALIZED (
    SELECT comparison.id, comparison.language
    FROM annotator_checkitem item JOIN annotator_comparison comparison ON comparison.id = item.comparison_id
    WHERE item.project_id = %(project)s AND item.retired_at IS NULL
      AND comparison.kind IN ('attention', 'gold') AND comparison.language = ANY(%(languages)s)
      AND NOT EXISTS (SELECT FROM annotator_assignment met WHERE met.comparison_id = comparison.id AND met.owner_id = %(person)s OFFSET 0)
    ORDER BY item.id
)
SELECT id, language, (SELECT count(*) FROM annotator_comparisonoption WHERE comparison_id = fitting.id)
FROM fitting OFFSET floor(%(draw)s * (SELECT count(*) FROM fitting))::bigint LIMIT 1
""",
    person="bigint",
    project="bigint",
    languages="text[]",
    draw="float8",
)


@transaction.atomic
def import_checks(*, project: Project, rows: Iterable[Mapping[str, Any]]) -> int:
    """Store check items and return how many; all or none.

    A row is `{"kind", "text", "language", "responses": ["…"], "right": [0], "feedback": {"en": "…"}}`; `right` counts
    the responses from 0. Gold also needs `"factual": true`: a question of value has no right answer, and is refused.
    """
    count = 0
    for number, row in enumerate(rows, start=1):
        problem = _problem(row)
        if problem:
            raise Refused("row", f"{number}: {problem}", fields={str(number): problem})
        _store(project, row)
        count += 1
    return count


def problem_of(right: object, *, of: int) -> str:
    """Return why these positions can't be the right ones among so many responses; empty where they can."""
    if not isinstance(right, list) or not right or not set(right) < set(range(of)):
        return "right names some of the responses, from 0, and not all."
    return ""


def _problem(row: Mapping[str, Any]) -> str:
    responses, right = row.get("responses"), row.get("right")
    if row.get("kind") not in KINDS:
        return f"kind is one of {', '.join(KINDS)}."
    if not isinstance(row.get("text"), str) or not row["text"].strip():
        return "text is missing."
    if (
        not isinstance(responses, list)
        or not 2 <= len(responses) <= 8
        or not all(isinstance(text, str) and text.strip() for text in responses)
    ):
        return "responses are 2 to 8 texts."
    if problem := problem_of(right, of=len(responses)):
        return problem
    if row["kind"] == Comparison.Kind.GOLD and row.get("factual") is not True:
        return "gold needs “factual”: true. A question of value has no right answer, so it can't be gold."
    return ""


def _store(project: Project, row: Mapping[str, Any]) -> None:
    validate_language_tag(row["language"])
    prompt = Prompt.objects.create(
        project=project,
        text=row["text"],
        language=row["language"],
        source=Prompt.Source.CHECK,
        import_key=f"check-{uuid.uuid4()}",
    )
    candidate_set = CandidateSet.objects.create(
        project=project,
        prompt=prompt,
        language=prompt.language,
        strategy="check",
        state=CandidateSet.State.COMPLETE,
        completed_at=timezone.now(),
    )
    comparison = Comparison.objects.create(
        project=project, candidate_set=candidate_set, kind=row["kind"], language=prompt.language
    )
    for slot, text in enumerate(row["responses"]):
        response = Response.objects.create(
            project=project,
            candidate_set=candidate_set,
            slot=slot,
            text=text,
            html=render_markdown(text),
            strategy="check",
        )
        ComparisonOption.objects.create(comparison=comparison, response=response, position=slot)
    CheckItem.objects.create(
        project=project,
        comparison=comparison,
        right=row["right"],
        feedback=row.get("feedback") or {},
    )


def begin_training(*, participation: Participation, wave: Wave) -> None:
    """Give the person their training items, drawn once; who has them keeps them."""
    drawn = participation.own_places.filter(comparison__kind=Comparison.Kind.TRAINING)
    if drawn.exclude(state=Assignment.State.CLOSED).exists():
        return
    rng = _rng(participation, 0)
    items = list(
        CheckItem.objects.filter(
            project=participation.project_id,
            retired_at=None,
            comparison__kind=Comparison.Kind.TRAINING,
            comparison__language__in=participation.languages,
        )
        .order_by("pk")
        .values_list("comparison_id", "comparison__language", models.Count("comparison__options"))
    )
    rng.shuffle(items)
    _give(participation, items[: wave.setting("training_items")], rng)


def give_check_if_due(*, participation: Participation, wave: Wave) -> None:
    """Let a check come next where its turn is; draw at which answer the following one comes.

    The gap is geometric, so that nobody can count; the first is drawn when the person begins. Asks nothing
    of the database where no check is due.
    """
    share = wave.setting("check_share")
    if not share or (
        participation.next_check is not None
        and participation.judgments_given < participation.next_check
    ):
        return
    rng = _rng(participation, participation.judgments_given + 1)
    due, draw = participation.next_check, rng.random()
    following = participation.judgments_given + int(rng.geometric(share))
    with transaction.atomic():  # of two tabs at once, one gives the check
        unchanged = Participation.objects.filter(pk=participation.pk, next_check=due)
        if unchanged.update(next_check=following) and due is not None:
            drawn = DRAW.rows(
                {
                    "person": participation.pk,
                    "project": participation.project_id,
                    "languages": participation.languages,
                    "draw": draw,
                }
            )
            _give(participation, drawn, rng)
    participation.next_check = following


def note_result(*, judgment_id: int, participation: Participation, wave: Wave) -> None:
    """Look at the answer to a check; a wrong one is flagged, and pauses the person where the project says so."""
    judgment = Judgment.objects.select_related("comparison__check_item").get(pk=judgment_id)
    kind = judgment.comparison.kind
    if kind == Comparison.Kind.TRAINING or not hasattr(judgment.comparison, "check_item"):
        return
    if is_right(judgment):
        return
    flag(judgment=judgment, kind=QualityFlag.Kind(kind))
    most = wave.setting("pause_after_failed")
    failed = QualityFlag.objects.filter(participation=participation, kind__in=("attention", "gold"))
    if participation.pause_lifted_at:
        failed = failed.filter(made_at__gt=participation.pause_lifted_at)
    if most and failed.count() >= most:
        Participation.objects.filter(pk=participation.pk, paused_at=None).update(paused_at=Now())
        participation.paused_at = timezone.now()
        end_visit(participation=participation, outcome=Outcome.QUALITY)


def is_right(judgment: Judgment) -> bool:
    """Tell whether the answer names a right response; first place, where they were ranked."""
    options = list(
        ComparisonOption.objects.filter(comparison=judgment.comparison_id).values_list(
            "response_id", "position"
        )
    )
    first = {p for p, rank in enumerate(judgment.ranks or []) if rank == 1}
    chosen = {position for response, position in options if response == judgment.choice_response_id}
    said = first or chosen
    return bool(said) and said <= set(judgment.comparison.check_item.right)


def finish_training(*, participation: Participation, wave: Wave) -> bool:
    """Let the person through where enough was right; else flag their training, end their visit, and tell so."""
    judgments = list(
        Judgment.objects.filter(
            participation=participation, comparison__kind=Comparison.Kind.TRAINING
        ).select_related("comparison__check_item")
    )
    right = sum(is_right(judgment) for judgment in judgments)
    if right >= wave.setting("training_threshold") * len(judgments):
        participation.trained_at = timezone.now()
        participation.save(update_fields=["trained_at"])
        return True
    for judgment in judgments:
        if not is_right(judgment):
            flag(judgment=judgment, kind=QualityFlag.Kind.TRAINING)
    end_visit(participation=participation, outcome=Outcome.QUALITY)
    return False


@transaction.atomic
def flag(*, judgment: Judgment, kind: QualityFlag.Kind) -> None:
    """Flag an answer once, and tell exports."""
    share_changes(project_id=judgment.project_id)
    _flag, is_new = QualityFlag.objects.get_or_create(
        judgment=judgment,
        kind=kind,
        defaults={
            "project_id": judgment.project_id,
            "participation_id": judgment.participation_id,
        },
    )
    if is_new:
        Change.objects.create(
            project_id=judgment.project_id, kind=Change.Kind.MARKED, judgment=judgment
        )


def _rng(participation: Participation, step: int) -> np.random.Generator:
    seed = participation.project.seed
    return np.random.default_rng((seed, participation.pk, step))


def _give(
    participation: Participation,
    items: Sequence[tuple[int, str, int]],
    rng: np.random.Generator,
) -> None:
    """Make the person's own places for comparisons, each with its language and number of options; they come first."""
    keys = new_ids({PLACE_KEYS: len(items)})[PLACE_KEYS]
    Assignment.objects.bulk_create(
        [
            Assignment(
                project_id=participation.project_id,
                comparison_id=comparison_id,
                number=participation.pk,
                owner=participation,
                language=language,
                tier=Assignment.RETURNED,
                key=key,
                display_order=rng.permutation(k).tolist(),
                explanation_asked=Assignment.ExplanationAsked.NO,
            )
            for (comparison_id, language, k), key in zip(items, keys, strict=True)
        ],
        ignore_conflicts=True,
    )
