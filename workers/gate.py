"""Whether requests may go to one model server now.

The gate is shut at the beginning and after five outages in a row. It opens only after a probe: one token,
really generated. After a 429 it stays open, but holds everything back for as long as the server asked for.
"""

import time
from dataclasses import dataclass, field

from workers.outcomes import jitter
from workers.vllm import Answer, ModelServerError, ThrottledError, TimedOutError, UnavailableError

OUTAGES_IN_A_ROW = 5
LONGEST_PAUSE = 8.0
REFUSED_PAUSE = 60.0
"""A wrong key or version is put right by people; until then one look a minute is enough."""


@dataclass
class Gate:
    """A circuit breaker; all times are of the monotonic clock, in seconds."""

    seed: int
    is_open: bool = False
    shut_since: float = field(default_factory=time.monotonic)
    probe_at: float = 0.0
    held_since: float = 0.0
    held_until: float = 0.0
    outages: int = 0
    failed_probes: int = 0

    @property
    def is_ready(self) -> bool:
        """Whether a request may be sent now."""
        return self.is_open and time.monotonic() >= self.held_until

    def learn(self, reply: Answer | ModelServerError) -> None:
        """Draw the conclusions from one reply."""
        if isinstance(reply, ThrottledError):
            self._hold(reply.retry_after)
        elif isinstance(reply, UnavailableError | TimedOutError):
            self.outages += 1
            if self.outages >= OUTAGES_IN_A_ROW:
                self.shut()
        else:
            self.outages = 0

    def shut(self) -> None:
        """Let nothing through until a probe succeeds."""
        if self.is_open:
            self.is_open, self.shut_since, self.failed_probes = False, time.monotonic(), 0

    def probe_succeeded(self) -> None:
        """Open the gate."""
        self.is_open, self.outages, self.failed_probes = True, 0, 0

    def probe_failed(self, error: ModelServerError) -> None:
        """Stay shut; the next probe comes after a random part of a doubling pause."""
        self.failed_probes += 1
        pause = jitter(
            seed=self.seed,
            attempt=self.failed_probes,
            longest=min(2.0**self.failed_probes, LONGEST_PAUSE),
        )
        self.probe_at = time.monotonic() + (
            error.retry_after if isinstance(error, ThrottledError) else pause
        )

    def refused(self) -> None:
        """Stay shut until somebody may have put it right."""
        self.shut()
        self.probe_at = time.monotonic() + REFUSED_PAUSE

    @property
    def wants_probe(self) -> bool:
        """Whether it is time to try again."""
        return not self.is_open and time.monotonic() >= self.probe_at

    def shut_for(self) -> float:
        """Return for how long nothing could be sent, and how long that will last at least."""
        if self.is_open:
            return self.held_until - self.held_since if not self.is_ready else 0.0
        return max(time.monotonic(), self.probe_at) - self.shut_since

    def _hold(self, seconds: float) -> None:
        now = time.monotonic()
        if now >= self.held_until:
            self.held_since = now
        self.held_until = max(self.held_until, now + seconds)
