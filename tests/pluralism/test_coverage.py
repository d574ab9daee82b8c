"""Coverage@k."""

import pytest

from pluralism.coverage import Share, coverage

DIMENSIONS = {"t": ("traditional", "secular"), "s": ("survival", "self-expression")}


def test_a_set_covers_a_pole_once_however_many_responses_lean_to_it() -> None:
    sets: list[list[dict[str, str | None]]] = [
        [{"t": "traditional", "s": None}, {"t": "traditional", "s": "survival"}],
        [{"t": "secular", "s": None}, {"t": None, "s": None}],
        [{"t": "secular", "s": None}, {"t": "traditional", "s": None}],
    ]
    assert coverage(sets, DIMENSIONS) == {
        "t": {"traditional": Share(2, 3), "secular": Share(2, 3)},
        "s": {"survival": Share(1, 3), "self-expression": Share(0, 3)},
    }


def test_a_share_has_its_interval() -> None:
    # Newcombe, Statistics in Medicine 17, 1998, table I, method 3.
    interval = Share(15, 148).interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.0624, 0.1605), abs=5e-5)


def test_without_sets_the_share_is_undefined() -> None:
    share = coverage([], DIMENSIONS)["t"]["secular"]
    assert (share.value, share.interval) == (None, None)
