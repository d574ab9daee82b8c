"""A subset of people in which each answer to each question is given equally often, as far as people allow."""

from collections import Counter
from collections.abc import Sequence

FEWEST_ANSWERS = 2
"""A question with fewer different answers can't be balanced."""


def draw_balanced(people: Sequence[Sequence[str]]) -> list[int]:
    """Return the indices of the people drawn, in the order given, which the caller has shuffled by a seed.

    The target is uniform: of each question, every answer as often as the rarest is there at all. A person is
    taken while none of their answers has reached that number.

    Parameters
    ----------
    people
        One row of answers per person, a cell per question, none missing.

    Raises
    ------
    ValueError
        where rows differ in length.
    """
    if not people:
        return []
    if len({len(answers) for answers in people}) > 1:
        raise ValueError("rows must have equally many cells")
    counts = [Counter(answers) for answers in zip(*people, strict=True)]
    if any(len(count) < FEWEST_ANSWERS for count in counts):
        return []
    most = [min(count.values()) for count in counts]
    taken: list[Counter[str]] = [Counter() for _ in counts]
    drawn = []
    for index, answers in enumerate(people):
        if all(
            so_far[answer] < limit
            for so_far, answer, limit in zip(taken, answers, most, strict=True)
        ):
            drawn.append(index)
            for so_far, answer in zip(taken, answers, strict=True):
                so_far[answer] += 1
    return drawn
