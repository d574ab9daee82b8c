"""Coverage@k and its interval."""

import pytest

from pluralism.coverage import Share, coverage, wilson_interval

DIMENSIONS = {"t": ("traditional", "secular"), "s": ("survival", "self-expression")}


def test_a_set_covers_a_pole_once_however_many_responses_lean_to_it() -> None:
    sets = [
        [{"t": "traditional", "s": None}, {"t": "traditional", "s": "survival"}],
        [{"t": "secular", "s": None}, {"t": None, "s": None}],
        [{"t": "secular", "s": None}, {"t": "traditional", "s": None}],
    ]
    assert coverage(sets, DIMENSIONS) == {
        "t": {"traditional": Share(2, 3), "secular": Share(2, 3)},
        "s": {"survival": Share(1, 3), "self-expression": Share(0, 3)},
    }


def test_without_sets_the_share_is_undefined() -> None:
    share = coverage([], DIMENSIONS)["t"]["secular"]
    assert (share.value, share.interval) == (None, None)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        # Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17,
        # 1998, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_that_of_the_literature(
    count: int, n: int, low: float, high: float
) -> None:
    assert wilson_interval(count, n) == pytest.approx((low, high), abs=5e-5)
    mirrored = wilson_interval(n - count, n)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=5e-5)


@pytest.mark.parametrize("n", [1, 3, 50])
def test_the_interval_holds_the_share_and_stays_between_0_and_1(n: int) -> None:
    for count in range(n + 1):
        low, high = wilson_interval(count, n)
        assert 0 <= low <= count / n <= high <= 1


@pytest.mark.parametrize(("count", "n"), [(0, 0), (-1, 3), (4, 3)])
def test_what_is_no_share_is_refused(count: int, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson_interval(count, n)
