"""How far the sets have come that people are waiting for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from annotator.services.generation import ClaimedSet


@dataclass
class Progress:
    """The tokens of each request so far; what has grown is written down now and then, not at every token."""

    _counts: dict[int, tuple[ClaimedSet, list[int]]] = field(default_factory=dict)
    _grown: set[int] = field(default_factory=set)

    def begin(self, claimed: ClaimedSet, *, requests: int) -> Sequence[Callable[[int], None]]:
        """Return for each request of a set where to tell its tokens."""
        counts = [0] * requests
        self._counts[claimed.set_id] = (claimed, counts)
        self._grown.add(claimed.set_id)

        def teller(number: int) -> Callable[[int], None]:
            def tell(tokens: int) -> None:
                counts[number] = tokens
                self._grown.add(claimed.set_id)

            return tell

        return [teller(number) for number in range(requests)]

    def forget(self, set_id: int) -> None:
        """Stop following a set."""
        self._counts.pop(set_id, None)
        self._grown.discard(set_id)

    def take_grown(self) -> list[tuple[ClaimedSet, list[int]]]:
        """Return the sets that have come further since this was asked last."""
        grown = [self._counts[set_id] for set_id in self._grown if set_id in self._counts]
        self._grown.clear()
        return [(claimed, list(counts)) for claimed, counts in grown]
