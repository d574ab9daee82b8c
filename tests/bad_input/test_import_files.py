"""What strangers put into files: refused with the line, or stored as it is; never anything else."""

import gzip
import json
from io import BytesIO

import pytest

from annotator.errors import Refused
from annotator.models import Prompt
from annotator.services import readers
from annotator.services.prompt_rows import RowRules
from annotator.services.prompts import ImportReport, import_prompts
from annotator.services.readers import format_of, read_rows
from tests.factories import make_project

pytestmark = pytest.mark.django_db


def run(content: bytes, file_format: str = "jsonl") -> ImportReport:
    rules = RowRules(language="en")
    rows = read_rows(stream=BytesIO(content), file_format=file_format, columns=rules.columns())
    return import_prompts(project=make_project(), rows=rows, rules=rules)


BAD_OBJECTS = {
    "nul": b'{"text": "a\\u0000b"}',
    "raw control": b'{"text": "a\x00b"}',
    "surrogate": b'{"text": "\\ud800"}',
    "surrogate id": b'{"text": "a", "external_id": "\\udfff"}',
    "nan": b'{"text": "a", "score": NaN}',
    "infinity": b'{"text": "a", "score": -Infinity}',
    "duplicate keys": b'{"text": "a", "text": "b"}',
    "deep": b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "huge integer": b'{"text": "a", "n": ' + b"9" * 5000 + b"}",
    "list": b'["a"]',
    "string": b'"a"',
    "null": b"null",
    "number": b"12",
    "text is a number": b'{"text": 5}',
    "text is null": b'{"text": null}',
    "text is a list": b'{"text": ["a"]}',
    "boolean id": b'{"text": "a", "external_id": true}',
    "id of 5 lines": b'{"text": "a", "external_id": "' + b"x" * 201 + b'"}',
    "no text": b'{"prompt": "a"}',
    "empty": b'{"text": ""}',
    "blanks": '{"text": " \u00a0\u3000\\n"}'.encode(),
    "invisible": '{"text": "\u200b\u2060\ufeff\u3164\u2800\ufe0f\U000e0020"}'.encode(),
    "too long": b'{"text": "' + b"x" * 100_001 + b'"}',
    "language": b'{"text": "a", "language": "en_US"}',
    "language is a number": b'{"text": "a", "language": 1}',
    "group kind": b'{"text": "a", "group": "g", "group_kind": "family"}',
    "topic with nul": b'{"text": "a", "topic": "\\u0000"}',
    "latin-1": '{"text": "é"}'.encode("latin-1"),
    "overlong": b'{"text": "\xc0\xaf"}',
    "cut utf-8": b'{"text": "\xe2\x82"}',
    "encoded surrogate": b'{"text": "\xed\xa0\x80"}',
}


@pytest.mark.parametrize("row", BAD_OBJECTS.values(), ids=BAD_OBJECTS)
def test_a_bad_object_is_named_by_its_line(row: bytes) -> None:
    report = run(b'{"text": "good"}\n' + row + b'\n\n{"text": "good too"}\n')

    assert [error.line for error in report.errors] == [2]
    assert report.errors[0].sentence
    assert Prompt.objects.count() == 0


BREAKS_THE_LIST = {"raw control", "deep"}


@pytest.mark.parametrize("name", [name for name in BAD_OBJECTS if name not in BREAKS_THE_LIST])
def test_a_bad_object_in_a_list_is_named_by_its_line(name: str) -> None:
    report = run(b'[{"text": "good"},\n' + BAD_OBJECTS[name] + b'\n,{"text": "good too"}]', "json")

    assert [error.line for error in report.errors] == [2]
    assert Prompt.objects.count() == 0


@pytest.mark.parametrize("name", sorted(BREAKS_THE_LIST))
def test_an_object_whose_end_cannot_be_found_breaks_the_list(name: str) -> None:
    with pytest.raises(Refused, match="line 2"):
        run(b'[{"text": "good"},\n' + BAD_OBJECTS[name] + b'\n,{"text": "good too"}]', "json")
    assert Prompt.objects.count() == 0


BAD_TABLE_ROWS = {
    "nul": b"a\x00b,1",
    "invalid utf-8": b"\xff,1",
    "invalid utf-8 in a column nobody asked for": b"a,\xff",
    "one cell short": b"a",
    "one cell more": b"a,1,2",
    "blank": b"   ,1",
    "too long": b"x" * 100_001 + b",1",
}


@pytest.mark.parametrize("row", BAD_TABLE_ROWS.values(), ids=BAD_TABLE_ROWS)
def test_a_bad_table_row_is_named_by_its_line(row: bytes) -> None:
    report = run(b'text,n\n"two\nlines",1\n' + row + b"\nlast,1\n", "csv")

    assert [error.line for error in report.errors] == [4]
    assert Prompt.objects.count() == 0


