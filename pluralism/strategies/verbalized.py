"""Candidates with stated probabilities, from the tails: verbalized sampling.

Zhang et al., *Verbalized Sampling: How to Mitigate Mode Collapse and Unlock LLM Diversity*, arXiv
2510.01171. The wording here is our own, after the paper's.
"""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from pluralism.strategies.base import (
    Candidate,
    Request,
    Strategy,
    Task,
    UnusableError,
    checked,
    gettext_noop,
    longest_answer,
    sampling_seeds,
)
from pluralism.strategies.protocols import (
    MaxCharacters,
    object_schema,
    read_entries,
    responses_schema,
    text_schema,
)
from pluralism.strategies.wording import (
    language_sentence,
    version_suffix,
    with_system,
    wording_for,
)

VERSION = 1
"""Counts the changes of the English text."""


class Verbalized(Strategy):
    """All candidates in one generation, each with the probability that the model gives it.

    The sets of a run share the system message.
    """

    name: ClassVar[str] = "verbalized"
    label: ClassVar[str] = gettext_noop("stated probabilities, from the tails")
    description: ClassVar[str] = gettext_noop(
        "Asks the model once for several improbable responses, each with the probability it has in the model's own view."
    )

    max_tokens: Annotated[
        int,
        longest_answer(gettext_noop("Longest answer in tokens: all responses of a set together.")),
    ] = 3072
    below: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            title=gettext_noop("Probability below"),
            description=gettext_noop(
                "The model is asked for responses whose probability is below this; what it states is stored, not enforced."
            ),
        ),
    ] = 0.1
    max_characters: MaxCharacters = None

    @property
    def template_version(self) -> str:
        """Name the wording."""
        return f"verbalized-{VERSION}{version_suffix(self)}"

    def requests_per_set(self, k: int) -> int:  # noqa: ARG002 - one whatever k is
        """Return 1."""
        return 1

    def ask(self, task: Task) -> tuple[Request, ...]:
        """Return the one request."""
        (drawn,) = sampling_seeds(seed=task.seed, attempt=task.attempt, count=1)
        wording = wording_for(self, task.language)
        tails = wording.tails.format(count=wording.count[task.k], probability=f"{self.below:g}")
        instruction = " ".join(filter(None, [tails, language_sentence(self, wording)]))
        entry = object_schema(
            {
                "text": text_schema(self.max_characters),
                "probability": {"type": "number", "minimum": 0, "maximum": 1},
            }
        )
        return (
            Request(
                messages=with_system(task.conversation, instruction),
                seed=drawn,
                sampling=self.sampling,
                response_format=responses_schema(entry, k=task.k),
            ),
        )

    def read(
        self,
        requests: Sequence[Request],  # noqa: ARG002 - there is one
        answers: Sequence[str],
        *,
        k: int,
    ) -> tuple[Candidate, ...]:
        """Return the texts of the one answer, each with its stated probability as its origin.

        The probabilities of a set need not sum to anything: each is of its response among all possible.
        """
        (answer,) = answers
        if not answer.strip():
            raise UnusableError("empty_answer", "the model answered nothing")
        return checked([_candidate(entry) for entry in read_entries(answer)], k=k)


def _candidate(entry: Any) -> Candidate:
    if not isinstance(entry, dict) or entry.keys() != {"text", "probability"}:
        raise UnusableError("wrong_shape", 'an entry is not {"text": "…", "probability": …}')
    text, probability = entry["text"], entry["probability"]
    if not isinstance(text, str):
        raise UnusableError("wrong_shape", "a text is not a string")
    # bool is a kind of int, and NaN fails the comparison.
    if not isinstance(probability, int | float) or isinstance(probability, bool):
        raise UnusableError("wrong_shape", "a probability is not a number")
    if not 0 <= probability <= 1:
        raise UnusableError("bad_probability", f"{probability} is no probability")
    return Candidate(text=text.strip(), request=0, origin={"probability": float(probability)})
