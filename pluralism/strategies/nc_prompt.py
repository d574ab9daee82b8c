"""Negatively-correlated candidates from one generation, by the prompt of the Community Alignment paper.

Zhang, Milli, Jusko et al., *Cultivating Pluralism in Algorithmic Monoculture: The Community Alignment
Dataset*, arXiv 2507.09650. The paper publishes the instruction; where it stands and how the model is
sampled it does not, so these are parameters.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pluralism.strategies.base import (
    Candidate,
    Request,
    Strategy,
    Task,
    UnfitError,
    UnusableError,
    checked,
    gettext_noop,
    longest_answer,
    sampling_seeds,
)
from pluralism.strategies.protocols import (
    MaxCharacters,
    read_hashes,
    read_strings,
    responses_schema,
    text_schema,
)
from pluralism.strategies.wording import (
    Wording,
    behind_user,
    language_sentence,
    plain,
    version_suffix,
    with_system,
    wording_for,
)

VERSION = 1
"""Counts the changes of the English texts; the paper's instruction stands there word for word."""


class NcPrompt(Strategy):
    """All candidates in one generation, which makes each unlike those before it.

    The sets of a run share the system message; behind the user's message the instruction shares nothing.
    """

    name: ClassVar[str] = "nc_prompt"
    label: ClassVar[str] = gettext_noop("diverse values, one generation")
    description: ClassVar[str] = gettext_noop(
        "Asks the model once for several responses that represent diverse values, so that each is unlike the others."
    )

    max_tokens: Annotated[
        int,
        longest_answer(gettext_noop("Longest answer in tokens: all responses of a set together.")),
    ] = 3072
    position: Annotated[
        Literal["system", "user"],
        Field(
            title=gettext_noop("Place of the instruction"),
            description=gettext_noop(
                "Where the instruction stands: in the system message or behind the user's message."
            ),
        ),
    ] = "system"
    protocol: Annotated[
        Literal["hash", "structured"],
        Field(
            title=gettext_noop("Protocol"),
            description=gettext_noop(
                "How the responses are told apart: ### before each, as in the paper, or a JSON list that the server enforces."
            ),
        ),
    ] = "hash"
    tolerant: Annotated[
        bool,
        Field(
            title=gettext_noop("Tolerant reading"),
            description=gettext_noop(
                "Leave out an introduction before the first ###, a ### at the end and labels such as “Response 1”, instead of refusing the answer."
            ),
        ),
    ] = False
    max_characters: MaxCharacters = None
    composition: Annotated[
        Literal["k_nc", "k_minus_1_nc_plus_default"],
        Field(
            title=gettext_noop("Composition"),
            description=gettext_noop(
                "All responses from the one generation, or all but the last, which answers the prompt as it is in a request of its own."
            ),
        ),
    ] = "k_nc"

    @property
    def template_version(self) -> str:
        """Name the wording."""
        return f"nc_prompt-{self.protocol}-{self.position}-{VERSION}{version_suffix(self)}"

    def requests_per_set(self, k: int) -> int:  # noqa: ARG002 - as many whatever k is
        """Return 1, or 2 with a default response."""
        return 1 if self.composition == "k_nc" else 2

    def check_k(self, k: int) -> None:
        """Refuse a default response beside a single other one: one response is no diverse generation."""
        if self._together(k) < 2:
            raise UnfitError(
                "composition",
                gettext_noop(
                    "A default response needs at least two others beside it: ask for 3 responses or more."
                ),
            )

    def ask(self, task: Task) -> tuple[Request, ...]:
        """Return the request for the diverse responses, and the default one's behind it."""
        together = self._together(task.k)
        wording = wording_for(self, task.language)
        place = with_system if self.position == "system" else behind_user
        both = self.composition != "k_nc"
        seeds = sampling_seeds(seed=task.seed, attempt=task.attempt, count=1 + both)
        diverse = Request(
            messages=place(task.conversation, self.instruction(together, wording)),
            seed=seeds[0],
            sampling=self.sampling,
            response_format=responses_schema(text_schema(self.max_characters), k=together)
            if self.protocol == "structured"
            else None,
            origin={"part": "nc"} if both else {},
        )
        if not both:
            return (diverse,)
        default = Request(
            messages=plain(self, task),
            seed=seeds[1],
            sampling=self.sampling,
            origin={"part": "default"},
        )
        return (diverse, default)

    def instruction(self, together: int, wording: Wording) -> str:
        """Return what is asked for beside the conversation."""
        protocol = wording.hashes if self.protocol == "hash" else wording.structured
        asked = f"{wording.diversity} {protocol}".format(count=wording.count[together])
        return " ".join(filter(None, [asked, language_sentence(self, wording)]))

    def read(
        self,
        requests: Sequence[Request],  # noqa: ARG002 - their order tells them apart
        answers: Sequence[str],
        *,
        k: int,
    ) -> tuple[Candidate, ...]:
        """Return the parts of the one answer, in their order, and the default response as the last."""
        if not all(answer.strip() for answer in answers):
            raise UnusableError("empty_answer", "the model answered nothing")
        texts = (
            read_strings(answers[0])
            if self.protocol == "structured"
            else read_hashes(answers[0], tolerant=self.tolerant)
        )
        candidates = [Candidate(text=text.strip(), request=0) for text in texts]
        if len(candidates) != self._together(k):
            raise UnusableError(
                "wrong_count", f"{len(candidates)} responses instead of {self._together(k)}"
            )
        candidates += [
            Candidate(text=answer.strip(), request=index)
            for index, answer in enumerate(answers[1:], start=1)
        ]
        return checked(candidates, k=k)

    def _together(self, k: int) -> int:
        return k if self.composition == "k_nc" else k - 1
