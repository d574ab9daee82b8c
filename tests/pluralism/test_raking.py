"""Raking meets the margins, keeps odds ratios, and says where it can't."""

import json
from pathlib import Path

import numpy as np
import pytest

from pluralism.raking import NotConverged, rake

CASES = json.loads((Path(__file__).parent / "cases" / "raking.json").read_text())["cases"]


def people(cells: list[list[int]]) -> list[list[int]]:
    pairs = [(r, c) for r, row in enumerate(cells) for c, n in enumerate(row) for _ in range(n)]
    return [[pair[0] for pair in pairs], [pair[1] for pair in pairs]]


@pytest.mark.parametrize("case", CASES)
def test_golden_tables(case: dict[str, list[list[float]]]) -> None:
    rows, columns = people(case["cells"])  # type: ignore[arg-type]
    weights = rake([rows, columns], [case["rows"], case["columns"]])  # type: ignore[list-item]
    for row, column, weight in zip(rows, columns, weights, strict=True):
        assert weight == pytest.approx(case["weights"][row][column])


def test_margins_are_met_and_the_odds_ratio_stays() -> None:
    rows, columns = people([[20, 10], [10, 20]])
    weights = rake([rows, columns], [[0.8, 0.2], [0.3, 0.7]])
    table = np.zeros((2, 2))
    np.add.at(table, (rows, columns), weights / len(weights))
    assert table.sum(1) == pytest.approx([0.8, 0.2])
    assert table.sum(0) == pytest.approx([0.3, 0.7])
    assert table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0]) == pytest.approx(4)


def test_margins_that_do_not_go_together_are_told() -> None:
    with pytest.raises(NotConverged, match="still"):
        rake([[0, 1], [0, 1]], [[0.8, 0.2], [0.3, 0.7]])


@pytest.mark.parametrize(
    ("categories", "margins"),
    [
        ([], []),
        ([[]], [[1.0]]),
        ([[0, 0]], [[0.5, 0.5]]),
        ([[0, 1]], [[1.0, 0.0]]),
        ([[0, 2]], [[0.5, 0.5]]),
        ([[0, 1]], [[0.5, 0.6]]),
        ([[0, 1]], [[float("nan"), 0.5]]),
        ([[0, 1], [0]], [[0.5, 0.5], [0.5, 0.5]]),
    ],
)
def test_senseless_margins_are_refused(
    categories: list[list[int]], margins: list[list[float]]
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        rake(categories, margins)
