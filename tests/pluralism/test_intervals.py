"""Intervals of means and shares against published values."""

import numpy as np
import pytest

from pluralism.intervals import (
    Interval,
    clustered_share_interval,
    mean_interval,
    share_interval,
    student_quantile,
)


def ends(interval: Interval | None) -> tuple[float, float]:
    assert interval is not None
    return interval.low, interval.high


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2
    [(1, 12.706), (4, 2.776), (10, 2.228), (30, 2.042), (31, 2.040), (40, 2.021), (100, 1.984)],
)
def test_students_quantiles_are_those_of_the_tables(degrees: int, quantile: float) -> None:
    assert student_quantile(degrees) == pytest.approx(quantile, abs=6e-4)


def test_the_interval_of_a_mean_is_cut_where_the_quantity_ends() -> None:
    assert ends(mean_interval(mean=10, deviation=2, n=4)) == pytest.approx(
        (10 - 3.1824, 10 + 3.1824)
    )
    assert ends(mean_interval(mean=0.9, deviation=0.5, n=4, least=0, most=1)) == pytest.approx(
        (0.9 - 3.1824 / 4, 1)
    )


def test_one_observation_tells_nothing_of_the_spread() -> None:
    assert mean_interval(mean=0.5, deviation=0, n=1) is None


def test_the_interval_of_a_mean_holds_it_19_times_in_20() -> None:
    rng = np.random.default_rng(7)
    held = 0
    for sample in rng.normal(3, 2, size=(2000, 6)):
        interval = mean_interval(mean=sample.mean(), deviation=sample.std(ddof=1), n=6)
        assert interval is not None
        held += interval.low <= 3 <= interval.high
    assert 0.94 < held / 2000 < 0.96


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_a_share_is_wilsons(count: int, n: int, low: float, high: float) -> None:
    assert ends(share_interval(count=count, n=n)) == pytest.approx((low, high), abs=6e-5)


def test_a_share_of_nothing_is_undefined() -> None:
    assert share_interval(count=0, n=0) is None
    with pytest.raises(ValueError, match="no share"):
        share_interval(count=3, n=2)


def test_clusters_that_agree_within_widen_the_interval() -> None:
    mixed = ends(clustered_share_interval(counts=[5] * 10, sizes=[10] * 10))
    assert mixed == pytest.approx(ends(share_interval(count=50, n=100)))
    apart = ends(clustered_share_interval(counts=[0, 10] * 5, sizes=[10] * 10))
    # ten clusters, all or nothing: about as much as ten observations tell
    ten = ends(share_interval(count=5, n=10))
    assert apart[0] == pytest.approx(ten[0], abs=0.05)
    assert apart[1] == pytest.approx(ten[1], abs=0.05)


def test_one_cluster_tells_nothing_of_others_and_an_empty_one_is_none() -> None:
    assert clustered_share_interval(counts=[3], sizes=[4]) is None
    with pytest.raises(ValueError, match="at least 1"):
        clustered_share_interval(counts=[0, 1], sizes=[0, 1])


def test_the_interval_of_clusters_holds_the_share_19_times_in_20() -> None:
    rng = np.random.default_rng(7)
    held = 0
    for _sample in range(2000):
        sizes = rng.integers(2, 9, size=25)
        counts = rng.binomial(sizes, rng.beta(4, 2, size=25))  # people differ; the mean is 2/3
        low, high = ends(clustered_share_interval(counts=counts.tolist(), sizes=sizes.tolist()))
        held += low <= 2 / 3 <= high
    assert 0.93 <= held / 2000 <= 0.975
