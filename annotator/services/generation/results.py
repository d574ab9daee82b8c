"""Storing what came of an attempt, where the token still matches."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import DataError, IntegrityError, connection, transaction

from annotator.markup import render_markdown
from annotator.models import (
    CandidateSet,
    Diversity,
    Exchange,
    GenerationRun,
    Response,
    TranslationDraft,
)
from annotator.services.comparisons import (
    draw_questions,
    give_to_authors,
    make_rows,
    sets_of_groups,
)
from annotator.services.generation.queue import MAX_FAULTS, ClaimedSet
from annotator.services.group_places import open_group_places
from annotator.services.inserting import COMPARISON_IDS, PLACE_KEYS, Rows, insert_together, new_ids
from pluralism.diversity import DiversityFigures
from pluralism.similarity import CHAR_NGRAMS

State, Purpose = CandidateSet.State, GenerationRun.Purpose

# The sets are locked in the order of their ids first, so that two batches never wait for each other.
STORE = """
    WITH result AS (
        SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::text[], %s::int[], %s::float[], %s::text[], %s::text[], %s::int[], %s::int[])
            AS r (id, token, state, fault, delay, failure, failure_detail, prompt_tokens, completion_tokens)),
    held AS (
        SELECT s.id FROM annotator_candidateset s JOIN result ON result.id = s.id AND result.token = s.token
        WHERE s.state = 'running' ORDER BY s.id FOR UPDATE OF s)
    UPDATE annotator_candidateset s
    SET state = CASE WHEN result.state = 'queued' AND s.faults + result.fault >= %s THEN 'failed' ELSE result.state END,
        faults = s.faults + result.fault,
        not_before = CASE WHEN result.state = 'queued' THEN now() + result.delay * interval '1 second' END,
        failure = result.failure, failure_detail = result.failure_detail,
        prompt_tokens = result.prompt_tokens, completion_tokens = result.completion_tokens,
        completed_at = CASE WHEN result.state = 'complete' THEN now() END,
        token = NULL, lease_until = NULL, progress = NULL
    FROM result, held WHERE s.id = held.id AND s.id = result.id
    RETURNING s.id, s.state, s.project_id, s.language, s.strategy, s.template_version, s.seed, s.attempt, s.source_set_id, s.turn_id,
        coalesce((SELECT run.purpose FROM annotator_generationrun run WHERE run.id = s.run_id), 'collect')
"""

CHANGED = ("state", "project_id", "language", "strategy", "template_version", "seed", "attempt", "source_set_id", "turn_id")  # fmt: skip
"""What STORE returns between the id and the run's purpose."""
RESPONSE_IDS = "annotator_response_id_seq"
SHOWN = {Purpose.COLLECT, Purpose.LIVE}
"""What runs are for whose sets open comparisons as soon as they are complete."""


@dataclass(frozen=True)
class Exchanged:
    """One request and its answer, as they went over the wire; `answer` is text where it was not JSON."""

    number: int
    request: dict[str, Any]
    answer: Any
    error: str
    duration_ms: int
    prompt_tokens: int = 0
    completion_tokens: int = 0
    endpoint: str = ""
    server_version: str = ""


@dataclass(frozen=True)
class MadeResponse:
    """A candidate with its origin and what was found out about it.

    Tokens are known where a response had a request to itself.
    """

    text: str
    model: str
    seed: int
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    origin: Mapping[str, Any] = field(default_factory=dict)
    detected_language: str = ""
    language_check: str = ""
    flags: Sequence[str] = ()


@dataclass(frozen=True)
class Completed:
    """The k responses, in the order of their slots, and how unlike they are by character n-grams."""

    responses: Sequence[MadeResponse]
    diversity: DiversityFigures | None = None


@dataclass(frozen=True)
class Drafted:
    """The k responses of an aligned set, in the order of their slots; a reviewer has the last word."""

    responses: Sequence[MadeResponse]


@dataclass(frozen=True)
class Truncated:
    """The model ran into the longest answer; nothing of it is shown."""

    detail: str


@dataclass(frozen=True)
class Failed:
    """No further attempt would help."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Again:
    """Another attempt after `delay` seconds; one that is the set's own fault counts towards its end."""

    reason: str
    detail: str
    delay: float = 0.0
    fault: bool = True


Outcome = Completed | Drafted | Truncated | Failed | Again


@dataclass(frozen=True)
class SetResult:
    """What came of one attempt at a claimed set."""

    claimed: ClaimedSet
    outcome: Outcome
    exchanges: Sequence[Exchanged] = ()


