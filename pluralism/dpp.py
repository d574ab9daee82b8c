"""Choosing a diverse subset: the greedy mode of a determinantal point process."""

import numpy as np
from numpy.typing import ArrayLike

from pluralism.similarity import Matrix

SMALLEST_GAIN = 1e-10
"""A remaining item whose squared distance from the span of the chosen ones is below this (relative to its
quality) repeats them."""


def select_greedily(similarity: Matrix, quality: ArrayLike, k: int) -> list[int]:
    """Choose `k` of n items, each time the one that raises det(L) most, with L = diag(q) S diag(q).

    Parameters
    ----------
    similarity : numpy.ndarray
        S, shape (n, n), symmetric and positive semidefinite, ones on the diagonal.
    quality : array_like
        q, shape (n,), positive; ones for none. Doubling an item's quality is worth as much as a
        fourfold squared distance from what is chosen.
    k : int
        Items wanted, 1 to n.

    Returns
    -------
    list of int
        Indices in the order of choosing; of equal gains the lowest index.

    Raises
    ------
    ValueError
        Shapes that don't fit, quality that is not positive and finite, k out of range, or fewer than k
        items that don't repeat each other.

    Notes
    -----
    O(n k²) by updating the Cholesky factor of the chosen items: Chen, Zhang and Zhou, *Fast greedy MAP
    inference for determinantal point process to improve recommendation diversity*, NeurIPS 2018,
    algorithm 1.
    """
    n = len(similarity)
    weights = np.asarray(quality, dtype=np.float64)
    if similarity.shape != (n, n) or weights.shape != (n,):
        raise ValueError(f"no weights of shape {weights.shape} for a matrix {similarity.shape}")
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise ValueError("quality must be positive and finite")
    if not 1 <= k <= n:
        raise ValueError(f"{k} of {n} items can't be chosen")
    kernel = weights[:, None] * similarity * weights[None, :]
    gains = np.diagonal(kernel).copy()
    factor = np.zeros((k, n))
    chosen: list[int] = []
    for step in range(k):
        best = int(np.argmax(gains))
        if not gains[best] > SMALLEST_GAIN * weights[best] ** 2:
            raise ValueError(f"only {step} of the items differ")
        chosen.append(best)
        row = (kernel[best] - factor[:step, best] @ factor[:step]) / np.sqrt(gains[best])
        factor[step] = row
        gains -= row**2
        gains[chosen] = -np.inf
    return chosen
