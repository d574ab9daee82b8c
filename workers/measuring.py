"""Measures complete sets by models: embeddings, and a judge.

Beside the way of the candidates and behind it: nothing waits for a measure, and one that fails is tried
again by a later pass. A pass is short; where more is left it rings for the next.
"""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from django.conf import settings

from annotator.bells import ring_measuring
from annotator.selectors.endpoints import Endpoint, all_endpoints
from annotator.selectors.measuring import (
    UnmeasuredSet,
    sets_without_diversity,
    sets_without_verdicts,
)
from annotator.services import measuring
from annotator.services.measuring import Judged
from pluralism.diversity import DiversityFigures, measure_diversity
from pluralism.judging import JUDGE_TEMPLATE, ask_judge, read_ruling
from pluralism.similarity import cosine_similarity
from pluralism.strategies import UnusableError
from workers.outcomes import OUTAGES
from workers.vllm import ModelServer, ModelServerError, TimedOutError

logger = logging.getLogger(__name__)

BATCH = 32
PASS_SECONDS = 60.0
MOST_AT_ONCE = 16
"""Requests in flight: measuring may share a server with the making of candidates."""
LOOK_EVERY = 0.2
PRIORITY = 2
"""Behind candidates in bulk, where the server schedules by priority: it serves the lowest number first."""

Found = TypeVar("Found")


class Measure(ABC, Generic[Found]):
    """One way of measuring a set through a model server."""

    def __init__(self, *, endpoint: Endpoint, model: str) -> None:
        self.endpoint = endpoint
        self.model = model

    @property
    @abstractmethod
    def name(self) -> str:
        """Name it with its model, as faults are kept by it."""

    @abstractmethod
    def missing(self, *, limit: int) -> list[UnmeasuredSet]:
        """Return sets that it has not measured."""

    @abstractmethod
    async def ask(self, server: ModelServer, one: UnmeasuredSet) -> Found:
        """Measure one set.

        Raises
        ------
        ModelServerError, UnusableError
            It could not be measured.
        """

    @abstractmethod
    def store(self, found: Mapping[int, Found]) -> None:
        """Keep what was found, by the sets' ids."""


class Embeddings(Measure[DiversityFigures]):
    """The diversity of a set under the cosine of its responses' embeddings."""

    @property
    def name(self) -> str:
        """Name the similarity."""
        return f"embeddings:{self.model}"

    def missing(self, *, limit: int) -> list[UnmeasuredSet]:
        """Return sets without figures under this similarity."""
        return sets_without_diversity(similarity=self.name, limit=limit)

    async def ask(self, server: ModelServer, one: UnmeasuredSet) -> DiversityFigures:
        """Embed the responses in one request."""
        texts = list(one.responses.values())
        vectors = await server.embed(texts, model=self.model)
        return measure_diversity(texts, cosine_similarity(vectors))

    def store(self, found: Mapping[int, DiversityFigures]) -> None:
        """Keep the figures."""
        measuring.store_diversities(similarity=self.name, figures=found)


class Judge(Measure[Sequence[Judged]]):
    """A model's verdict on each response, seen alone."""

    @property
    def name(self) -> str:
        """Name the template and the model."""
        return f"{JUDGE_TEMPLATE}:{self.model}"

    def missing(self, *, limit: int) -> list[UnmeasuredSet]:
        """Return sets without verdicts of this model by this template."""
        return sets_without_verdicts(model=self.model, template_version=JUDGE_TEMPLATE, limit=limit)

    async def ask(self, server: ModelServer, one: UnmeasuredSet) -> Sequence[Judged]:
        """Send a request for each response; all of them count or none."""
        return [
            await self._judge(server, one.message, response_id, text)
            for response_id, text in one.responses.items()
        ]

    async def _judge(
        self, server: ModelServer, message: str, response_id: int, text: str
    ) -> Judged:
        body = ask_judge(message=message, response=text).body(model=self.model)
        if self.endpoint.priority:
            body["priority"] = PRIORITY
        answer = await server.complete(body)
        return Judged(response_id, read_ruling(answer.text), body, answer.body)

    def store(self, found: Mapping[int, Sequence[Judged]]) -> None:
        """Keep the verdicts."""
        measuring.store_verdicts(model=self.model, judged=found)


def measure_sets(*, stopping: Callable[[], bool]) -> None:
    """Measure what has not been measured, for about `PASS_SECONDS`; one process at a time does."""
    with measuring.measuring_alone() as alone:
        if not alone:
            return
        until = time.monotonic() + PASS_SECONDS
        more = [_work_through(measure, until=until, stopping=stopping) for measure in configured()]
    if any(more) and not stopping():
        ring_measuring()


def configured() -> list[Measure[Any]]:
    """Return the measures that the settings name."""
    endpoints = all_endpoints()
    named: tuple[tuple[type[Measure[Any]], str, str], ...] = (
        (Embeddings, settings.EMBEDDING_ENDPOINT, settings.EMBEDDING_MODEL),
        (Judge, settings.JUDGE_ENDPOINT, settings.JUDGE_MODEL),
    )
    return [kind(endpoint=endpoints[name], model=model) for kind, name, model in named if name]


def _work_through(measure: Measure[Any], *, until: float, stopping: Callable[[], bool]) -> bool:
    """Measure batch after batch; return whether more is left that another pass could do."""
    while sets := measure.missing(limit=BATCH):
        if stopping() or time.monotonic() > until:
            return True
        results = asyncio.run(_ask(measure, sets, stopping))
        if not _store(measure, results):
            return False
    return False


def _store(measure: Measure[Any], results: Mapping[int, Any]) -> bool:
    """Keep what was found and what failed; return False where the server is to be left alone for a while."""
    errors = {key: it for key, it in results.items() if isinstance(it, Exception)}
    measure.store({key: it for key, it in results.items() if key not in errors})
    away = [error for error in errors.values() if isinstance(error, OUTAGES)]
    if away:
        logger.warning("%s waits for its server; the sweep rings again. %s", measure.name, away[0])
    for set_id, error in errors.items():
        if not isinstance(error, OUTAGES):
            logger.warning("Set %s could not be measured by %s. %s", set_id, measure.name, error)
            measuring.note_fault(set_id=set_id, measure=measure.name, detail=str(error))
    return not away and not any(isinstance(error, TimedOutError) for error in errors.values())


async def _ask(
    measure: Measure[Any], sets: Sequence[UnmeasuredSet], stopping: Callable[[], bool]
) -> dict[int, Any]:
    """Return for each set what was found, or the error; what is not answered when this process ends is left out."""
    at_once = min(measure.endpoint.concurrency, MOST_AT_ONCE)
    slots = asyncio.Semaphore(at_once)
    async with ModelServer(
        base_url=measure.endpoint.base_url,
        api_key=measure.endpoint.api_key,
        timeout=settings.VLLM_TIMEOUT,
        connections=at_once,
    ) as server:

        async def ask(one: UnmeasuredSet) -> Any:
            async with slots:
                try:
                    return await measure.ask(server, one)
                except (ModelServerError, UnusableError) as error:
                    return error

        tasks = {asyncio.create_task(ask(one)): one.set_id for one in sets}
        waiting = set(tasks)
        while waiting and not stopping():
            _done, waiting = await asyncio.wait(waiting, timeout=LOOK_EVERY)
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)
    return {set_id: task.result() for task, set_id in tasks.items() if not task.cancelled()}
