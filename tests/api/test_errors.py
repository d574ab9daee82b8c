"""Every error is a code for machines and a sentence for people, as JSON."""

import json
from typing import Any

import pytest
from django.db import connection, connections

from annotator.models import Project
from api.parsers import MAX_JSON_BYTES, MAX_ROWS_BYTES
from tests.api.caller import Caller

pytestmark = pytest.mark.django_db


def told(answer: Any) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = json.loads(answer.content)
    assert {"code", "detail"} <= set(body) <= {"code", "detail", "fields"}
    assert body["detail"].endswith((".", "…"))
    return body


@pytest.mark.parametrize(
    ("status", "code", "call"),
    [
        (400, "parse_error", lambda rita: rita.post("generation-runs/", b"{")),
        (400, "invalid", lambda rita: rita.get("export/?wave=x")),
        (404, "not_found", lambda rita: rita.get("nothing/")),
        (404, "not_found", lambda rita: rita.get("export")),
        (404, "not_found", lambda rita: rita.post("/api/v1/nothing/", {})),
        (404, "not_found", lambda rita: rita.get("generation-runs/9/")),
        (405, "method_not_allowed", lambda rita: rita.post("", {})),
        (
            405,
            "method_not_allowed",
            lambda rita: rita.client.options(
                rita.root, headers={"Authorization": f"Bearer {rita.key}"}
            ),
        ),
        (406, "not_acceptable", lambda rita: rita.get(headers={"Accept": "image/png"})),
        (406, "not_acceptable", lambda rita: rita.get("export/", headers={"Accept": "text/html"})),
        (413, "too_large", lambda rita: rita.post("generation-runs/", b" " * (MAX_JSON_BYTES + 1))),
        (413, "too_large", lambda rita: rita.post("prompts/", b" " * (MAX_ROWS_BYTES + 1))),
        (
            415,
            "unsupported_media_type",
            lambda rita: rita.post(
                "generation-runs/", b"a=b", content_type="application/x-www-form-urlencoded"
            ),
        ),
        (
            415,
            "unsupported_media_type",
            lambda rita: rita.post("prompts/", b"a", content_type="image/png"),
        ),
    ],
)
def test_errors_have_one_shape(rita: Caller, status: int, code: str, call: Any) -> None:
    answer = call(rita)
    assert (answer.status_code, told(answer)["code"]) == (status, code)


def test_a_method_that_is_not_allowed_names_those_that_are(rita: Caller) -> None:
    assert rita.post("", {}).headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.django_db(transaction=True)
def test_an_export_that_waits_too_long_for_a_writer_asks_to_try_again(
    project: Project, rita: Caller
) -> None:
    writer = connections.create_connection("default")
    try:
        with writer.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock_shared(7351, %s)", [project.pk])
            with connection.cursor() as own:
                own.execute("SET lock_timeout = '50ms'")
            answer = rita.get("export/")
            cursor.execute("ROLLBACK")
    finally:
        writer.close()
        connection.close()
    assert (answer.status_code, told(answer)["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]
