"""Keeps the model servers busy with the sets of one run, until nothing is left or somebody says stop."""

import asyncio
import functools
import logging
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import GenerationRun
from annotator.selectors.endpoints import generating_endpoints
from annotator.selectors.generation import is_paused, running_run, seconds_until_due
from annotator.services import generation
from annotator.services.generation import Again, ClaimedSet, SetResult
from pluralism.languages import LanguageDetector, detector_for
from pluralism.strategies import Request, Strategy, Task, make_strategy
from workers.database import Database
from workers.outcomes import Sent, make_result
from workers.progress import Progress
from workers.servers import Fleet
from workers.vllm import NotServedError, OnTokens

logger = logging.getLogger(__name__)

TICK = 0.1
BATCH = 100
"""Results that are stored, and sets that are claimed, together."""
LONGEST_WAIT_TO_STORE = 8.0
"""Nobody waits for a set in bulk; a worker that is killed loses the work of so many seconds."""
CLAIM_EVERY = 0.5
LOOK_EVERY = 3.0
"""How often a pump asks whether its run still runs, unless a claim has just said so."""
RENEW_EVERY = 10.0
REPORT_EVERY = 5.0
PROGRESS_EVERY = 0.5
HOLD = 2.0
"""So long claimed sets are kept while no server takes anything; then other workers may have them."""
PATIENCE = 20.0
"""So long a pump with nothing to do waits for the server, or for a set's pause to pass; then it leaves it to the sweep."""


async def pump_run(*, run_id: int, stopping: Callable[[], bool]) -> None:
    """Work on a run with as many requests in flight as its model servers take.

    All statements run in one thread of their own, so that no answer waits for the database. A worker
    that dies loses nothing: its leases end, and the sweep queues the sets again.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="database") as thread:
        database = Database(thread)
        try:
            run = await database(running_run, run_id)
            if run is None:
                return
            endpoints = generating_endpoints(run.endpoints)
            if not endpoints:
                await database(_pause, run, _none_configured(run))
                return
            detector = await database(_detector, run)
            async with Fleet(run, endpoints) as fleet:
                await _Pump(run, fleet, database, detector, stopping).work()
        finally:
            await database.close()


def _none_configured(run: GenerationRun) -> str:
    return (
        _("None of the run's model servers is configured any more: %(names)s.")
        % {"names": ", ".join(run.endpoints)}
        if run.endpoints
        else _("No model server is configured.")
    )


class _Due:
    """Says whether it is time again."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._at = 0.0

    def now(self) -> bool:
        """Return True at most once in each interval."""
        if time.monotonic() < self._at:
            return False
        self.put_off()
        return True

    def put_off(self) -> None:
        """Begin the interval anew."""
        self._at = time.monotonic() + self._every


