"""Candidates that each speak from other values, named in a system message of their own.

After Lee et al., *Aligning to Thousands of Preferences via System Message Generalization*, arXiv
2405.17977, where a system message steers even a small model across values.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pluralism.strategies.base import (
    OneEach,
    Request,
    Task,
    drawn_items,
    gettext_noop,
    sampling_seeds,
)
from pluralism.strategies.wording import (
    by_language,
    language_sentence,
    version_suffix,
    with_system,
    wording_for,
)


class Profile(BaseModel):
    """A value profile as it was when the run was asked for: its slug, and its system message by BCP-47 tag."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slug: Annotated[str, Field(min_length=1, max_length=64)]
    texts: Annotated[
        Mapping[
            Annotated[str, Field(min_length=2, max_length=35)],
            Annotated[str, Field(min_length=1, max_length=10_000)],
        ],
        Field(min_length=1),
    ]

    def text_in(self, tag: str) -> tuple[str, str]:
        """Return the tag and text of the best language: this one (pt-BR, then pt), English, the first."""
        return (
            by_language(self.texts, tag)
            or by_language(self.texts, "en")
            or next(iter(self.texts.items()))
        )


def _different(profiles: tuple[Profile, ...]) -> tuple[Profile, ...]:
    if len({profile.slug for profile in profiles}) < len(profiles):
        raise ValueError("each profile can stand only once")
    return profiles


class ValueSystems(OneEach):
    """One value-bearing system message for each candidate.

    The requests of a set share only a system message of the prompt's own, which leads: models read values
    from the system message, before the user's. The sets of a run share each profile's whole system message.
    """

    name: ClassVar[str] = "value_systems"
    label: ClassVar[str] = gettext_noop("a value profile for each response")
    description: ClassVar[str] = gettext_noop(
        "Asks the model once for each response, every time with another value profile as its system message."
    )

    instruction_language: Annotated[
        Literal["english", "prompt"],
        Field(
            title=gettext_noop("Language of the profiles"),
            description=gettext_noop(
                "Whether a profile's English text is sent or the one in the prompt's language, where it has one."
            ),
        ),
    ] = "prompt"
    profiles: Annotated[
        tuple[Profile, ...],
        Field(
            min_length=2,
            max_length=32,
            title=gettext_noop("Value profiles"),
            description=gettext_noop(
                "The profiles with their texts. Of more than there are responses some are drawn for each prompt; fewer are used in turn."
            ),
        ),
        AfterValidator(_different),
    ]

    @property
    def template_version(self) -> str:
        """Name the wording: the profiles' own, which stands in the parameters."""
        return f"value_systems-1{version_suffix(self)}"

    def ask(self, task: Task) -> tuple[Request, ...]:
        """Return one request for each profile that was drawn; every attempt asks the same profiles."""
        drawn = drawn_items(len(self.profiles), task.k, seed=task.seed)
        seeds = sampling_seeds(seed=task.seed, attempt=task.attempt, count=task.k)
        sentence = language_sentence(self, wording_for(self, task.language))
        requests = []
        for index, seed in zip(drawn, seeds, strict=True):
            profile = self.profiles[index]
            tag, text = profile.text_in(
                "en" if self.instruction_language == "english" else task.language
            )
            requests.append(
                Request(
                    messages=with_system(
                        task.conversation, "\n\n".join(filter(None, [text, sentence]))
                    ),
                    seed=seed,
                    sampling=self.sampling,
                    origin={"profile": profile.slug, "profile_language": tag},
                )
            )
        return tuple(requests)
