"""How many sets hold at least one response for a value: coverage@k."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pluralism.intervals import Interval, share_interval


@dataclass(frozen=True)
class Share:
    """`count` of `n` sets; without sets its value and its interval are undefined."""

    count: int
    n: int

    @property
    def value(self) -> float | None:
        """The share itself, in [0, 1]."""
        return self.count / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """Its 95 % interval."""
        return share_interval(count=self.count, n=self.n)


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
        The poles of each dimension, as in `pluralism.judging.POLES`.

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
