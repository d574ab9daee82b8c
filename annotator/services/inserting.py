"""Inserting the rows of several tables at once: ids are fetched beforehand, so rows can name each other."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model
from django.db.models.sql import InsertQuery

MOST_ROWS = 10_000
"""Rows of one statement; more of them take several."""

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
    """Return the INSERT as Django writes it."""
    meta = rows[0]._meta
    fields = [
        field for field in meta.concrete_fields if rows[0].pk is not None or not field.primary_key
    ]
    query = InsertQuery(rows[0].__class__)
    query.insert_values(fields, list(rows))
    # Named, not passed: `connection` looks itself up in its thread again for every value.
    ((sql, parameters),) = query.get_compiler(using=DEFAULT_DB_ALIAS).as_sql()
    return sql, parameters


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
