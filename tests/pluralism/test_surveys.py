"""Everybody gets m different items of M, and all items equally often."""

from collections import Counter

import pytest

from pluralism.surveys import draw_block


@pytest.mark.parametrize(("items", "size"), [(60, 20), (7, 3), (5, 5), (4, 9), (10, 4), (1, 1)])
def test_items_are_balanced_after_every_person_of_a_round(items: int, size: int) -> None:
    used: Counter[int] = Counter(dict.fromkeys(range(items), 0))
    for person in range(3 * items):
        block = draw_block(person, items, size, seed=7)
        assert len({item for item, _pass in block}) == min(size, items) == len(block)
        used.update(item for item, _pass in block)
        assert max(used.values()) - min(used.values()) <= 1


def test_each_item_is_used_once_in_each_pass() -> None:
    passes = [pair for person in range(21) for pair in draw_block(person, 7, 3, seed=1)]
    assert len(passes) == len(set(passes)) == 63


def test_the_seed_decides_and_rounds_differ() -> None:
    assert draw_block(0, 60, 20, 1) == draw_block(0, 60, 20, 1)
    assert draw_block(0, 60, 20, 1) != draw_block(0, 60, 20, 2)
    assert [i for i, _ in draw_block(0, 60, 20, 1)] != [i for i, _ in draw_block(3, 60, 20, 1)]


@pytest.mark.parametrize(("person", "items", "size"), [(0, 0, 1), (0, 1, 0), (-1, 1, 1)])
def test_senseless_blocks_are_refused(person: int, items: int, size: int) -> None:
    with pytest.raises(ValueError, match="block"):
        draw_block(person, items, size, 0)
