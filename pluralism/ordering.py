"""Display orders and pairs: balanced by construction, random within that.

Position effects are real (in the published Community Alignment file one letter is chosen 34.5 % of the
time), so every response must stand in every position equally often. All draws come from the generator
that is passed in.
"""

from collections.abc import Sequence

import numpy as np

Order = tuple[int, ...]
Pair = tuple[int, int]


def balanced_orders(k: int, n: int, rng: np.random.Generator) -> list[Order]:
    """Draw `n` display orders of `k` options.

    Parameters
    ----------
    k : int
        Options, numbered from 0.
    n : int
        Orders wanted.
    rng : numpy.random.Generator
        Where chance comes from.

    Returns
    -------
    list of tuple of int
        `n` permutations of ``range(k)``; over them every option stands in every position ⌊n/k⌋ or
        ⌈n/k⌉ times. Each block of k orders is a Latin square with rows, columns and symbols permuted.
    """
    orders: list[Order] = []
    while len(orders) < n:
        rows, columns, symbols = (rng.permutation(k).tolist() for _ in range(3))
        orders.extend(tuple(symbols[(row + column) % k] for column in columns) for row in rows)
    return orders[:n]


def further_orders(orders: Sequence[Order], extra: int, rng: np.random.Generator) -> list[Order]:
    """Draw `extra` display orders that go on balancing those that are there.

    Parameters
    ----------
    orders : sequence of tuple of int
        Permutations of the same options, at least one.
    extra : int
        Orders wanted.
    rng : numpy.random.Generator
        Where chance comes from.

    Returns
    -------
    list of tuple of int
        `extra` permutations. As long as every option stood in every position equally often, ±1, before,
        it does after each of them: the places it stood in less than the most often, which leave as many
        for each option as for each position, always hold a perfect matching (König).
    """
    k = len(orders[0])
    stood = np.zeros((k, k), dtype=int)
    for order in orders:
        stood[list(order), range(k)] += 1
    drawn: list[Order] = []
    for _number in range(extra):
        order = _matched(stood, rng)
        stood[list(order), range(k)] += 1
        drawn.append(order)
    return drawn


def _matched(
    stood: "np.ndarray[tuple[int, ...], np.dtype[np.int_]]", rng: np.random.Generator
) -> Order:
    """Return an order whose options stand where they stood least, found by augmenting paths."""
    k = len(stood)
    behind = stood < stood.max() if (stood < stood.max()).any() else np.ones((k, k), dtype=bool)
    option_at: dict[int, int] = {}

    def place(option: int, tried: set[int]) -> bool:
        for position in rng.permutation(k).tolist():
            if behind[option, position] and position not in tried:
                tried.add(position)
                if position not in option_at or place(option_at[position], tried):
                    option_at[position] = option
                    return True
        return False

    for option in rng.permutation(k).tolist():
        if not place(option, set()):  # they were out of balance before: any free position
            option_at[next(position for position in range(k) if position not in option_at)] = option
    return tuple(option_at[position] for position in range(k))


def balanced_pairs(k: int, count: int, rng: np.random.Generator) -> list[Pair]:
    """Draw `count` different pairs of `k` options in which every option appears equally often, ±1.

    An even `k` is cut into perfect matchings (the circle method of round-robin tournaments), an odd `k`
    into cycles of constant step, whose every other edge comes first. More pairs than there are gives
    all of them.
    """
    labels = rng.permutation(k)
    edges = _matchings(k) if k % 2 == 0 else _cycles(k)
    return [_sorted_pair(int(labels[a]), int(labels[b])) for a, b in edges[:count]]


def balanced_sides(pairs: Sequence[Pair], n: int, rng: np.random.Generator) -> list[list[Order]]:
    """Draw for each pair which option is shown first in each of its `n` places.

    Returns
    -------
    list of list of tuple of int
        For each pair `n` orders, ``(0, 1)`` or ``(1, 0)``. Each pair is balanced ±1, and so is each
        option over all pairs: where n is odd, the left-over places are oriented along trails through the
        graph of pairs, which leaves every vertex with in- and out-degree at most 1 apart.
    """
    forward = _oriented(pairs, rng) if n % 2 else set()
    sides = []
    for pair in pairs:
        orders: list[Order] = [(0, 1), (1, 0)] * (n // 2)
        if n % 2:
            orders.append((0, 1) if pair in forward else (1, 0))
        sides.append([orders[i] for i in rng.permutation(n)])
    return sides


def _matchings(k: int) -> list[Pair]:
    rim = k - 1
    return [
        edge
        for turn in range(rim)
        for edge in [(rim, turn), *(((turn + i) % rim, (turn - i) % rim) for i in range(1, k // 2))]
    ]


def _cycles(k: int) -> list[Pair]:
    alternating = [*range(0, k, 2), *range(1, k, 2)]
    return [
        (i * step % k, (i + 1) * step % k) for step in range(1, k // 2 + 1) for i in alternating
    ]


def _sorted_pair(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)


def _oriented(pairs: Sequence[Pair], rng: np.random.Generator) -> set[Pair]:
    """Return the pairs whose first option is shown first, so that options are balanced ±1."""
    neighbours: dict[int, list[int]] = {}
    for a, b in (pairs[i] for i in rng.permutation(len(pairs))):
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    forward: set[Pair] = set()
    odd = [vertex for vertex, others in neighbours.items() if len(others) % 2]
    reverse = bool(rng.integers(2))
    for start in [*odd, *neighbours]:  # trails between odd vertices first, then the closed ones
        here = start
        while neighbours[here]:
            there = neighbours[here].pop()
            neighbours[there].remove(here)
            first, second = (there, here) if reverse else (here, there)
            if first < second:
                forward.add((first, second))
            here = there
    return forward
