"""How many people share what is told of them, and hiding what too few share."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluralism.anonymity import Anonymity, Row, measure_anonymity, suppress_rare


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


@pytest.mark.parametrize("use", [measure_anonymity, suppress_rare])
def test_senseless_arguments_are_refused(use: object) -> None:
    assert callable(use)
    with pytest.raises(ValueError, match="k must"):
        use([], k=0)
    with pytest.raises(ValueError, match="equally many"):
        use([("a",), ("a", "b")], k=2)
