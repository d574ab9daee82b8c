"""Medians and one-position answering, against tables and scipy's exact test."""

import numpy as np
import pytest

from pluralism.habits import binomial_tail, median_interval, median_ranks, one_position_p

scipy_stats = pytest.importorskip("scipy.stats")


@pytest.mark.parametrize(("n", "low", "high"), [(6, 1, 6), (10, 2, 9), (20, 6, 15), (100, 40, 61)])
def test_the_ends_of_a_median_are_the_ranks_of_the_tables(n: int, low: int, high: int) -> None:
    median, interval = median_interval(list(range(1, n + 1)), n=n)
    assert median == (n + 1) / 2
    assert interval is not None
    assert (interval.low, interval.high) == (low, high)


def test_beyond_the_exact_ranks_the_interval_still_covers_what_it_says() -> None:
    rng = np.random.default_rng(2)
    n, inside = 1501, 0
    for _sample in range(400):
        interval = median_interval(sorted(rng.normal(size=n).tolist()), n=n)[1]
        assert interval is not None
        inside += interval.low <= 0 <= interval.high
    assert 0.92 < inside / 400 < 0.985


def test_few_values_have_a_median_and_no_interval() -> None:
    assert median_interval([1.0, 2.0, 9.0, 10.0], n=4) == (5.5, None)
    with pytest.raises(ValueError, match="nothing"):
        median_interval([], n=0)


@pytest.mark.parametrize("n", [1, 5, 6, 40, 3000])
def test_a_median_needs_no_values_but_those_it_names(n: int) -> None:
    values = [float(value**2) for value in range(n)]
    named = {rank: values[rank] for rank in median_ranks(n)}
    assert len(named) <= 4
    assert median_interval(named, n=n) == median_interval(values, n=n)


@pytest.mark.parametrize(("count", "n", "share"), [(0, 5, 0.25), (3, 5, 0.25), (700, 2400, 0.25)])
def test_the_tail_is_the_binomial_one(count: int, n: int, share: float) -> None:
    expected = scipy_stats.binomtest(count, n, share, alternative="greater").pvalue
    assert binomial_tail(count, n, share) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("count", "n", "share"), [(6, 5, 0.5), (-1, 5, 0.5), (1, 5, 0.0)])
def test_nonsense_is_refused(count: int, n: int, share: float) -> None:
    with pytest.raises(ValueError, match="binomial"):
        binomial_tail(count, n, share)


def test_always_the_same_position_stands_out_and_an_even_hand_does_not() -> None:
    assert one_position_p([12, 0, 0, 0]) < 1e-6
    assert one_position_p([3, 3, 3, 3]) == 1.0
