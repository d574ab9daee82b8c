"""A process that is killed while it builds a release leaves nothing published, and the next build is whole."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from annotator.models import Project, Release
from annotator.services.releases import build_release, start_release
from annotator.services.releases.building import LOCK
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
)
from tests.workers.celery_worker import ROOT, environment, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

BUILD = """
import sys, django
django.setup()
from annotator.services.releases import build_release
build_release(release_id=int(sys.argv[1]))
"""


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Project:
    settings.MEDIA_ROOT = tmp_path / "media"
    project = make_project(overlap=1)
    alice = make_participation(project, make_annotator("alice"))
    for _ in range(20):
        make_set(project)
        make_judgment(alice)
    return project


@pytest.fixture
def builder(project: Project, tmp_path: Path) -> Iterator[Callable[[Release], Any]]:
    """Start the build of a release in a process of its own."""
    started: list[subprocess.Popen[bytes]] = []
    (tmp_path / "scratch").mkdir()

    def start(release: Release) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-c", BUILD, str(release.pk)],
            cwd=ROOT,
            env=environment()
            | {"DATA_DIR": str(tmp_path / "media"), "TMPDIR": str(tmp_path / "scratch")},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def kill_when(process: "subprocess.Popen[bytes]", true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.0005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def is_locked(release: Release) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s)",
            [LOCK, release.pk],
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize(
    "sign", ["scratch/plurivox-release-*/jsonl/*", "media/releases/*/1.0/**/*.zst"]
)
def test_nothing_is_published_and_the_next_build_is_whole(
    project: Project, builder: Callable[[Release], Any], tmp_path: Path, sign: str
) -> None:
    release = start_release(project=project, version="1.0")
    kill_when(builder(release), lambda: next(tmp_path.glob(sign), None))

    release.refresh_from_db()
    assert (release.state, release.manifest, release.published_at) == ("building", None, None)
    assert not default_storage.exists(f"{release.folder}/manifest.json")

    wait_until(
        lambda: not is_locked(release)
    )  # PostgreSQL ends a killed client's session by itself
    build_release(release_id=release.pk)
    release.refresh_from_db()
    assert release.state == "published"
    assert release.manifest is not None
    for entry in release.manifest["files"]:
        with default_storage.open(f"{release.folder}/{entry['path']}") as file:
            assert hashlib.sha256(file.read()).hexdigest() == entry["sha256"]
