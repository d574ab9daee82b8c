"""Every response in every position equally often, ±1."""

from collections import Counter

import numpy as np
import pytest

from pluralism.ordering import (
    balanced_orders,
    balanced_pairs,
    balanced_sides,
    further_orders,
)


@pytest.mark.parametrize("k", range(2, 9))
@pytest.mark.parametrize("n", [1, 3, 4, 7, 20])
def test_every_option_stands_in_every_position_equally_often(k: int, n: int) -> None:
    orders = balanced_orders(k, n, np.random.default_rng(k * 100 + n))
    assert len(orders) == n
    assert all(sorted(order) == list(range(k)) for order in orders)
    seen = Counter((option, position) for order in orders for position, option in enumerate(order))
    counts = [seen[option, position] for option in range(k) for position in range(k)]
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("k", range(2, 9))
def test_pairs_differ_and_use_every_option_equally_often(k: int) -> None:
    most = k * (k - 1) // 2
    for count in range(1, most + 1):
        pairs = balanced_pairs(k, count, np.random.default_rng(count))
        assert len(set(pairs)) == count
        assert all(0 <= a < b < k for a, b in pairs)
        uses = Counter(option for pair in pairs for option in pair)
        assert max(uses[i] for i in range(k)) - min(uses[i] for i in range(k)) <= 1
    assert len(balanced_pairs(k, 99, np.random.default_rng(0))) == most


@pytest.mark.parametrize("k", range(2, 9))
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_sides_are_balanced_for_every_option_over_all_pairs(k: int, n: int) -> None:
    for count in range(1, k * (k - 1) // 2 + 1):
        rng = np.random.default_rng(1000 * k + count)
        pairs = balanced_pairs(k, count, rng)
        first, second = Counter[int](), Counter[int]()
        for pair, orders in zip(pairs, balanced_sides(pairs, n, rng), strict=True):
            assert len(orders) == n
            assert abs(orders.count((0, 1)) - orders.count((1, 0))) <= 1
            for order in orders:
                first[pair[order[0]]] += 1
                second[pair[order[1]]] += 1
        assert all(abs(first[i] - second[i]) <= 1 for i in range(k))


def test_the_same_seed_gives_the_same_orders_and_seeds_differ() -> None:
    draws = [balanced_orders(4, 3, np.random.default_rng(seed)) for seed in (1, 1, 2, 3, 4)]
    assert draws[0] == draws[1]
    assert len({tuple(draw) for draw in draws}) > 2


def test_first_positions_are_random_over_seeds() -> None:
    firsts = Counter(
        balanced_orders(4, 1, np.random.default_rng(seed))[0][0] for seed in range(2000)
    )
    assert all(abs(count - 500) < 100 for count in firsts.values())


@pytest.mark.parametrize("k", [2, 3, 4, 5, 8])
def test_further_orders_go_on_balancing(k: int) -> None:
    rng = np.random.default_rng(k)
    orders = list(balanced_orders(k, k + 1, rng))
    for _number in range(3 * k):
        orders += further_orders(orders, 1, rng)
        stood = np.zeros((k, k), dtype=int)
        for order in orders:
            assert sorted(order) == list(range(k))
            stood[list(order), range(k)] += 1
        assert stood.max() - stood.min() <= 1


def test_further_orders_of_unbalanced_ones_are_orders_all_the_same() -> None:
    orders = further_orders([(0, 1, 2)] * 3, 4, np.random.default_rng(0))
    assert all(sorted(order) == [0, 1, 2] for order in orders)
