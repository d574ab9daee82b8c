"""The model servers of one run: which may be asked now, with how much, and which of them gets the next request.

Each has a gate (`workers.gate`), a limit (`workers.limiter`) and a watch of its own, that greets it, probes it
while it is away and looks at its load. One that is away, refuses, or runs another version is left out; the
others go on.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Self

from django.conf import settings
from django.utils.translation import gettext as _

from annotator.models import GenerationRun
from annotator.selectors.endpoints import Endpoint
from annotator.services.generation import EndpointReport
from annotator.services.generation.endpoints import State
from pluralism.strategies import Request
from workers.gate import REFUSED_PAUSE, Gate
from workers.limiter import Limiter, most_at_once
from workers.outcomes import Sent
from workers.vllm import Answer, Load, ModelServer, ModelServerError, NotServedError, OnTokens

OLDEST_VERSION = (0, 30)
"""Before it, one bad constrained request could kill the engine."""
WATCH_EVERY = 0.25
LOAD_EVERY = 2.0
BULK_PRIORITY = 1
"""vLLM serves lower ones first; 0 is what a request has that names none."""


class Replica:
    """One model server of a run, as this worker sees it."""

    def __init__(self, endpoint: Endpoint, *, seed: int, urgent: bool) -> None:
        self.endpoint = endpoint
        self.urgent = urgent
        self.gate = Gate(seed=seed)
        self.limiter = Limiter(
            most_at_once(
                concurrency=endpoint.concurrency, priority=endpoint.priority, urgent=urgent
            ),
            has_priority=endpoint.priority,
        )
        self.server = ModelServer(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key,
            timeout=settings.VLLM_TIMEOUT,
            # Two more, so that a look or a probe never waits for a request.
            connections=endpoint.concurrency + 2,
        )
        self.version = ""
        self.served: set[str] = set()
        self.refusals: dict[str, str] = {}
        self.refusal = ""
        self.trouble = ""
        self.load: Load | None = None
        self.look_at = 0.0
        self.forgive_at = 0.0

    def serves(self, model: str) -> bool:
        """Whether it is known to serve the model."""
        return model in self.served and model not in self.refusals

    def refuses(self, model: str) -> str:
        """Return why it will not serve the model; empty where it does or may."""
        if model and self.endpoint.models and model not in self.endpoint.models:
            return _(
                "The model server “%(endpoint)s” is not configured for the model “%(model)s”."
            ) % {
                "endpoint": self.endpoint.name,
                "model": model,
            }
        return self.refusal or self.refusals.get(model, "")

    def can_take(self, model: str) -> bool:
        """Whether a request for the model may be sent now."""
        return self.limiter.is_free and self.gate.is_ready and self.serves(model)

    def report(self) -> EndpointReport:
        """Return what there is to see, for people."""
        load = self.load
        return EndpointReport(
            name=self.endpoint.name,
            state=State.REFUSED if self.refusal else State.UP if self.gate.is_open else State.DOWN,
            notice=self.refusal or self.trouble or " ".join(self.refusals.values()),
            version=self.version,
            served_models=sorted(self.served),
            limit=int(self.limiter.limit),
            waiting=None if load is None else int(load.waiting),
            prefix_hit_rate=load.prefix_hits / load.prefix_queries
            if load and load.prefix_queries
            else None,
        )


class Fleet:
    """The model servers of one run, for one event loop; `async with` greets and watches them.

    Attributes
    ----------
    model
        The run's model; where none was asked for, the first that the first server lists.
    version
        The version of the server that answered first; others are refused.
    """

    def __init__(self, run: GenerationRun, endpoints: Sequence[Endpoint]) -> None:
        self.model = run.model or run.served_model
        self.version = run.server_version
        self._replicas = [
            Replica(endpoint, seed=run.seed, urgent=run.queue == GenerationRun.Queue.INTERACTIVE)
            for endpoint in endpoints
        ]
        self._waiting: dict[str, deque[asyncio.Future[Replica]]] = {}
        self._watches: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._watches = [asyncio.create_task(self._watch(replica)) for replica in self._replicas]
        return self

    async def __aexit__(self, *_error: object) -> None:
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        for replica in self._replicas:
            await replica.server.aclose()

    @property
    def capacity(self) -> int:
        """The most requests in flight that its servers are ever given, together."""
        return sum(replica.limiter.most for replica in self._replicas)

    @property
    def is_open(self) -> bool:
        """Whether a request for the run's model can be sent now, or as soon as another has ended."""
        return any(
            replica.gate.is_ready and replica.serves(self.model) for replica in self._replicas
        )

    @property
    def has_room(self) -> bool:
        """Whether a request for the run's model would be sent at once."""
        return any(replica.can_take(self.model) for replica in self._replicas)

    @property
    def refusal(self) -> str:
        """Why no server will serve the run's model; empty while one does or may."""
        return self.refuses(self.model)

    @property
    def trouble(self) -> str:
        """What the run waits for; empty while it goes on."""
        if self.is_open:
            return ""
        return next((replica.trouble for replica in self._replicas if replica.trouble), "")

    def refuses(self, model: str) -> str:
        """Return why no server will serve the model; empty while one does or may."""
        sentences = [replica.refuses(model) for replica in self._replicas]
        return sentences[0] if all(sentences) else ""

    def check(self) -> None:
        """Raise what stopped a watch, if anything did: nothing would be sent any more."""
        for watch in self._watches:
            if watch.done():
                watch.result()

    def shut_for(self) -> float:
        """Return for how long nothing could be sent, and how long that will last at least."""
        return 0.0 if self.is_open else min(replica.gate.shut_for() for replica in self._replicas)

    def reports(self) -> list[EndpointReport]:
        """Return what there is to see of the servers that were met."""
        return [
            replica.report()
            for replica in self._replicas
            if replica.gate.is_open or replica.refusal or replica.trouble
        ]

    async def send(
        self, request: Request, *, begun: Callable[[], None], on_tokens: OnTokens | None = None
    ) -> Sent:
        """Send one request to the least loaded server that serves its model, as soon as one takes it.

        `begun` is called when it is sent, `on_tokens` as its tokens come. What comes of it, an answer or an error, is in the result;
        cancelling the call aborts the request at the server.
        """
        body = request.body(model=self.model)
        try:
            replica = await self._slot(body["model"])
        except NotServedError as error:
            return Sent(request=request, body=body, reply=error)
        if replica.endpoint.priority and not replica.urgent:
            body["priority"] = BULK_PRIORITY
        begun()
        sent_at, reply = time.monotonic(), None
        try:
            reply = await _ask(replica.server, body, on_tokens)
        finally:
            self._release(replica, reply, sent_at=sent_at)
        if isinstance(reply, NotServedError):
            self._refuse(replica, body["model"], reply.sentence)
        return Sent(
            request=request,
            body=body,
            reply=reply,
            endpoint=replica.endpoint.name,
            server_version=replica.version,
        )

    async def _slot(self, model: str) -> Replica:
        """Wait for a server that takes a request for the model; first come, first served."""
        queue = self._waiting.setdefault(model, deque())
        waiter: asyncio.Future[Replica] = asyncio.get_running_loop().create_future()
        queue.append(waiter)
        self._hand_out()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():  # handed out at the same moment
                self._release(waiter.result(), None, sent_at=0.0)
            raise

    def _hand_out(self) -> None:
        """Give free servers to those who wait."""
        for model, queue in self._waiting.items():
            while queue:
                if queue[0].done():  # cancelled
                    queue.popleft()
                elif replica := self._least_loaded(model):
                    replica.limiter.begin()
                    queue.popleft().set_result(replica)
                elif sentence := self.refuses(model):
                    queue.popleft().set_exception(NotServedError(sentence))
                else:
                    break

    def _least_loaded(self, model: str) -> Replica | None:
        free = [replica for replica in self._replicas if replica.can_take(model)]
        return min(free, key=lambda replica: replica.limiter.load, default=None)

    def _release(
        self, replica: Replica, reply: Answer | ModelServerError | None, *, sent_at: float
    ) -> None:
        replica.limiter.end(reply, sent_at=sent_at)
        if reply is not None:
            replica.gate.learn(reply)
            if isinstance(reply, Answer):
                replica.trouble = ""
            elif not replica.gate.is_ready:
                replica.trouble = reply.sentence
        self._hand_out()

    def _refuse(self, replica: Replica, model: str, sentence: str) -> None:
        replica.refusals[model] = sentence
        replica.forgive_at = time.monotonic() + REFUSED_PAUSE
        self._hand_out()

    async def _watch(self, replica: Replica) -> None:
        """Greet a server, probe it while it is away, look at its load, for ever."""
        while True:
            now = time.monotonic()
            if replica.gate.wants_probe:
                await self._greet(replica)
            elif replica.gate.is_open:
                if replica.refusals and now >= replica.forgive_at:
                    replica.refusals.clear()
                for model in self._unknown_models(replica):
                    await self._introduce(replica, model)
                if now >= replica.look_at:
                    await self._look(replica)
            self._hand_out()
            await asyncio.sleep(WATCH_EVERY)

    async def _greet(self, replica: Replica) -> None:
        """Ask who is there, and open the gate for it once it has really generated a token."""
        endpoint = replica.endpoint
        try:
            replica.version = await replica.server.version()
            self._check_version(replica)
            models = endpoint.models or await replica.server.models()
            model = self.model if self.model in models else models[0]
            await replica.server.probe(model)
        except NotServedError as error:
            replica.refusal = error.sentence
            replica.gate.refused()
        except ModelServerError as error:
            replica.refusal, replica.trouble = "", error.sentence
            replica.gate.probe_failed(error)
        else:
            self._open(replica, models)
            await self._look(replica)

    def _open(self, replica: Replica, models: Sequence[str]) -> None:
        self.model = self.model or models[0]
        self.version = self.version or replica.version
        replica.served = set(models)
        replica.refusals.clear()
        replica.refusal = replica.trouble = ""
        replica.limiter.restart()
        replica.gate.probe_succeeded()

    def _check_version(self, replica: Replica) -> None:
        """Raise NotServedError for a version that can't be used; one that was not told is taken."""
        words = {
            "endpoint": replica.endpoint.name,
            "version": replica.version,
            "expected": self.version,
            "oldest": ".".join(map(str, OLDEST_VERSION)),
        }
        numbers = re.match(r"(\d+)\.(\d+)", replica.version)
        if numbers and tuple(map(int, numbers.groups())) < OLDEST_VERSION:
            sentence = _(
                "The model server “%(endpoint)s” runs vLLM %(version)s; %(oldest)s or later is needed. Upgrade it, then resume the run."
            )
            raise NotServedError(sentence % words)
        if replica.version and self.version and replica.version != self.version:
            sentence = _(
                "The model server “%(endpoint)s” runs version %(version)s, and this run began with %(expected)s. Resume the run to go on with the new version."
            )
            raise NotServedError(sentence % words)

    def _unknown_models(self, replica: Replica) -> Iterator[str]:
        """Yield models that are asked for and that it may serve without listing them."""
        if not replica.endpoint.models:
            for model in {self.model, *(model for model, queue in self._waiting.items() if queue)}:
                if model not in replica.served and model not in replica.refusals:
                    yield model

    async def _introduce(self, replica: Replica, model: str) -> None:
        try:
            await replica.server.probe(model)
        except NotServedError as error:
            self._refuse(replica, model, error.sentence)
        except ModelServerError as error:
            replica.trouble = error.sentence
            replica.gate.shut()
        else:
            replica.served.add(model)

    async def _look(self, replica: Replica) -> None:
        replica.look_at = time.monotonic() + LOAD_EVERY
        try:
            replica.load = await replica.server.load()
        except ModelServerError:
            replica.load = None  # the requests will tell
        if replica.load is not None and not replica.urgent:
            replica.limiter.look(replica.load)


async def _ask(
    server: ModelServer, body: dict[str, object], on_tokens: OnTokens | None
) -> Answer | ModelServerError:
    try:
        return await server.complete(body, on_tokens=on_tokens)
    except ModelServerError as error:
        return error
