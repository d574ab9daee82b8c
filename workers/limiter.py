"""How many requests one model server is given at a time.

The rule is TCP's, with a request in the place of a packet and a full round of answers in that of a round trip:

* Begin with `FIRST`, and add one for each answer, which doubles the limit each round, up to the first sign
  of too much; from then on add one each round (additive increase). Never go above the endpoint's
  `concurrency`, and only grow while the limit is really used.
* At a 429, a 503 or another outage, or a timeout, halve it (multiplicative decrease), once for all that was
  in flight together: what was sent before the last cut says nothing new.
* vLLM says neither of these; it takes everything and lets it wait. So where it tells in /metrics how many
  requests run and wait, its queue is kept short but not empty: `SHORT_QUEUE` of what runs, `LONG_QUEUE` where
  the server puts requests with a priority ahead of others, at least `SHORTEST_QUEUE`. More waiting takes that
  much off the limit, at most half of it at a look; a queue of that length stops its growth. The figures lag
  behind on a busy machine: what runs is taken to be the most that lately ran. For requests that a person waits
  for this is left out.
* Bulk leaves `INTERACTIVE_SHARE` of the concurrency free where the server can't put requests with a
  priority ahead of others.
"""

import math
import time
from dataclasses import dataclass

from workers.vllm import (
    Answer,
    Load,
    ModelServerError,
    ThrottledError,
    TimedOutError,
    UnavailableError,
)

FIRST = 8
SHORT_QUEUE = 0.5
LONG_QUEUE = 2.0
"""Nobody waits behind it, and the server never idles while this process or its machine is slow."""
FORGET = 0.9
"""What is left at each look of the most that lately ran."""
SHORTEST_QUEUE = 4
INTERACTIVE_SHARE = 0.25
TOO_MUCH = (ThrottledError, TimedOutError, UnavailableError)


def most_at_once(*, concurrency: int, priority: bool, urgent: bool) -> int:
    """Return the most requests that a pump may have in flight to an endpoint."""
    if urgent or priority:
        return concurrency
    return max(1, concurrency - math.ceil(concurrency * INTERACTIVE_SHARE))


@dataclass
class Limiter:
    """The limit of one endpoint in one pump, and what is in flight; all times are of the monotonic clock."""

    most: int
    has_priority: bool = False
    limit: float = 0.0
    running: float = 0.0
    slow_from: float = math.inf
    in_flight: int = 0
    cut_at: float = 0.0
    queue_is_filled: bool = False

    def __post_init__(self) -> None:
        self.limit = float(min(FIRST, self.most))

    @property
    def is_free(self) -> bool:
        """Whether one more request may be sent."""
        return self.in_flight < int(self.limit)

    @property
    def load(self) -> float:
        """How much of the limit is used, from 0."""
        return self.in_flight / self.limit

    def begin(self) -> None:
        """Count a request that is sent."""
        self.in_flight += 1

    def end(self, reply: Answer | ModelServerError | None, *, sent_at: float) -> None:
        """Draw the conclusions from one reply; None where the request was given up by us."""
        was_used = self.in_flight >= int(self.limit)
        self.in_flight -= 1
        if isinstance(reply, TOO_MUCH):
            if sent_at >= self.cut_at:
                self._cut_to(self.limit / 2)
        elif isinstance(reply, Answer) and was_used and not self.queue_is_filled:
            step = 1.0 if self.limit < self.slow_from else 1.0 / self.limit
            self.limit = min(self.limit + step, float(self.most))

    def look(self, load: Load) -> None:
        """Draw the conclusions from what the server tells of its own queue."""
        self.running = max(load.running, self.running * FORGET)
        share = LONG_QUEUE if self.has_priority else SHORT_QUEUE
        too_many = load.waiting - max(SHORTEST_QUEUE, self.running * share)
        self.queue_is_filled = too_many >= 0
        if too_many > 0:
            self._cut_to(max(self.limit - too_many, self.limit / 2))
        elif self.slow_from == math.inf:
            self.limit = float(self.most)

    def restart(self) -> None:
        """Begin anew, since the server did."""
        self.limit, self.slow_from = float(min(FIRST, self.most)), math.inf
        self.queue_is_filled, self.running = False, 0.0

    def _cut_to(self, limit: float) -> None:
        self.limit = self.slow_from = max(1.0, limit)
        self.cut_at = time.monotonic()
