"""Whether groups of people answer alike: agreement within and between them, and how unlike their answers are.

An item is a comparison, an answer a response of it or a way out. Everything is computed within items and averaged
over them, so that groups that were asked different questions don't differ by that alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 199
"""The smallest p is 1/200."""

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class GroupAnswers:
    """How many people of each group gave which answer to which item.

    Attributes
    ----------
    item
        Of each answer that was given to an item by anybody, shape (answers,), from 0 without gaps, ascending.
    count
        Shape (answers, groups).
    """

    item: Numbers
    count: Numbers

    @property
    def people(self) -> Numbers:
        """How many of each group answered each item, shape (items, groups)."""
        return np.asarray(np.add.reduceat(self.count, self._starts, axis=0))

    @property
    def _starts(self) -> Numbers:
        return np.flatnonzero(np.diff(self.item, prepend=-1))

    def sum_by_item(self, values: Values) -> Values:
        """Return the sums over the answers of each item; `values` has the shape (answers, …)."""
        return np.asarray(np.add.reduceat(values, self._starts, axis=0))

    def shares(self) -> Values:
        """Return each answer's share of its item's answers in each group; 0 where the group gave none."""
        return np.asarray(self.count / np.maximum(self.people, 1)[self.item])


def agreement_within(answers: GroupAnswers, group: int) -> Values:
    """Return, for each item that two people or more of a group answered, the share of their pairs that agree."""
    count, people = answers.count[:, group], answers.people[:, group]
    agreeing = answers.sum_by_item(count * (count - 1.0))
    asked = people > 1
    return np.asarray(agreeing[asked] / (people[asked] * (people[asked] - 1.0)))


def effective_answers(answers: GroupAnswers, group: int) -> Values:
    """Return exp of the entropy of a group's answers, for each item that two people or more of it answered.

    1 where all say the same; k where k answers are equally frequent (the effective number of opinions).
    """
    share = answers.shares()[:, group]
    entropy = answers.sum_by_item(-share * np.log(np.where(share > 0, share, 1.0)))
    return np.asarray(np.exp(entropy[answers.people[:, group] > 1]))


def agreement_between(answers: GroupAnswers, one: int, other: int) -> Values:
    """Return, for each item that both groups answered, how often somebody of one agrees with somebody of the other."""
    share = answers.shares()
    agreeing = answers.sum_by_item(share[:, one] * share[:, other])
    return np.asarray(agreeing[_shared(answers, one, other)])


def similarity(answers: GroupAnswers, one: int, other: int) -> Values:
    """Return 1 − the Jensen–Shannon distance of two groups' answers to each item that both answered, 0 to 1.

    The distance is the square root of the divergence in bits, as GlobalOpinionQA takes it (E. Durmus and others,
    *Towards measuring the representation of subjective global opinions in language models*, 2023). Of few answers it
    is large by chance alone.
    """
    share = answers.shares()
    p, q = share[:, one], share[:, other]
    middle = np.where(p + q > 0, (p + q) / 2.0, 1.0)
    divergence = sum(
        0.5 * side * np.log2(np.where(side > 0, side / middle, 1.0)) for side in (p, q)
    )
    distance = np.sqrt(np.clip(answers.sum_by_item(np.asarray(divergence)), 0.0, 1.0))
    return np.asarray(1.0 - distance[_shared(answers, one, other)])


def difference_tests(answers: GroupAnswers, *, rng: np.random.Generator) -> Values:
    """Return for each pair of groups the p of a permutation test, shape (groups, groups); NaN where nothing is shared.

    The hypothesis is that within each item it doesn't matter who belongs to which group. People are dealt out anew
    within their items; p is how often the groups then agree as little as they do, or less.
    """
    groups = answers.count.shape[1]
    people = answers.people
    shared = (people > 0).astype(np.int64).T @ (people > 0).astype(np.int64)
    size = np.maximum(people, 1)[answers.item]
    cells = np.repeat(np.arange(answers.count.size), answers.count.ravel())
    answer, group = np.divmod(cells, groups)
    item = answers.item[answer]
    found = _agreement_of_pairs(answers.count / size)
    as_low = np.ones_like(found)
    for _permutation in range(PERMUTATIONS):
        dealt = group[np.argsort(item + rng.random(len(item)))]
        count = np.bincount(answer * groups + dealt, minlength=answers.count.size)
        as_low += _agreement_of_pairs(count.reshape(answers.count.shape) / size) <= found + 1e-9
    return np.where(shared > 0, as_low / (PERMUTATIONS + 1), np.nan)


def false_discovery_rates(p: Values) -> Values:
    """Return the q of each p: the share of false alarms among all that are at least as small; NaN stays NaN.

    Y. Benjamini and Y. Hochberg, *Controlling the false discovery rate*, JRSS B 57 (1995).
    """
    q = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(-p[known], kind="stable")]
    ranks = np.arange(len(order), 0, -1)
    q[order] = np.minimum.accumulate(np.minimum(p[order] * len(order) / ranks, 1.0))
    return q


def _shared(answers: GroupAnswers, one: int, other: int) -> NDArray[np.bool_]:
    people = answers.people
    return np.asarray((people[:, one] > 0) & (people[:, other] > 0))


def _agreement_of_pairs(share: Values) -> Values:
    """Return the sum over items of how often two groups agree, shape (groups, groups)."""
    return np.asarray(share.T @ share)
