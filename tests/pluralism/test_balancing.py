"""A subset in which every answer is given equally often."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluralism.balancing import draw_balanced


def test_every_answer_is_drawn_as_often_as_the_rarest_is_there() -> None:
    people = [("m", "old")] * 4 + [("f", "young")] * 2
    assert draw_balanced(people) == [0, 1, 4, 5]


@pytest.mark.parametrize("people", [[], [("m", "old"), ("f", "old")]])
def test_what_has_one_answer_alone_cannot_be_balanced(people: list[tuple[str, str]]) -> None:
    assert draw_balanced(people) == []


@given(st.lists(st.tuples(st.sampled_from("mfo"), st.sampled_from("1234")), max_size=60))
def test_no_answer_is_drawn_more_often_than_the_rarest(people: list[tuple[str, str]]) -> None:
    drawn = draw_balanced(people)
    assert drawn == sorted(set(drawn))
    for column in (0, 1):
        limit = min(Counter(row[column] for row in people).values(), default=0)
        counts = Counter(people[index][column] for index in drawn)
        assert all(count <= limit for count in counts.values())


def test_rows_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="equally many"):
        draw_balanced([("a",), ("a", "b")])
