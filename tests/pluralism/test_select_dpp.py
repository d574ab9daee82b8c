"""The most unlike of a pool that another strategy makes."""

from typing import Any

import numpy as np
import pytest

from pluralism.strategies import UnusableError
from tests.pluralism.asking import PROFILES, answered, made, reason, task, texts

ALIKE = [
    f"Honour your parents, they gave you life and love, number {number}." for number in range(9)
]
UNLIKE = ["Du schuldest niemandem etwas.", "वृद्धावस्था में सेवा करें।", "عش حياتك بحرية كما تشاء."]

KINDS = [
    "Honour your father and your mother and do as they ask while they live",
    "You owe nobody anything so choose a life that is really yours",
    "Share the costs of care with the whole family and plan for it early",
    "Some people were hurt at home and may well keep their distance now",
]


def test_what_is_kept_is_what_is_unlike_in_the_order_of_choosing() -> None:
    strategy = made("select_dpp", pool=12)
    pool = [*ALIKE[:5], *UNLIKE, *ALIKE[5:]]
    candidates = strategy.read(strategy.ask(task()), pool, k=4)
    assert set(UNLIKE) < set(texts(candidates))
    for candidate in candidates:
        assert candidate.origin == {"pool": 12, "drawn": pool.index(candidate.text)}
        assert candidate.request == pool.index(candidate.text)


@pytest.mark.parametrize("seed", range(20))
def test_of_every_kind_of_answer_one_is_kept(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = rng.permutation([0, 1, 2, 3, *rng.integers(4, size=12)])
    pool = []
    for number, kind in enumerate(kinds):
        words = KINDS[kind].split()
        words[rng.integers(len(words))] = f"perhaps {number}"
        pool.append(" ".join(words))
    strategy = made("select_dpp")
    candidates = strategy.read(strategy.ask(task(seed=seed)), pool, k=4)
    assert {kinds[candidate.request] for candidate in candidates} == {0, 1, 2, 3}


def test_a_base_that_asks_for_each_response_alone_is_asked_for_the_pool_at_once() -> None:
    strategy = made("select_dpp", pool=10)
    assert strategy.requests_per_set(4) == 10
    assert len({request.seed for request in strategy.ask(task())}) == 10
    profiled = made(
        "select_dpp", base="value_systems", base_parameters={"profiles": PROFILES}, pool=6
    )
    assert [request.origin["profile"] for request in profiled.ask(task())] == [
        "tradition",
        "autonomy",
        "security",
    ] * 2


@pytest.mark.parametrize(
    ("base_parameters", "pool", "expected"),
    [({}, 12, 3), ({}, 13, 4), ({"composition": "k_minus_1_nc_plus_default"}, 13, 8)],
)
def test_any_other_base_is_asked_in_rounds_of_k_with_seeds_of_their_own(
    base_parameters: dict[str, Any], pool: int, expected: int
) -> None:
    strategy = made("select_dpp", base="nc_prompt", base_parameters=base_parameters, pool=pool)
    requests = strategy.ask(task())
    assert strategy.requests_per_set(4) == len(requests) == expected
    assert len({request.seed for request in requests}) == expected


def test_the_bases_origin_is_kept_and_requests_are_counted_over_all_rounds() -> None:
    strategy = made("select_dpp", base="verbalized", pool=8)
    requests = strategy.ask(task())
    said = [*ALIKE[:4], *UNLIKE, "Ring them."]
    candidates = strategy.read(requests, answered(requests, said), k=4)
    assert {candidate.text: candidate.request for candidate in candidates} == {
        text: said.index(text) // 4 for text in texts(candidates)
    }
    assert all(candidate.origin["probability"] == 0.05 for candidate in candidates)


def test_answers_that_cannot_be_read_are_spared_as_long_as_enough_are_left() -> None:
    strategy = made("select_dpp", pool=8)
    requests = strategy.ask(task())
    spared = ["", "a<|end|>", "  ", "\0", "alpha", "beta", "gamma", "delta"]
    candidates = strategy.read(requests, spared, k=4)
    assert set(texts(candidates)) == {"alpha", "beta", "gamma", "delta"}
    assert {candidate.request for candidate in candidates} == {4, 5, 6, 7}
    assert {candidate.origin["pool"] for candidate in candidates} == {4}


def test_a_round_that_cannot_be_read_is_spared_whole() -> None:
    strategy = made("select_dpp", base="nc_prompt", pool=8)
    answers = ["### one\n### two\n### three", "### alpha\n### beta\n### gamma\n### delta"]
    candidates = strategy.read(strategy.ask(task()), answers, k=4)
    assert set(texts(candidates)) == {"alpha", "beta", "gamma", "delta"}
    assert {candidate.request for candidate in candidates} == {1}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([""] * 8, "pool_too_small"),
        (["a", "b", "c", *[""] * 5], "pool_too_small"),
        (["Honour them."] * 5 + ["HONOUR  them.", "b", "c"], "pool_too_small"),
    ],
)
def test_too_few_different_responses_make_no_set(answers: list[str], expected: str) -> None:
    assert reason(made("select_dpp", pool=8), answers) == expected


def test_a_refusal_says_what_was_wrong_with_the_others() -> None:
    strategy = made("select_dpp", base="nc_prompt", pool=8)
    with pytest.raises(UnusableError, match=r"0 different responses.*no_marker.*wrong_count"):
        strategy.read(strategy.ask(task()), ["a", "### a"], k=4)


def test_lengths_near_the_median_may_be_preferred() -> None:
    usual = [
        "ab cd ef gh ij",
        "kl mn op qr st",
        "uv wx yz ba dc",
        "fe hg ji lk nm",
        "po rq ts vu xw",
    ]
    pool = ["!?", *usual, "lorem ipsum dolor sit amet consectetur adipiscing elit sed do"]
    for quality, has_odd_ones in (("uniform", True), ("length", False)):
        strategy = made("select_dpp", pool=7, quality=quality)
        kept = set(texts(strategy.read(strategy.ask(task()), pool, k=4)))
        assert bool(kept - set(usual)) == has_odd_ones


def test_the_wording_is_the_bases() -> None:
    parameters = {"protocol": "structured"}
    strategy = made("select_dpp", base="nc_prompt", base_parameters=parameters)
    assert strategy.template_version == "nc_prompt-structured-system-1"
    assert strategy.model_dump()["base_parameters"]["position"] == "system"
