"""k-anonymity: how many people share each combination of what is told about them, and hiding what is too rare.

Of Sweeney (2002), "k-anonymity: a model for protecting privacy": a table is k-anonymous where each combination of
quasi-identifiers belongs to at least k people. Telling single cells more coarsely (local recoding) or not at all (local
suppression) reaches it with less loss than doing so in whole columns.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Row = tuple[str | None, ...]
"""What is told of one person, a cell per question; None where nothing is told."""


@dataclass(frozen=True)
class Anonymity:
    """How people are spread over the combinations of what is told about them.

    `people_below` counts those whose combination belongs to fewer than k people; `smallest` is 0 without people.
    """

    people: int
    combinations: int
    smallest: int
    combinations_below: int
    people_below: int


def measure_anonymity(rows: Sequence[Row], *, k: int) -> Anonymity:
    """Return how many people and combinations fall short of k.

    Parameters
    ----------
    rows
        One row of equally many cells per person.
    k
        Fewest people that a combination should belong to, at least 1.

    Raises
    ------
    ValueError
        where k is below 1 or rows differ in length.
    """
    _check(rows, k)
    sizes = Counter(rows)
    below = [size for size in sizes.values() if size < k]
    return Anonymity(
        people=len(rows),
        combinations=len(sizes),
        smallest=min(sizes.values(), default=0),
        combinations_below=len(below),
        people_below=sum(below),
    )


def generalise_rare(
    rows: Sequence[Row], *, k: int, coarser: Sequence[Mapping[str, str]]
) -> list[Row]:
    """Return the rows with rare cells told more coarsely, as far as that makes groups of k people; some may stay rare.

    1. From the last column to the first, look for combinations of too few people that meet in the next coarser value
       and are enough there, if need be with the smallest group that would meet them. They take that value; begin anew.
    2. Where there are none, those that are too few take the next coarser value of the last column that has any.

    Parameters
    ----------
    rows
        One row of equally many cells per person.
    k
        Fewest people that a combination should belong to, at least 1.
    coarser
        For each column, the next coarser value of each value; values that are not among the keys stay.

    Raises
    ------
    ValueError
        where k is below 1, or rows or `coarser` differ in length.
    """
    _check([*rows, tuple("" for _steps in coarser)] if rows else rows, k)
    kept: list[Row] = list(rows)
    while moved := _next_move(Counter(kept), coarser, k):
        kept = [moved.get(row, row) for row in kept]
    return kept


def _next_move(
    sizes: Mapping[Row, int], coarser: Sequence[Mapping[str, str]], k: int
) -> dict[Row, Row]:
    """Return which rows take which coarser form next, none where nothing rare can."""
    for only_enough in (True, False):
        for column in reversed(range(len(coarser))):
            moved = _moved(sizes, column, coarser[column], k, only_enough=only_enough)
            if moved:
                return moved
    return {}


def _moved(
    sizes: Mapping[Row, int], column: int, steps: Mapping[str, str], k: int, *, only_enough: bool
) -> dict[Row, Row]:
    """Return which rows take which coarser form in one column."""
    meeting: dict[Row, list[Row]] = defaultdict(list)
    for row in sizes:
        if (wider := steps.get(row[column] or "")) is not None:
            meeting[*row[:column], wider, *row[column + 1 :]].append(row)
    moved: dict[Row, Row] = {}
    for target, rows in meeting.items():
        rare = [row for row in rows if sizes[row] < k]
        others = [row for row in rows if sizes[row] >= k]
        together = sizes.get(target, 0) + sum(sizes[row] for row in rare)
        if rare and others and together < k:
            rare.append(min(others, key=lambda row: (sizes[row], [cell or "" for cell in row])))
            together = k
        if together >= k or not only_enough:
            moved |= dict.fromkeys(rare, target)
    return moved


def suppress_rare(rows: Sequence[Row], *, k: int) -> list[Row]:
    """Return the rows with cells hidden until each combination belongs to at least k people.

    1. Cell by cell, from the last column to the first: who still stands in too small a group has it hidden.
    2. Who has nothing left to hide and is still among too few takes the smallest other group along.

    What is worth most therefore belongs into the first columns. Where there are fewer than k people in all,
    everything is hidden.

    Parameters
    ----------
    rows
        One row of equally many cells per person.
    k
        Fewest people that a combination may belong to, at least 1.

    Raises
    ------
    ValueError
        where k is below 1 or rows differ in length.
    """
    _check(rows, k)
    kept = list(rows)
    width = len(rows[0]) if rows else 0
    for column in reversed(range(width)):
        rare = {row for row, size in Counter(kept).items() if size < k}
        kept = [(*row[:column], None, *row[column + 1 :]) if row in rare else row for row in kept]
    hidden: Row = (None,) * width
    sizes = Counter(kept)
    while 0 < sizes[hidden] < k and len(sizes) > 1:
        taken = min(
            sizes.keys() - {hidden}, key=lambda row: (sizes[row], [cell or "" for cell in row])
        )
        kept = [hidden if row == taken else row for row in kept]
        sizes = Counter(kept)
    return kept


def _check(rows: Sequence[Row], k: int) -> None:
    if k < 1:
        raise ValueError("k must be at least 1")
    if len({len(row) for row in rows}) > 1:
        raise ValueError("rows must have equally many cells")