@dataclass
class Stored:
    """How a batch ended; `late` results had lost their lease and were refused."""

    states: dict[int, str] = field(default_factory=dict)
    late: int = 0


def store_results(*, results: Sequence[SetResult]) -> Stored:
    """Store a batch of results in one transaction; a result that the database refuses fails alone.

    1. Change the state of each set whose token still matches; the others are late and leave no trace.
    2. Keep the exchanges of the sets that were changed.
    3. For complete sets, store the responses with their HTML, measure them and open the comparisons; for
       drafted ones, store the drafts.
    """
    if not results:
        return Stored()
    try:
        with transaction.atomic():
            return _store(results)
    except (DataError, IntegrityError) as error:
        if len(results) > 1:
            return _merged([store_results(results=[result]) for result in results])
        refusal = Failed("unstorable", str(error).splitlines()[0])
        with transaction.atomic():
            return _store([SetResult(claimed=results[0].claimed, outcome=refusal)])


def _merged(parts: Sequence[Stored]) -> Stored:
    states = {set_id: state for part in parts for set_id, state in part.states.items()}
    return Stored(states=states, late=sum(part.late for part in parts))


def _store(results: Sequence[SetResult]) -> Stored:
    changed = _change_states(results)
    kept = [result for result in results if result.claimed.set_id in changed]
    completed: list[tuple[ChangedSet, Completed]] = []
    drafted: list[tuple[ChangedSet, Drafted]] = []
    for result in kept:
        if isinstance(result.outcome, Completed):
            completed.append((changed[result.claimed.set_id], result.outcome))
        elif isinstance(result.outcome, Drafted):
            drafted.append((changed[result.claimed.set_id], result.outcome))
    rows, of_groups = _complete(completed)
    exchanges = [_exchange(result, exchanged) for result in kept for exchanged in result.exchanges]
    insert_together(Rows.of(Exchange, exchanges), *rows, Rows.of(TranslationDraft, _draft(drafted)))
    give_to_authors(candidate_sets=[one.candidate_set for one, _outcome in completed])
    open_group_places(candidate_sets=of_groups)
    states = {set_id: one.candidate_set.state for set_id, one in changed.items()}
    return Stored(states=states, late=len(results) - len(kept))


@dataclass(frozen=True)
class ChangedSet:
    """A set as it is now, and what its run is for."""

    candidate_set: CandidateSet
    purpose: str


def _change_states(results: Sequence[SetResult]) -> dict[int, ChangedSet]:
    rows = [_row(result) for result in results]
    with connection.cursor() as cursor:
        cursor.execute(STORE, [*map(list, zip(*rows, strict=True)), MAX_FAULTS])
        return {
            pk: ChangedSet(CandidateSet(pk=pk, **dict(zip(CHANGED, values, strict=True))), purpose)
            for pk, *values, purpose in sorted(cursor.fetchall())
        }


def _row(result: SetResult) -> tuple[Any, ...]:
    claimed, outcome = result.claimed, result.outcome
    prompt_tokens = sum(exchanged.prompt_tokens for exchanged in result.exchanges)
    completion_tokens = sum(exchanged.completion_tokens for exchanged in result.exchanges)
    state, fault, delay, failure, detail = _change(outcome)
    return (
        claimed.set_id,
        str(claimed.token),
        state,
        fault,
        delay,
        failure,
        storable(detail),
        prompt_tokens,
        completion_tokens,
    )


def _change(outcome: Outcome) -> tuple[str, int, float, str, str]:
    match outcome:
        case Completed():
            return State.COMPLETE, 0, 0.0, "", ""
        case Drafted():
            return State.REVIEW, 0, 0.0, "", ""
        case Truncated(detail=detail):
            return State.TRUNCATED, 0, 0.0, "length", detail
        case Failed(reason=reason, detail=detail):
            return State.FAILED, 0, 0.0, reason, detail
        case Again():
            return State.QUEUED, int(outcome.fault), outcome.delay, outcome.reason, outcome.detail


def _exchange(result: SetResult, exchanged: Exchanged) -> Exchange:
    claimed, answer = result.claimed, storable(exchanged.answer)
    altered = (
        ""
        if answer == exchanged.answer
        else " Characters and numbers that cannot be stored were replaced."
    )
    return Exchange(
        candidate_set_id=claimed.set_id,
        attempt=claimed.attempt,
        number=exchanged.number,
        outcome=outcome_code(result.outcome),
        endpoint=exchanged.endpoint,
        server_version=exchanged.server_version[:64],
        request=exchanged.request,
        answer=answer,
        error=(storable(exchanged.error) + altered).strip(),
        duration_ms=exchanged.duration_ms,
    )


