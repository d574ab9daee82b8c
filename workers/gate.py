"""Whether requests may go to the model server now.

The gate is shut at the beginning, after five outages in a row, and for as long as the server asked for
with 429. It opens only after a probe: one token, really generated.
"""

import time
from dataclasses import dataclass, field

from workers.outcomes import jitter
from workers.vllm import Answer, ModelServerError, ThrottledError, TimedOutError, UnavailableError

OUTAGES_IN_A_ROW = 5
LONGEST_PAUSE = 8.0


@dataclass
class Gate:
    """A circuit breaker; all times are of the monotonic clock, in seconds."""

    seed: int
    is_open: bool = False
    shut_since: float = field(default_factory=time.monotonic)
    probe_at: float = 0.0
    outages: int = 0
    failed_probes: int = 0

    def learn(self, reply: Answer | ModelServerError) -> None:
        """Draw the conclusions from one reply."""
        if isinstance(reply, ThrottledError):
            self._shut(reply.retry_after)
        elif isinstance(reply, UnavailableError | TimedOutError):
            self.outages += 1
            if self.outages >= OUTAGES_IN_A_ROW:
                self._shut(0.0)
        else:
            self.outages = 0

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

    @property
    def wants_probe(self) -> bool:
        """Whether it is time to try again."""
        return not self.is_open and time.monotonic() >= self.probe_at

    def shut_for(self) -> float:
        """Return for how long nothing could be sent, and how long that will last at least."""
        return 0.0 if self.is_open else max(time.monotonic(), self.probe_at) - self.shut_since

    def _shut(self, seconds: float) -> None:
        now = time.monotonic()
        if self.is_open:
            self.is_open, self.shut_since, self.failed_probes = False, now, 0
        self.probe_at = max(self.probe_at, now + seconds)
