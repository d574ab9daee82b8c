"""The queue of candidate sets: the row is the queue, a lease and a token hold a place in it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from annotator.bells import ring_measuring, ring_run
from pluralism.strategies import Message, OwnWords, Source

LEASE = timedelta(seconds=45)
"""A worker renews its leases every few seconds; one that is gone for this long has lost its sets."""
MAX_FAULTS = 3
"""So many attempts that count against a set, and it has failed."""

# Words that were taken back since the set was queued are left out.
CLAIM = """
    WITH due AS (
        SELECT s.id, coalesce(prompt.text, '') AS text, coalesce(prompt.system, '') AS system
        FROM annotator_candidateset s
        JOIN annotator_generationrun run ON run.id = s.run_id
        LEFT JOIN annotator_prompt prompt ON prompt.id = s.prompt_id
        WHERE s.run_id = %(run)s AND s.state = 'queued' AND run.state = 'running' AND (s.not_before IS NULL OR s.not_before <= now())
        ORDER BY s.id LIMIT %(limit)s
        FOR UPDATE OF s SKIP LOCKED)
    UPDATE annotator_candidateset s
    SET state = 'running', token = gen_random_uuid(), lease_until = now() + %(lease)s * interval '1 second', attempt = s.attempt + 1, not_before = NULL
    FROM due WHERE s.id = due.id
    RETURNING s.id, s.token, s.attempt, s.seed, s.language, due.text, due.system, s.source_set_id, s.turn_id, (
        SELECT json_agg(json_build_array(words.id, words.language, words.text) ORDER BY words.id)
        FROM annotator_wordsuse used JOIN annotator_ownwords words ON words.id = used.words_id
        JOIN annotator_participation person ON person.id = words.participation_id
        JOIN annotator_ownwords newest ON newest.id = person.words_id
        WHERE used.candidate_set_id = s.id AND person.withdrawn_at IS NULL AND person.excluded_at IS NULL AND newest.text <> '' AND (newest.lent OR s.turn_id IS NOT NULL))
"""

SOURCES = """
    SELECT source.id, source.language, prompt.text, array_agg(response.text ORDER BY response.slot)
    FROM annotator_candidateset source
    JOIN annotator_prompt prompt ON prompt.id = source.prompt_id
    JOIN annotator_response response ON response.candidate_set_id = source.id
    WHERE source.id = ANY (%s)
    GROUP BY source.id, prompt.id
"""

# What was said up to each turn: the prompt, then by turns the response gone on from and the next message.
CONVERSATIONS = """
    SELECT asked.id, prompt.system,
           array_agg(CASE WHEN turn.number = 1 THEN prompt.text ELSE turn.message END ORDER BY turn.number),
           array_agg(chosen.text ORDER BY turn.number)
    FROM annotator_turn asked
    JOIN annotator_conversation conversation ON conversation.id = asked.conversation_id
    JOIN annotator_prompt prompt ON prompt.id = conversation.prompt_id
    JOIN annotator_turn turn ON turn.conversation_id = conversation.id AND turn.number <= asked.number
    LEFT JOIN annotator_response chosen ON chosen.id = turn.continues_id
    WHERE asked.id = ANY (%s)
    GROUP BY asked.id, prompt.id
"""

RENEW = """
    UPDATE annotator_candidateset s SET lease_until = now() + %s * interval '1 second'
    FROM unnest(%s::bigint[], %s::uuid[]) AS held (id, token)
    WHERE s.id = held.id AND s.token = held.token AND s.state = 'running'
    RETURNING s.id
"""

GIVE_BACK = """
    UPDATE annotator_candidateset s SET state = 'queued', attempt = s.attempt - 1, token = NULL, lease_until = NULL, progress = NULL
    FROM unnest(%s::bigint[], %s::uuid[]) AS held (id, token)
    WHERE s.id = held.id AND s.token = held.token AND s.state = 'running'
"""

# A set that took its worker down twice waits up to a minute, drawn from its seed, before it is tried a
# third time: so it does not take down the same neighbours with it.
REQUEUE_OVERDUE = """
    WITH overdue AS (
        SELECT id FROM annotator_candidateset WHERE state = 'running' AND lease_until < now() ORDER BY id FOR UPDATE SKIP LOCKED)
    UPDATE annotator_candidateset s
    SET state = CASE WHEN s.faults + 1 >= %(max_faults)s THEN 'failed' ELSE 'queued' END,
        not_before = CASE WHEN s.faults >= 1 THEN now() + (s.seed %% 60) * interval '1 second' END,
        faults = s.faults + 1, failure = 'worker_lost', failure_detail = '', token = NULL, lease_until = NULL, progress = NULL
    FROM overdue WHERE s.id = overdue.id
    RETURNING s.run_id
"""

# A live run stands until another takes its place, whether or not somebody is waiting now.
FINISH = """
    UPDATE annotator_generationrun run SET state = 'finished', finished_at = now()
    WHERE state = 'running' AND purpose <> 'live' AND (%(runs)s::bigint[] IS NULL OR id = ANY (%(runs)s))
      AND NOT EXISTS (SELECT FROM annotator_candidateset s WHERE s.run_id = run.id AND s.state IN ('queued', 'running'))
