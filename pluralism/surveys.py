"""Blocks of a survey: everybody gets m of M items, and all items equally often."""

from math import gcd

import numpy as np


def draw_block(person: int, items: int, size: int, seed: int) -> list[tuple[int, int]]:
    """Draw the block of one person.

    People are numbered from 0. Over any first people of a round the items are used equally often, ±1:
    a round is M/gcd(M, m) people, who go once round one random order of the items, each taking the next m.

    Parameters
    ----------
    person : int
        The person's number, from 0.
    items : int
        M, how many items there are.
    size : int
        m, how many a person gets; all of them where there are fewer.
    seed : int
        Where chance comes from: the same seed gives the same blocks.

    Returns
    -------
    list of (item, pass)
        Different items in the order to show them, each with how many times it was used before (over
        whole rounds exactly so), for balancing what is shown of it.

    Raises
    ------
    ValueError
        Where there are no items or the size is not positive.
    """
    if items < 1 or size < 1 or person < 0:
        raise ValueError("A block needs items, a size and a person's number from 0.")
    size = min(size, items)
    people = items // gcd(items, size)
    round_number, within = divmod(person, people)
    order = np.random.default_rng([abs(seed), round_number]).permutation(items)
    begin = within * size
    before = round_number * people * size // items
    return [
        (int(order[place % items]), before + place // items) for place in range(begin, begin + size)
    ]
