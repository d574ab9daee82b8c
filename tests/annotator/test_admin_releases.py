"""The admin's door to releases: ask for one, watch it, load its files, take it back."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotator.models import AuditEvent, Project, Release, Role
from annotator.services.releases import build_release, start_release
from tests.factories import (
    make_admin,
    make_annotator,
    make_judgment,
    make_member,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project(transactional_db: None) -> Project:
    project = make_project(overlap=1)
    make_set(project)
    make_judgment(make_participation(project, make_annotator("alice")))
    return project


@pytest.fixture
def release(project: Project) -> Release:
    release = start_release(project=project, version="1.0", formats=["native"])
    build_release(release_id=release.pk)
    return Release.objects.get(pk=release.pk)


@pytest.fixture
def adam(client: Client, transactional_db: None) -> Client:
    client.force_login(make_admin())
    return client


def page(release: Release, name: str = "change") -> str:
    return reverse(f"admin:annotator_release_{name}", args=[release.pk])


def file(release: Release, name: str) -> str:
    return f"{page(release, 'file')}?name={name}"


def asking(project: Project) -> str:
    return reverse("admin:annotator_project_release", args=[project.pk])


def test_a_release_is_asked_for_and_its_page_shows_it(adam: Client, project: Project) -> None:
    assert (
        asking(project)
        in adam.get(reverse("admin:annotator_project_change", args=[project.pk])).content.decode()
    )
    answer = adam.post(asking(project), {"version": "1.0", "formats": ["ranking"], "licence": ""})

    release = Release.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page(release))
    assert (release.formats, release.licence) == (["ranking"], "CC-BY-4.0")
    assert 'hx-trigger="every 2s"' in adam.get(page(release)).content.decode()
    build_release(release_id=release.pk)
    shown = adam.get(page(release, "progress")).content.decode()
    assert "hx-trigger" not in shown
    assert "METHODS.md" in shown
    assert file(release, "jsonl/ranking-") in shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", ""),
        ("version", "one"),
        ("version", "1.0\0"),
        ("formats", "csv"),
        ("licence", "MIT"),
    ],
)
def test_what_cannot_be_released_is_refused_at_its_field(
    adam: Client, project: Project, field: str, value: str
) -> None:
    answer = adam.post(asking(project), {"version": "1.0", field: value})

    assert answer.status_code == 422
    assert answer.context["form"].errors.get(field)
    assert not Release.objects.exists()


def test_the_next_version_is_suggested(adam: Client, project: Project, release: Release) -> None:
    assert adam.get(asking(project)).context["form"]["version"].value() == "1.1"
    assert adam.post(asking(project), {"version": "1.0"}).status_code == 422


def test_a_file_is_loaded_as_it_is(adam: Client, release: Release) -> None:
    answer = adam.get(file(release, "README.md"))

    assert b"".join(answer.streaming_content).startswith(b"---\nlicense")  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == 'attachment; filename="everyday-1.0-README.md"'
    answer.close()
    for name in ("nothing.txt", "../../secret", "manifest.json/.."):
        assert adam.get(file(release, name)).status_code == 404


def test_a_release_is_retracted_with_its_reason(adam: Client, release: Release) -> None:
    adam.post(page(release, "retract"), {"reason": " "})
    assert Release.objects.get().state == "published"
    adam.post(page(release, "retract"), {"reason": "A consent text was wrong."})

    assert (Release.objects.get().state, AuditEvent.objects.latest("pk").action) == (
        "retracted",
        AuditEvent.Action.RETRACT,
    )
    shown = adam.get(page(release)).content.decode()
    assert "A consent text was wrong." in shown
    assert "Retract for good" not in shown
    assert adam.get(file(release, "README.md")).status_code == 404
    assert adam.get(page(release, "retract")).status_code == 405


@pytest.mark.parametrize(
    ("role", "status"), [(Role.RESEARCHER, 200), (Role.REVIEWER, 403), (None, 404)]
)
def test_who_may_export_may_release_and_nobody_else(
    client: Client, project: Project, release: Release, role: str | None, status: int
) -> None:
    member = make_member(project, role=role) if role else make_annotator("nemo", is_staff=True)
    client.force_login(member)

    assert client.get(asking(project)).status_code == status
    seen = client.get(page(release, "progress")).status_code
    assert seen == (200 if status == 200 else 404)
    assert client.post(page(release, "retract"), {"reason": "x"}).status_code == (
        302 if status == 200 else 404
    )
