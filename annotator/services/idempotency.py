"""A call under an idempotency key is carried out once: what it changes and its answer are stored together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg2.errors import LockNotAvailable

from annotator.errors import Refused
from annotator.models import AnsweredCall, ApiToken

KEPT = timedelta(hours=24)
"""How long an answer is remembered, at least."""

_CLAIM = """
INSERT INTO annotator_answeredcall (token_id, key, digest, status, answer, created_at)
VALUES (%s, %s, %s, 0, '{}', now()) ON CONFLICT (token_id, key) DO NOTHING RETURNING id"""


class KeyReused(Refused):
    """The key belongs to another call."""


class CallUnderWay(Refused):
    """The same call is being carried out at this moment."""


@dataclass(frozen=True)
class Answer:
    """What a call was answered with, and whether it had been answered before."""

    status: int
    content: Any
    is_repeated: bool = False


def answer_once(*, token: ApiToken, key: str, digest: str, call: Callable[[], Answer]) -> Answer:
    """Carry the call out, or return the answer it got before.

    1. Claim the key in the call's own transaction; whoever has claimed it at the same moment is waited for,
       as long as the database waits for any lock.
    2. A key that is there with another digest is refused; with the same one, its answer is returned.
    3. Carry out and store the answer. What changes nothing (a refusal) is not remembered, and its key is free.
    """
    with transaction.atomic():
        claimed = _claim(token, key, digest)
        if claimed is None:
            return _remembered(token, key, digest)
        answer = call()
        if answer.status >= 400:
            transaction.set_rollback(True)
        else:
            AnsweredCall.objects.filter(pk=claimed).update(
                status=answer.status, answer=answer.content
            )
        return answer


def forget_old_answers() -> int:
    """Delete the answers that need not be remembered any more; return how many."""
    return AnsweredCall.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def _claim(token: ApiToken, key: str, digest: str) -> int | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [token.pk, key, digest])
            row = cursor.fetchone()
            return row[0] if row else None
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise CallUnderWay(
                "call_under_way",
                _("The same call is being carried out. Ask again in a moment for its answer."),
            ) from error
        raise


def _remembered(token: ApiToken, key: str, digest: str) -> Answer:
    known = AnsweredCall.objects.get(token=token, key=key)
    if known.digest != digest:
        sentence = _("This key was sent with another call. Use a new key for each call.")
        raise KeyReused("key_reused", sentence, fields={"Idempotency-Key": sentence})
    return Answer(known.status, known.answer, is_repeated=True)
