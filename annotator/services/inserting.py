"""Inserting the rows of several tables at once: ids are fetched beforehand, so rows can name each other."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import JSONField, Model

MOST_ROWS = 10_000
"""Rows of one statement; more of them take several."""

LENGTH = re.compile(r"\(.*?\)")
"""Of a varchar: the column itself looks at it."""

NEXT = """
    SELECT wanted.name, nextval(wanted.name::regclass)
    FROM unnest(%s::text[], %s::int[]) AS wanted (name, count), generate_series(1, wanted.count)
"""


def new_ids(counts: Mapping[str, int]) -> dict[str, Iterator[int]]:
    """Return for each sequence so many new values, in rising order; one statement."""
    drawn: defaultdict[str, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [list(counts), list(counts.values())])
        for name, value in cursor.fetchall():
            drawn[name].append(value)
    return {name: iter(sorted(drawn[name])) for name in counts}


def insert_together(*tables: Sequence[Model]) -> None:
    """Insert the rows of several tables, those of a table in one list; one statement for up to `MOST_ROWS`.

    Foreign keys are checked at the end of the transaction, so the order does not matter. Rows whose id is
    not set get one that the caller is not told.
    """
    pending: list[tuple[str, Sequence[Any]]] = []
    count = 0
    for rows in tables:
        for start in range(0, len(rows), MOST_ROWS):
            part = rows[start : start + MOST_ROWS]
            if count + len(part) > MOST_ROWS:
                _execute(pending)
                pending, count = [], 0
            pending.append(_insertion(part))
            count += len(part)
    _execute(pending)


def _insertion(rows: Sequence[Model]) -> tuple[str, Sequence[Any]]:
    """Return an INSERT of whole columns: an array for each, one value where all rows have the same.

    Several times as fast as an INSERT of rows, to prepare here as well as to read in PostgreSQL.
    """
    meta = rows[0]._meta
    here = connections[DEFAULT_DB_ALIAS]  # `connection` would look itself up for every value
    fields = [
        field for field in meta.concrete_fields if rows[0].pk is not None or not field.primary_key
    ]
    values: list[str] = []
    constants: list[Any] = []
    arrays: list[tuple[str, str, list[Any]]] = []
    for field in fields:
        column = [field.pre_save(row, add=True) for row in rows]
        name, sql_type = f'"{field.column}"', LENGTH.sub("", str(field.db_type(here)))
        if arrays and column.count(column[0]) == len(column) and not isinstance(field, JSONField):
            values.append(f"%s::{sql_type}")
            constants.append(field.get_db_prep_save(column[0], here))
        elif isinstance(field, ArrayField):
            values.append(f"given.{name}::{sql_type}")
            arrays.append((name, "text", [_array_literal(each) for each in column]))
        else:
            values.append(f"given.{name}")
            arrays.append((name, sql_type, [field.get_db_prep_save(each, here) for each in column]))
    names = ", ".join(f'"{field.column}"' for field in fields)
    given = ", ".join(f"%s::{sql_type}[]" for _name, sql_type, _column in arrays)
    called = ", ".join(name for name, _sql_type, _column in arrays)
    return (
        f"INSERT INTO {meta.db_table} ({names}) SELECT {', '.join(values)} FROM unnest({given}) AS given ({called})",  # noqa: S608 - names of tables and columns
        [*constants, *(column for _name, _sql_type, column in arrays)],
    )


def _array_literal(values: Sequence[object] | None) -> str | None:
    """Return an array of plain values as PostgreSQL writes it: unnest takes no arrays of arrays."""
    if values is None:
        return None
    written = ("NULL" if each is None else _quoted(str(each)) for each in values)
    return "{" + ",".join(written) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _execute(insertions: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """Run the insertions as one statement."""
    if not insertions:
        return
    *others, (last, last_parameters) = insertions
    named = ", ".join(f"inserted_{number} AS ({sql})" for number, (sql, _) in enumerate(others))
    parameters = [value for _, values in others for value in values]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {named} {last}" if others else last,
            [*parameters, *last_parameters],
        )
