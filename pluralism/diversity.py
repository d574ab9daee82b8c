"""How unlike the responses of a set are, in four figures that need nothing but their similarities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pluralism.similarity import Matrix

RIDGE = 1e-6
"""Added to every eigenvalue before the logarithm: identical texts cost 13.8 each instead of infinity."""
NEAR_IDENTICAL = 0.9
"""From this similarity on, two responses count as one answer. Under character n-grams that is a change of
a few words in a paragraph; different answers to one prompt lie below 0.7."""


@dataclass(frozen=True)
class DiversityFigures:
    """The diversity of one set of k responses.

    Attributes
    ----------
    mean_dissimilarity
        Mean of 1 - similarity over all pairs, in [0, 1]; a negative similarity counts as 0.
    log_determinant
        Natural logarithm of the determinant of the similarity matrix S, taken of (S + r I)/(1 + r) with
        r = `RIDGE`: 0 where nothing is alike, more negative the more is, about -13.8 for each repeated
        text. The volume that the responses span (Kulesza and Taskar, *Determinantal point processes for
        machine learning*, 2012, section 2.2.1).
    distinct
        How many different answers: responses that are near-identical (`NEAR_IDENTICAL`), directly or by
        a chain, count as one. 1 to k.
    length_spread
        Longest over shortest response in characters, at least 1.
    """

    mean_dissimilarity: float
    log_determinant: float
    distinct: int
    length_spread: float


def measure_diversity(texts: Sequence[str], similarity: Matrix) -> DiversityFigures:
    """Return the figures of a set.

    Parameters
    ----------
    texts : sequence of str
        The `k` responses, at least 2, none empty.
    similarity : numpy.ndarray
        Shape (k, k), symmetric, ones on the diagonal.

    Raises
    ------
    ValueError
        Fewer than 2 texts, an empty one, or a matrix of another shape.
    """
    k = len(texts)
    if k < 2 or not all(texts):
        raise ValueError("a set has at least 2 responses and none is empty")
    if similarity.shape != (k, k):
        raise ValueError(f"{k} texts have no similarity matrix of shape {similarity.shape}")
    pairs = similarity[np.triu_indices(k, 1)]
    eigenvalues = np.maximum(np.linalg.eigvalsh(similarity), 0.0)
    lengths = [len(text) for text in texts]
    return DiversityFigures(
        mean_dissimilarity=float(np.mean(1.0 - np.clip(pairs, 0.0, 1.0))),
        log_determinant=float(np.sum(np.log((eigenvalues + RIDGE) / (1.0 + RIDGE)))),
        distinct=_clusters(k, near_identical_pairs(similarity)),
        length_spread=max(lengths) / min(lengths),
    )


def near_identical_pairs(similarity: Matrix) -> list[tuple[int, int]]:
    """Return the pairs (i, j), i < j, whose similarity is at least `NEAR_IDENTICAL`."""
    first, second = np.nonzero(np.triu(similarity >= NEAR_IDENTICAL, 1))
    return list(zip(first.tolist(), second.tolist(), strict=True))


def _clusters(k: int, pairs: Sequence[tuple[int, int]]) -> int:
    """Return how many connected components `k` nodes form."""
    label = list(range(k))
    for i, j in pairs:
        here, there = label[i], label[j]
        label = [here if one == there else one for one in label]
    return len(set(label))
