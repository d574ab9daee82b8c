"""Prompts are uploaded on a page of the project; a file that can't be stored whole says which lines are wrong."""

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotator.models import Comparison, Project, Prompt
from tests.factories import make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(opened=False, languages=[])


def page(project: Project, name: str = "change") -> str:
    return reverse(f"admin:annotator_project_{name}", args=[project.pk])


def upload(
    adam: Client, project: Project, content: bytes, name: str = "prompts.csv", **fields: Any
) -> Any:
    return adam.post(
        page(project, "upload"),
        {"file": SimpleUploadedFile(name, content), "language": "en", **fields},
    )


def test_prompts_are_uploaded(adam: Client, project: Project) -> None:
    response = upload(
        adam,
        project,
        b"ID,Question\n1,Pourquoi ?\n",
        language="fr",
        text="Question",
        external_id="ID",
        id_prefix="FR-",
    )

    assert response.status_code == 302
    assert Prompt.objects.get().external_id == "FR-1"
    assert "Uploaded prompts.csv" in LogEntry.objects.latest("pk").get_change_message()
    assert "1 prompts added." in adam.get(page(project)).content.decode()


def test_a_bad_upload_shows_its_lines_and_stores_nothing(adam: Client, project: Project) -> None:
    response = upload(adam, project, b"text\ngood\n \n")

    assert response.status_code == 422
    assert [error.line for error in response.context["report"].errors] == [3]
    assert "Nothing was stored" in response.content.decode()
    assert not Prompt.objects.exists()


def test_bad_rows_may_be_left_out_and_are_still_shown(adam: Client, project: Project) -> None:
    response = upload(adam, project, b"text\ngood\n \n", skip_bad="on")

    assert response.status_code == 200
    assert "These rows were left out" in response.content.decode()
    assert Prompt.objects.count() == 1


def test_rows_with_responses_open_their_comparisons(adam: Client, project: Project) -> None:
    row = {"text": "Why?", "responses": ["Because.", "Why not?"]}
    upload(adam, project, json.dumps(row).encode(), "sets.jsonl", with_responses="on")

    assert Comparison.objects.filter(project=project).count() == 1


@pytest.mark.parametrize(
    ("name", "content", "fields"),
    [
        ("prompts.exe", b"text\nWhy?\n", {}),
        ("prompts.csv", b"", {}),
        ("prompts.csv", b"\xff\xfet\0", {}),
        ("prompts.csv", b"Question\nWhy?\n", {}),
        ("prompts.csv.gz", b"\x1f\x8bnonsense", {}),
        ("prompts.csv", b"text\nWhy?\n", {"language": "a\0"}),
        ("prompts.csv", b"text\nWhy?\n", {"language": "english language"}),
        ("prompts.csv", b"text\nWhy?\n", {"group_kind": "family"}),
        ("prompts.csv", b"text\nWhy?\n", {"text": "a\0"}),
        ("prompts.jsonl", b'{"text": "\\ud800"}', {}),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    adam: Client, project: Project, name: str, content: bytes, fields: dict[str, str]
) -> None:
    response = upload(adam, project, content, name, **fields)

    assert response.status_code == 422
    assert not Prompt.objects.exists()
