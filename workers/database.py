"""The database, from an event loop."""

import asyncio
import functools
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

PAUSE = 0.5
PATIENCE = 60.0

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """Calls functions in the thread that holds the connection, again and again while PostgreSQL is away.

    Each of them may be called twice: what was stored by a call whose answer was lost is refused as late.
    """

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self._thread = thread

    async def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the function returns."""
        call = functools.partial(function, *args, **kwargs)
        loop = asyncio.get_running_loop()
        give_up_at = time.monotonic() + PATIENCE
        while True:
            try:
                return await loop.run_in_executor(self._thread, call)
            except (OperationalError, InterfaceError) as error:
                if time.monotonic() > give_up_at:
                    raise
                logger.warning(
                    "The database did not take %s; trying again. %s", function.__name__, error
                )
            await loop.run_in_executor(self._thread, _disconnect)
            await asyncio.sleep(PAUSE)

    async def close(self) -> None:
        """Close the connection of the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, _disconnect)


def _disconnect() -> None:
    """Close the connection of the thread that calls this: looked up there, it is that thread's own."""
    connection.close()
