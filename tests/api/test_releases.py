"""Releases over REST: asked for, described, loaded whole or in parts."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotator.models import Project, Release, Scope
from annotator.services.releases import build_release, retract_release
from tests.api.caller import Caller
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def release(project: Project) -> Release:
    make_set(project)
    make_judgment(make_participation(project, make_annotator("alice")), "a")
    release = Release.objects.create(
        project=project, version="1.0", formats=["native"], licence="CC-BY-4.0"
    )
    build_release(release_id=release.pk)
    release.refresh_from_db()
    return release


def entry_of(release: Release, path: str) -> dict[str, Any]:
    assert release.manifest is not None
    return next(file for file in release.manifest["files"] if file["path"] == path)


def test_a_release_is_asked_for_and_described(project: Project, rita: Caller) -> None:
    make_set(project)
    answer = rita.post("releases/", {"version": "1.0", "formats": ["ranking"]})
    assert (answer.status_code, answer.json()["state"]) == (202, "building")
    assert rita.get("releases/1.0/files/README.md").status_code == 409
    build_release(release_id=Release.objects.get().pk)
    described = rita.get("releases/1.0/").json()
    assert (described["state"], described["licence"]) == ("published", "CC-BY-4.0")
    assert described["manifest"] == rita.get("releases/1.0/files/manifest.json").json()
    assert [row["version"] for row in rita.get("releases/").json()["results"]] == ["1.0"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "version"),
        ({"version": "one"}, "version"),
        ({"version": "1.0", "formats": ["csv"]}, "format"),
        ({"version": "1.0", "licence": "MIT"}, "licence"),
        ({"version": "1.0", "more": 1}, "more"),
    ],
)
def test_what_cannot_be_released_is_refused_at_its_field(
    rita: Caller, body: dict[str, Any], field: str
) -> None:
    answer = rita.post("releases/", body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    assert not Release.objects.exists()


def test_a_version_exists_once(release: Release, rita: Caller) -> None:
    answer = rita.post("releases/", {"version": "1.0"})
    assert (answer.status_code, answer.json()["code"]) == (400, "release_exists")


def test_a_file_comes_with_its_checksum(release: Release, rita: Caller) -> None:
    for entry in (release.manifest or {})["files"]:
        answer = rita.get(f"releases/1.0/files/{entry['path']}")
        content = answer.getvalue()
        assert answer.status_code == 200
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert answer["ETag"] == f'"{entry["sha256"]}"'
        assert answer["Content-Length"] == str(len(content))
        assert answer["Content-Disposition"].startswith('attachment; filename="everyday-1.0-')


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=5-", 5, None),
        ("bytes=-7", -7, None),
        ("bytes=3-99999999", 3, None),
    ],
)
def test_a_part_of_a_file_is_what_was_asked_for(
    release: Release, rita: Caller, asked: str, start: int, stop: int | None
) -> None:
    whole = rita.get("releases/1.0/files/README.md").getvalue()
    answer = rita.get("releases/1.0/files/README.md", headers={"Range": asked})
    part = whole[start:stop]
    begin = start if start >= 0 else len(whole) + start
    assert (answer.status_code, answer.getvalue()) == (206, part)
    assert answer["Content-Range"] == f"bytes {begin}-{begin + len(part) - 1}/{len(whole)}"


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_part_beyond_the_end_is_refused(release: Release, rita: Caller, asked: str) -> None:
    size = entry_of(release, "README.md")["bytes"]
    answer = rita.get("releases/1.0/files/README.md", headers={"Range": asked})
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize(
    "asked", ["bytes=9-3", "bytes=a-b", "bytes=0-1,4-5", "lines=1-2", "bytes=-"]
)
def test_a_range_that_is_none_gives_the_whole(release: Release, rita: Caller, asked: str) -> None:
    answer = rita.get("releases/1.0/files/README.md", headers={"Range": asked})
    assert (answer.status_code, len(answer.getvalue())) == (
        200,
        entry_of(release, "README.md")["bytes"],
    )


def test_who_has_the_file_already_gets_nothing_and_who_has_another_gets_it_whole(
    release: Release, rita: Caller
) -> None:
    etag = f'"{entry_of(release, "README.md")["sha256"]}"'
    path = "releases/1.0/files/README.md"
    assert rita.get(path, headers={"If-None-Match": etag}).status_code == 304
    for known, status in ((etag, 206), ('"other"', 200)):
        headers = {"Range": "bytes=0-1", "If-Range": known}
        answer = rita.get(path, headers=headers)
        assert answer.status_code == status
        answer.close()


@pytest.mark.parametrize(
    "name", ["nothing.txt", "../manifest.json", "%2e%2e/%2e%2e/x", "/etc/passwd"]
)
def test_no_other_file_is_served(release: Release, rita: Caller, name: str) -> None:
    assert rita.get(f"releases/1.0/files/{name}").status_code == 404


def test_a_retracted_release_answers_410_with_the_reason(release: Release, rita: Caller) -> None:
    retract_release(release=release, reason="A consent text was wrong.")
    answer = rita.get("releases/1.0/files/README.md")
    assert (answer.status_code, answer.json()["code"]) == (410, "retracted")
    assert "A consent text was wrong." in answer.json()["detail"]
    assert rita.get("releases/1.0/files/manifest.json").json() == release.manifest
    assert rita.get("releases/1.0/").json()["retraction_reason"] == "A consent text was wrong."


def test_a_foreign_release_is_as_absent_as_none(
    release: Release, caller: Callable[..., Caller]
) -> None:
    stranger = caller(make_project("other"))
    stranger.root = "/api/v1/projects/everyday/"
    for path in ("releases/", "releases/1.0/", "releases/1.0/files/README.md"):
        assert stranger.get(path).status_code == 404


def test_asking_for_a_release_needs_its_scope(
    project: Project, caller: Callable[..., Caller]
) -> None:
    reader = caller(project, scopes=[Scope.READ_JUDGMENTS])
    assert reader.get("releases/").status_code == 200
    assert reader.post("releases/", {"version": "1.0"}).status_code == 403


def test_demographics_need_their_scope_to_be_asked_for_and_to_be_read(
    project: Project, rita: Caller, caller: Callable[..., Caller]
) -> None:
    make_set(project)
    make_judgment(make_participation(project, make_annotator("alice")), "a")
    body = {"version": "1.0", "formats": ["native"], "demographics": True}
    without = caller(project, scopes=[Scope.READ_JUDGMENTS, Scope.MANAGE])
    assert without.post("releases/", body).status_code == 403
    assert rita.post("releases/", body).json()["demographics"]
    build_release(release_id=Release.objects.get().pk)
    data = "releases/1.0/files/native/train-00000.parquet"
    assert without.get(data).status_code == 403
    for person, path in ((rita, data), (without, "releases/1.0/files/README.md")):
        answer = person.get(path)
        assert (answer.status_code, bool(answer.getvalue())) == (200, True)
