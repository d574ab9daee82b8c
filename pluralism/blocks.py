"""Shares that come out exactly: what is drawn happens so often in every block, in a shuffled order."""

from fractions import Fraction

import numpy as np

LONGEST = 100
"""Shares are taken to hundredths at the finest: a longer block would be finished by nobody."""


def shuffled_block(share: float, rng: np.random.Generator) -> list[bool]:
    """Draw one block in which exactly `share` are true.

    Parameters
    ----------
    share : float
        Between 0 and 1; the nearest fraction with a denominator of at most LONGEST is taken.
    rng : numpy.random.Generator
        Where chance comes from.

    Returns
    -------
    list of bool
        As many as the denominator of the share: 0.25 gives four with one true, 0.31 a hundred with 31.

    Raises
    ------
    ValueError
        The share is not between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(share)
    exact = Fraction(share).limit_denominator(LONGEST)
    block = np.arange(exact.denominator) < exact.numerator
    return [bool(drawn) for drawn in rng.permutation(block)]


def block_length(share: float) -> int:
    """Return how many draws a block of this share holds."""
    return Fraction(share).limit_denominator(LONGEST).denominator
