"""How many requests a model server is given: the rules of `workers.limiter` one by one."""

import time

import pytest

from workers.limiter import FIRST, Limiter, most_at_once
from workers.vllm import Answer, Load, ThrottledError, UnavailableError

ANSWER = Answer({}, "text", "stop", "tiny", 1, 1, 10)
THROTTLED = ThrottledError("Too many", retry_after=1, body=None, duration_ms=1)
GONE = UnavailableError("Gone")


def fill(limiter: Limiter) -> int:
    """Send until nothing more may be sent; return how many are in flight."""
    while limiter.is_free:
        limiter.begin()
    return limiter.in_flight


def load(*, running: float, waiting: float) -> Load:
    return Load(running=running, waiting=waiting, prefix_queries=0, prefix_hits=0)


def test_it_begins_low_doubles_each_round_and_never_passes_the_most() -> None:
    limiter = Limiter(40)
    assert fill(limiter) == FIRST
    for expected in (16, 32, 40, 40):
        for _answer in range(limiter.in_flight):
            limiter.end(ANSWER, sent_at=time.monotonic())
            fill(limiter)
        assert limiter.in_flight == expected


def test_it_grows_only_while_it_is_used() -> None:
    limiter = Limiter(40)
    for _answer in range(30):
        limiter.begin()
        limiter.end(ANSWER, sent_at=time.monotonic())
    assert limiter.limit == FIRST


@pytest.mark.parametrize("refusal", [THROTTLED, GONE])
def test_too_much_halves_it_once_for_all_that_was_in_flight(refusal: ThrottledError) -> None:
    limiter = Limiter(40, limit=0.0)
    limiter.limit = 32.0
    sent_at = time.monotonic()
    fill(limiter)
    for _refusal in range(10):
        limiter.end(refusal, sent_at=sent_at)
    assert limiter.limit == 16.0
    limiter.end(ANSWER, sent_at=sent_at)
    assert limiter.limit <= 17.0, "after the first cut it grows slowly"


def test_a_request_that_was_given_up_says_nothing() -> None:
    limiter = Limiter(40)
    fill(limiter)
    limiter.end(None, sent_at=time.monotonic())
    assert (limiter.limit, limiter.in_flight) == (FIRST, FIRST - 1)


@pytest.mark.parametrize(("has_priority", "kept"), [(False, 8), (True, 32)])
def test_the_servers_queue_is_kept_short_and_longer_where_people_overtake_it(
    has_priority: bool, kept: int
) -> None:
    limiter = Limiter(128, has_priority=has_priority)
    limiter.limit = 100.0
    limiter.look(load(running=16, waiting=kept + 10))
    assert (limiter.limit, limiter.queue_is_filled) == (90.0, True)
    limiter.look(load(running=16, waiting=kept - 1))
    assert (limiter.limit, limiter.queue_is_filled) == (90.0, False)


def test_a_figure_that_lags_behind_does_not_cut_it() -> None:
    limiter = Limiter(64)
    limiter.limit = limiter.slow_from = 24.0
    limiter.look(load(running=16, waiting=6))
    limiter.look(load(running=0, waiting=7))
    assert limiter.limit == 24.0


def test_a_server_that_tells_of_a_short_queue_is_given_all_at_once_until_the_first_cut() -> None:
    limiter = Limiter(64)
    limiter.look(load(running=0, waiting=0))
    assert limiter.limit == 64.0
    limiter.look(load(running=16, waiting=30))
    limiter.look(load(running=16, waiting=0))
    assert limiter.limit == 42.0


def test_a_server_that_came_back_begins_anew() -> None:
    limiter = Limiter(64)
    limiter.limit = 60.0
    limiter.look(load(running=16, waiting=60))
    limiter.restart()
    assert (limiter.limit, limiter.queue_is_filled) == (FIRST, False)


def test_bulk_leaves_a_quarter_free_where_the_server_knows_no_priority() -> None:
    assert most_at_once(concurrency=32, priority=False, urgent=False) == 24
    assert most_at_once(concurrency=32, priority=False, urgent=True) == 32
    assert most_at_once(concurrency=32, priority=True, urgent=False) == 32
    assert most_at_once(concurrency=1, priority=False, urgent=False) == 1
