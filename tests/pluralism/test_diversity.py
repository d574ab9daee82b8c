"""Similarity without a model, the figures of a set, and choosing an unlike subset."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluralism.diversity import measure_diversity, near_identical_pairs
from pluralism.dpp import select_greedily
from pluralism.similarity import (
    Matrix,
    char_ngram_similarity,
    cosine_similarity,
    normalised,
    word_similarity,
)

CASES = Path(__file__).parent / "cases"
TEXTS = st.lists(st.text(max_size=40), min_size=2, max_size=6)


def cases(name: str) -> list[Any]:
    found = json.loads((CASES / f"{name}.json").read_text())["cases"]
    return [pytest.param(case, id=case["name"]) for case in found]


@pytest.mark.parametrize("case", cases("char_ngrams"))
def test_char_ngrams_agree_with_scikit_learn(case: dict[str, Any]) -> None:
    np.testing.assert_allclose(
        char_ngram_similarity(case["texts"]), case["similarity"], atol=1e-11, rtol=0
    )


@pytest.mark.parametrize("measure", [char_ngram_similarity, word_similarity])
@given(texts=TEXTS)
def test_similarities_are_symmetric_within_0_and_1_and_1_for_the_same_text(
    measure: Any, texts: list[str]
) -> None:
    similarity = measure(texts)
    assert similarity.shape == (len(texts), len(texts))
    assert (similarity == similarity.T).all()
    assert (np.diagonal(similarity) == 1).all()
    assert ((similarity >= 0) & (similarity <= 1)).all()
    for i, j in combinations(range(len(texts)), 2):
        if normalised(texts[i]) == normalised(texts[j]):
            assert similarity[i, j] in ({1.0} if normalised(texts[i]) else {0.0}) or (
                measure is word_similarity and similarity[i, j] == 0  # punctuation alone
            )


def test_case_white_space_and_compatibility_forms_make_no_difference() -> None:
    similarity = char_ngram_similarity(["ＡＢＣ ﬁsh", "abc\n\n  FISH", "abd fish"])
    assert similarity[0, 1] == 1
    assert similarity[0, 2] < 1


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["One two, three!", "two three four"], 2 / 4),
        (["हिन्दी भाषा", "हिन्दी। लिपि"], 1 / 3),
        (["親を大切に", "親を大事に"], 4 / 6),
        (["…", "!"], 0.0),
    ],
)
def test_words_are_compared_as_sets(texts: list[str], expected: float) -> None:
    assert word_similarity(texts)[0, 1] == pytest.approx(expected)


def test_vectors_are_compared_by_their_angle() -> None:
    similarity = cosine_similarity([[3, 0], [0, 2], [-1, 0], [1, 1], [0, 0]])
    np.testing.assert_allclose(similarity[0], [1, 0, -1, np.sqrt(0.5), 0], atol=1e-12)
    assert (np.diagonal(similarity) == 1).all()
    for bad in ([1.0, 2.0], [[1.0, float("nan")]]):
        with pytest.raises(ValueError, match="finite"):
            cosine_similarity(np.array(bad))


@pytest.mark.parametrize("case", cases("diversity"))
def test_the_figures_of_a_set(case: dict[str, Any]) -> None:
    similarity = np.array(case["similarity"], dtype=float)
    figures = measure_diversity(case["texts"], similarity)
    assert figures.mean_dissimilarity == pytest.approx(case["mean_dissimilarity"])
    assert figures.log_determinant == pytest.approx(case["log_determinant"], abs=1e-3)
    assert figures.distinct == case["distinct"]
    assert figures.length_spread == pytest.approx(case["length_spread"])
    assert near_identical_pairs(similarity) == [tuple(pair) for pair in case["near_identical"]]


@given(texts=st.lists(st.text(min_size=1, max_size=40), min_size=2, max_size=8))
def test_figures_stay_finite_and_within_their_bounds(texts: list[str]) -> None:
    figures = measure_diversity(texts, char_ngram_similarity(texts))
    assert 0 <= figures.mean_dissimilarity <= 1
    assert -14 * len(texts) < figures.log_determinant < 1e-9
    assert 1 <= figures.distinct <= len(texts)
    assert figures.length_spread >= 1


@pytest.mark.parametrize(("texts", "size"), [(["alone"], 1), (["a", ""], 2), (["a", "b", "c"], 2)])
def test_what_is_no_set_has_no_figures(texts: list[str], size: int) -> None:
    with pytest.raises(ValueError, match=r"set|shape"):
        measure_diversity(texts, np.eye(size))


@pytest.mark.parametrize("case", cases("dpp"))
def test_greedy_choices(case: dict[str, Any]) -> None:
    similarity = np.array(case["similarity"], dtype=float)
    assert select_greedily(similarity, case["quality"], case["k"]) == case["chosen"]


def greedy_by_definition(kernel: Matrix, k: int) -> list[int]:
    chosen: list[int] = []
    for _ in range(k):
        gains = {
            item: np.linalg.slogdet(kernel[np.ix_([*chosen, item], [*chosen, item])])[1]
            for item in range(len(kernel))
            if item not in chosen
        }
        chosen.append(max(gains, key=lambda item: gains[item]))
    return chosen


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 12), data=st.data())
def test_the_quick_way_chooses_what_the_determinants_say(
    seed: int, n: int, data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, n))
    rng = np.random.default_rng(seed)
    similarity = cosine_similarity(rng.normal(size=(n, n + 3)))
    quality = rng.uniform(0.5, 2, size=n)
    kernel = quality[:, None] * similarity * quality[None, :]
    assert select_greedily(similarity, quality, k) == greedy_by_definition(kernel, k)


@pytest.mark.parametrize(
    ("quality", "k", "complaint"),
    [
        ([1, 1], 2, "shape"),
        ([1, 1, 0], 2, "positive"),
        ([1, 1, np.inf], 2, "positive"),
        ([1, 1, 1], 4, "chosen"),
        ([1, 1, 1], 0, "chosen"),
        ([1, 1, 1], 3, "only 2"),
    ],
)
def test_what_cannot_be_chosen_is_refused(quality: list[float], k: int, complaint: str) -> None:
    similarity = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])
    with pytest.raises(ValueError, match=complaint):
        select_greedily(similarity, quality, k)
