"""Candidates chosen from a larger pool so that they are unlike: oversample and select.

The pool comes from any base strategy; what is kept is the greedy mode of a determinantal point process
over character n-grams (see `pluralism.dpp` and `pluralism.similarity`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, ValidationInfo, field_validator

from pluralism.dpp import select_greedily
from pluralism.similarity import char_ngram_similarity, normalised
from pluralism.strategies.base import (
    Candidate,
    OneEach,
    Request,
    Strategy,
    Task,
    UnfitError,
    UnusableError,
    gettext_noop,
    longest_answer,
    round_seeds,
)
from pluralism.strategies.independent import Independent
from pluralism.strategies.models import Models
from pluralism.strategies.nc_prompt import NcPrompt
from pluralism.strategies.value_systems import ValueSystems
from pluralism.strategies.verbalized import Verbalized

BASES: Mapping[str, type[Strategy]] = {
    strategy.name: strategy
    for strategy in (Independent, NcPrompt, Verbalized, ValueSystems, Models)
}
PASSED_ON = frozenset(Strategy.model_fields) - {"max_length_ratio"}
"""Parameters that every strategy has; set once, they hold for the requests of the base."""


class SelectDpp(Strategy):
    """The k most unlike of a pool of n candidates, which a base strategy makes.

    A base that asks for each candidate alone is asked for n at once; any other is asked in ceil(n / k)
    rounds of k, each with a seed of its own, so that the pool may grow to the next multiple of k. Rounds
    that can't be read are left out as long as k different candidates remain. Prompts share what the base's
    requests share, and more of it: a set has n requests instead of k.
    """

    name: ClassVar[str] = "select_dpp"
    label: ClassVar[str] = gettext_noop("the most unlike of many")
    description: ClassVar[str] = gettext_noop(
        "Has another strategy make more responses than are needed and keeps those that are most unlike by their characters."
    )
    spares_answers: ClassVar[bool] = True

    max_tokens: Annotated[
        int,
        longest_answer(
            gettext_noop("Longest answer to one request of the other strategy, in tokens.")
        ),
    ] = 1024
    base: Annotated[
        Literal["independent", "nc_prompt", "verbalized", "value_systems", "models"],
        Field(
            title=gettext_noop("Strategy of the pool"),
            description=gettext_noop("The strategy that makes the responses to choose from."),
        ),
    ] = "independent"
    base_parameters: Annotated[
        Mapping[str, Any],
        Field(
            validate_default=True,
            title=gettext_noop("Its own parameters"),
            description=gettext_noop(
                "What that strategy takes beside the sampling, the longest answer and the languages, which are set here."
            ),
        ),
    ] = {}
    pool: Annotated[
        int,
        Field(
            ge=3,
            le=64,
            title=gettext_noop("Size of the pool"),
            description=gettext_noop(
                "How many responses are made for each set; more than are kept."
            ),
        ),
    ] = 16
    quality: Annotated[
        Literal["uniform", "length"],
        Field(
            title=gettext_noop("Preferred responses"),
            description=gettext_noop(
                "All alike, or rather those whose length is near the pool's median, since the odd ones out are often broken."
            ),
        ),
    ] = "uniform"

    @field_validator("base_parameters")
    @classmethod
    def _complete(cls, given: Mapping[str, Any], info: ValidationInfo) -> Mapping[str, Any]:
        """Return the base's parameters complete with their defaults."""
        if "base" not in info.data:
            return given  # refused already
        if twice := sorted(given.keys() & Strategy.model_fields.keys()):
            raise ValueError(f"set {', '.join(twice)} beside base_parameters, not in it")
        passed_on = {name: info.data[name] for name in PASSED_ON & info.data.keys()}
        try:
            inner = BASES[info.data["base"]].model_validate({**given, **passed_on})
        except ValidationError as error:
            faults = [
                f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()
            ]
            raise ValueError("; ".join(faults)) from None
        return inner.model_dump(mode="json", exclude=set(Strategy.model_fields))

    @property
    def inner(self) -> Strategy:
        """The base strategy with its parameters."""
        passed_on = {name: getattr(self, name) for name in PASSED_ON}
        return BASES[self.base].model_validate({**self.base_parameters, **passed_on})

    @property
    def template_version(self) -> str:
        """Name the base's wording: nothing is added to it."""
        return self.inner.template_version

    @property
    def words_per_set(self) -> int | None:
        """What the base has a use for."""
        return self.inner.words_per_set

    def requests_per_set(self, k: int) -> int:
        """Return how many requests make the pool."""
        inner = self.inner
        return (
            self.pool if isinstance(inner, OneEach) else self._rounds(k) * inner.requests_per_set(k)
        )

    def check_k(self, k: int) -> None:
        """Refuse a pool that leaves nothing to choose, and what the base refuses."""
        if self.pool <= k:
            raise UnfitError(
                "pool",
                gettext_noop("The pool leaves nothing to choose: make it larger than the set."),
            )
        self.inner.check_k(k)

    def ask(self, task: Task) -> tuple[Request, ...]:
        """Return the requests of all rounds, one round after the other."""
        inner = self.inner
        if isinstance(inner, OneEach):
            return inner.ask(replace(task, k=self.pool))
        seeds = round_seeds(seed=task.seed, count=self._rounds(task.k))
        return tuple(request for seed in seeds for request in inner.ask(replace(task, seed=seed)))

    def read(
        self, requests: Sequence[Request], answers: Sequence[str], *, k: int
    ) -> tuple[Candidate, ...]:
        """Return the kept candidates in the order of choosing.

        To the base's origin are added `pool`, how many different candidates there were to choose from,
        and `drawn`, which of them this one is, from 0.
        """
        pool, refusals = self._pool(requests, answers, k=k)
        if len(pool) < k:
            raise UnusableError(
                "pool_too_small",
                f"{len(pool)} different responses instead of {k}; unusable: {'; '.join(refusals) or 'none'}",
            )
        texts = [candidate.text for candidate in pool]
        try:
            chosen = select_greedily(char_ngram_similarity(texts), self._weights(texts), k)
        except ValueError as error:
            raise UnusableError("pool_too_alike", str(error)) from error
        return tuple(
            replace(pool[index], origin={**pool[index].origin, "pool": len(pool), "drawn": index})
            for index in chosen
        )

    def _rounds(self, k: int) -> int:
        return -(-self.pool // k)

    def _pool(
        self, requests: Sequence[Request], answers: Sequence[str], *, k: int
    ) -> tuple[list[Candidate], list[str]]:
        """Return the different candidates of the rounds that can be read, and why the others can't."""
        inner = self.inner
        each = 1 if isinstance(inner, OneEach) else k
        size = inner.requests_per_set(each)
        different: dict[str, Candidate] = {}
        refusals = []
        for start in range(0, len(answers), size):
            end = start + size
            try:
                read = inner.read(requests[start:end], answers[start:end], k=each)
            except UnusableError as error:
                refusals.append(str(error))
                continue
            for candidate in read:
                different.setdefault(
                    normalised(candidate.text),
                    replace(candidate, request=start + candidate.request),
                )
        return list(different.values()), refusals

    def _weights(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return q: ones, or shorter over longer of each length and the median of the pool."""
        if self.quality == "uniform":
            return np.ones(len(texts))
        lengths = np.array([len(text) for text in texts], dtype=np.float64)
        median = np.median(lengths)
        return np.minimum(lengths, median) / np.maximum(lengths, median)
