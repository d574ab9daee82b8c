"""Candidates that each speak from other values, named in a system message of their own.

After Lee et al., *Aligning to Thousands of Preferences via System Message Generalization*, arXiv
2405.17977, where a system message steers even a small model across values.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pluralism.strategies.base import (
    OneEach,
    OwnWords,
    Request,
    Task,
    drawn_items,
    gettext_noop,
    round_seeds,
    sampling_seeds,
)
from pluralism.strategies.wording import (
    by_language,
    language_sentence,
    version_suffix,
    with_system,
    wording_for,
)

FRAMES: Mapping[str, str] = json.loads(
    (Path(__file__).parent / "own_words.json").read_text(encoding="utf-8")
)
"""What stands around a person's own words in the system message, by BCP-47 tag; English elsewhere."""
OWN_WORDS = "own-words"
"""The slug of the profile that is made of them."""


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

    own_words: Annotated[
        int,
        Field(
            ge=0,
            le=8,
            title=gettext_noop("People's own words"),
            description=gettext_noop(
                "So many of the responses are made with what annotators wrote about what matters to them, in the prompt's language and only where they lent it; each of them equally often. Nobody sees the words themselves."
            ),
        ),
    ] = 0

    @property
    def template_version(self) -> str:
        """Name the wording: the profiles' own, which stands in the parameters, and what frames people's words."""
        return f"value_systems-2{version_suffix(self)}"

    @property
    def words_per_set(self) -> int:
        """What is asked for; the author of a live prompt is heard all the same."""
        return self.own_words

    def ask(self, task: Task) -> tuple[Request, ...]:
        """Return one request for each profile that was drawn; every attempt asks the same profiles.

        People's own words take as many places as there are of them, drawn too: no slot tells which they are.
        """
        seeds = sampling_seeds(seed=task.seed, attempt=task.attempt, count=task.k)
        sentence = language_sentence(self, wording_for(self, task.language))
        return tuple(
            Request(
                messages=with_system(
                    task.conversation, "\n\n".join(filter(None, [text, sentence]))
                ),
                seed=seed,
                sampling=self.sampling,
                origin=origin,
            )
            for (text, origin), seed in zip(self._spoken_from(task), seeds, strict=True)
        )

    def _spoken_from(self, task: Task) -> Iterator[tuple[str, Mapping[str, object]]]:
        """Yield for each candidate the system message that says its values, and whose they are."""
        words = iter(task.words[: task.k])
        count = len(task.words[: task.k])
        places = drawn_items(task.k, count, seed=round_seeds(seed=task.seed, count=1)[0])
        drawn = iter(drawn_items(len(self.profiles), task.k - count, seed=task.seed))
        in_english = self.instruction_language == "english"
        for slot in range(task.k):
            if slot in places:
                said = next(words)
                yield (
                    _framed(said, "en" if in_english else said.language),
                    {"profile": OWN_WORDS, "profile_language": said.language, "words": said.id},
                )
            else:
                profile = self.profiles[next(drawn)]
                tag, text = profile.text_in("en" if in_english else task.language)
                yield text, {"profile": profile.slug, "profile_language": tag}


def _framed(said: OwnWords, tag: str) -> str:
    found = by_language(FRAMES, tag)
    words = " ".join(said.text.split())
    return (found[1] if found else FRAMES["en"]).replace(
        "{words}", words
    )  # people may write braces
