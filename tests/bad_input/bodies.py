"""Bodies of rows that nobody can take: for each, its format, its bytes, and what the refusal must name.

The JSON, JSONL, CSV and file classes: each goes through every entrance that takes rows.
"""

import gzip
from dataclasses import dataclass

DEEP = 100_000
GOOD = b'{"text": "Why?", "language": "en", "responses": ["Yes.", "No."]}'


@dataclass(frozen=True)
class Body:
    """A file or body; `named` stands in the refusal."""

    file_format: str
    content: bytes
    named: str


def _line(row: bytes, named: str = "line 2") -> Body:
    """Put a bad row between good ones."""
    return Body("jsonl", GOOD + b"\n" + row + b"\n" + GOOD + b"\n", named)


BODIES = {
    "no byte": Body("jsonl", b"", "empty"),
    "blank lines": Body("jsonl", b"\n \n", "no rows"),
    "last line cut": Body("jsonl", GOOD + b"\n" + GOOD[:-20], "line 2"),
    "bad line 10,000": Body("jsonl", (GOOD + b"\n") * 9_999 + b"{}\n", "line 10000"),
    "duplicate keys": _line(b'{"text": "a", "text": "b"}'),
    "NaN": _line(b'{"text": NaN}'),
    "1e400": _line(b'{"text": "a", "language": 1e400}'),
    "an integer of 5,000 digits": _line(b'{"text": ' + b"9" * 5000 + b"}"),
    "beyond 64 bits": _line(b'{"text": 9223372036854775808}'),
    "nested 100,000 deep": _line(b'{"text": ' + b"[" * DEEP + b"]" * DEEP + b"}"),
    "a list for a row": _line(b"[1]"),
    "a null for a row": _line(b"null"),
    "a word": _line(b"hello"),
    "unknown fields only": _line(b'{"txt": "a"}'),
    "a null text": _line(b'{"text": null, "language": "en"}'),
    "NUL": _line(b'{"text": "a\\u0000", "language": "en"}'),
    "a lone surrogate": _line(b'{"text": "\\ud800", "language": "en"}'),
    "overlong UTF-8": _line(b'{"text": "\xc0\xaf", "language": "en"}'),
    "Latin-1": _line('{"text": "é", "language": "en"}'.encode("latin-1")),
    "nothing visible": _line('{"text": "\u200b\u2060", "language": "en"}'.encode()),
    "a megabyte of text": _line(b'{"text": "' + b"x" * 1_000_000 + b'", "language": "en"}'),
    "a language that is none": _line(b'{"text": "a", "language": "english_us"}'),
    "one id, two texts": Body(
        "jsonl",
        b'{"text": "a", "language": "en", "external_id": "1", "responses": ["x", "y"]}\n'
        b'{"text": "b", "language": "en", "external_id": "1", "responses": ["x", "y"]}\n',
        "line 2",
    ),
    "a word for a list": Body("json", b'"rows"', "list"),
    "a list that never ends": Body("json", b"[" + GOOD + b",", "line 1"),
    "something behind the list": Body("json", b"[" + GOOD + b"]x", "line 1"),
    "a comma at the end": Body("json", b"[" + GOOD + b",]", "line 1"),
    "a bad element": Body("json", b"[" + GOOD + b',\n{"text": 1}]', "line 2"),
    "UTF-16": Body("json", '[{"text": "a"}]'.encode("utf-16"), "UTF-16"),
    "a quote that never ends": Body("csv", b'text,language\n"a,en\n', "line 2"),
    "ragged rows": Body("csv", b"text,language\na,en\nb\n", "line 3"),
    "one cell too many": Body("csv", b"text,language\na,en\nb,en,c\n", "line 3"),
    "a giant cell": Body("csv", b'text,language\n"' + b"x\n" * 200_000 + b'",en\n', "line 2"),
    "a column twice": Body("csv", b"text,text\na,b\n", "twice"),
    "other columns": Body("csv", b"question,tongue\na,en\n", ""),
    "carriage returns only": Body("csv", b"text,language\ra,en\r", ""),
    "a ZIP": Body("csv", b"PK\x03\x04" + b"\0" * 40, "ZIP"),
    "a cut archive": Body("jsonl", gzip.compress((GOOD + b"\n") * 900)[:-9], "cut off"),
    "an archive of nothing": Body("jsonl", gzip.compress(b""), "empty"),
    "an archive that is none": Body("jsonl", b"\x1f\x8bnonsense", "damaged"),
}
