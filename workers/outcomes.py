"""What a set's answers and errors mean for it: the one place of the rules of retrying and giving up.

| what came | what becomes of the set |
|---|---|
| refused, reset, 502, 503, 504, dead engine | again, with full jitter, without counting |
| 429 | again at Retry-After, without counting |
| no answer in time | again after a longer pause; the third time it has failed |
| 500 at this request | again; the third time it has failed |
| 400 context length | failed, with the server's token counts |
| 400, 422 and their like | failed, with the server's message |
| 401, 403, 404 | back to the queue without counting; the run pauses (see `workers.pump`) |
| 200, cut at max_tokens | truncated |
| 200, aborted, empty, unreadable, too few, identical | again with the next seeds; the third time it has failed |
| 200 and traces of a protocol, another language, unbalanced lengths | the same |
| 200 and near-identical responses | the same where the strategy promises difference; else a flag |
| 200 and k usable responses | complete |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from annotator.services.generation import (
    Again,
    ClaimedSet,
    Completed,
    Drafted,
    Exchanged,
    Failed,
    MadeResponse,
    Outcome,
    SetResult,
    Truncated,
)
from pluralism.checks import CheckedResponse, CheckedSet, check_set
from pluralism.languages import LanguageDetector
from pluralism.strategies import Request, Strategy, UnusableError
from workers.vllm import (
    Answer,
    BrokeError,
    GarbledError,
    ModelServerError,
    NotServedError,
    RejectedError,
    ThrottledError,
    TimedOutError,
    TooLongError,
    UnavailableError,
)

LONGEST_PAUSE = 60.0

REASONS: dict[type[ModelServerError], str] = {
    NotServedError: "not_served",
    UnavailableError: "server_unavailable",
    ThrottledError: "throttled",
    TooLongError: "context_length",
    RejectedError: "rejected",
    TimedOutError: "timed_out",
    BrokeError: "server_error",
    GarbledError: "garbled",
}
"""The code of each error. Where the requests of a set failed differently, the first of these decides."""
FINAL = (TooLongError, RejectedError)
OUTAGES = (NotServedError, UnavailableError, ThrottledError)
"""The same would have happened to any other set, so they don't count against this one."""


@dataclass(frozen=True)
class Sent:
    """A request as sent, what came of it, and the model server that it was sent to."""

    request: Request
    body: dict[str, object]
    reply: Answer | ModelServerError
    endpoint: str = ""
    server_version: str = ""


def make_result(
    claimed: ClaimedSet,
    sent: Sequence[Sent],
    *,
    strategy: Strategy,
    k: int,
    detector: LanguageDetector,
) -> SetResult:
    """Return what to store of one attempt."""
    return SetResult(
        claimed=claimed,
        outcome=_outcome(claimed, sent, strategy=strategy, k=k, detector=detector),
        exchanges=[_exchanged(number, one) for number, one in enumerate(sent)],
    )


def jitter(*, seed: int, attempt: int, longest: float) -> float:
    """Return a pause between 0 and `longest` seconds that the seed and the attempt determine."""
    # Spawn keys of length 1 belong to the sampling seeds.
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(attempt, 1)))
    return float(rng.uniform(0, longest))


def _outcome(
    claimed: ClaimedSet,
    sent: Sequence[Sent],
    *,
    strategy: Strategy,
    k: int,
    detector: LanguageDetector,
) -> Outcome:
    answers: list[Answer] = []
    errors: list[ModelServerError] = []
    for one in sent:
        if isinstance(one.reply, Answer):
            answers.append(one.reply)
        else:
            errors.append(one.reply)
    if errors:
        return _after_error(
            claimed, min(errors, key=lambda error: list(REASONS).index(type(error)))
        )
    if any(answer.finish_reason == "length" for answer in answers):
        return Truncated(
            f"The model reached the longest answer of {strategy.max_tokens} tokens. Raise max_tokens and retry."
        )
    if ended := [answer.finish_reason for answer in answers if answer.finish_reason != "stop"]:
        return Again("aborted", f"The model server ended an answer with “{ended[0]}”.")
    try:
        candidates = strategy.read(
            [one.request for one in sent], [answer.text for answer in answers], k=k
        )
        checked = check_set(
            candidates,
            check_language=partial(
                detector.check, asked=strategy.response_language or claimed.language
            ),
            promises_difference=strategy.promises_difference,
            max_length_ratio=strategy.max_length_ratio,
        )
    except UnusableError as error:
        return Again(error.reason, error.detail)
    return _made(claimed, checked, sent, answers)


def _made(
    claimed: ClaimedSet, checked: CheckedSet, sent: Sequence[Sent], answers: Sequence[Answer]
) -> Outcome:
    responses = [_response(response, sent, answers) for response in checked.responses]
    if claimed.source is not None:
        return Drafted(responses)
    return Completed(responses, checked.diversity)


def _after_error(claimed: ClaimedSet, error: ModelServerError) -> Outcome:
    reason = REASONS[type(error)]
    if isinstance(error, FINAL):
        return Failed(reason, error.sentence)
    return Again(
        reason, error.sentence, delay=_pause(claimed, error), fault=not isinstance(error, OUTAGES)
    )


def _pause(claimed: ClaimedSet, error: ModelServerError) -> float:
    """Return the seconds until the next attempt."""
    if isinstance(error, ThrottledError):
        return error.retry_after
    if isinstance(error, NotServedError):
        return 0.0  # the run pauses anyway
    longest = min(2.0 ** min(claimed.attempt, 10), LONGEST_PAUSE)
    if isinstance(error, TimedOutError):
        longest *= 10
    return jitter(seed=claimed.seed, attempt=claimed.attempt, longest=longest)


def _response(
    checked: CheckedResponse, sent: Sequence[Sent], answers: Sequence[Answer]
) -> MadeResponse:
    candidate, alone = checked.candidate, len(answers) > 1
    request, answer = sent[candidate.request].request, answers[candidate.request]
    return MadeResponse(
        text=candidate.text,
        model=answer.model,
        seed=request.seed,
        finish_reason=answer.finish_reason,
        prompt_tokens=answer.prompt_tokens if alone else None,
        completion_tokens=answer.completion_tokens if alone else None,
        origin={**request.origin, **candidate.origin},
        detected_language=checked.language.detected,
        language_check=checked.language.check,
        flags=checked.flags,
    )


def _exchanged(number: int, one: Sent) -> Exchanged:
    reply = one.reply
    if isinstance(reply, Answer):
        return Exchanged(
            number=number,
            endpoint=one.endpoint,
            server_version=one.server_version,
            request=one.body,
            answer=dict(reply.body),
            error="",
            duration_ms=reply.duration_ms,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
        )
    return Exchanged(
        number=number,
        endpoint=one.endpoint,
        server_version=one.server_version,
        request=one.body,
        answer=reply.body,
        error=reply.sentence,
        duration_ms=reply.duration_ms,
    )
