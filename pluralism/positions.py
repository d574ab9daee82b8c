"""Whether people choose by where a response stands on the screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, exp, gamma, sqrt

from pluralism.intervals import Interval, share_interval


@dataclass(frozen=True)
class Positions:
    """What was chosen among k responses, by display position from 0.

    `chi_square` has k − 1 degrees of freedom, against equal shares; it and `p` are None without any choice. Every
    choice counts as independent: many choices of one person make `p` smaller than it is.
    """

    counts: Sequence[int]
    intervals: Sequence[Interval | None]
    chi_square: float | None
    p: float | None

    @property
    def n(self) -> int:
        """How many choices there are."""
        return sum(self.counts)


def compare_positions(counts: Sequence[int]) -> Positions:
    """Return the shares of `k` positions with Wilson's intervals, and the χ² test against 1/k each.

    Raises
    ------
    ValueError
        For fewer than two positions, or a negative count.
    """
    if len(counts) < 2 or min(counts) < 0:
        raise ValueError(f"{counts} are no counts of positions")
    n, k = sum(counts), len(counts)
    intervals = [share_interval(count=count, n=n) for count in counts]
    if not n:
        return Positions(counts, intervals, None, None)
    chi_square = sum((count - n / k) ** 2 for count in counts) * k / n
    return Positions(counts, intervals, chi_square, chi_square_tail(chi_square, k - 1))


def chi_square_tail(value: float, degrees: int) -> float:
    """Return the probability that a χ² variable with so many degrees of freedom exceeds `value`.

    By the recurrence in the degrees (Abramowitz and Stegun 26.4.8).
    """
    tail, known = (erfc(sqrt(value / 2)), 1) if degrees % 2 else (exp(-value / 2), 2)
    for nu in range(known, degrees, 2):
        tail += (value / 2) ** (nu / 2) * exp(-value / 2) / gamma(nu / 2 + 1)
    return min(tail, 1.0)
