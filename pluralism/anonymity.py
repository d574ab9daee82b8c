"""k-anonymity: how many people share each combination of what is told about them, and hiding what is too rare.

Of Sweeney (2002), "k-anonymity: a model for protecting privacy": a table is k-anonymous where each combination of
quasi-identifiers belongs to at least k people. Hiding single cells (local suppression) reaches it with less loss than
hiding whole columns.
"""

from collections import Counter
from collections.abc import Sequence
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
