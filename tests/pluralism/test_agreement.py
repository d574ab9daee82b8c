"""Agreement against published worked examples, and what must hold of any figure."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pluralism.agreement import (
    Ratings,
    entropy_by_item,
    estimate,
    fleiss_kappa,
    free_marginal_kappa,
    krippendorff_alpha,
    percent_agreement,
    plurality_by_item,
    tabulate,
)

CASES = json.loads((Path(__file__).parent / "cases" / "agreement.json").read_text())
STATISTICS = {
    "percent": percent_agreement,
    "fleiss": fleiss_kappa,
    "alpha": krippendorff_alpha,
}


def ratings(rows: list[list[int]]) -> Ratings:
    return tabulate(
        (item, answer, count)
        for item, row in enumerate(rows)
        for answer, count in enumerate(row)
        if count
    )


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["source"][:40])
def test_the_figures_are_those_of_the_named_source(case: dict[str, Any]) -> None:
    for name in STATISTICS.keys() & case.keys():
        found = estimate(ratings(case["rows"]), STATISTICS[name], rng=rng())
        assert found.value == pytest.approx(case[name], abs=6e-4), name
        assert found.value is not None
        assert found.interval is not None
        assert found.interval.low < found.value < found.interval.high


def test_fleiss_kappa_is_undefined_where_items_have_unequal_numbers_of_answers() -> None:
    found = estimate(ratings([[2, 0], [1, 2]]), fleiss_kappa, rng=rng())
    assert (found.value, found.interval, found.n, found.why) == (None, None, 2, "unequal_n")


@pytest.mark.parametrize("statistic", [fleiss_kappa, krippendorff_alpha])
def test_without_any_variation_chance_explains_all(statistic: Any) -> None:
    assert estimate(ratings([[3], [3]]), statistic, rng=rng()).why == "no_variation"


def test_nothing_is_said_of_no_items() -> None:
    assert estimate(ratings([]), percent_agreement, rng=rng()).why == "no_items"
    assert estimate(ratings([[1], [0, 1]]), percent_agreement, rng=rng()).n == 0


def test_one_item_has_no_interval() -> None:
    found = estimate(ratings([[2, 1]]), percent_agreement, rng=rng())
    assert found.value == pytest.approx(1 / 3)
    assert found.interval is None


def test_each_item_has_its_entropy_and_its_plurality() -> None:
    found = ratings([[2, 2, 0, 0], [4, 0, 0, 0], [1, 1, 1, 1], [2, 1, 1, 0]])
    assert entropy_by_item(found).tolist() == pytest.approx([1, 0, 2, 1.5])
    assert plurality_by_item(found).tolist() == [2, 4, 1, 2]
    assert found.agreement.tolist() == pytest.approx([1 / 3, 1, 0, 1 / 6])


def test_items_that_one_person_answered_are_left_out_wherever_they_stand() -> None:
    assert ratings([[1], [2, 1], [0, 1], [0, 0, 3]]).raters.tolist() == [3, 3]


def test_some_of_the_items_have_a_table_of_their_own() -> None:
    some = ratings([[2, 1], [0, 0, 3], [1, 1]]).choose(np.array([True, False, True]))
    assert (some.items, some.raters.tolist(), some.category.tolist()) == (2, [3, 2], [0, 1, 0, 1])


def test_random_answers_agree_no_more_than_chance() -> None:
    draws = rng().multinomial(4, [0.25] * 4, size=2000)
    rows = [[0] * (4 * item) + row for item, row in enumerate(draws[:200].tolist())]
    table = ratings(rows)  # every item has answers of its own, as responses are
    kappa = estimate(table, free_marginal_kappa(np.full(200, 4)), rng=rng())
    assert kappa.interval is not None
    assert kappa.interval.low < 0 < kappa.interval.high
    alpha = estimate(ratings(draws.tolist()), krippendorff_alpha, rng=rng())
    assert alpha.interval is not None
    assert alpha.interval.low < 0 < alpha.interval.high


def test_the_interval_holds_the_truth_about_19_times_in_20() -> None:
    """60 items of 3 people who give the first of two answers with p = 0.8: they agree on 0.68."""
    held = 0
    for sample in range(60):
        draws = np.random.default_rng(sample).multinomial(3, [0.8, 0.2], size=60)
        interval = estimate(
            ratings(draws.tolist()), percent_agreement, rng=np.random.default_rng(sample)
        ).interval
        assert interval is not None
        held += interval.low <= 0.68 <= interval.high
    assert held >= 53


def test_the_same_seed_gives_the_same_interval() -> None:
    table = ratings([[2, 1], [3, 0], [1, 2]])
    assert estimate(table, percent_agreement, rng=rng()) == estimate(
        table, percent_agreement, rng=rng()
    )
