"""Which models, strategies or slots people choose, as ratings with intervals; for researchers."""

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext as _

from annotator.models import Project
from annotator.selectors.sampling import SAMPLED, Sample, draw_sample
from annotator.selectors.statistics import BLOCK, COUNTED, Figure
from pluralism.intervals import Interval, Z
from pluralism.ranking import Choices, NotConverged, Strengths, find_strengths

BY = {
    "model": "response.model",
    "strategy": "response.strategy",
    "slot": "response.strategy || '/' || response.slot",
}
"""What may be ranked, and how a response names it; a slot means something only within its strategy."""
MEAN, SCALE = 1000.0, 400.0 / log(10.0)
"""Ratings are on the scale that chess made known: 400 more is ten times the odds."""

# Of the rankings the first response counts; where several share the first place, none does.
CHOICES = f"""
WITH menus AS (
    SELECT option.comparison_id, array_agg({{item}} ORDER BY {{item}}) AS items
    FROM annotator_comparison comparison
    JOIN annotator_comparisonoption option ON option.comparison_id = comparison.id
    JOIN annotator_response response ON response.id = option.response_id
    WHERE comparison.project_id = %(project)s AND comparison.kind = 'collect' AND {SAMPLED.replace("place.comparison_id", "comparison.id")}
    GROUP BY option.comparison_id HAVING min({{item}}) <> max({{item}})
), answers AS (
    SELECT place.comparison_id, judgment.participation_id, judgment.choice_response_id, judgment.turn_id {COUNTED}
    AND {SAMPLED} AND judgment.choice_response_id IS NOT NULL
)
SELECT menus.items, {{item}}, answers.participation_id, COALESCE(conversation.prompt_id, -answers.comparison_id), count(*)
FROM answers
JOIN menus ON menus.comparison_id = answers.comparison_id
JOIN annotator_response response ON response.id = answers.choice_response_id
JOIN annotator_turn turn ON turn.id = answers.turn_id
JOIN annotator_conversation conversation ON conversation.id = turn.conversation_id
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - texts of this file only


@dataclass(frozen=True)
class RankedItem:
    """A model, strategy or slot; ratings can be compared within a `pool`, whose mean is 1000.

    `offered` counts judgments in which it stood beside another, `chosen` those that chose it.
    """

    item: str
    pool: int | None
    offered: int
    chosen: int
    rating: Figure


@dataclass(frozen=True)
class Ranking:
    """All of them, the strongest of the first pool first; `judgments` are those of the sample that had something to choose between."""

    by: str
    sample: Sample
    judgments: int
    items: list[RankedItem]


def ranking(*, project: Project, by: str = "model") -> Ranking:
    """Rank what the responses come from; two statements.

    Raises
    ------
    KeyError
        When `by` is not one of `BY`.
    """
    sample = draw_sample(project=project)
    names, choices = _read(project, sample, BY[by])
    found = _strengths(choices)
    offered = np.bincount(choices.menu, choices.count, len(choices.menus)) @ (choices.menus > 0)
    chosen = np.bincount(choices.chosen, choices.count, len(names))
    items = [
        RankedItem(
            name,
            int(found.pool[i]) + 1 if found.pool[i] >= 0 else None,
            int(offered[i]),
            int(chosen[i]),
            _rating(found, i, n=int(offered[i]), chosen=int(chosen[i])),
        )
        for i, name in enumerate(names)
    ]
    items.sort(key=lambda one: (one.pool or len(items) + 1, -(one.rating.value or 0.0), one.item))
    return Ranking(by, sample, int(choices.count.sum()), items)


def _read(project: Project, sample: Sample, item: str) -> tuple[list[str], Choices]:
    """Return the items' names in alphabetical order, and the choices among them."""
    rows: list[tuple[int, str, int, int, int]] = []
    menus: dict[tuple[str, ...], int] = {}
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(CHOICES.format(item=item), {"project": project.pk, "share": sample.share})
        for block in iter(lambda: cursor.fetchmany(BLOCK), []):
            rows += [(menus.setdefault(tuple(menu), len(menus)), *rest) for menu, *rest in block]
    names = sorted({name for menu in menus for name in menu})
    number = {name: i for i, name in enumerate(names)}
    table = np.zeros((len(menus), len(names)), dtype=np.int64)
    for menu, row in menus.items():
        for name in menu:
            table[row, number[name]] += 1
    columns = list(zip(*rows, strict=True)) or [()] * 5
    chosen = [number[name] for name in columns[1]]
    menu_of, chosen_of, person, prompt, count = (
        np.array(column, dtype=np.int64)
        for column in (columns[0], chosen, columns[2], columns[3], columns[4])
    )
    return names, Choices(table, menu_of, chosen_of, _numbered(person), _numbered(prompt), count)


def _numbered(ids: Any) -> Any:
    return np.unique(ids, return_inverse=True)[1].astype(np.int64)


def _strengths(choices: Choices) -> Strengths:
    """Return the strengths, or none where they lie beyond what can be computed."""
    try:
        return find_strengths(choices)
    except NotConverged:
        items = choices.menus.shape[1]
        nothing = np.full(items, np.nan)
        return Strengths(nothing, nothing, np.full(items, -1, dtype=np.int64))


def _rating(found: Strengths, i: int, *, n: int, chosen: int) -> Figure:
    if found.pool[i] < 0:
        return Figure(None, None, n, _why_not(n, chosen))
    value = MEAN + SCALE * float(found.strength[i])
    reach = SCALE * Z * float(found.error[i])
    if np.isnan(reach):
        reason = _(
            "interval undefined because one person or one prompt tells nothing of the spread"
        )
        return Figure(value, None, n, reason)
    return Figure(value, Interval(value - reach, value + reach), n)


def _why_not(n: int, chosen: int) -> str:
    if chosen == 0:
        return _("undefined because it was never chosen")
    if chosen == n:
        return _("undefined because it was always chosen")
    return _("undefined because choices don't link it with the others in both directions")