def outcome_code(outcome: Outcome) -> str:
    """Return what became of an attempt in one word: complete, review, or the reason why neither."""
    state, _fault, _delay, reason, _detail = _change(outcome)
    return reason or state


def _complete(
    made: Sequence[tuple[ChangedSet, Completed]],
) -> tuple[Sequence[Rows], list[CandidateSet]]:
    """Return the rows of complete sets (responses, diversities, comparisons, options, places), and the sets whose groups have places."""
    if not made:
        return (), []
    questions = draw_questions(
        (changed.candidate_set, len(outcome.responses))
        for changed, outcome in made
        if changed.purpose in SHOWN
    )
    ids = new_ids(
        {
            RESPONSE_IDS: sum(len(outcome.responses) for _changed, outcome in made),
            COMPARISON_IDS: len(questions),
            PLACE_KEYS: len(questions),
        }
    )
    responses = [
        _response(next(ids[RESPONSE_IDS]), changed.candidate_set, slot, response)
        for changed, outcome in made
        for slot, response in enumerate(outcome.responses)
    ]
    by_set: defaultdict[int, list[int]] = defaultdict(list)
    for response in responses:
        by_set[response.candidate_set_id].append(response.pk)
    diversities = [
        Diversity(
            candidate_set=changed.candidate_set,
            similarity=CHAR_NGRAMS,
            **asdict(outcome.diversity),
        )
        for changed, outcome in made
        if outcome.diversity is not None
    ]
    opening = make_rows(questions, responses=by_set, ids=ids[COMPARISON_IDS], keys=ids[PLACE_KEYS])
    made_rows = Rows.of(Response, responses), Rows.of(Diversity, diversities)
    return (*made_rows, *opening.tables), sets_of_groups(questions)


def _response(pk: int, candidate_set: CandidateSet, slot: int, made: MadeResponse) -> Response:
    return Response(
        pk=pk,
        project_id=candidate_set.project_id,
        candidate_set=candidate_set,
        slot=slot,
        text=made.text,
        html=render_markdown(made.text),
        strategy=candidate_set.strategy,
        template_version=candidate_set.template_version,
        model=made.model,
        seed=made.seed,
        finish_reason=made.finish_reason,
        prompt_tokens=made.prompt_tokens,
        completion_tokens=made.completion_tokens,
        origin=storable(dict(made.origin)),
        detected_language=made.detected_language,
        language_check=made.language_check,
        flags=list(made.flags),
    )


def _draft(made: Sequence[tuple[ChangedSet, Drafted]]) -> Sequence[TranslationDraft]:
    """Return the rows of drafts, each with the response that it translates."""
    if not made:
        return ()
    sources = {
        (set_id, slot): pk
        for set_id, slot, pk in Response.objects.filter(
            candidate_set__in=[changed.candidate_set.source_set_id for changed, _outcome in made]
        ).values_list("candidate_set_id", "slot", "pk")
    }
    return [
        TranslationDraft(
            candidate_set=changed.candidate_set,
            attempt=changed.candidate_set.attempt,
            source_response_id=sources[changed.candidate_set.source_set_id or 0, slot],
            slot=slot,
            language=changed.candidate_set.language,
            text=response.text,
            model=response.model,
            seed=response.seed,
            finish_reason=response.finish_reason,
            prompt_tokens=response.prompt_tokens,
            completion_tokens=response.completion_tokens,
            template_version=changed.candidate_set.template_version,
        )
        for changed, outcome in made
        for slot, response in enumerate(outcome.responses)
    ]


def storable(value: Any) -> Any:
    """Return a value of JSON without what PostgreSQL refuses: NUL, half surrogate pairs, NaN."""
    match value:
        case str():
            return (
                "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in value)
                if not _is_clean(value)
                else value
            )
        case dict():
            return {storable(key): storable(item) for key, item in value.items()}
        case list():
            return [storable(item) for item in value]
        case float() if not math.isfinite(value):
            return None
        case _:
            return value


def _is_clean(text: str) -> bool:
    try:
        return "\0" not in text and bool(text.encode() or True)
    except UnicodeEncodeError:
        return False
