"""Sends stored requests again, each alone, and compares what comes with what came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from django.conf import settings

from annotator.models import Exchange
from annotator.selectors.endpoints import Endpoint
from annotator.services.generation.results import storable
from workers.vllm import ModelServer, ModelServerError

ABOUT_TRANSPORT = ("stream", "stream_options")
"""Parts of a request that say how the answer travels; the text does not depend on them."""


@dataclass(frozen=True)
class Replayed:
    """One request sent again: the text then and now, None where there was none; `error` says why there is none now."""

    number: int
    then: str | None
    now: str | None
    error: str = ""

    @property
    def is_same(self) -> bool:
        """Whether there was a text and the same one came."""
        return self.then is not None and self.then == self.now

    @property
    def differs_at(self) -> int:
        """The first character, from 0, in which the texts differ."""
        pairs = enumerate(zip_longest(self.then or "", self.now or ""))
        return next((index for index, (then, now) in pairs if then != now), 0)


async def replay(endpoint: Endpoint, exchanges: Sequence[Exchange]) -> tuple[str, list[Replayed]]:
    """Send the requests one after the other; return the server's version now, and what came of each.

    Raises
    ------
    ModelServerError
        The server does not answer at all.
    """
    async with ModelServer(
        base_url=endpoint.base_url,
        api_key=endpoint.api_key,
        timeout=settings.VLLM_TIMEOUT,
        connections=1,
    ) as server:
        version = await server.version()
        return version, [await _send_again(server, exchange) for exchange in exchanges]


async def _send_again(server: ModelServer, exchange: Exchange) -> Replayed:
    then = text_of(exchange.answer)
    body = {name: it for name, it in exchange.request.items() if name not in ABOUT_TRANSPORT}
    try:
        answer = await server.complete(body)
    except ModelServerError as error:
        return Replayed(exchange.number, then, None, error.sentence)
    # What was stored lost the characters that PostgreSQL refuses.
    return Replayed(exchange.number, then, storable(answer.text))


def text_of(answer: Mapping[str, Any] | None) -> str | None:
    """Return the text of a stored answer; None where it is none."""
    try:
        return str((answer or {})["choices"][0]["message"]["content"] or "")
    except (KeyError, IndexError, TypeError):
        return None
