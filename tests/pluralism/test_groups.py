"""Groups: closed forms, and that the test finds a difference and nothing where there is none."""

import numpy as np
import pytest

from pluralism.groups import (
    GroupAnswers,
    agreement_between,
    agreement_within,
    difference_tests,
    effective_answers,
    false_discovery_rates,
    similarity,
)


def answers(*items: list[list[int]]) -> GroupAnswers:
    """An item is a list of its answers, each with the counts by group."""
    return GroupAnswers(
        np.repeat(np.arange(len(items)), [len(item) for item in items]),
        np.array([row for item in items for row in item], dtype=np.int64),
    )


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_agreement_counts_pairs_of_people_within_and_between() -> None:
    table = answers([[3, 1], [1, 1]], [[2, 0], [0, 1]], [[1, 0]])
    assert agreement_within(table, 0) == pytest.approx([6 / 12, 1.0])
    assert agreement_within(table, 1) == pytest.approx([0.0])
    assert agreement_between(table, 0, 1) == pytest.approx([3 / 4 / 2 + 1 / 4 / 2, 0.0])


def test_the_effective_number_is_one_for_unanimity_and_k_for_an_even_split() -> None:
    table = answers([[4, 0]], [[2, 1], [2, 1]], [[1, 0], [1, 0], [1, 0], [0, 1]])
    assert effective_answers(table, 0) == pytest.approx([1.0, 2.0, 3.0])
    assert effective_answers(table, 1) == pytest.approx([2.0])


def test_similarity_is_one_for_equal_shares_and_zero_without_a_common_answer() -> None:
    table = answers([[2, 1], [4, 2]], [[1, 0], [0, 5]], [[1, 0], [1, 1]])
    third = 1 - np.sqrt(
        0.5 * 0.5 * np.log2(2) + 0.5 * 0.5 * np.log2(0.5 / 0.75) + 0.5 * np.log2(1 / 0.75)
    )
    assert similarity(table, 0, 1) == pytest.approx([1.0, 0.0, third])


def test_groups_that_share_no_item_have_no_figures() -> None:
    table = answers([[2, 0]], [[0, 2]])
    assert len(agreement_between(table, 0, 1)) == len(similarity(table, 0, 1)) == 0
    assert np.isnan(difference_tests(table, rng=rng())[0, 1])


def test_groups_that_answer_differently_are_found() -> None:
    table = answers(*[[[3, 0], [0, 3]]] * 5)
    assert difference_tests(table, rng=rng())[0, 1] == 1 / 200


def test_chance_alone_is_found_as_rarely_as_p_says() -> None:
    source = np.random.default_rng(8)
    p = []
    for _study in range(60):
        counts = source.multinomial(3, [0.4, 0.3, 0.3], size=(8, 2)).transpose(0, 2, 1)
        table = answers(*counts.tolist())
        p.append(difference_tests(table, rng=source)[0, 1])
    assert 0.3 < np.mean(p) < 0.75
    assert np.mean(np.array(p) <= 0.05) < 0.15


def test_a_third_group_changes_nothing_for_what_the_first_two_share() -> None:
    two = answers([[3, 1], [1, 1]], [[2, 0], [0, 1]])
    three = answers([[3, 1, 0], [1, 1, 2]], [[2, 0, 1], [0, 1, 0]])
    for figure in (agreement_between, similarity):
        assert figure(three, 0, 1) == pytest.approx(figure(two, 0, 1))


def test_false_discovery_rates_are_those_of_benjamini_and_hochberg() -> None:
    p = np.array([0.01, np.nan, 0.04, 0.03, 0.005])
    q = false_discovery_rates(p)
    assert q[[0, 2, 3, 4]] == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert np.isnan(q[1])
