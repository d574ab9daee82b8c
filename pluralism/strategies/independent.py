"""Independent candidates: the baseline that other strategies are held against."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from pluralism.strategies.base import (
    Candidate,
    Request,
    Strategy,
    Task,
    UnusableError,
    checked,
    gettext_noop,
    sampling_seeds,
)


class Independent(Strategy):
    """Each candidate is a sample of its own, with its own seed."""

    name: ClassVar[str] = "independent"
    label: ClassVar[str] = gettext_noop("independent samples")
    description: ClassVar[str] = gettext_noop(
        "Sends the prompt as it is, once for each response, with another seed each time: the baseline."
    )

    promises_difference: ClassVar[bool] = False

    temperature: Annotated[
        float,
        Field(
            gt=0,
            le=2,
            description=gettext_noop("Sampling temperature; at 0 all responses would be the same."),
        ),
    ] = 1.0

    @property
    def template_version(self) -> str:
        """Name the wording: none is added."""
        return "independent-1"

    def requests_per_set(self, k: int) -> int:
        """Return `k`."""
        return k

    def ask(self, task: Task) -> tuple[Request, ...]:
        """Return `k` requests that differ in their seed alone."""
        seeds = sampling_seeds(seed=task.seed, attempt=task.attempt, count=task.k)
        return tuple(
            Request(messages=task.conversation, seed=drawn, sampling=self.sampling)
            for drawn in seeds
        )

    def read(
        self,
        requests: Sequence[Request],  # noqa: ARG002 - each answer stands for itself
        answers: Sequence[str],
        *,
        k: int,
    ) -> tuple[Candidate, ...]:
        """Return the answers themselves, trimmed."""
        if not any(answer.strip() for answer in answers):
            raise UnusableError("empty_answer", "the model answered nothing")
        return checked(
            [Candidate(text=answer.strip(), request=index) for index, answer in enumerate(answers)],
            k=k,
        )
