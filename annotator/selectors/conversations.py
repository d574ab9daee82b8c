"""Conversations of several turns: what was said so far, and where one stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotator.models import Project, Wave

# Of a turn and its prompt: each message before it, with the response that was gone on from.
EARLIER = """CASE WHEN turn.number > 1 THEN (
    SELECT json_agg(json_build_array(COALESCE(NULLIF(step.message, ''), prompt.text), response.html,
                                     step.number > 1 OR prompt.source = 'own', following.is_drawn) ORDER BY step.number)
    FROM annotator_turn step
    JOIN annotator_turn following ON following.conversation_id = step.conversation_id AND following.number = step.number + 1
    JOIN annotator_response response ON response.id = following.continues_id
    WHERE step.conversation_id = turn.conversation_id AND step.number < turn.number) END"""


@dataclass(frozen=True)
class Exchange:
    """A message and the response that the conversation went on from."""

    message: str
    html: str
    is_own: bool
    """Whether the person wrote the message themselves."""
    is_drawn: bool
    """Whether the response was drawn, because none was chosen."""


def read_exchanges(earlier: Sequence[Sequence[Any]] | None) -> list[Exchange]:
    """Return the exchanges of a row of EARLIER."""
    return [Exchange(*said) for said in earlier or ()]


def ends_with(wave: Wave, number: int, *, has_winner: bool) -> bool:
    """Tell whether a conversation is over once its turn `number` is answered so."""
    if number >= wave.setting("turns"):
        return True
    return not has_winner and wave.setting("without_winner") == Project.WithoutWinner.END