class _Pump:
    """The state of one pump. One loop claims, stores and looks around; each set has a task of its own."""

    def __init__(
        self,
        run: GenerationRun,
        fleet: Fleet,
        database: Database,
        detector: LanguageDetector,
        stopping: Callable[[], bool],
    ) -> None:
        self._run = run
        self._strategy: Strategy = make_strategy(run.strategy, run.parameters)
        self._fleet = fleet
        self._database = database
        self._detector = detector
        self._stopping = stopping
        self._urgent = run.queue == GenerationRun.Queue.INTERACTIVE
        self._requests_per_set = self._strategy.requests_per_set(run.candidates)
        # More than is in flight waits claimed, so that a free slot never waits for the database.
        self._spare = 0 if self._urgent else BATCH * self._requests_per_set
        self._most_unanswered = fleet.capacity + max(fleet.capacity, self._spare)
        self._unanswered: dict[int, int] = {}
        self._held: dict[int, tuple[ClaimedSet, asyncio.Task[SetResult]]] = {}
        self._begun: set[int] = set()
        self._progress = Progress()
        self._ended: list[ClaimedSet] = []
        self._results: list[SetResult] = []
        self._store_at = math.inf
        self._something_ended = asyncio.Event()
        self._more_is_queued = True
        self._refusal = ""
        self._said = run.pause_reason
        self._is_known = bool(run.server_version and run.served_model)
        self._claim_due, self._look_due, self._renew_due, self._report_due, self._progress_due = (
            _Due(TICK if self._urgent else CLAIM_EVERY),
            _Due(LOOK_EVERY / 3 if self._urgent else LOOK_EVERY),
            _Due(RENEW_EVERY),
            _Due(REPORT_EVERY),
            _Due(PROGRESS_EVERY),
        )

    async def work(self) -> None:
        """Go round until the run is over, paused or cancelled, this process is to end, or nothing can be done.

        1. Look whether the run still runs; renew the leases, and drop what was taken away.
        2. Say what is seen of the servers; while none takes anything, put back what was not sent.
        3. Claim, while there is room.
        4. Wait for an answer; store a batch.
        """
        try:
            while await self._go_on():
                if self._renew_due.now():
                    await self._renew()
                await self._tell()
                await self._claim()
                await self._wait()
                await self._store(everything=False)
            await self._drain()
        finally:
            self._collect()
            await self._hand_back(list(self._held))
            await self._store(everything=True)
            await self._report()
            await self._database(generation.finish_runs, run_ids=[self._run.pk])

    async def _go_on(self) -> bool:
        self._fleet.check()
        self._refusal = self._refusal or self._fleet.refusal
        if self._stopping() or self._refusal:
            return False
        if self._look_due.now() and await self._database(running_run, self._run.pk) is None:
            return False
        if self._held or self._results:
            return True
        if not self._fleet.is_open:
            return self._fleet.shut_for() < PATIENCE
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

    async def _tell(self) -> None:
        """Write what is seen of the servers and of live sets; put back what can't be sent for a while."""
        if self._urgent and self._progress_due.now():
            await self._database(generation.record_progress, progress=self._progress.take_grown())
        if self._report_due.now():
            await self._report()
        await self._remember()
        if self._fleet.shut_for() > HOLD:
            await self._hand_back([set_id for set_id in self._held if set_id not in self._begun])
        await self._say_trouble()

    async def _report(self) -> None:
        if reports := self._fleet.reports():
            await self._database(generation.record_endpoints, reports=reports)

    async def _remember(self) -> None:
        """Keep on the run what its first contact was, once."""
        if not self._is_known and self._fleet.is_open:
            self._is_known = True
            await self._database(
                generation.remember_server,
                run=self._run,
                version=self._fleet.version,
                model=self._fleet.model,
            )

    async def _claim(self) -> None:
        # Counted in requests: a set whose longest answer is still to come fills one slot, not k.
        free = self._most_unanswered - sum(self._unanswered.values())
        if (
            not self._fleet.is_open
            or free < (self._most_unanswered - self._fleet.capacity) // 2
            or not (self._more_is_queued or self._claim_due.now())
        ):
            return
        room = math.ceil(free / self._requests_per_set)
        claimed = await self._database(generation.claim_sets, run_id=self._run.pk, limit=room)
        self._more_is_queued = len(claimed) == room
        if claimed:
            self._look_due.put_off()
        for one in claimed:
            task = asyncio.create_task(self._make(one))
            task.add_done_callback(functools.partial(self._note_end, one))
            self._held[one.set_id] = (one, task)
            self._unanswered[one.set_id] = self._requests_per_set

    async def _make(self, claimed: ClaimedSet) -> SetResult:
        """Ask for one set and read the answers."""
        k = self._run.candidates
        task = Task(
            conversation=claimed.conversation,
            language=claimed.language,
            k=k,
            seed=claimed.seed,
            attempt=claimed.attempt,
            source=claimed.source,
            words=claimed.words,
        )
        requests = self._strategy.ask(task)
        tellers: Sequence[OnTokens | None] = [None] * len(requests)
        if self._urgent:
            tellers = self._progress.begin(claimed, requests=len(requests))
        sent = await asyncio.gather(
            *(
                self._send(claimed.set_id, request, on_tokens)
                for request, on_tokens in zip(requests, tellers, strict=True)
            )
        )
        return make_result(claimed, sent, strategy=self._strategy, k=k, detector=self._detector)

    async def _send(self, set_id: int, request: Request, on_tokens: OnTokens | None) -> Sent:
        sent = await self._fleet.send(
            request, begun=functools.partial(self._begun.add, set_id), on_tokens=on_tokens
        )
        if set_id in self._unanswered:  # else the set was given back meanwhile
            self._unanswered[set_id] -= 1
        if isinstance(sent.reply, NotServedError) and self._fleet.refuses(str(sent.body["model"])):
            self._refusal = sent.reply.sentence
        return sent

    def _note_end(self, claimed: ClaimedSet, _task: "asyncio.Task[SetResult]") -> None:
        self._ended.append(claimed)
        self._something_ended.set()

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(TICK):
                await self._something_ended.wait()
        self._something_ended.clear()
        self._collect()

    def _collect(self) -> None:
        """Take the results of the tasks that have ended."""
        ended, self._ended = self._ended, []
        for claimed in ended:
            _claimed, task = self._held.get(claimed.set_id, (None, None))
            if _claimed is not claimed or task is None:  # dropped meanwhile
                continue
            self._forget(claimed.set_id)
            error = None if task.cancelled() else task.exception()
            if error is not None:  # a fault of ours at one set must not stop the others
                logger.error("Set %s could not be made.", claimed.set_id, exc_info=error)
                self._results.append(
                    SetResult(claimed=claimed, outcome=Again("internal_error", repr(error)))
                )
            elif not task.cancelled():
                self._results.append(task.result())
        if self._results and self._store_at == math.inf:
            self._store_at = time.monotonic() + (0.0 if self._urgent else LONGEST_WAIT_TO_STORE)

    async def _store(self, *, everything: bool) -> None:
        if not self._results:
            return
        if (
            everything
            or len(self._results) >= BATCH
            or not self._held
            or time.monotonic() >= self._store_at
            or (self._fleet.has_room and any(map(_can_be_asked_at_once, self._results)))
        ):
            results, self._results, self._store_at = self._results, [], math.inf
            stored = await self._database(generation.store_results, results=results)
            # A server with room should not wait for the next look at the queue.
            self._more_is_queued |= any(map(_can_be_asked_at_once, results))
            if stored.late:
                logger.warning("%s results came too late and were refused.", stored.late)

    async def _drain(self) -> None:
        """After the loop: let what was sent arrive when the run was paused; otherwise let go of it."""
        if refusal := self._refusal or self._fleet.refusal:  # it may have come since the last look
            await self._database(_pause, self._run, refusal)
        else:
            await self._say_trouble()
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
        self._progress.forget(set_id)

    async def _say_trouble(self) -> None:
        if trouble := self._fleet.trouble:
            await self._say(_("%(error)s Trying again.") % {"error": trouble})
        elif self._fleet.is_open:
            await self._say("")

    async def _say(self, sentence: str) -> None:
        """Show on the run what it waits for."""
        if sentence != self._said:
            self._said = sentence
            await self._database(generation.set_notice, run=self._run, notice=sentence)


def _can_be_asked_at_once(result: SetResult) -> bool:
    return isinstance(result.outcome, Again) and result.outcome.delay == 0


def _detector(run: GenerationRun) -> LanguageDetector:
    strategy = make_strategy(run.strategy, run.parameters)
    return detector_for(frozenset([*run.project.languages, strategy.response_language]))


def _pause(run: GenerationRun, refusal: str) -> None:
    """Pause the run with one banner, unless another worker or a person was faster."""
    advice = _(
        "Check the model server's address, its key and the model's name, then resume the run."
    )
    with suppress(Refused):
        generation.pause_run(run=run, reason=f"{refusal} {advice}")
