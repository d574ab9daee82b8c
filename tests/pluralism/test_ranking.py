"""Ratings against choix, closed forms, and what must hold of any ranking."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pluralism.ranking import Choices, find_pools, find_strengths

CASES = json.loads((Path(__file__).parent / "cases" / "ranking.json").read_text())


def choices(
    menus: list[list[int]], rows: list[tuple[int, int, int, int, int]] | np.typing.NDArray[np.int64]
) -> Choices:
    """Rows are menu, chosen, person, prompt, count."""
    columns = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    return Choices(np.array(menus, dtype=np.int64), *columns)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["source"][:40])
def test_strengths_are_those_of_the_named_source(case: dict[str, Any]) -> None:
    found = find_strengths(
        choices(case["menus"], [(menu, item, 0, 0, n) for menu, item, n in case["choices"]])
    )
    assert found.strength == pytest.approx(np.array(case["strengths"]), abs=1e-5)
    assert set(found.pool.tolist()) == {0}


def test_two_items_give_the_logarithm_of_the_odds_and_its_textbook_error() -> None:
    rows = [(0, int(n >= 30), n, n, 1) for n in range(50)]  # 30 for the first, 20 for the second
    found = find_strengths(choices([[1, 1]], rows))
    assert found.strength[0] - found.strength[1] == pytest.approx(np.log(30 / 20))
    textbook = np.sqrt(1 / 30 + 1 / 20) / 2 * np.sqrt(50 / 49)  # of half the difference
    assert found.error == pytest.approx([textbook, textbook])


def test_who_says_the_same_ten_times_is_no_more_certain_than_once() -> None:
    once = [(0, int(n >= 30), n, n, 1) for n in range(50)]
    often = [(*row[:4], 10) for row in once]
    apart = [
        (0, row[1], 50 * again + row[2], 50 * again + row[3], 1)
        for again in range(10)
        for row in once
    ]
    errors = [find_strengths(choices([[1, 1]], rows)).error[0] for rows in (once, often, apart)]
    assert errors[1] == pytest.approx(errors[0])
    assert errors[2] < errors[0] / 3


def test_prompts_count_as_clusters_beside_people() -> None:
    people = [(0, int(n >= 30), n, n // 5, 1) for n in range(50)]
    alone = [(0, int(n >= 30), n, n, 1) for n in range(50)]
    assert (
        find_strengths(choices([[1, 1]], people)).error[0]
        > 1.5 * find_strengths(choices([[1, 1]], alone)).error[0]
    )


def test_one_person_or_one_prompt_tells_nothing_of_the_spread() -> None:
    found = find_strengths(choices([[1, 1]], [(0, 0, 0, 0, 3), (0, 1, 0, 1, 2)]))
    assert np.isfinite(found.strength).all()
    assert np.isnan(found.error).all()


def test_a_menu_with_two_of_an_item_chooses_it_twice_as_often_by_chance() -> None:
    found = find_strengths(choices([[2, 1]], [(0, 0, 0, 0, 20), (0, 1, 1, 1, 10)]))
    assert found.strength == pytest.approx([0, 0], abs=1e-6)


def test_what_always_or_never_wins_is_in_no_pool() -> None:
    menus = [[1, 1, 1, 0], [0, 1, 1, 1]]
    rows = [(0, 0, 0, 0, 5), (1, 1, 0, 0, 5), (1, 2, 0, 0, 5)]
    assert find_pools(choices(menus, rows)).tolist() == [-1, 0, 0, -1]
    found = find_strengths(choices(menus, rows))
    assert np.isnan(found.strength).tolist() == [True, False, False, True]
    assert found.strength[1:3] == pytest.approx([0, 0], abs=1e-6)


def test_items_that_never_met_have_pools_of_their_own_the_largest_first() -> None:
    menus = [[1, 1, 0, 0, 0], [0, 0, 1, 1, 1]]
    rows = [(0, 0, 0, 0, 1), (0, 1, 1, 1, 1), *((1, item, item, item, 1) for item in (2, 3, 4))]
    found = find_strengths(choices(menus, rows))
    assert found.pool.tolist() == [1, 1, 0, 0, 0]
    assert found.strength == pytest.approx(np.zeros(5), abs=1e-6)


def test_without_choices_there_is_nothing_to_rank() -> None:
    found = find_strengths(choices([[1, 1]], []))
    assert found.pool.tolist() == [-1, -1]


def test_planted_strengths_lie_in_their_intervals() -> None:
    rng = np.random.default_rng(5)
    planted = np.array([0.8, 0.1, -0.2, -0.7])
    menus = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 1, 1], [1, 0, 0, 1]])
    rows = []
    for n in range(3000):
        menu = n % 4
        share = menus[menu] * np.exp(planted)
        rows.append((menu, rng.choice(4, p=share / share.sum()), n % 100, n % 77, 1))
    found = find_strengths(choices(menus.tolist(), rows))
    assert (np.abs(found.strength - planted) < 3 * found.error).all()
    assert (found.error < 0.1).all()
