"""The schema is valid OpenAPI, holds what the contract names, and no call made from it ends in a 500."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, given, settings

from annotator.models import Project, Scope
from tests.api.caller import Caller
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_prompt,
    make_set,
    make_token,
)

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
    f"{PROJECT}statistics/positions/": {"get"},
    f"{PROJECT}statistics/diversity/": {"get"},
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


READING = [scope for scope in Scope.values if scope.startswith("read:")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scopes", [Scope.values, READING, []], ids=["all", "reader", "nobody"])
def test_no_call_made_from_the_schema_ends_in_a_500(
    schema: dict[str, Any], project: Project, rita: Caller, settings: Any, scopes: list[str]
) -> None:
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    for number in range(3):
        make_prompt(project, f"Question {number}?", external_id=f"q{number}")
        make_set(project)
    run = rita.post("generation-runs/", {"strategy": "independent", "limit": 1}).json()
    api = schemathesis.openapi.from_dict(
        _with_real_names(schema, slug=project.slug, run_id=str(run["id"]))
    )
    api.app = get_wsgi_application()
    results: Iterator[Any] = api.get_all_operations()
    operations = [result.ok() for result in results]
    assert len(operations) == sum(len(methods) for methods in OPERATIONS.values())
    key = make_token(project, scopes=scopes) if scopes else "plv_none"
    for operation in operations:
        _call(operation, key)


def _with_real_names(schema: dict[str, Any], **names: str) -> Any:
    """Put what exists into the paths: made-up names would only ever be answered with 404."""
    text = json.dumps(schema)
    for name, value in names.items():
        text = text.replace("{" + name + "}", value)
    described = json.loads(text)
    for operations in described["paths"].values():
        for operation in operations.values():
            operation["parameters"] = [
                parameter
                for parameter in operation.get("parameters", [])
                if parameter["name"] not in names
            ]
    return described


def _call(operation: Any, key: str) -> None:
    @settings(
        max_examples=12,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {key}"}, base_url="http://localhost")
        assert answer.status_code < 500, (
            f"{case.method} {case.formatted_path} {case.query} {case.body}: {answer.text[:500]}"
        )

    call()
