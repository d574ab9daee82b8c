"""Asking again what a person answered before, to see how far they agree with themselves.

Whether an answer is asked for again, when and in which order is drawn from the project's seed right after it
is given. Its place is made then and waits in a tier that is handed out to nobody (`Assignment.LATER`), so
that no request ever searches for something to ask again. What comes of it is counted, and flagged where the
project says so; nothing is removed, and nobody is paused: people may change their minds.
"""

import numpy as np
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Least

from annotator.models import (
    Assignment,
    Comparison,
    ComparisonOption,
    Judgment,
    Participation,
    QualityFlag,
    Wave,
)
from annotator.services.assignments import NOT_DONE
from annotator.services.checks import flag
from annotator.services.explanations import draw_explanation

REPEATS = 1
"""Sets these draws apart from those of checks, which come from the same seed."""

GIVE = """
WITH due AS MATERIALIZED (
    SELECT place.id FROM annotator_assignment place
    JOIN annotator_comparison again ON again.id = place.comparison_id
    WHERE place.owner_id = %(person)s AND place.state = 'open' AND place.tier = 2 {due}
      AND EXISTS (SELECT FROM annotator_judgment first JOIN annotator_turn turn ON turn.id = first.turn_id
                  WHERE first.participation_id = %(person)s AND first.comparison_id = again.repeat_of_id {old_enough}
                    AND first.submitted_at <= clock_timestamp() - make_interval(mins => %(minutes)s))
    ORDER BY place.key LIMIT 1
), given AS (
    UPDATE annotator_assignment place SET tier = 0, key = nextval('annotator_assignment_key') FROM due
    WHERE place.id = due.id AND place.tier = 2 RETURNING place.id
)
UPDATE annotator_participation SET next_repeat = (
    SELECT min(key) FROM annotator_assignment
    WHERE owner_id = %(person)s AND state = 'open' AND tier = 2 AND id NOT IN (SELECT id FROM given))
WHERE id = %(person)s AND EXISTS (SELECT FROM given) RETURNING next_repeat
"""
# While a place waits, its key is the number of answers at which it comes.
GIVE_DUE = GIVE.format(due="AND place.key <= %(given)s", old_enough="")
# At the end the least distance is enough. Conversations are counted for it, which are newest first in an index.
GIVE_EARLY = GIVE.format(
    due="",
    old_enough="""AND turn.conversation_id < (
        SELECT id FROM annotator_conversation WHERE participation_id = %(person)s ORDER BY id DESC OFFSET %(distance)s - 1 LIMIT 1)""",
)
BEGUN = f"""
SELECT EXISTS (
    SELECT FROM annotator_assignment place JOIN annotator_comparison again ON again.id = place.comparison_id AND again.kind = 'repeat'
    WHERE (place.participation_id = %(person)s AND place.state = 'leased')
       OR (place.owner_id = %(person)s AND place.state = 'open' AND place.tier = 0
           AND {NOT_DONE}))
"""  # noqa: S608 - a constant
# By then the first answer can't be changed any more: the least distance sees to it.
COUNT = """
UPDATE annotator_participation SET repeats_given = repeats_given + 1, repeats_same = repeats_same + same.same::int
FROM (
    SELECT again.choice_kind = first.choice_kind AND again.choice_response_id IS NOT DISTINCT FROM first.choice_response_id
        AND (again.choice_kind <> 'ranking' OR again.choice_response_id IS NOT NULL OR again.ranks = first.ranks) AS same
    FROM annotator_judgment again JOIN annotator_comparison comparison ON comparison.id = again.comparison_id
    JOIN annotator_judgment first ON first.participation_id = again.participation_id AND first.comparison_id = comparison.repeat_of_id
    WHERE again.id = %(judgment)s ORDER BY first.revision DESC LIMIT 1
) same WHERE id = %(person)s RETURNING repeats_given, repeats_same
"""


