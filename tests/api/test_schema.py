"""The schema is valid OpenAPI and holds what the contract names."""

import re
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema

from annotator.models import Project
from tests.api.caller import Caller
from tests.factories import make_annotator, make_judgment, make_participation, make_set

PROJECT = "/api/v1/projects/{slug}/"
RUN = f"{PROJECT}generation-runs/{{run_id}}/"
RELEASE = f"{PROJECT}releases/{{version}}/"
OPERATIONS = {
    "/api/v1/projects/": {"get"},
    PROJECT: {"get"},
    f"{PROJECT}prompts/": {"get", "post"},
    f"{PROJECT}generation-runs/": {"get", "post"},
    RUN: {"get"},
    f"{RUN}pause/": {"post"},
    f"{RUN}resume/": {"post"},
    f"{RUN}cancel/": {"post"},
    f"{RUN}retry/": {"post"},
    f"{PROJECT}candidate-sets/": {"get", "post"},
    f"{PROJECT}judgments/": {"get"},
    f"{PROJECT}export/": {"get"},
    f"{PROJECT}export/features/": {"get"},
    f"{PROJECT}statistics/progress/": {"get"},
    f"{PROJECT}statistics/agreement/": {"get"},
    f"{PROJECT}statistics/consistency/": {"get"},
    f"{PROJECT}statistics/positions/": {"get"},
    f"{PROJECT}statistics/values/": {"get"},
    f"{PROJECT}statistics/diversity/": {"get"},
    f"{PROJECT}statistics/ranking/": {"get"},
    f"{PROJECT}statistics/groups/": {"get"},
    f"{PROJECT}statistics/annotators/": {"get"},
    f"{PROJECT}releases/": {"get", "post"},
    RELEASE: {"get"},
    f"{RELEASE}files/{{name}}": {"get"},
}


@pytest.fixture
def schema(db: None) -> dict[str, Any]:
    return dict(Client().get("/api/v1/schema/").json())


def test_it_is_valid_and_open_to_everyone(schema: dict[str, Any]) -> None:
    validate_schema(schema)  # type: ignore[no-untyped-call]
    assert schema["openapi"].startswith("3.")


def test_it_holds_the_addresses_of_the_contract(schema: dict[str, Any]) -> None:
    assert {
        path: set(operations)
        for path, operations in schema["paths"].items()
        if path != "/api/v1/schema/"
    } == OPERATIONS


def test_every_operation_is_named_described_and_tells_its_errors(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"]), path
            assert operation["description"], path
            assert "4XX" in operation["responses"], path


def test_rows_of_judgments_look_as_the_schema_says(
    schema: dict[str, Any], project: Project, rita: Caller
) -> None:
    make_set(project)
    make_judgment(make_participation(project, make_annotator("alice")))
    page = schema["paths"][f"{PROJECT}judgments/"]["get"]["responses"]["200"]["content"][
        "application/json"
    ]["schema"]
    (row,) = rita.get("judgments/").json()["results"]
    assert set(row) == set(page["properties"]["results"]["items"]["properties"])


def test_yaml_when_asked(db: None) -> None:
    answer = Client().get("/api/v1/schema/", headers={"Accept": "application/yaml"})
    assert answer.content.startswith(b"openapi: 3")


def test_the_page_to_read_needs_no_inline_script_and_no_foreign_file(db: None) -> None:
    page = Client().get("/api/v1/docs/").content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|style=", page)
    assert not re.search(r'(src|href)="(https?:)?//', page)
