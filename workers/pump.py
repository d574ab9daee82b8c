"""Keeps the model server busy with the sets of one run, until nothing is left or somebody says stop."""

import asyncio
import functools
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import GenerationRun
from annotator.selectors.generation import is_paused, running_run, seconds_until_due
from annotator.services import generation
from annotator.services.generation import Again, ClaimedSet, SetResult
from pluralism.strategies import Message, Request, Strategy, Task, make_strategy
from workers.gate import Gate
from workers.outcomes import Sent, make_result
from workers.vllm import Answer, ModelServer, ModelServerError, NotServedError

logger = logging.getLogger(__name__)

TICK = 0.05
BATCH = 16
LONGEST_WAIT_TO_STORE = 0.25
CLAIM_EVERY = 0.5
LOOK_EVERY = 1.0
RENEW_EVERY = 10.0
DATABASE_PAUSE = 0.5
DATABASE_PATIENCE = 60.0
PATIENCE = 20.0
"""So long a pump with nothing to do waits for the server, or for a set's pause to pass; then it leaves it to the sweep."""

P = ParamSpec("P")
T = TypeVar("T")


async def pump_run(*, run_id: int, stopping: Callable[[], bool]) -> None:
    """Work on a run with up to VLLM_CONCURRENCY requests in flight.

    All statements run in one thread of their own, so that no answer waits for the database. A worker
    that dies loses nothing: its leases end, and the sweep queues the sets again.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="database") as thread:
        database = _Database(thread)
        try:
            run = await database(running_run, run_id)
            if run is None:
                return
            if not settings.VLLM_BASE_URL:
                await database(_pause, run, _("No model server is configured."))
                return
            async with _connect() as server:
                await _Pump(run, server, database, stopping).work()
        finally:
            await database(_disconnect)


def _disconnect() -> None:
    """Close the connection of the thread that calls this."""
    connection.close()


def _connect() -> ModelServer:
    return ModelServer(
        base_url=settings.VLLM_BASE_URL,
        api_key=settings.VLLM_API_KEY,
        timeout=settings.VLLM_TIMEOUT,
        connections=settings.VLLM_CONCURRENCY,
    )


class _Database:
    """Calls functions in the thread that holds the connection, again and again while PostgreSQL is away.

    Each of them may be called twice: what was stored by a call whose answer was lost is refused as late.
    """

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self._thread = thread

    async def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        call = functools.partial(function, *args, **kwargs)
        loop = asyncio.get_running_loop()
        give_up_at = time.monotonic() + DATABASE_PATIENCE
        while True:
            try:
                return await loop.run_in_executor(self._thread, call)
            except (OperationalError, InterfaceError) as error:
                if time.monotonic() > give_up_at:
                    raise
                logger.warning(
                    "The database did not take %s; trying again. %s", function.__name__, error
                )
            await loop.run_in_executor(self._thread, _disconnect)
            await asyncio.sleep(DATABASE_PAUSE)


class _Due:
    """Says whether it is time again."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._at = 0.0

    def now(self) -> bool:
        """Return True at most once in each interval."""
        now = time.monotonic()
        if now < self._at:
            return False
        self._at = now + self._every
        return True


