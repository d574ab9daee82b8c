"""Blocks in which a share comes out exactly."""

import numpy as np
import pytest

from pluralism.blocks import block_length, shuffled_block


@pytest.mark.parametrize(
    ("share", "length", "drawn"),
    [(0, 1, 0), (1, 1, 1), (0.25, 4, 1), (0.31, 100, 31), (1 / 3, 3, 1), (0.5, 2, 1)],
)
def test_every_block_holds_exactly_the_share(share: float, length: int, drawn: int) -> None:
    for seed in range(20):
        block = shuffled_block(share, np.random.default_rng(seed))
        assert (len(block), sum(block)) == (block_length(share), drawn) == (length, drawn)


def test_the_order_is_shuffled_and_repeats_with_its_seed() -> None:
    blocks = [shuffled_block(0.31, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert blocks[0] == blocks[1] != blocks[2]


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_beyond_all_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=str(share)):
        shuffled_block(share, np.random.default_rng(0))
