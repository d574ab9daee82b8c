"""Other people's data sets and our own exports come in as they are, and every text comes out as it came in."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotator.models import CandidateSet, Project, Prompt, Response
from annotator.selectors.exports import Filters, open_export
from annotator.services.candidates import import_candidates
from annotator.services.prompts import ImportReport
from tests.factories import make_annotator, make_judgment, make_participation, make_project

pytestmark = pytest.mark.django_db(transaction=True)

USER = {"role": "user", "content": "Why?"}
SYSTEM = {"role": "system", "content": "Be brief."}


def said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


@pytest.fixture
def project() -> Project:
    return make_project(overlap=1)


def run(project: Project, *rows: Mapping[str, Any], **options: Any) -> ImportReport:
    return import_candidates(project=project, rows=list(enumerate(rows, start=1)), **options)


SHAPES: dict[str, dict[str, Any]] = {
    "responses": {"prompt": "Why?", "responses": ["Yes.", "No."]},
    "a pair of texts": {"prompt": "Why?", "chosen": "Yes.", "rejected": "No."},
    "a pair beside its prompt": {
        "prompt": [USER],
        "chosen": [said("Yes.")],
        "rejected": [said("No.")],
    },
    "a pair around its prompt": {
        "chosen": [USER, said("Yes.")],
        "rejected": [USER, said("No.")],
    },
    "a ranking": {
        "prompt": [USER],
        "answers": [{"answer": "Yes.", "rank": 1}, {"answer": "No.", "rank": 2}],
    },
    "community alignment": {
        "first_turn_prompt": "Why?",
        "first_turn_response_a": "Yes.",
        "first_turn_response_b": "No.",
        "first_turn_response_c": None,
        "second_turn_prompt": "And then?",
    },
    "native": {
        "prompt": {"text": "Why?"},
        "turn": 1,
        "responses": [
            {"text": "No.", "position_shown": 0, "origin": {"slot": 1, "model": "m"}},
            {"text": "Yes.", "position_shown": 1, "origin": {"slot": 0, "model": "m"}},
        ],
    },
}


@pytest.mark.parametrize("row", SHAPES.values(), ids=SHAPES)
def test_a_row_of_each_shape_becomes_a_prompt_and_a_set(
    project: Project, row: dict[str, Any]
) -> None:
    report = run(project, {"language": "en", **row})

    assert (report.added, report.sets_added) == (1, 1), report.errors
    assert Prompt.objects.get().text == "Why?"
    assert list(Response.objects.order_by("slot").values_list("text", flat=True)) == ["Yes.", "No."]


def test_all_shapes_of_one_set_are_one_set(project: Project) -> None:
    rows = [{"language": "en", **row} for name, row in SHAPES.items() if name != "native"]
    report = run(project, *rows, *rows)

    assert (report.added, report.sets_added, report.error_count) == (1, 1, 0)


def test_several_pairs_of_a_prompt_stay_with_it(project: Project) -> None:
    pairs = [{"prompt": "Why?", "chosen": "a", "rejected": str(n)} for n in range(3)]
    report = run(project, *({"language": "en", **pair} for pair in pairs))

    assert (report.added, report.sets_added) == (1, 3)


def test_a_system_message_comes_along(project: Project) -> None:
    run(project, {"language": "en", "prompt": [SYSTEM, USER], "responses": ["a", "b"]})

    assert Prompt.objects.get().system == "Be brief."


def test_a_table_may_bring_pairs(project: Project, tmp_path: Path) -> None:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["prompt", "chosen", "rejected"])
    writer.writerow(["Why?", "Yes,\nindeed.", "No."])
    path = tmp_path / "pairs.csv"
    path.write_text(table.getvalue(), newline="")
    call_command("import_candidates", project.slug, str(path), "--language", "en")

    assert set(Response.objects.values_list("text", flat=True)) == {"Yes,\nindeed.", "No."}
    with pytest.raises(CommandError, match="language"):
        call_command("import_candidates", project.slug, str(path), "--language", "e_n")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "later turn": ({"prompt": [USER, said("Yes."), USER], "responses": ["a", "b"]}, "prompt"),
    "two prompts": (
        {"chosen": [USER, said("a")], "rejected": [SYSTEM, USER, said("b")]},
        "two different prompts",
    ),
    "later native turn": ({"prompt": {"text": "Why?"}, "turn": 2, "responses": []}, "prompt"),
    "no content": ({"prompt": [{"role": "user"}], "responses": ["a", "b"]}, "text"),
    "no prompt": ({"chosen": "a", "rejected": "b"}, "text"),
    "a prompt that is a number": ({"prompt": 5, "responses": ["a", "b"]}, "text"),
    "one side": ({"prompt": "Why?", "chosen": "a"}, "responses"),
    "a side that is a number": ({"prompt": "Why?", "chosen": 1, "rejected": "b"}, "responses"),
    "identical sides": ({"prompt": "Why?", "chosen": "a", "rejected": "a"}, "identical"),
    "half a character": ({"prompt": "\ud800", "responses": ["a", "b"]}, "text"),
    "responses that are words": ({"prompt": {"text": "Why?"}, "responses": "ab"}, "responses"),
    "origins that are none": (
        {"prompt": {"text": "Why?"}, "responses": [{"text": "a", "origin": 1}, {"origin": []}]},
        "responses",
    ),
    "letters missing": ({"first_turn_prompt": "Why?", "first_turn_response_a": "a"}, "responses"),
    "nothing": ({}, "text"),
}


@pytest.mark.parametrize(("row", "named"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_so_is_named_and_keeps_everything_out(
    project: Project, row: dict[str, Any], named: str
) -> None:
    good = {"language": "en", **SHAPES["responses"]}
    report = run(project, good, {"language": "en", **row})

    assert [error.line for error in report.errors] == [2]
    assert named in report.errors[0].sentence
    assert not Prompt.objects.exists()


HARD = [
    "e\u0301 é ﬁ ſ ı ß İ",
    "\u202eright to left\u202c \u200f",
    "a\u2028b\u2029c\u0085d\x1ce\rf\r\ng",
    "👩‍👩‍👧‍👦 🇫🇷 \U0010ffff \ue000 \ufeff",
    "Z" + "\u0301" * 300,
    "\\N \\. \\t \\u0000 %s {0} =1+1",
    "  blanks at the ends \t\n",
    "\u0001\u001b[31m\u007f\u0080",
    "\"quotes\" and, commas; 'single'",
    "नमस्ते, 你好, مرحبا",
]


def texts_of(rows: Sequence[dict[str, Any]]) -> set[tuple[str, frozenset[str]]]:
    return {
        (row["prompt"]["text"], frozenset(item["text"] for item in row["responses"]))
        for row in rows
    }


def export(project: Project, export_format: str) -> bytes:
    with open_export(project=project, export_format=export_format, filters=Filters()) as stream:
        return b"".join(stream)


@pytest.mark.parametrize("export_format", ["native", "community-alignment", "ranking"])
def test_export_import_export_keeps_every_text_byte_for_byte(
    project: Project, tmp_path: Path, export_format: str
) -> None:
    rows = [
        {"text": text, "language": "en", "responses": [f"{text}{n}{text}" for n in range(4)]}
        for text in HARD
    ]
    assert run(project, *rows).sets_added == len(HARD)
    alice = make_participation(project, make_annotator("alice"))
    for _text in HARD:
        make_judgment(alice, "b")
    path = tmp_path / "export.jsonl"
    path.write_bytes(export(project, export_format))

    second = make_project("second", overlap=1)
    call_command("import_candidates", second.slug, str(path), "--language", "en")
    bob = make_participation(second, make_annotator("bob"))
    for _text in HARD:
        make_judgment(bob, "a")

    expected = {(row["text"], frozenset(row["responses"])) for row in rows}
    for exported in (export(project, "native"), export(second, "native")):
        assert texts_of([json.loads(line) for line in exported.split(b"\n") if line]) == expected
    assert CandidateSet.objects.filter(project=second).count() == len(HARD)
