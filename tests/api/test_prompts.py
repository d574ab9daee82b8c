"""Prompts come in as JSON, JSON lines or tables: all of them or none, and once."""

import json
from typing import Any

import pytest

from annotator.models import Project, Prompt
from tests.api.caller import Caller
from tests.factories import make_prompt

pytestmark = pytest.mark.django_db

ROWS = [
    {
        "text": "What do you owe your parents?",
        "language": "en",
        "external_id": "q1",
        "group": "parents",
    },
    {
        "text": "Que dois-tu à tes parents ?",
        "language": "fr",
        "external_id": "q2",
        "group": "parents",
    },
]
CSV = 'text,language,external_id\nOne?,en,c1\n"Two,\nlines?",pt-BR,c2\n'


@pytest.mark.parametrize(
    ("body", "content_type", "added"),
    [
        (ROWS, "application/json", 2),
        (ROWS[0], "application/json", 1),
        (ROWS[0], "application/json; charset=utf-8", 1),
        ("\n".join(map(json.dumps, ROWS)), "application/jsonl", 2),
        ("\n".join(map(json.dumps, ROWS)), "application/x-ndjson", 2),
        (CSV, "text/csv", 2),
        (CSV.replace("Two,", "Two;").replace(",", "\t"), "text/tab-separated-values", 2),
    ],
)
def test_every_kind_of_body_is_stored_once(
    project: Project, rita: Caller, body: Any, content_type: str, added: int
) -> None:
    first, again = (rita.post("prompts/", body, content_type=content_type) for _time in range(2))
    assert (first.status_code, first.json()["added"], first.json()["already_there"]) == (
        201,
        added,
        0,
    )
    assert (again.status_code, again.json()["added"], again.json()["already_there"]) == (
        200,
        0,
        added,
    )
    assert Prompt.objects.filter(project=project).count() == added


def test_new_languages_join_the_project(project: Project, rita: Caller) -> None:
    assert rita.post("prompts/", ROWS).json()["languages_added"] == ["fr"]
    project.refresh_from_db()
    assert project.languages == ["en", "fr"]


def test_a_bad_row_keeps_everything_out_and_is_named_by_its_line(
    project: Project, rita: Caller
) -> None:
    body = "\n".join([json.dumps(ROWS[0]), '{"text": ""}', "no json", json.dumps(ROWS[1])])
    answer = rita.post("prompts/", body, content_type="application/jsonl")
    report = answer.json()
    assert (answer.status_code, report["code"], report["error_count"]) == (400, "bad_rows", 2)
    assert [error["line"] for error in report["errors"]] == [2, 3]
    assert list(report["fields"]) == ["line 2", "line 3"]
    assert not Prompt.objects.filter(project=project).exists()


def test_the_first_hundred_bad_rows_are_named_and_all_are_counted(
    project: Project, rita: Caller
) -> None:
    answer = rita.post("prompts/", [{"text": ""}] * 150)
    assert (answer.status_code, answer.json()["error_count"], len(answer.json()["errors"])) == (
        400,
        150,
        100,
    )


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'"text"', "application/json"),
        (b"[1]", "application/json"),
        (b"[[" * 5000, "application/json"),
        (b'{"text": ' + b"[" * 90000, "application/json"),
        (b'{"text": "x", "language": "en", "topic": NaN}', "application/json"),
        (b'{"text": "a\\u0000b", "language": "en"}', "application/json"),
        (b'{"text": "a\\ud800b", "language": "en"}', "application/json"),
        (b'{"text": "a\xffb", "language": "en"}', "application/json"),
        (b'{"text": "x", "language": "\xd9\xa3"}', "application/json"),
        (b'{"text": {"a": 1}, "language": "en"}', "application/json"),
        (b'{"text": "x", "language": "en", "external_id": 1e400}', "application/json"),
        (
            b'{"text": "x", "language": "en", "external_id": "' + b"x" * 201 + b'"}',
            "application/json",
        ),
        ('{"text": "x", "language": "en"}'.encode("utf-16"), "application/json"),
        (b"text,language\na\0b,en\n", "text/csv"),
        (b"text,language\n\xff,en\n", "text/csv"),
        (b"text,text\na,b\n", "text/csv"),
        (b"text,language\na\n", "text/csv"),
        (b'text,language\n"a,en\n', "text/csv"),
        (b"\x1f\x8b\x08\x00broken", "application/jsonl"),
    ],
)
def test_a_bad_body_is_refused_with_a_field_and_stores_nothing(
    project: Project, rita: Caller, body: bytes, content_type: str
) -> None:
    answer = rita.post("prompts/", body, content_type=content_type)
    assert answer.status_code == 400, answer.content
    assert answer.json()["fields"]
    assert all(sentence for sentence in answer.json()["fields"].values())
    assert not Prompt.objects.exists()


def test_the_list_shows_them(project: Project, rita: Caller) -> None:
    make_prompt(project, "Who decides?", external_id="q7", system="Be brief.")
    (row,) = rita.get("prompts/").json()["results"]
    assert row | {"id": 0, "created_at": ""} == {
        "id": 0,
        "external_id": "q7",
        "language": "en",
        "text": "Who decides?",
        "system": "Be brief.",
        "topic": "",
        "licence": "",
        "group": None,
        "group_kind": None,
        "source": "pregenerated",
        "created_at": "",
    }
