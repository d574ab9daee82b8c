"""Independent candidates: the baseline that other strategies are held against."""

from typing import Annotated, ClassVar

from pydantic import Field

from pluralism.strategies.base import (
    MaxLengthRatio,
    OneEach,
    Request,
    Task,
    gettext_noop,
    sampling_seeds,
)
from pluralism.strategies.wording import plain, version_suffix


class Independent(OneEach):
    """Each candidate is a sample of its own, with its own seed.

    All requests of a set are the same but for their seed, so the whole prompt is their shared prefix.
    """

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
            title=gettext_noop("Temperature"),
            description=gettext_noop("Sampling temperature; at 0 all responses would be the same."),
        ),
    ] = 1.0
    max_length_ratio: MaxLengthRatio = None

    @property
    def template_version(self) -> str:
        """Name the wording: none but the language, where one is asked for."""
        return f"independent-1{version_suffix(self)}"

    def ask(self, task: Task) -> tuple[Request, ...]:
        """Return `k` requests that differ in their seed alone."""
        seeds = sampling_seeds(seed=task.seed, attempt=task.attempt, count=task.k)
        messages = plain(self, task)
        return tuple(
            Request(messages=messages, seed=drawn, sampling=self.sampling) for drawn in seeds
        )
