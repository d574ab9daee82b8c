"""Exports as a stream of JSON lines, in constant memory.

PostgreSQL builds each row's JSON; Python passes bytes on, block by block, from a server-side cursor on a
connection of its own, so that a slow reader holds up nobody else.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Self

import psycopg2.extensions
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from annotator.errors import Busy
from annotator.models import Change, Project
from annotator.selectors.exports.queries import Query, native_page_query, queries_for
from annotator.selectors.exports.shapes import Filters

FIRST_ROWS = 10
"""The first block is small: whoever waits sees at once that something comes."""
BLOCK_ROWS = 200
AHEAD = "export-ahead"
"""How the threads are named that read the next block."""
READER_TIMEOUT = "5min"
"""A reader that takes nothing for so long is cut off: its snapshot would hold up the database's cleaning."""

TURN_LOCK = 7353
"""First key of the advisory locks that exports hold, one of `EXPORTS_AT_ONCE` each; gone with the connection."""
TAKE_TURN = """
SELECT turn FROM generate_series(1, %s) turn WHERE pg_try_advisory_lock(%s, turn) LIMIT 1"""
BUSY_SECONDS = 30

SETTINGS = f"""
SET LOCAL idle_in_transaction_session_timeout = '{READER_TIMEOUT}';
SET LOCAL cursor_tuple_fraction = 0.0001;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL jit = off
"""


class Snapshot:
    """A connection that reads the database as of one moment; `cursor` is the last Change of the project in it."""

    def __init__(self, *, project: Project, exported: str = "") -> None:
        self.connection, self.cursor = _open_snapshot(project, exported)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.connection.close()

    def export(self) -> str:
        """Return the name under which another connection can see the same moment, as long as this one is open."""
        (name,) = self.rows("SELECT pg_export_snapshot()")[0]
        return name.decode()  # type: ignore[no-any-return]

    @contextmanager
    def seen(self) -> Iterator[None]:
        """Let the ORM read as of the snapshot's moment, and write nothing, until the block ends."""
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET TRANSACTION SNAPSHOT %s", [self.export()])
            yield

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a small query; texts come as bytes."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    def blocks(self, query: Query, *, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a large query, `size` at a time, from a cursor on the server."""
        with self.connection.cursor(name="released") as cursor:
            cursor.execute(query.sql, query.values)
            while rows := cursor.fetchmany(size):
                yield rows


class ExportStream:
    """An export that is being read: iterate over its blocks of lines, then close it.

    `cursor` is the last Change that it contains. Closing it early, as a web server does when the reader has
    gone, frees the connection at once. It gives `EXPORT_RATE` rows a second at most.
    """

    def __init__(self, *, project: Project, queries: list[Query]) -> None:
        self._queries = queries
        self._connection, self.cursor = _open_snapshot(project, "", in_turn=True)
        self._blocks = self._read()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return next(self._blocks)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def close(self) -> None:
        """End the snapshot, free the connection, and end the thread that reads ahead."""
        self._connection.close()
        self._blocks.close()  # the two hold each other: they would wait for the garbage collector

    def _read(self) -> Generator[bytes, None, None]:
        begin, given = time.monotonic(), 0
        for number, query in enumerate(self._queries):
            with self._connection.cursor(name=f"export_{number}") as cursor:
                cursor.execute(query.sql, query.values)
                for rows in _ahead(cursor.fetchmany):
                    yield b"".join([row + b"\n" for (row,) in rows])
                    given += len(rows)
                    _wait_until(begin, given)
        self._connection.close()


def _ahead(fetch: Callable[[int], list[tuple[bytes]]]) -> Iterator[list[tuple[bytes]]]:
    """Yield blocks of rows until there are no more; PostgreSQL builds the next one while one is being sent."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix=AHEAD) as reader:
        coming = reader.submit(fetch, FIRST_ROWS)
        while rows := coming.result():
            coming = reader.submit(fetch, BLOCK_ROWS)
            yield rows


def _wait_until(begin: float, given: int) -> None:
    """Wait until so many rows are due."""
    if settings.EXPORT_RATE:
        time.sleep(max(0.0, begin + given / settings.EXPORT_RATE - time.monotonic()))


def open_export(*, project: Project, export_format: str, filters: Filters) -> ExportStream:
    """Open an export on a snapshot of this moment.

    Raises Refused where there is no such export, Busy where `EXPORTS_AT_ONCE` are being read.
    """
    return ExportStream(
        project=project,
        queries=queries_for(project=project, export_format=export_format, filters=filters),
    )


def native_rows(
    *, project: Project, judgment_ids: list[int], demographics: bool = False
) -> list[str]:
    """Return the native rows of these judgments, in the order of their ids, as JSON."""
    query = native_page_query(project=project, judgment_ids=judgment_ids, demographics=demographics)
    with connection.cursor() as cursor:
        cursor.execute(query.sql, query.values)
        return [row for (row,) in cursor.fetchall()]


def _open_snapshot(project: Project, exported: str, *, in_turn: bool = False) -> tuple[Any, int]:
    """Return a connection that reads as of now, and the last Change it sees.

    1. Connect, and begin a transaction that has no snapshot yet: settings don't take one.
    2. Take the project's change lock alone: everybody who was writing a Change has committed then.
    3. While nobody else can begin one, take the snapshot by reading the highest id. No lower one can
       appear later, so an increment from here on misses nothing.
    4. Give the lock back. The snapshot stays as long as the reader needs.

    `exported` names a snapshot that is open elsewhere; then that moment is seen, and no lock is needed.
    With `in_turn`, one of the turns of `EXPORTS_AT_ONCE` must be free, and is held by the connection.
    """
    with connection.wrap_database_errors:
        reader = connection.get_new_connection(connection.get_connection_params())
        try:
            if in_turn:
                _take_turn(reader)
            _prepare(reader)
            return reader, _last_change(reader, project, exported)
        except BaseException:
            reader.close()
            raise


def _take_turn(reader: Any) -> None:
    with reader.cursor() as cursor:
        cursor.execute(TAKE_TURN, [settings.EXPORTS_AT_ONCE, TURN_LOCK])
        if cursor.fetchone() is None:
            raise Busy(
                _(
                    "So many exports are being read that another would slow people down. Try again soon."
                ),
                retry_after=BUSY_SECONDS,
            )
    reader.commit()  # the lock is the connection's; what follows takes a snapshot of its own


def _prepare(reader: Any) -> None:
    reader.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
    psycopg2.extensions.register_type(psycopg2.extensions.BYTES, reader)


def _last_change(reader: Any, project: Project, exported: str) -> int:
    with reader.cursor() as snapshot, transaction.atomic(), connection.cursor() as lock:
        if exported:
            snapshot.execute("SET TRANSACTION SNAPSHOT %s", [exported])
        snapshot.execute(SETTINGS)
        if not exported:
            lock.execute("SELECT pg_advisory_xact_lock(%s, %s)", [Change.ADVISORY_LOCK, project.pk])
        snapshot.execute(
            "SELECT COALESCE(max(id), 0) FROM annotator_change WHERE project_id = %s", [project.pk]
        )
        (last,) = snapshot.fetchone()
        return int(last)
