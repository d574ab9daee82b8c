"""Choices by display position against the tables of χ²."""

import pytest

from pluralism.positions import chi_square_tail, compare_positions


@pytest.mark.parametrize(
    ("value", "degrees", "p"),
    # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4
    [(3.841, 1, 0.05), (9.210, 2, 0.01), (7.815, 3, 0.05), (14.067, 7, 0.05), (24.322, 7, 0.001)],
)
def test_the_tail_is_that_of_the_tables(value: float, degrees: int, p: float) -> None:
    assert chi_square_tail(value, degrees) == pytest.approx(p, rel=1e-3)


def test_equal_shares_give_no_reason_for_doubt() -> None:
    found = compare_positions([25, 25, 25, 25])
    assert (found.chi_square, found.p, found.n) == (0, 1, 100)


def test_a_first_position_that_is_chosen_too_often_shows() -> None:
    found = compare_positions([60, 40])
    assert found.chi_square == pytest.approx(4.0)
    assert found.p == pytest.approx(0.0455, abs=1e-4)
    interval = found.intervals[0]
    assert interval is not None
    assert interval.low > 0.5


def test_without_choices_nothing_is_tested() -> None:
    found = compare_positions([0, 0, 0])
    assert (found.chi_square, found.p, found.intervals) == (None, None, [None] * 3)


@pytest.mark.parametrize("counts", [[], [3], [3, -1]])
def test_what_is_no_count_is_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="no counts"):
        compare_positions(counts)
