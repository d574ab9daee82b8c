"""The same bad bodies through every entrance that takes rows: refused with field or line, and nothing stored."""

import io
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from annotator.models import CandidateSet, Project, Prompt, PromptGroup
from tests.api.caller import Caller
from tests.bad_input.bodies import BODIES, Body
from tests.factories import make_admin, make_project, make_token

pytestmark = pytest.mark.django_db

TYPES = {"jsonl": "application/jsonl", "json": "application/json", "csv": "text/csv"}
Entrance = Callable[[Project, Body, Path], str]


def _by_admin(project: Project, body: Body, *, responses: bool) -> str:
    client = Client()
    client.force_login(make_admin())
    file = SimpleUploadedFile(f"rows.{body.file_format}", body.content)
    answer = client.post(
        reverse("admin:annotator_project_upload", args=[project.pk]),
        {"file": file, **({"with_responses": "on"} if responses else {})},
    )
    assert answer.status_code == 422
    report = answer.context["report"]
    said = [f"line {error.line}: {error.sentence}" for error in report.errors] if report else []
    errors = answer.context["form"].errors
    return " ".join([*said, *(sentence for field in errors.values() for sentence in field)])


def _by_command(name: str, project: Project, body: Body, folder: Path) -> str:
    path = folder / f"rows.{body.file_format}"
    path.write_bytes(body.content)
    with redirect_stderr(io.StringIO()) as said, pytest.raises(CommandError) as refused:
        call_command(name, project.slug, str(path), stderr=said)
    return f"{refused.value} {said.getvalue()}"


def _by_post(path: str, project: Project, body: Body) -> str:
    caller = Caller(make_token(project), project)
    answer = caller.post(path, body.content, content_type=TYPES[body.file_format])
    assert 400 <= answer.status_code < 500, answer.content
    refusal: dict[str, Any] = answer.json()
    assert {"code", "detail", "fields"} <= set(refusal)
    return f"{refusal['detail']} {refusal['fields']}"


ENTRANCES: dict[str, Entrance] = {
    "admin upload of prompts": lambda p, b, _f: _by_admin(p, b, responses=False),
    "admin upload with responses": lambda p, b, _f: _by_admin(p, b, responses=True),
    "import_prompts": lambda p, b, f: _by_command("import_prompts", p, b, f),
    "import_candidates": lambda p, b, f: _by_command("import_candidates", p, b, f),
    "POST prompts": lambda p, b, _f: _by_post("prompts/", p, b),
    "POST candidate-sets": lambda p, b, _f: _by_post("candidate-sets/", p, b),
}


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_refused_by_name_and_leaves_nothing(
    name: str, entrance: str, tmp_path: Path
) -> None:
    body = BODIES[name]
    said = ENTRANCES[entrance](make_project(), body, tmp_path)

    assert body.named.lower() in said.lower(), said[:500]
    for model in (Prompt, PromptGroup, CandidateSet):
        assert not model._default_manager.exists()


@pytest.mark.parametrize("path", ["prompts/", "candidate-sets/"])
def test_long_prompts_in_every_script_are_taken(path: str) -> None:
    project = make_project()
    row = '{"text": "%s", "language": "%s", "responses": ["a", "b"]}'
    texts = [("漢" * 17_000, "zh"), ("مرحبا " * 5_000, "ar"), ("a\u2028b\u0085c", "en")]
    body = "\n".join(row % told for told in texts).encode()
    answer = Caller(make_token(project), project).post(path, body, content_type=TYPES["jsonl"])

    assert answer.status_code == 201
    assert list(Prompt.objects.order_by("id").values_list("text", "language")) == texts
