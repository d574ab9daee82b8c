"""Inserting the rows of several tables at once: ids are fetched beforehand, so rows can name each other."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Field, JSONField, Model

MOST_ROWS = 10_000
"""Rows of one statement; more of them take several."""

LENGTH = re.compile(r"\(.*?\)")
"""Of a varchar: the column itself looks at it."""

COMPARISON_IDS, PLACE_IDS = "annotator_comparison_id_seq", "annotator_assignment_id_seq"
PLACE_KEYS = "annotator_assignment_key"
"""Sequences; the last gives the order in the queues."""

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


@dataclass(frozen=True)
class Rows:
    """Rows of one table: of each, what stands in the named columns.

    In all other columns they have what a new object of the model has; ids come from the sequence then. Objects
    of models cost as much as inserting them does, so where many rows are made at once they are made like this.
    """

    model: type[Model]
    columns: Sequence[str]
    """Names of fields, those of foreign keys with `_id`."""
    values: list[tuple[Any, ...]] = field(default_factory=list)

    @classmethod
    def of(cls, model: type[Model], objects: Sequence[Model]) -> "Rows":
        """Return the rows of objects that are not stored yet: all of them with an id, or none."""
        fields = [
            column
            for column in model._meta.concrete_fields
            if not (column.primary_key and objects and objects[0].pk is None)
        ]
        return cls(
            model,
            [column.attname for column in fields],
            [tuple(column.pre_save(each, add=True) for column in fields) for each in objects],
        )


def insert_together(*tables: Rows) -> None:
    """Insert the rows of several tables; one statement for up to `MOST_ROWS`.

    Foreign keys are checked at the end of the transaction, so the order does not matter.
    """
    pending: list[tuple[str, Sequence[Any]]] = []
    count = 0
    for rows in tables:
        for start in range(0, len(rows.values), MOST_ROWS):
            part = rows.values[start : start + MOST_ROWS]
            if count + len(part) > MOST_ROWS:
                _execute(pending)
                pending, count = [], 0
            pending.append(_insertion(rows, part))
            count += len(part)
    _execute(pending)


def _insertion(rows: Rows, part: Sequence[tuple[Any, ...]]) -> tuple[str, Sequence[Any]]:
    """Return an INSERT of whole columns: an array for each, one value where all rows have the same.

    Several times as fast as an INSERT of rows, to prepare here as well as to read in PostgreSQL.
    """
    meta = rows.model._meta
    here = connections[DEFAULT_DB_ALIAS]  # `connection` would look itself up for every value
    new, columns = rows.model(), dict(zip(rows.columns, zip(*part, strict=True), strict=True))
    names: list[str] = []
    values: list[str] = []
    constants: list[Any] = []
    arrays: list[tuple[str, str, str]] = []
    for each in meta.concrete_fields:
        column = columns.get(each.attname)
        if column is None and each.primary_key:
            continue
        name, sql_type = f'"{each.column}"', LENGTH.sub("", str(each.db_type(here)))
        names.append(name)
        if column is None or (arrays and _is_constant(each, column)):
            value = each.pre_save(new, add=True) if column is None else column[0]
            values.append(f"%s::{sql_type}")
            constants.append(each.get_db_prep_save(value, here))
        elif isinstance(each, ArrayField):
            values.append(f"given.{name}::{sql_type}")
            arrays.append(
                (
                    name,
                    "text",
                    _literal([each if each is None else _literal(each) for each in column]),
                )
            )
        else:
            values.append(f"given.{name}")
            if isinstance(each, JSONField):
                column = tuple(value if value is None else json.dumps(value) for value in column)
            arrays.append((name, sql_type, _literal(column)))
    given = ", ".join(f"%s::{sql_type}[]" for _name, sql_type, _column in arrays)
    called = ", ".join(name for name, _sql_type, _column in arrays)
    return (
        f"INSERT INTO {meta.db_table} ({', '.join(names)}) SELECT {', '.join(values)} FROM unnest({given}) AS given ({called})",  # noqa: S608 - names of tables and columns
        [*constants, *(column for _name, _sql_type, column in arrays)],
    )


def _is_constant(column: Field[Any, Any], values: Sequence[object]) -> bool:
    """Tell whether all rows have the same there; in JSON, Python takes 1 and true for equal."""
    return not isinstance(column, JSONField) and values.count(values[0]) == len(values)


def _literal(values: Sequence[object]) -> str:
    """Return an array of plain values as PostgreSQL writes it: read faster than one expression for each value.

    An array of arrays is one of such texts: unnest would take it apart to the last value.
    """
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    text = str(value)
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
