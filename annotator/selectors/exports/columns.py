"""Columns of export rows: one declaration gives both the JSON that PostgreSQL builds and its type.

The types are what `datasets.Features.from_dict` takes. Every key stands in every row with that type, so
that a reader which infers types from its first block meets nothing new later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SCHEMA_VERSION = 1
"""Rises when a column changes its meaning or its type; new columns leave it."""

Feature = dict[str, Any]


def value(dtype: str) -> Feature:
    """Return the type of a single value."""
    return {"dtype": dtype, "_type": "Value"}


def list_of(feature: Feature) -> Feature:
    """Return the type of a list."""
    return {"feature": feature, "_type": "List"}


INTEGER = value("int64")
SMALL = value("int32")
TEXT = value("string")
TRUTH = value("bool")
NUMBER = value("float64")
MOMENT = value("timestamp[us, tz=UTC]")
MESSAGES = list_of({"role": TEXT, "content": TEXT})
ANY_OBJECT: Feature = {"_type": "Json"}


@dataclass(frozen=True)
class Column:
    """A key of a row, the SQL expression of its value, and its type."""

    name: str
    sql: str
    feature: Feature


def moment(expression: str) -> str:
    """Return SQL that writes a time in UTC, always with six decimals.

    With as many decimals as needed, readers take the round ones for another type than the rest.
    """
    return f"""to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def build_object(columns: Sequence[Column]) -> str:
    """Return the SQL expression of a row's JSON."""
    return (
        "json_build_object("
        + ", ".join(f"'{column.name}', {column.sql}" for column in columns)
        + ")"
    )


def features_of(columns: Sequence[Column]) -> dict[str, Feature]:
    """Return the types of a row."""
    return {column.name: column.feature for column in columns}


COMMON = (
    Column("judgment_id", "judgment.id", INTEGER),
    Column("candidate_set_id", "comparison.candidate_set_id", INTEGER),
    Column("annotator_id", "person.pseudonym", TEXT),
    Column("language", "comparison.language", TEXT),
    Column("schema_version", str(SCHEMA_VERSION), SMALL),
)
"""What every row of every format carries."""
