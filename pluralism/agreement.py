"""How far people agree on the same items, in figures that need nothing but how many gave which answer.

An item is a comparison, an answer the response that was chosen, or a way out; never a place on the screen.
Responses belong to one item each, so the categories of different items hardly overlap: what κ and α expect by
chance is then small, and `free_marginal_kappa`, which expects 1/k, is the stricter figure.
"""

from array import array
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pluralism.intervals import Interval

RESAMPLES = 500
Why = Literal["", "no_items", "unequal_n", "no_variation"]
Weights = NDArray[np.float64]
Counts = NDArray[np.int64]


class Undefined(Exception):
    """The figure has no value for these answers; `why` says which of its conditions fails."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval over `n` items; `value` is None where `why` says it is undefined."""

    value: float | None
    interval: Interval | None
    n: int
    why: Why = ""


@dataclass(frozen=True)
class Ratings:
    """How often which answer was given to which item: three arrays of one length, an entry a cell.

    Attributes
    ----------
    item, category
        Numbers from 0, without gaps; entries of an item follow one another.
    count
        How many people gave that answer to that item, at least 1.
    """

    item: Counts
    category: Counts
    count: Counts

    @cached_property
    def raters(self) -> Counts:
        """How many answered each item, shape (items,)."""
        return np.bincount(self.item, self.count).astype(np.int64)

    @cached_property
    def agreement(self) -> Weights:
        """The share of pairs of people who gave an item the same answer, shape (items,), 0 to 1."""
        agreeing = np.bincount(self.item, self.count * (self.count - 1.0))
        return np.asarray(agreeing / (self.raters * (self.raters - 1.0)), dtype=np.float64)

    @property
    def items(self) -> int:
        """How many items there are."""
        return int(self.item[-1]) + 1 if len(self.item) else 0

    def choose(self, kept: NDArray[np.bool_]) -> "Ratings":
        """Return the table of some of the items; `kept` has the shape (items,)."""
        cells = kept[self.item]
        return _renumbered(self.item[cells], self.category[cells], self.count[cells])


Statistic = Callable[[Ratings, Weights], float]


def tabulate(rows: Iterable[tuple[Hashable, Hashable, int]]) -> Ratings:
    """Return the table of `(item, answer, count)` rows, in which the rows of an item follow one another.

    Items that fewer than two people answered say nothing of agreement and are left out.
    """
    numbers: dict[Hashable, int] = {}
    items, categories, counts = array("q"), array("q"), array("q")
    last: Hashable = None
    item = -1
    for name, answer, count in rows:
        item += item < 0 or name != last
        last = name
        items.append(item)
        categories.append(numbers.setdefault(answer, len(numbers)))
        counts.append(count)
    table = [np.array(column, dtype=np.int64) for column in (items, categories, counts)]
    kept = np.bincount(table[0], table[2])[table[0]] > 1 if len(items) else np.zeros(0, bool)
    return _renumbered(*(column[kept] for column in table))


def entropy_by_item(ratings: Ratings) -> Weights:
    """Return the Shannon entropy of each item's answers, in bits; 0 where all agree."""
    share = ratings.count / ratings.raters[ratings.item]
    return np.asarray(np.bincount(ratings.item, -share * np.log2(share)) + 0.0, dtype=np.float64)


def plurality_by_item(ratings: Ratings) -> Counts:
    """Return how many gave each item's most frequent answer."""
    most = np.zeros(ratings.items, dtype=np.int64)
    np.maximum.at(most, ratings.item, ratings.count)
    return most


def percent_agreement(ratings: Ratings, weights: Weights) -> float:
    """Return the mean over items of the share of agreeing pairs of people."""
    return float(np.average(ratings.agreement, weights=weights))


def fleiss_kappa(ratings: Ratings, weights: Weights) -> float:
    """Return Fleiss' κ, for items that all have the same number of answers.

    J. L. Fleiss, *Measuring nominal scale agreement among many raters*, Psychological Bulletin 76 (1971).

    Raises
    ------
    Undefined
        `unequal_n`; `no_variation` where all answers are one category.
    """
    if len(set(ratings.raters.tolist())) > 1:
        raise Undefined("unequal_n")
    totals = _totals(ratings, weights)
    by_chance = float(np.sum((totals / totals.sum()) ** 2))
    if by_chance >= 1.0:
        raise Undefined("no_variation")
    return (percent_agreement(ratings, weights) - by_chance) / (1.0 - by_chance)


def krippendorff_alpha(ratings: Ratings, weights: Weights) -> float:
    """Return Krippendorff's α for nominal data, for any number of answers per item.

    K. Krippendorff, *Content Analysis*, chapter on reliability; *Computing Krippendorff's Alpha-Reliability* (2011).

    Raises
    ------
    Undefined
        `no_variation` where all answers are one category.
    """
    totals = _totals(ratings, weights)
    n = totals.sum()
    disagreeing = ratings.raters * (1.0 - ratings.agreement)
    observed = np.sum(weights * disagreeing) / n
    expected = (n * n - np.sum(totals**2)) / (n * (n - 1.0))
    if expected <= 0.0:
        raise Undefined("no_variation")
    return float(1.0 - observed / expected)


def free_marginal_kappa(options: Counts) -> Statistic:
    """Return the statistic that expects 1/k by chance, for items with `options` answers to choose from.

    R. L. Brennan and D. J. Prediger, *Coefficient kappa: some uses, misuses, and alternatives*, Educational and
    Psychological Measurement 41 (1981).
    """

    def statistic(ratings: Ratings, weights: Weights) -> float:
        by_chance = float(np.average(1.0 / options, weights=weights))
        return (percent_agreement(ratings, weights) - by_chance) / (1.0 - by_chance)

    return statistic


def estimate(ratings: Ratings, statistic: Statistic, *, rng: np.random.Generator) -> Estimate:
    """Return a statistic with its percentile bootstrap interval over items.

    Parameters
    ----------
    ratings
        The answers.
    statistic
        One of this module; it is given how often each item was drawn.
    rng
        Draws `RESAMPLES` samples of as many items. Samples in which the statistic is undefined are left out; the
        interval is None where fewer than two items were answered.
    """
    items = ratings.items
    if not items:
        return Estimate(None, None, 0, "no_items")
    try:
        value = statistic(ratings, np.ones(items))
    except Undefined as undefined:
        return Estimate(None, None, items, undefined.why)
    return Estimate(value, _bootstrap(ratings, statistic, rng), items)


def _bootstrap(ratings: Ratings, statistic: Statistic, rng: np.random.Generator) -> Interval | None:
    items, values = ratings.items, []
    if items < 2:
        return None
    for _sample in range(RESAMPLES):
        drawn = np.bincount(rng.integers(items, size=items), minlength=items).astype(np.float64)
        try:
            values.append(statistic(ratings, drawn))
        except Undefined:
            continue
    low, high = np.quantile(values, [0.025, 0.975]) if values else (np.nan, np.nan)
    return None if np.isnan(low) else Interval(float(low), float(high))


def _totals(ratings: Ratings, weights: Weights) -> Weights:
    """Return how often each category was given, over all items."""
    return np.asarray(
        np.bincount(ratings.category, ratings.count * weights[ratings.item]), dtype=np.float64
    )


def _renumbered(item: Counts, category: Counts, count: Counts) -> Ratings:
    """Return the table with numbers that leave no gaps."""
    items, categories = (np.unique(column, return_inverse=True)[1] for column in (item, category))
    return Ratings(items.astype(np.int64), categories.astype(np.int64), count)