class _Pump:
    """The state of one pump. One loop claims, stores and looks around; each set has a task of its own."""

    def __init__(
        self,
        run: GenerationRun,
        server: ModelServer,
        database: _Database,
        stopping: Callable[[], bool],
    ) -> None:
        self._run = run
        self._model = run.model
        self._strategy: Strategy = make_strategy(run.strategy, run.parameters)
        self._server = server
        self._database = database
        self._stopping = stopping
        self._gate = Gate(seed=run.seed)
        self._slots = asyncio.Semaphore(settings.VLLM_CONCURRENCY)
        self._requests_per_set = self._strategy.requests_per_set(run.candidates)
        # As much again as is in flight waits claimed, so that a free slot never waits for the database.
        self._most_unanswered = 2 * settings.VLLM_CONCURRENCY
        self._unanswered: dict[int, int] = {}
        self._held: dict[int, tuple[ClaimedSet, asyncio.Task[SetResult]]] = {}
        self._begun: set[int] = set()
        self._results: list[SetResult] = []
        self._store_at = math.inf
        self._something_ended = asyncio.Event()
        self._more_is_queued = True
        self._refusal = ""
        self._said = run.pause_reason
        self._claim_due, self._look_due, self._renew_due = (
            _Due(CLAIM_EVERY),
            _Due(LOOK_EVERY),
            _Due(RENEW_EVERY),
        )

    async def work(self) -> None:
        """Go round until the run is over, paused or cancelled, this process is to end, or nothing can be done.

        1. Look whether the run still runs; renew the leases, and drop what was taken away.
        2. While the server's gate is shut, put back what was not sent, and probe.
        3. Claim, while there is room.
        4. Wait for an answer; store a batch.
        """
        try:
            while await self._go_on():
                if self._renew_due.now():
                    await self._renew()
                await self._pass_gate()
                await self._claim()
                await self._wait()
                await self._store(everything=False)
            await self._drain()
        finally:
            self._collect()
            await self._hand_back(list(self._held))
            await self._store(everything=True)
            await self._database(generation.finish_runs, run_ids=[self._run.pk])

    async def _go_on(self) -> bool:
        if self._stopping() or self._refusal:
            return False
        if self._look_due.now() and await self._database(running_run, self._run.pk) is None:
            return False
        if self._held or self._results:
            return True
        if not self._gate.is_open:
            return self._gate.shut_for() < PATIENCE
        wait = await self._database(seconds_until_due, self._run.pk)
        if wait is None or wait > PATIENCE:
            return False
        await asyncio.sleep(min(wait, CLAIM_EVERY))
        return True

    async def _renew(self) -> None:
        if self._held:
            claimed = [claimed for claimed, _task in self._held.values()]
            kept = await self._database(generation.renew_leases, claimed=claimed)
            for set_id in set(self._held) - kept:
                logger.warning("Set %s was taken away from this worker.", set_id)
                await self._drop(set_id)

    async def _pass_gate(self) -> None:
        if self._gate.is_open:
            return
        await self._hand_back([set_id for set_id in self._held if set_id not in self._begun])
        if self._held or not self._gate.wants_probe:
            return
        try:
            self._model = self._model or await self._server.first_model()
            await self._server.probe(self._model)
        except NotServedError as error:
            self._refusal = error.sentence
        except ModelServerError as error:
            self._gate.probe_failed(error)
            await self._say(_("%(error)s Trying again.") % {"error": error.sentence})
        else:
            self._gate.probe_succeeded()
            await self._say("")

    async def _claim(self) -> None:
        # Counted in requests: a set whose longest answer is still to come fills one slot, not k.
        free = self._most_unanswered - sum(self._unanswered.values())
        if (
            not self._gate.is_open
            or free <= self._most_unanswered // 4
            or not (self._more_is_queued or self._claim_due.now())
        ):
            return
        room = math.ceil(free / self._requests_per_set)
        claimed = await self._database(generation.claim_sets, run_id=self._run.pk, limit=room)
        self._more_is_queued = len(claimed) == room
        for one in claimed:
            task = asyncio.create_task(self._make(one))
            task.add_done_callback(lambda _task: self._something_ended.set())
            self._held[one.set_id] = (one, task)
            self._unanswered[one.set_id] = self._requests_per_set

    async def _make(self, claimed: ClaimedSet) -> SetResult:
        """Ask for one set and read the answers."""
        conversation = [Message("user", claimed.text)]
        if claimed.system:
            conversation.insert(0, Message("system", claimed.system))
        k = self._run.candidates
        task = Task(
            tuple(conversation), claimed.language, k, claimed.seed, claimed.attempt, claimed.source
        )
        requests = self._strategy.ask(task)
        sent = await asyncio.gather(*(self._send(claimed.set_id, request) for request in requests))
        return make_result(claimed, sent, strategy=self._strategy, k=k)

    async def _send(self, set_id: int, request: Request) -> Sent:
        body = request.body(model=self._model)
        async with self._slots:
            while not self._gate.is_open and set_id not in self._begun:
                await asyncio.sleep(TICK)  # the loop is about to give this set back
            self._begun.add(set_id)
            reply: Answer | ModelServerError
            try:
                reply = await self._server.complete(body)
            except ModelServerError as error:
                reply = error
            if set_id in self._unanswered:  # else the set was given back meanwhile
                self._unanswered[set_id] -= 1
            self._gate.learn(reply)
            if isinstance(reply, NotServedError):
                self._refusal = reply.sentence
            return Sent(request=request, body=body, reply=reply)

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(TICK):
                await self._something_ended.wait()
        self._something_ended.clear()
        self._collect()

    def _collect(self) -> None:
        """Take the results of the tasks that have ended."""
        ended = [(claimed, task) for claimed, task in self._held.values() if task.done()]
        for claimed, task in ended:
            self._forget(claimed.set_id)
            error = None if task.cancelled() else task.exception()
            if error is not None:  # a fault of ours at one set must not stop the others
                logger.error("Set %s could not be made.", claimed.set_id, exc_info=error)
                self._results.append(
                    SetResult(claimed=claimed, outcome=Again("internal_error", repr(error)))
                )
            elif not task.cancelled():
                self._results.append(task.result())
        if ended and self._store_at == math.inf:
            self._store_at = time.monotonic() + LONGEST_WAIT_TO_STORE

    async def _store(self, *, everything: bool) -> None:
        if not self._results:
            return
        if (
            everything
            or len(self._results) >= BATCH
            or not self._held
            or time.monotonic() >= self._store_at
        ):
            results, self._results, self._store_at = self._results, [], math.inf
            stored = await self._database(generation.store_results, results=results)
            if stored.late:
                logger.warning("%s results came too late and were refused.", stored.late)

    async def _drain(self) -> None:
        """After the loop: let what was sent arrive when the run was paused; otherwise let go of it."""
        if self._refusal:
            await self._database(_pause, self._run, self._refusal)
        await self._hand_back([set_id for set_id in self._held if set_id not in self._begun])
        while self._held and not self._stopping() and await self._database(is_paused, self._run.pk):
            if self._renew_due.now():
                await self._renew()
            await self._wait()
            await self._store(everything=False)

    async def _hand_back(self, set_ids: list[int]) -> None:
        claimed = [self._held[set_id][0] for set_id in set_ids]
        for set_id in set_ids:
            await self._drop(set_id)
        if claimed:
            await self._database(generation.give_back_sets, claimed=claimed)

    async def _drop(self, set_id: int) -> None:
        """Forget a set; cancelling its task closes its connections, which aborts the work on the server."""
        task = self._held[set_id][1]
        self._forget(set_id)
        task.cancel()
        await asyncio.wait([task])

    def _forget(self, set_id: int) -> None:
        del self._held[set_id], self._unanswered[set_id]
        self._begun.discard(set_id)

    async def _say(self, sentence: str) -> None:
        """Show on the run what it waits for."""
        if sentence != self._said:
            self._said = sentence
            await self._database(generation.set_notice, run=self._run, notice=sentence)


def _pause(run: GenerationRun, refusal: str) -> None:
    """Pause the run with one banner, unless another worker or a person was faster."""
    advice = _("Check VLLM_BASE_URL, VLLM_API_KEY and the model's name, then resume the run.")
    with suppress(Refused):
        generation.pause_run(run=run, reason=f"{refusal} {advice}")
