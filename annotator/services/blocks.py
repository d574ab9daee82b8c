"""Blocks: each person gets so many of the comparisons in their language, as places of their own."""

import numpy as np
from django.db import connection, transaction
from django.db.models import Count

from annotator.models import Assignment, Comparison, Participation, Wave
from annotator.services.explanations import draw_explanation
from annotator.services.inserting import PLACE_KEYS, new_ids
from pluralism.ordering import balanced_orders
from pluralism.surveys import draw_block

COUNT = """
INSERT INTO annotator_blockcounter AS counter (project_id, language, stratum, given) VALUES (%s, %s, %s, 1)
ON CONFLICT (project_id, language, stratum) DO UPDATE SET given = counter.given + 1 RETURNING given - 1
"""


@transaction.atomic
def give_block(*, participation: Participation) -> int:
    """Make the person's block of places, once; return how many there are.

    1. Lock the person; who has a block, or whose language has no comparisons yet, gets none.
    2. The person is the next of their language and stratum: items are balanced within each.
    3. The places are theirs alone, in the order drawn, each with the next display order of its item.
    """
    person = Participation.objects.select_for_update(of=("self",)).get(pk=participation.pk)
    waves = Wave.objects.filter(project=person.project_id).select_related("project")
    wave = waves.latest("number")
    size, language = wave.setting("block_size"), person.languages[0]
    items = list(
        Comparison.objects.filter(
            project=person.project_id,
            language=language,
            kind=Comparison.Kind.COLLECT,
            candidate_set__turn=None,
        )
        .annotate(k=Count("options"))
        .order_by("pk")
    )
    if person.block_number is not None or not size or not items:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [person.project_id, language, person.stratum])
        number: int = cursor.fetchone()[0]
    block = draw_block(number, len(items), size, wave.project.seed)
    keys = new_ids({PLACE_KEYS: len(block)})[PLACE_KEYS]
    shares = wave.setting("explanation_share"), wave.setting("explanation_required_share")
    places = []
    for key, (index, used) in zip(keys, block, strict=True):
        item = items[index]
        rng = np.random.default_rng([item.seed, person.pk])
        places.append(
            Assignment(
                project_id=person.project_id,
                comparison=item,
                number=person.pk,
                owner=person,
                language=language,
                key=key,
                display_order=_order(item, item.k, used),
                explanation_asked=draw_explanation(float(rng.random()), *shares),
            )
        )
    Assignment.objects.bulk_create(places)
    Participation.objects.filter(pk=person.pk).update(block_number=number)
    participation.block_number = number
    return len(places)


def _order(item: Comparison, k: int, used: int) -> tuple[int, ...]:
    """Return the display order of an item that was used so often before: balanced over every k of them."""
    square, row = divmod(used, k)
    return balanced_orders(k, k, np.random.default_rng([item.seed, square]))[row]
