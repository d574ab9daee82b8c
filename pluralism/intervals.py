"""95 % intervals of means and shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

Z = 1.959963984540054
"""The standard normal quantile of 97.5 %."""
# Student's t, 97.5 %, for 1 to 30 degrees of freedom; any table of the distribution has them.
T = (
    *(12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281),
    *(2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860),
    *(2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423),
)


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float


def mean_interval(
    *, mean: float, deviation: float, n: int, least: float = -inf, most: float = inf
) -> Interval | None:
    """Return Student's 95 % interval of a mean, cut at `least` and `most`.

    Parameters
    ----------
    mean, deviation
        Of the sample; the deviation with n − 1 in its denominator.
    n
        Size of the sample.
    least, most
        What the quantity cannot fall below or exceed.

    Returns
    -------
    The interval, or None for fewer than two observations, which tell nothing of their spread.
    """
    if n < 2:
        return None
    reach = student_quantile(n - 1) * deviation / sqrt(n)
    return Interval(max(mean - reach, least), min(mean + reach, most))


def share_interval(*, count: int, n: int) -> Interval | None:
    """Return Wilson's 95 % score interval of the share `count / n`; None where n is 0.

    E. B. Wilson, *Probable inference, the law of succession, and statistical inference*, JASA 22 (1927).

    Raises
    ------
    ValueError
        When `count` is not among 0 … n.
    """
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is no share")
    return _wilson(count / n, n) if n else None


def clustered_share_interval(*, counts: Sequence[int], sizes: Sequence[int]) -> Interval | None:
    """Return a 95 % interval of a share whose observations come in clusters, such as the answers of one person.

    Wilson's interval at the effective number of observations: how many independent ones would have the
    variance that the clusters show (linearised, with Student's t in place of the normal quantile), and never
    more than there are. E. L. Korn and B. I. Graubard, *Confidence intervals for proportions with small
    expected number of positive counts estimated from survey data*, Survey Methodology 24 (1998).

    Parameters
    ----------
    counts, sizes
        For each cluster, how many of its observations have the property, and how many there are, at least 1.

    Returns
    -------
    The interval, or None for fewer than two clusters, which tell nothing of how clusters differ.

    Raises
    ------
    ValueError
        When a count is not among 0 … size, or a cluster is empty.
    """
    if any(size < 1 or not 0 <= count <= size for count, size in zip(counts, sizes, strict=True)):
        raise ValueError("a cluster's count lies between 0 and its size, which is at least 1")
    clusters, n = len(sizes), sum(sizes)
    if clusters < 2:
        return None
    share = sum(counts) / n
    residuals = sum((c - share * size) ** 2 for c, size in zip(counts, sizes, strict=True))
    variance = clusters / (clusters - 1) * residuals / n**2
    if not variance:
        return _wilson(share, n)
    effective = share * (1 - share) / variance * (Z / student_quantile(clusters - 1)) ** 2
    return _wilson(share, min(effective, n))


def _wilson(share: float, n: float) -> Interval:
    spread = Z * Z / n
    centre = (share + spread / 2) / (1 + spread)
    reach = Z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return Interval(max(centre - reach, 0.0), min(centre + reach, 1.0))


def weighted_mean_interval(
    *,
    values: Sequence[float],
    weights: Sequence[float],
    least: float = -inf,
    most: float = inf,
) -> Interval | None:
    """Return Student's 95 % interval of a weighted mean, cut at `least` and `most`.

    The variance is the linearised one of a ratio; equal weights give `mean_interval`. Weights count as
    given: that they were fitted to the same sample makes it a little wider than it is.

    Parameters
    ----------
    values, weights
        One of each for every observation; weights are positive, on any scale.

    Returns
    -------
    The interval, or None for fewer than two observations.
    """
    n, total = len(values), sum(weights)
    if n < 2:
        return None
    mean = sum(w * v for w, v in zip(weights, values, strict=True)) / total
    squares = sum((w * (v - mean)) ** 2 for w, v in zip(weights, values, strict=True))
    reach = student_quantile(n - 1) * sqrt(n / (n - 1) * squares) / total
    return Interval(max(mean - reach, least), min(mean + reach, most))


def student_quantile(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's t.

    Beyond the table by the Cornish–Fisher expansion (Abramowitz and Stegun 26.7.5), right to four decimals there.

    Raises
    ------
    ValueError
        For fewer than one degree of freedom.
    """
    if degrees < 1:
        raise ValueError("Student's t has at least one degree of freedom")
    if degrees <= len(T):
        return T[degrees - 1]
    first = (Z**3 + Z) / 4
    second = (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    return Z + first / degrees + second / degrees**2
