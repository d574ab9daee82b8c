"""Conversations of several turns: what was said so far, where one stands, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from annotator.models import Participation, Project, Wave
from pluralism.blocks import block_length, shuffled_block

MOST_OPEN = 50
"""So many unfinished conversations of a person are looked at, the newest."""
Format = Project.TaskFormat
GOES_ON = 1
"""Which draw from a comparison's seed says what to go on from where none was chosen."""

# Of a turn and its prompt: each message before it, with the response that was gone on from.
EARLIER = """CASE WHEN turn.number > 1 THEN (
    SELECT json_agg(json_build_array(COALESCE(NULLIF(step.message, ''), prompt.text), response.html,
                                     step.number > 1 OR prompt.source = 'own', following.is_drawn) ORDER BY step.number)
    FROM annotator_turn step
    JOIN annotator_turn following ON following.conversation_id = step.conversation_id AND following.number = step.number + 1
    JOIN annotator_response response ON response.id = following.continues_id
    WHERE step.conversation_id = turn.conversation_id AND step.number < turn.number) END"""

# The last turn of each unfinished conversation, and the newest answer to it.
UNFINISHED = f"""
    SELECT turn.id, turn.number, turn.comparison_id, prompt.language, COALESCE(NULLIF(turn.message, ''), prompt.text),
           turn.number > 1 OR prompt.source = 'own', {EARLIER}, answer.choice_response_id, answer.ranks, answer.seed, answer.ids, answer.texts
    FROM annotator_conversation conversation
    JOIN LATERAL (
        SELECT * FROM annotator_turn step WHERE step.conversation_id = conversation.id ORDER BY step.number DESC LIMIT 1
    ) turn ON true
    JOIN annotator_prompt prompt ON prompt.id = conversation.prompt_id
    LEFT JOIN LATERAL (
        SELECT judgment.choice_response_id, judgment.ranks, comparison.seed,
               array_agg(response.id ORDER BY option.position) AS ids, array_agg(response.html ORDER BY option.position) AS texts
        FROM annotator_judgment judgment
        JOIN annotator_comparison comparison ON comparison.id = judgment.comparison_id
        JOIN annotator_comparisonoption option ON option.comparison_id = comparison.id
        JOIN annotator_response response ON response.id = option.response_id
        WHERE judgment.turn_id = turn.id
        GROUP BY judgment.id, comparison.id ORDER BY judgment.revision DESC LIMIT 1
    ) answer ON true
    WHERE conversation.participation_id = %(person)s AND conversation.finished_at IS NULL AND (%(turn)s IS NULL OR turn.id = %(turn)s)
    ORDER BY conversation.id DESC LIMIT {MOST_OPEN}
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Exchange:
    """A message and the response that the conversation went on from."""

    message: str
    html: str
    is_own: bool
    """Whether the person wrote the message themselves."""
    is_drawn: bool
    """Whether the response was drawn, because none was chosen."""


@dataclass(frozen=True)
class NextTurn:
    """A conversation whose last turn is answered: the person may write on.

    `said` ends with the response to go on from, `continues`.
    """

    turn_id: int
    number: int
    turns: int
    language: str
    said: Sequence[Exchange]
    continues: int
    is_drawn: bool
    may_finish: bool

    @property
    def following(self) -> int:
        """The number of the turn that is to be written."""
        return self.number + 1


@dataclass(frozen=True)
class Waiting:
    """A turn for whose responses the person waits."""

    turn_id: int
    number: int


@dataclass(frozen=True)
class Paths:
    """Where the unfinished conversations of a person stand."""

    next_turn: NextTurn | None = None
    waiting: Waiting | None = None
    """The newest of those that wait."""
    waits_for_first: bool = False
    """Whether a prompt of their own waits for its responses."""


NO_PATHS = Paths()


def read_exchanges(earlier: Sequence[Sequence[Any]] | None) -> list[Exchange]:
    """Return the exchanges of a row of EARLIER."""
    return [Exchange(*said) for said in earlier or ()]


def ends_with(wave: Wave, number: int, *, has_winner: bool) -> bool:
    """Tell whether a conversation is over once its turn `number` is answered so."""
    if number >= wave.setting("turns") or wave.setting("task_format") == Format.TWO_PROMPTS:
        return True
    return not has_winner and wave.setting("without_winner") == Project.WithoutWinner.END


def find_paths(*, participation: Participation, wave: Wave, turn_id: int | None = None) -> Paths:
    """Return where the person's conversations stand, or the one that has come to this turn.

    One query, and none where every task is a single comparison of a given prompt.
    """
    if wave.setting("turns") == 1 and not wave.setting("own_prompt_share"):
        return NO_PATHS
    with connection.cursor() as cursor:
        cursor.execute(UNFINISHED, {"person": participation.pk, "turn": turn_id})
        rows = cursor.fetchall()
    waiting = [Waiting(row[0], row[1]) for row in rows if row[2] is None]
    following = (_next_turn(row, wave) for row in rows if row[9] is not None)
    return Paths(
        next_turn=next((turn for turn in following if turn), None),
        waiting=waiting[0] if waiting else None,
        waits_for_first=any(each.number == 1 for each in waiting),
    )


def _next_turn(row: Sequence[Any], wave: Wave) -> NextTurn | None:
    turn_id, number, _comparison, language, message, is_own, earlier, *answer = row
    chosen, ranks, seed, ids, texts = answer
    if ends_with(wave, number, has_winner=chosen is not None):
        return None
    continues = chosen or ids[draw_to_go_on_from(seed=seed, ranks=ranks, k=len(ids))]
    html = texts[ids.index(continues)]
    return NextTurn(
        turn_id=turn_id,
        number=number,
        turns=wave.setting("turns"),
        language=language,
        said=[
            *read_exchanges(earlier),
            Exchange(message, html, is_own=is_own, is_drawn=chosen is None),
        ],
        continues=continues,
        is_drawn=chosen is None,
        may_finish=number >= wave.setting("turns_min"),
    )


def draw_to_go_on_from(*, seed: int, ranks: Sequence[int | None] | None, k: int) -> int:
    """Return the option position to go on from where none was chosen: one of the first in a ranking, or any.

    It comes from the comparison's stored seed, so it is the same whenever it is asked for.
    """
    first = [i for i in range(k) if ranks is None or ranks[i] == 1] or list(range(k))
    return first[int(np.random.default_rng([seed, GOES_ON]).integers(len(first)))]


def begins_with_own_prompt(*, participation: Participation, wave: Wave) -> bool:
    """Tell whether the person's next task begins with a prompt of their own: drawn by blocks, per person."""
    share = wave.setting("own_prompt_share")
    if not share or participation.fallbacks_due:
        return False
    block, place = divmod(participation.conversations_begun, block_length(share))
    rng = np.random.default_rng([participation.project.seed, participation.pk, block])
    return shuffled_block(share, rng)[place]


def topic_hints(*, wave: Wave, languages: Sequence[str]) -> tuple[str, list[str]]:
    """Return the first of the languages that has hints, by its tag or its base language, and the hints."""
    hints: dict[str, list[str]] = wave.setting("topic_hints")
    for tag in languages:
        for known in (tag, tag.split("-")[0]):
            if hints.get(known):
                return known, hints[known]
    return "", []
