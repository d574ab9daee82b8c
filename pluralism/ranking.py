"""How strong models, strategies or slots are, from which of the responses on offer people chose.

The model is the multinomial logit (Luce's choice axiom; for two on offer, Bradley and Terry's): a response of item i
is chosen with a probability proportional to exp(strength of i). Strengths are those of the greatest likelihood, as
`choix` gives them without a penalty; they exist only among items that can be compared, which is checked first.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_STEPS = 100
TOLERANCE = 1e-9

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


class NotConverged(ArithmeticError):
    """The strengths were not found; the answers are so one-sided that they lie beyond what can be computed."""


@dataclass(frozen=True)
class Choices:
    """What was on offer, and what was chosen of it.

    Attributes
    ----------
    menus
        How many responses of each item a menu has, shape (menus, items).
    menu, chosen, person, prompt, count
        Of one length n: `count` times this person, asked about this prompt, chose an item of a menu. Numbers from 0.
    """

    menus: Numbers
    menu: Numbers
    chosen: Numbers
    person: Numbers
    prompt: Numbers
    count: Numbers


@dataclass(frozen=True)
class Strengths:
    """Strengths with their standard errors, each of shape (items,).

    `pool` numbers, from 0, the sets of items that can be compared with one another; −1 where there is none. The
    mean strength of a pool is 0. `error` is NaN where fewer than two people or prompts tell nothing of the spread.
    """

    strength: Values
    error: Values
    pool: Numbers


def find_pools(choices: Choices) -> Numbers:
    """Return the number of each item's pool, the largest first, −1 for an item that can't be compared.

    Items belong together where each is linked to each other by choices in both directions (L. R. Ford, *Solution of
    a ranking problem from binary comparisons*, American Mathematical Monthly 64, 1957): an item that was always or
    never chosen is beyond any strength.
    """
    items = choices.menus.shape[1]
    if not items:
        return np.zeros(0, dtype=np.int64)
    met = np.zeros(choices.menus.shape, dtype=np.int64)
    np.add.at(met, (choices.menu, choices.chosen), 1)
    offered = met.T @ choices.menus
    linked = (offered > 0) | np.eye(items, dtype=bool)
    for _doubling in range(items.bit_length()):
        linked = (linked.astype(np.int64) @ linked.astype(np.int64)) > 0
    first = np.argmax(linked & linked.T, axis=1)
    pool = np.full(items, -1, dtype=np.int64)
    members, sizes = np.unique(first, return_counts=True)
    large = [member for member in np.argsort(-sizes, kind="stable") if sizes[member] > 1]
    for number, member in enumerate(large):
        pool[first == members[member]] = number
    return pool


def find_strengths(choices: Choices) -> Strengths:
    """Return the strengths of each pool with standard errors that don't take choices for independent.

    Errors are clustered by person and by prompt at once (A. C. Cameron, J. B. Gelbach and D. L. Miller, *Robust
    inference with multiway clustering*, Journal of Business & Economic Statistics 29, 2011), and never smaller than by
    one of them alone.

    Raises
    ------
    NotConverged
        After 100 steps.
    """
    pool = find_pools(choices)
    strength = np.full(len(pool), np.nan)
    error = np.full(len(pool), np.nan)
    for number in range(int(pool.max(initial=-1)) + 1):
        kept = np.flatnonzero(pool == number)
        among = _restrict(choices, kept)
        strength[kept], curvature = _climb(among)
        error[kept] = _errors(among, strength[kept], curvature)
    return Strengths(strength, error, pool)


def _restrict(choices: Choices, kept: Numbers) -> Choices:
    """Return the choices among some items: what else was on offer says nothing of them."""
    menus = choices.menus[:, kept]
    place = np.full(choices.menus.shape[1], -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    chosen = place[choices.chosen]
    told = (chosen >= 0) & ((menus > 0).sum(axis=1) > 1)[choices.menu]
    return Choices(
        menus,
        choices.menu[told],
        chosen[told],
        choices.person[told],
        choices.prompt[told],
        choices.count[told],
    )


def _climb(choices: Choices) -> tuple[Values, Values]:
    """Return the strengths of the greatest likelihood, and the curvature there, by Newton's steps, halved where too long."""
    items = choices.menus.shape[1]
    asked = np.bincount(choices.menu, choices.count, len(choices.menus)).astype(np.float64)
    won = np.bincount(choices.chosen, choices.count, items).astype(np.float64)
    strength = np.zeros(items)
    for _step in range(MOST_STEPS):
        share = _shares(choices.menus, strength)
        slope = won - asked @ share
        curvature = np.diag(asked @ share) - share.T @ (asked[:, None] * share)
        if np.abs(slope).max() <= TOLERANCE * max(asked.sum(), 1.0):
            return strength, curvature
        step = np.linalg.solve(curvature + 1.0 / items, slope)
        before = _likelihood(choices.menus, asked, won, strength)
        while _likelihood(choices.menus, asked, won, strength + step) < before - 1e-12 * abs(
            before
        ):
            step /= 2.0
        strength += step
    raise NotConverged(f"No strengths were found in {MOST_STEPS} steps.")


def _shares(menus: Numbers, strength: Values) -> Values:
    """Return how likely each item of each menu is chosen, shape (menus, items)."""
    weight = menus * np.exp(strength)
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-300))


def _likelihood(menus: Numbers, asked: Values, won: Values, strength: Values) -> float:
    """Return the logarithm of the likelihood, up to a constant."""
    total = (menus * np.exp(strength)).sum(axis=1)
    return float(won @ strength - asked @ np.log(np.where(asked > 0, total, 1.0)))


def _errors(choices: Choices, strength: Values, curvature: Values) -> Values:
    """Return the standard errors."""
    items = len(strength)
    share = _shares(choices.menus, strength)
    inverse: Values = np.linalg.inv(curvature + 1.0 / items).astype(np.float64)
    both = np.unique(
        choices.person * (choices.prompt.max() + 1) + choices.prompt, return_inverse=True
    )[1]
    by_person, by_prompt, by_both = (
        _spread(choices, share, inverse, cluster)
        for cluster in (choices.person, choices.prompt, both)
    )
    return np.asarray(
        np.sqrt(np.maximum(by_person + by_prompt - by_both, np.maximum(by_person, by_prompt)))
    )


def _spread(choices: Choices, share: Values, inverse: Values, cluster: Numbers) -> Values:
    """Return the variances of the strengths where the choices of a cluster belong together; NaN for a single one."""
    _names, number = np.unique(cluster, return_inverse=True)
    clusters, items = len(_names), len(inverse)
    if clusters < 2:
        return np.full(items, np.nan)
    off = np.bincount(
        number * items + choices.chosen, choices.count, minlength=clusters * items
    ).reshape(clusters, items)
    for item in range(items):
        off[:, item] -= np.bincount(
            number, choices.count * share[choices.menu, item], minlength=clusters
        )
    spread = off @ inverse
    return np.asarray((spread**2).sum(axis=0) * clusters / (clusters - 1))
