"""SQL that is planned once per connection.

The few statements on the annotators' path are large for what they touch: planning one takes several
times as long as running it. PostgreSQL keeps the plan of a prepared statement with its connection, and our
connections are kept. Through PgBouncer use session pooling: in its other modes it follows the protocol's prepared
statements, but not PREPARE.

A plan made while a study is new must do when it is full: PostgreSQL would read the whole of a table that is still
empty, and keep to that until its statistics are renewed. So each runs with ONE_PLAN, in the same message.
"""

import re
from collections.abc import Mapping
from typing import Any, cast
from weakref import WeakKeyDictionary

from django.db import connection

ONE_PLAN = "".join(
    f"SET LOCAL {setting}; "
    for setting in (
        "plan_cache_mode = force_generic_plan",
        "enable_seqscan = off",
        "enable_hashjoin = off",
        "enable_mergejoin = off",
    )
)
"""Each of these statements finds a few rows through indexes, one after the other, whatever the tables hold."""

_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""The names prepared on each open connection of this process."""


class Statement:
    """A statement with named parameters, `%(name)s` in its text, whose PostgreSQL types are given."""

    def __init__(self, name: str, sql: str, **types: str) -> None:
        self.sql = sql
        self.types = types
        numbers = {parameter: f"${number}" for number, parameter in enumerate(types, start=1)}
        text = re.sub(r"%\((\w+)\)s", lambda match: numbers[match[1]], sql)
        self.name = name
        self.prepare = f"PREPARE {name} ({', '.join(types.values())}) AS {text}"
        self.execute = f"{ONE_PLAN}EXECUTE {name} ({', '.join(['%s'] * len(types))})"

    def rows(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it on Django's connection and return all rows."""
        with connection.cursor() as cursor:
            known = _known.setdefault(cast(Any, connection).connection, set())
            if self.name not in known:
                # Beside Django's cursor: no page counts it as a query.
                with connection.wrap_database_errors:
                    cursor.cursor.execute(self.prepare)
                known.add(self.name)
            cursor.execute(self.execute, [values[parameter] for parameter in self.types])
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def row(self, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Run it and return the first row, or None."""
        rows = self.rows(values)
        return rows[0] if rows else None