def plan_repeat(*, participation: Participation, comparison_id: int, wave: Wave) -> None:
    """Draw whether the answer just given is asked for again; make its place where it is.

    Everybody shares one comparison of kind `repeat` for a comparison; its place is the person's own, so
    that nobody gets a repeat twice. It comes after `repeat_distance` further answers or up to as many more.
    """
    share = wave.setting("repeat_share")
    if not share:
        return
    seed = participation.project.seed
    rng = np.random.default_rng((seed, participation.pk, participation.judgments_given, REPEATS))
    if rng.random() >= share:
        return
    distance = wave.setting("repeat_distance")
    due = participation.judgments_given + distance + int(rng.integers(distance + 1))
    again = _repeat_of(comparison_id)
    asked = draw_explanation(
        float(rng.random()),
        wave.setting("explanation_share"),
        0.0,  # never required: they explained it once
    )
    Assignment.objects.bulk_create(
        [
            Assignment(
                project_id=participation.project_id,
                comparison=again,
                number=participation.pk,
                owner=participation,
                language=again.language,
                tier=Assignment.LATER,
                key=due,
                display_order=rng.permutation(again.options.count()).tolist(),
                explanation_asked=asked,
            )
        ],
        ignore_conflicts=True,
    )
    Participation.objects.filter(pk=participation.pk).update(
        next_repeat=Least(Coalesce(F("next_repeat"), Value(due)), Value(due))
    )
    participation.next_repeat = min(participation.next_repeat or due, due)


def give_repeat_if_due(*, participation: Participation, wave: Wave) -> None:
    """Let what is asked again come next, where its turn is. Asks nothing of the database where it is not."""
    due = participation.next_repeat
    if due is None or participation.judgments_given < due:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            GIVE_DUE,
            {
                "person": participation.pk,
                "given": participation.judgments_given,
                "minutes": wave.setting("repeat_minutes"),
            },
        )
        row = cursor.fetchone()
    if row:
        participation.next_repeat = row[0]


def give_early_repeat(*, participation: Participation, wave: Wave) -> bool:
    """Let what still waits come where a person's work ends; tell whether there is something of it to answer.

    The least distance holds, and so do the minutes: what they answered last is never asked again.
    """
    if not wave.setting("repeat_share"):
        return False
    with connection.cursor() as cursor:
        cursor.execute(BEGUN, {"person": participation.pk})
        if cursor.fetchone()[0]:
            return True
        if participation.next_repeat is None:
            return False
        cursor.execute(
            GIVE_EARLY,
            {
                "person": participation.pk,
                "distance": wave.setting("repeat_distance"),
                "minutes": wave.setting("repeat_minutes"),
            },
        )
        row = cursor.fetchone()
    if row:
        participation.next_repeat = row[0]
    return row is not None


def note_repeat(*, judgment_id: int, participation: Participation, wave: Wave) -> None:
    """Count whether the person said the same again; flag them, once, where it is too seldom for the project."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"judgment": judgment_id, "person": participation.pk})
        given, same = cursor.fetchone()
    if (
        given < wave.setting("consistency_after")
        or same >= wave.setting("consistency_least") * given
    ):
        return
    flags = QualityFlag.objects.filter(participation=participation, kind=QualityFlag.Kind.REPEAT)
    if not flags.exists():
        flag(judgment=Judgment.objects.get(pk=judgment_id), kind=QualityFlag.Kind.REPEAT)


def _repeat_of(comparison_id: int) -> Comparison:
    """Return the comparison that repeats this one, made once for everybody."""
    first = Comparison.objects.get(pk=comparison_id)
    again, is_new = Comparison.objects.get_or_create(
        repeat_of=first,
        kind=Comparison.Kind.REPEAT,
        defaults={
            "project_id": first.project_id,
            "candidate_set_id": first.candidate_set_id,
            "number": first.number,
            "language": first.language,
        },
    )
    if is_new:
        ComparisonOption.objects.bulk_create(
            ComparisonOption(
                comparison=again, response_id=option.response_id, position=option.position
            )
            for option in first.options.all()
        )
    return again