"""

# A run of which a live lease exists has a worker; it needs no second bell.
NEGLECTED = """
    SELECT run.id, run.queue FROM annotator_generationrun run
    WHERE run.state = 'running'
      AND EXISTS (SELECT FROM annotator_candidateset s WHERE s.run_id = run.id AND s.state = 'queued' AND (s.not_before IS NULL OR s.not_before <= now()))
      AND NOT EXISTS (SELECT FROM annotator_candidateset s WHERE s.run_id = run.id AND s.state = 'running')
"""


@dataclass(frozen=True)
class ClaimedSet:
    """A set that a worker holds until its lease ends, and the conversation to answer.

    `text` is its last message, `earlier` what was said before; `source` is what an aligned set translates;
    `words` are people's own that candidates are made with.
    """

    set_id: int
    token: uuid.UUID
    attempt: int
    seed: int
    language: str
    text: str
    system: str
    source: Source | None = None
    earlier: tuple[Message, ...] = ()
    words: tuple[OwnWords, ...] = ()

    @property
    def conversation(self) -> tuple[Message, ...]:
        """Everything the model is given, the system message first."""
        system = (Message("system", self.system),) if self.system else ()
        return (*system, *self.earlier, Message("user", self.text))


def claim_sets(*, run_id: int, limit: int, lease: timedelta = LEASE) -> list[ClaimedSet]:
    """Lease up to `limit` queued sets of a running run, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"run": run_id, "limit": limit, "lease": lease.total_seconds()})
        rows = sorted(cursor.fetchall())
        sources = _read_sources(cursor, [row[-3] for row in rows if row[-3]])
        said = _read_conversations(cursor, [row[-2] for row in rows if row[-2]])
    claimed = []
    for *ids, text, system, source_id, turn_id, words in rows:
        last, first, earlier = said.get(turn_id, (text, system, ()))
        set_id, token, attempt, seed, language = ids
        claimed.append(
            ClaimedSet(
                set_id=set_id,
                token=token,
                attempt=attempt,
                seed=seed,
                language=language,
                text=last,
                system=first,
                source=sources.get(source_id),
                earlier=earlier,
                words=tuple(OwnWords(*one) for one in words or ()),
            )
        )
    return claimed


def _read_sources(cursor: CursorWrapper, set_ids: Sequence[int]) -> dict[int, Source]:
    if not set_ids:
        return {}
    cursor.execute(SOURCES, [list(set_ids)])
    return {
        set_id: Source(language, question, tuple(responses))
        for set_id, language, question, responses in cursor.fetchall()
    }


def _read_conversations(
    cursor: CursorWrapper, turn_ids: Sequence[int]
) -> dict[int, tuple[str, str, tuple[Message, ...]]]:
    """Return the last message of each turn, the system message, and what was said in between."""
    if not turn_ids:
        return {}
    cursor.execute(CONVERSATIONS, [list(turn_ids)])
    return {
        turn_id: (
            messages[-1],
            system,
            tuple(
                Message(role, text)
                for message, chosen in zip(messages[:-1], responses[1:], strict=True)
                for role, text in (("user", message), ("assistant", chosen))
            ),
        )
        for turn_id, system, messages, responses in cursor.fetchall()
    }


def renew_leases(*, claimed: Sequence[ClaimedSet], lease: timedelta = LEASE) -> set[int]:
    """Extend the leases that are still held; return the ids of these sets. The others were lost or cancelled."""
    with connection.cursor() as cursor:
        cursor.execute(RENEW, [lease.total_seconds(), *_ids_and_tokens(claimed)])
        return {set_id for (set_id,) in cursor.fetchall()}


def give_back_sets(*, claimed: Sequence[ClaimedSet]) -> int:
    """Put back sets whose requests were not answered, as if they had not been claimed; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, list(_ids_and_tokens(claimed)))
        return int(cursor.rowcount)


def requeue_overdue() -> int:
    """Take sets back from workers that are gone, end runs that are done, ring for runs nobody works on.

    Returns how many sets were taken back.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(REQUEUE_OVERDUE, {"max_faults": MAX_FAULTS})
        taken_back = int(cursor.rowcount)
        cursor.execute(FINISH, {"runs": None})
        cursor.execute(NEGLECTED)
        for run_id, queue in cursor.fetchall():
            ring_run(run_id=run_id, queue=queue)
    return taken_back


def finish_runs(*, run_ids: Sequence[int]) -> int:
    """End those of the running runs that have nothing left to do; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(FINISH, {"runs": list(run_ids)})
        finished = int(cursor.rowcount)
    if finished:
        ring_measuring()
    return finished


def _ids_and_tokens(claimed: Sequence[ClaimedSet]) -> tuple[list[int], list[str]]:
    ordered = sorted(claimed, key=lambda held: held.set_id)
    return [held.set_id for held in ordered], [str(held.token) for held in ordered]
