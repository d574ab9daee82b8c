"""How many people share what is told of them, and hiding what too few share."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluralism.anonymity import (
    Anonymity,
    Row,
    generalise_rare,
    measure_anonymity,
    suppress_rare,
)


def test_people_and_combinations_below_k_are_counted() -> None:
    rows: Sequence[Row] = [("FR", "18-34")] * 3 + [("FR", None)] + [("IN", "55+")] * 2
    assert measure_anonymity(rows, k=3) == Anonymity(
        people=6, combinations=3, smallest=1, combinations_below=2, people_below=3
    )
    assert measure_anonymity([], k=3) == Anonymity(0, 0, 0, 0, 0)


def test_the_last_column_goes_first_and_only_where_it_must() -> None:
    rows: Sequence[Row] = [("FR", "left")] * 3 + [("FR", "right"), ("FR", "none"), ("FR", "far")]
    assert suppress_rare(rows, k=3) == [("FR", "left")] * 3 + [("FR", None)] * 3


def test_who_has_nothing_left_to_hide_takes_the_smallest_group_along() -> None:
    rows: Sequence[Row] = [("FR",)] * 5 + [("US",)] * 3 + [("IN",)]
    assert suppress_rare(rows, k=3) == [("FR",)] * 5 + [(None,)] * 4


def test_fewer_than_k_people_are_all_hidden() -> None:
    assert suppress_rare([("FR",), ("US",)], k=3) == [(None,)] * 2


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", None]), st.sampled_from("12")),
        max_size=40,
    ),
    st.integers(1, 8),
)
def test_no_group_is_too_small_and_nothing_is_invented(rows: list[Row], k: int) -> None:
    kept = suppress_rare(rows, k=k)
    assert all(size >= min(k, len(rows)) for size in Counter(kept).values())
    assert all(
        new in (None, old)
        for before, after in zip(rows, kept, strict=True)
        for old, new in zip(before, after, strict=True)
    )
    if k == 1:
        assert kept == rows


COARSER = [{"a": "ab", "b": "ab", "ab": "abc", "c": "abc"}, {"x": "xy", "y": "xy"}, {}]


def test_rare_ones_meet_in_a_coarser_value_and_the_others_stay() -> None:
    rows: Sequence[Row] = [("a", "1")] * 2 + [("b", "1")] + [("c", "1")] * 3
    steps = [COARSER[0], {}]
    kept = generalise_rare(rows, k=3, coarser=steps)
    assert kept == [("ab", "1")] * 3 + [("c", "1")] * 3


def test_where_the_rare_ones_are_not_enough_the_smallest_group_beside_them_comes_along() -> None:
    rows: Sequence[Row] = [("a", "1")] * 4 + [("b", "1")]
    assert generalise_rare(rows, k=3, coarser=[COARSER[0], {}]) == [("ab", "1")] * 5


def test_what_no_coarser_value_helps_stays_for_suppression() -> None:
    rows: Sequence[Row] = [("a", "1")] * 4 + [("z", "2")]
    assert generalise_rare(rows, k=3, coarser=[COARSER[0], {}]) == rows
    assert generalise_rare([], k=3, coarser=COARSER) == []


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", None]), st.sampled_from("12")),
        max_size=40,
    ),
    st.integers(1, 8),
)
def test_coarser_values_are_those_of_the_steps_and_leave_fewer_to_hide(
    rows: list[Row], k: int
) -> None:
    kept = generalise_rare(rows, k=k, coarser=COARSER)
    above = [
        {old, steps.get(old or ""), steps.get(steps.get(old or "", ""))}
        for before in rows
        for old, steps in zip(before, COARSER, strict=True)
    ]
    assert all(
        new in allowed for new, allowed in zip([c for row in kept for c in row], above, strict=True)
    )
    assert kept == generalise_rare(rows, k=k, coarser=COARSER)
    assert measure_anonymity(kept, k=k).people_below <= measure_anonymity(rows, k=k).people_below
    if k == 1:
        assert kept == rows


@pytest.mark.parametrize("use", [measure_anonymity, suppress_rare])
def test_senseless_arguments_are_refused(use: object) -> None:
    assert callable(use)
    with pytest.raises(ValueError, match="k must"):
        use([], k=0)
    with pytest.raises(ValueError, match="equally many"):
        use([("a",), ("a", "b")], k=2)