REFUSED_FILES = {
    "empty": (b"", "csv", "empty"),
    "empty gzip": (gzip.compress(b""), "jsonl", "empty"),
    "header only": (b"text\n", "csv", "no rows"),
    "blank lines": (b"\n\n", "jsonl", "no rows"),
    "empty list": (b"[]", "json", "no rows"),
    "utf-16": ("text\nWhy?\n".encode("utf-16"), "csv", "UTF-16"),
    "utf-16 big": (b"\xfe\xff\x00t", "jsonl", "UTF-16"),
    "zip": (b"PK\x03\x04xxxx", "csv", "ZIP"),
    "cut gzip": (gzip.compress(b'{"text": "a"}\n' * 1000)[:-9], "jsonl", "cut off"),
    "not gzip": (b"\x1f\x8bnonsense", "jsonl", "damaged"),
    "quote that never ends": (b'text\nfine\n"never\nends\n', "csv", "line 3"),
    "text behind a quote": (b'text\n"a"b\n', "csv", "line 2"),
    "giant cell": (b'text\n"' + b"x\n" * 200_000 + b'"\n', "csv", "line 2"),
    "carriage returns only": (b"text\rWhy?\r", "csv", "well formed"),
    "no text column": (b"prompt\nWhy?\n", "csv", "no column “text”"),
    "column twice": (b"text,text\na,b\n", "csv", "twice"),
    "header not utf-8": (b"text,\xff\na,b\n", "csv", "Line 1"),
    "object, not a list": (b'{"text": "a"}', "json", "one list"),
    "words": (b"hello", "json", "one list"),
    "list without end": (b'[{"text": "a"},\n', "json", "line 2"),
    "list cut in an object": (b'[{"text": "a"},\n{"text"', "json", "line 2"),
    "list without comma": (b'[{"text": "a"}\n{"text": "b"}]', "json", "line 2"),
    "list with a comma at the end": (b'[{"text": "a"},]', "json", "line 1"),
    "something behind the list": (b'[{"text": "a"}]\n[]', "json", "line 2"),
    "deep list": (b"[" * 100_000, "json", "nested too deeply"),
    "endless line": (b"x" * (readers.MAX_ROW_BYTES + 2), "jsonl", "Line 1"),
    "endless object": (
        b'[{"text": "' + b"x" * (2 * readers.MAX_ROW_BYTES + 2),
        "json",
        "longer than",
    ),
}


@pytest.mark.parametrize(
    ("content", "file_format", "said"), REFUSED_FILES.values(), ids=REFUSED_FILES
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(
    content: bytes, file_format: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        run(content, file_format)
    assert Prompt.objects.count() == 0


@pytest.mark.parametrize("line", [b"\n", b'{"text": "Why?"}\n'], ids=["blank lines", "equal rows"])
def test_a_gzip_bomb_is_refused_before_it_is_unpacked(
    line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "FREE_EXPANSION_BYTES", 2**18)

    with pytest.raises(Refused, match="grows beyond"):
        run(gzip.compress(line * (2**22 // len(line))))
    assert Prompt.objects.count() == 0


def test_a_gzip_of_several_members_is_read_to_its_end() -> None:
    assert run(gzip.compress(b'{"text": "a"}\n') + gzip.compress(b'{"text": "b"}\n')).added == 2


def test_a_last_line_that_was_cut_is_named() -> None:
    assert [error.line for error in run(b'{"text": "a"}\n{"text": "b').errors] == [2]


NAUGHTY = [
    "null",
    "NaN",
    "true",
    "undefined",
    "'; DROP TABLE prompts; --",
    "<script>alert(1)</script>",
    "%00",
    "{0.__class__}",
    "=HYPERLINK()",
    "../../etc/passwd",
    "\u202eevil",
    "ı ß İ",
    "Z" + "\u0301" * 1000,
    "\ue000",
    "\\.",
    "\\N",
]


@pytest.mark.parametrize("file_format", ["jsonl", "json", "csv", "tsv"])
def test_naughty_texts_come_back_as_they_were(file_format: str) -> None:
    if file_format in ("csv", "tsv"):
        content = "text\n" + "\n".join('"' + text.replace('"', '""') + '"' for text in NAUGHTY)
    else:
        objects = [json.dumps({"text": text}) for text in NAUGHTY]
        content = "\n".join(objects) if file_format == "jsonl" else f"[{','.join(objects)}]"
    run(content.encode(), file_format)

    assert list(Prompt.objects.order_by("id").values_list("text", flat=True)) == NAUGHTY


@pytest.mark.parametrize(
    "name", ["prompts", "prompts.xlsx", "prompts.gz", "csv", ".gz", "a.csv\n", ""]
)
def test_names_that_tell_no_format_are_refused(name: str) -> None:
    with pytest.raises(Refused, match=r"\.jsonl"):
        format_of(name)


def test_names_tell_the_format() -> None:
    assert [format_of(name) for name in ("A.CSV", "a.b.tsv.gz", "x.ndjson", "y.json")] == [
        "csv",
        "tsv",
        "jsonl",
        "json",
    ]
