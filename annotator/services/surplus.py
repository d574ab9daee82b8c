"""Work that came late, when its comparison had all it wanted: kept, and first in line when a place opens again."""

from collections import Counter

from django.db import connection
from django.db.models import F

from annotator.models import Assignment, Change, Target

# Two that run at once would let one late answer fill a place of each. Who comes second leaves the comparison's
# places open.
HOLD_COMPARISONS = """
SELECT id FROM annotator_comparison WHERE id = ANY(%(comparisons)s) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
# The newest answer of everybody who answered one of the comparisons and fills no place there.
LATE = """
SELECT * FROM (
    SELECT DISTINCT ON (judgment.participation_id, judgment.comparison_id)
           judgment.id, judgment.project_id, judgment.comparison_id, judgment.participation_id, person.stratum, person.target_id
    FROM annotator_judgment judgment
    JOIN annotator_participation person ON person.id = judgment.participation_id AND person.withdrawn_at IS NULL AND person.excluded_at IS NULL
    WHERE judgment.comparison_id IN (SELECT comparison_id FROM annotator_assignment WHERE id = ANY(%(places)s) AND state = 'open' AND owner_id IS NULL)
      AND NOT EXISTS (SELECT FROM annotator_assignment taken
                      WHERE taken.comparison_id = judgment.comparison_id AND taken.participation_id = judgment.participation_id AND taken.state = 'judged')
    ORDER BY judgment.participation_id, judgment.comparison_id, judgment.revision DESC
) newest ORDER BY id
"""


def promote_surplus(places: list[int]) -> int:
    """Let judgments that came late fill places that were given back; return how many are filled so.

    Call it in the transaction that gave them back, which holds the project's change lock (`services.changes`):
    they count from now on, which increments of the export must tell. One statement where nothing is late.

    1. Hold the comparisons that have late work, and read it again: what filled a place meanwhile is late no more.
    2. The first that came goes first, into a place reserved for its stratum, else into an open one; where
       targets of the project are in force, only as far as the person's has room.
    """
    if not places:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(LATE, {"places": places})
        late = cursor.fetchall()
        if not late:
            return 0
        cursor.execute(HOLD_COMPARISONS, {"comparisons": sorted({row[2] for row in late})})
        held = {pk for (pk,) in cursor.fetchall()}
        cursor.execute(LATE, {"places": places})
        late = [row for row in cursor.fetchall() if row[2] in held]
    return _fill(places, late) if late else 0


def _fill(places: list[int], late: list[tuple[int, int, int, int, str, int | None]]) -> int:
    free = list(
        Assignment.objects.select_for_update(skip_locked=True)
        .filter(pk__in=places, state=Assignment.State.OPEN, owner=None)
        .order_by("comparison", "number")
    )
    # always in one order, so that two of these never wait for each other
    targets = Target.objects.select_for_update().filter(pk__in={row[-1] for row in late})
    room = Counter({target.pk: target.wanted - target.taken for target in targets.order_by("pk")})
    taken: Counter[int] = Counter()
    changes = []
    for judgment, project, comparison, person, stratum, target in late:
        fitting = [
            place
            for place in free
            if place.comparison_id == comparison and place.stratum in (stratum, "")
        ]
        if not fitting or (target is not None and room[target] <= taken[target]):
            continue
        place = max(fitting, key=lambda each: each.stratum == stratum)
        free.remove(place)
        Assignment.objects.filter(pk=place.pk).update(
            state=Assignment.State.JUDGED, judgment=judgment, participation=person, target=target
        )
        if target is not None:
            taken[target] += 1
        changes.append(Change(project_id=project, kind=Change.Kind.MARKED, judgment_id=judgment))
    for target, count in taken.items():
        Target.objects.filter(pk=target).update(taken=F("taken") + count)
    Change.objects.bulk_create(changes)
    return len(changes)
