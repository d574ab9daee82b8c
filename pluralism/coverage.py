"""How many sets hold at least one response for a value: coverage@k."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Z95 = 1.959963984540054


@dataclass(frozen=True)
class Share:
    """`count` of `n`, and the 95 % interval of the share; undefined bounds (None) where n is 0."""

    count: int
    n: int

    @property
    def value(self) -> float | None:
        """The share itself, in [0, 1]."""
        return self.count / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's score interval, in [0, 1]: it holds near 0 and 1 and needs no resampling."""
        return wilson_interval(self.count, self.n) if self.n else None


def wilson_interval(count: int, n: int, *, z: float = Z95) -> tuple[float, float]:
    """Return Wilson's score interval of a share.

    Parameters
    ----------
    count, n : int
        `count` of `n` independent sets, 0 to n; n at least 1.
    z : float
        Quantile of the normal distribution; 1.96 for 95 %.

    Raises
    ------
    ValueError
        n below 1, or a count outside of 0 to n.

    References
    ----------
    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22, 1927.
    """
    if not 0 <= count <= n or n < 1:
        raise ValueError(f"{count} of {n} is no share")
    share, spread = count / n, z * z / n
    centre = share + spread / 2
    half = z * math.sqrt((share * (1 - share) + spread / 4) / n)
    low, high = (centre - half) / (1 + spread), (centre + half) / (1 + spread)
    # At the ends the formula is 0 and 1 up to rounding.
    return 0.0 if count == 0 else low, 1.0 if count == n else high


def coverage(
    sets: Sequence[Sequence[Mapping[str, str | None]]],
    dimensions: Mapping[str, Sequence[str]],
) -> dict[str, dict[str, Share]]:
    """Return coverage@k: of each pole of each dimension, the share of sets with a response that leans to it.

    Parameters
    ----------
    sets : sequence of sequence of mapping
        One verdict per response, `{dimension: pole or None}`. Only sets whose responses were all judged
        belong here: an unjudged response could be the one that leans.
    dimensions : mapping
        The poles of each dimension, as in `pluralism.judging.DIMENSIONS`.

    References
    ----------
    Zhang, Milli, Jusko et al., *Cultivating Pluralism in Algorithmic Monoculture*, arXiv 2507.09650.
    """
    return {
        dimension: {
            pole: Share(
                sum(any(verdict.get(dimension) == pole for verdict in one) for one in sets),
                len(sets),
            )
            for pole in poles
        }
        for dimension, poles in dimensions.items()
    }
