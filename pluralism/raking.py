"""Raking: weights that give a sample the margins of a population."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-8
MOST_ROUNDS = 1000


class NotConverged(ValueError):
    """No weights with these margins were found."""


def rake(
    categories: Sequence[Sequence[int]],
    margins: Sequence[Sequence[float]],
    *,
    tolerance: float = TOLERANCE,
    most_rounds: int = MOST_ROUNDS,
) -> NDArray[np.float64]:
    """Return weights by iterative proportional fitting (Deming and Stephan 1940).

    Parameters
    ----------
    categories : sequence of D sequences of n ints
        For each dimension the category of each person, from 0.
    margins : sequence of D sequences of float
        For each dimension the population's share of each category; each sums to 1.

    Returns
    -------
    ndarray, shape (n,)
        Positive weights with mean 1. Within a cell of all dimensions everybody has the same weight, and
        odds ratios between cells stay those of the sample.

    Raises
    ------
    ValueError
        Where margins are none, or a category is wanted that nobody is in, or somebody is in one that is not wanted.
    NotConverged
        Where the margins are not met within `tolerance` after `most_rounds`.
    """
    codes = [np.asarray(one, dtype=np.intp) for one in categories]
    wanted = [np.asarray(one, dtype=np.float64) for one in margins]
    n = _check(codes, wanted)
    weights = np.full(n, 1.0)
    for _round in range(most_rounds):
        for code, share in zip(codes, wanted, strict=True):
            found = np.bincount(code, weights, len(share)) / n
            weights *= (share / np.where(found > 0, found, 1.0))[code]
        off = max(
            float(np.abs(np.bincount(code, weights, len(share)) / n - share).max())
            for code, share in zip(codes, wanted, strict=True)
        )
        if off <= tolerance:
            return weights
    raise NotConverged(
        f"After {most_rounds} rounds a margin is still {off:.2g} off: these margins don't go together in this sample."
    )


def _check(codes: Sequence[NDArray[np.intp]], wanted: Sequence[NDArray[np.float64]]) -> int:
    """Return the number of people, or raise."""
    if not codes or len(codes) != len(wanted) or len({len(code) for code in codes}) != 1:
        raise ValueError("Each dimension needs a category of every person, and its margins.")
    if not len(codes[0]):
        raise ValueError("There is nobody to weight.")
    for code, share in zip(codes, wanted, strict=True):
        if not np.isfinite(share).all() or (share < 0).any() or abs(share.sum() - 1) > 1e-6:
            raise ValueError("The shares of a dimension are from 0 to 1 and sum to 1.")
        if code.min() < 0 or code.max() >= len(share):
            raise ValueError("Somebody is in a category without a share.")
        present = np.bincount(code, minlength=len(share)) > 0
        if (present != (share > 0)).any():
            raise ValueError("A category has a share and nobody in it, or somebody and no share.")
    return len(codes[0])
