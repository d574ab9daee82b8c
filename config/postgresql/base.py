"""Whether a kept connection still stands is seen from its socket, not asked of the server.

Django asks `SELECT 1` before the first query of each request, which was an eighth of the time of the annotators'
page. A server that goes away closes the connection, and a closed connection is readable here: there is nothing to
read from an idle one otherwise. A server that is gone without a word is noticed by TCP's keepalives, which the settings
set to a minute. A connection that is not idle, whatever left it so, is asked as Django asks.
"""

import select
from types import TracebackType

import psycopg2
from django.db import OperationalError
from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper
from django.utils.functional import cached_property
from psycopg2.extensions import TRANSACTION_STATUS_IDLE


class Errors(DatabaseErrorWrapper):
    """Django's errors for psycopg2's. A server that dies in mid-answer is an outage, though psycopg2 has no class for it."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Raise Django's error."""
        if kind is psycopg2.DatabaseError and getattr(error, "pgcode", None) is None:
            self.wrapper.errors_occurred = True  # type: ignore[attr-defined]  # the stubs leave it out
            raise OperationalError(str(error)).with_traceback(traceback) from error
        super().__exit__(kind, error, traceback)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose check costs no round trip."""

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        """Turn psycopg2's errors into Django's."""
        return Errors(self)

    def is_usable(self) -> bool:
        """Tell whether the connection can be used; the server is asked only where something waits to be read."""
        if self.connection is None or self.connection.closed:
            return False
        if self.connection.info.transaction_status != TRANSACTION_STATUS_IDLE:
            return super().is_usable()
        idle = select.poll()
        idle.register(self.connection.fileno(), select.POLLIN)
        return not idle.poll(0) or super().is_usable()
