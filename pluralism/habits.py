"""What a person's answers show of how they work, in figures that need no one else's answers."""

from collections.abc import Mapping, Sequence
from math import comb, exp, lgamma, log, sqrt

from pluralism.intervals import Interval, Z

LEAST_FOR_AN_INTERVAL = 6
"""Of fewer values, least and greatest enclose the median less than 95 times in a hundred."""


def median_ranks(n: int) -> tuple[int, ...]:
    """Return which of n ascending values `median_interval` looks at: their ranks, from 0.

    Raises
    ------
    ValueError
        Without any value.
    """
    if not n:
        raise ValueError("There is no median of nothing.")
    middle = ((n - 1) // 2, n // 2)
    if n < LEAST_FOR_AN_INTERVAL:
        return middle
    rank = _lower_rank(n)
    return *middle, rank, n - 1 - rank


def median_interval(
    values: Sequence[float] | Mapping[int, float], *, n: int
) -> tuple[float, Interval | None]:
    """Return the median of n ascending values, and its 95 % interval from their order alone.

    `values` are all of them, or by rank those that `median_ranks` names: of many, nobody need carry the others along.
    The ends are the values whose ranks the binomial distribution gives (W. J. Conover, *Practical Nonparametric
    Statistics*); None for fewer than six values.

    Raises
    ------
    ValueError
        Without any value.
    """
    below, above, *ends = (values[rank] for rank in median_ranks(n))
    return (below + above) / 2, Interval(*ends) if ends else None


def binomial_tail(count: int, n: int, share: float) -> float:
    """Return the probability of at least `count` successes in `n` trials, each with the probability `share`.

    Raises
    ------
    ValueError
        When `count` is not among 0 … n, or `share` not between 0 and 1.
    """
    if not 0 <= count <= n or not 0 < share < 1:
        raise ValueError(f"{count} of {n} at {share} is no binomial count")
    if count == 0:
        return 1.0
    logs = (
        lgamma(n + 1)
        - lgamma(i + 1)
        - lgamma(n - i + 1)
        + i * log(share)
        + (n - i) * log(1 - share)
        for i in range(count, n + 1)
    )
    return min(sum(map(exp, logs)), 1.0)


def one_position_p(counts: Sequence[int]) -> float:
    """Return how likely somebody who doesn't look at positions chooses one of k at least as often as the most chosen.

    One-sided binomial test of the most chosen position against 1/k, times k for the choice of that position.
    """
    k = len(counts)
    return min(k * binomial_tail(max(counts), sum(counts), 1 / k), 1.0)


def _lower_rank(n: int) -> int:
    """Return the greatest rank, from 0, below which the median lies with at most 2.5 %."""
    if n > 1000:
        return int((n - Z * sqrt(n)) / 2) - 1
    below, rank = 0, 0
    while (below := below + comb(n, rank)) * 40 <= 2**n:
        rank += 1
    return rank - 1
