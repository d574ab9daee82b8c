"""Candidates of several models: a baseline, since models answer alike."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from pluralism.strategies.base import (
    MaxLengthRatio,
    OneEach,
    Request,
    Task,
    drawn_items,
    gettext_noop,
    sampling_seeds,
)
from pluralism.strategies.wording import plain, version_suffix


def _different(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("each model can stand only once")
    return names


class Models(OneEach):
    """Each candidate from another model.

    All requests of a set hold the same messages, so the whole prompt is shared wherever one server serves
    several of them.
    """

    name: ClassVar[str] = "models"
    label: ClassVar[str] = gettext_noop("several models")
    description: ClassVar[str] = gettext_noop(
        "Sends the prompt as it is to several models, one for each response: a baseline, since models answer alike."
    )
    promises_difference: ClassVar[bool] = False

    max_length_ratio: MaxLengthRatio = None
    models: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=200)], ...],
        Field(
            min_length=2,
            max_length=8,
            title=gettext_noop("Models"),
            description=gettext_noop(
                "Their names as the model servers list them. Of more than there are responses some are drawn for each prompt; fewer are asked in turn."
            ),
        ),
        AfterValidator(_different),
    ]

    @property
    def template_version(self) -> str:
        """Name the wording: none but the language, where one is asked for."""
        return f"models-1{version_suffix(self)}"

    def ask(self, task: Task) -> tuple[Request, ...]:
        """Return one request for each model that was drawn; every attempt asks the same models."""
        drawn = drawn_items(len(self.models), task.k, seed=task.seed)
        seeds = sampling_seeds(seed=task.seed, attempt=task.attempt, count=task.k)
        messages = plain(self, task)
        return tuple(
            Request(
                messages=messages,
                seed=seed,
                sampling=self.sampling,
                model=self.models[index],
                origin={"asked_model": self.models[index]},
            )
            for index, seed in zip(drawn, seeds, strict=True)
        )
