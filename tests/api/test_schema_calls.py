"""Calls made from the schema, to a live server, by each role: every answer is one that the schema describes."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from pytest_django.live_server_helper import LiveServer
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from annotator.models import Project, Role
from annotator.services.releases import build_release, start_release
from tests.api.caller import Caller
from tests.factories import (
    make_annotator,
    make_judgment,
    make_member,
    make_participation,
    make_project,
    make_prompt,
    make_set,
    make_token,
)

pytestmark = pytest.mark.django_db(transaction=True)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 5
NOBODY = "nobody"


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Project:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    settings.API_REQUESTS_PER_MINUTE = 0
    project = make_project(overlap=2)
    people = [
        make_participation(project, make_annotator(name), country="FR") for name in ("alice", "bob")
    ]
    for number in range(3):
        make_prompt(project, f"Question {number}?", external_id=f"q{number}")
        make_set(project)
        for person in people:
            make_judgment(person, "ab"[number % 2])
    build_release(release_id=start_release(project=project, version="1.0").pk)
    return project


@pytest.mark.parametrize("role", [*Role.values, NOBODY])
def test_every_answer_is_one_that_the_schema_describes(
    project: Project, live_server: LiveServer, role: str
) -> None:
    manager = Caller(make_token(project), project)
    run = manager.post("generation-runs/", {"strategy": "independent", "limit": 1}).json()
    names = {"slug": project.slug, "run_id": str(run["id"]), "version": "1.0", "name": "README.md"}
    described = _with_real_names(Client().get("/api/v1/schema/").json(), names)
    results: Iterator[Any] = schemathesis.openapi.from_dict(described).get_all_operations()
    key = NOBODY
    if role != NOBODY:
        member = make_member(project, f"a {role}", Role.OWNER)
        key = make_token(project, owner=member)
        make_member(project, f"a {role}", role)  # the key keeps its scopes, the role decides
    answered: dict[str, Counter[int]] = {}
    for result in results:
        operation = result.ok()
        answered[operation.label] = _call(operation, key, live_server.url)
    for label, statuses in answered.items():
        if role == Role.OWNER and label.startswith("GET"):
            assert any(status < 300 for status in statuses), (label, statuses)
        elif role == NOBODY and "schema" not in label:
            assert set(statuses) == {401}, (label, statuses)


def _with_real_names(schema: Any, names: dict[str, str]) -> Any:
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


def _call(operation: Any, key: str, url: str) -> Counter[int]:
    """Call an operation with made-up parameters and bodies; return how often which status came."""
    statuses: Counter[int] = Counter()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        answer = case.call_and_validate(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, checks=CHECKS
        )
        statuses[answer.status_code] += 1

    call()
    return statuses
