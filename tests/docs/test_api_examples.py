"""The examples of docs/api.md and of the schema work as they stand: curl, datasets, pandas and polars on a live server."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from annotator.models import Project, Release
from annotator.services.releases import build_release, start_release
from tests.api.caller import Caller
from tests.factories import (
    make_annotator,
    make_judgment,
    make_participation,
    make_project,
    make_set,
    make_token,
)

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Project:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VLLM_BASE_URL = "http://127.0.0.1:9/v1"
    project = make_project(overlap=2)
    for name in ("alice", "bob"):
        person = make_participation(project, make_annotator(name))
        for number in range(4):
            if name == "alice":
                make_set(project, texts=[f"{number}.{slot}" for slot in range(4)])
            make_judgment(person, "ab"[number % 2])
    release = start_release(project=project, version="1.0")
    build_release(release_id=release.pk)
    assert Release.objects.get().state == "published"
    return project


@pytest.mark.parametrize(
    "thing", ["Statistics", "Sending prompts", "Pulling judgments", "Releases", "Only what is new"]
)
def test_whatever_moves_data_is_shown_with_each_library(thing: str) -> None:
    chapter = re.split(rf"^##+ {thing}$", PAGE, flags=re.MULTILINE)[1]
    code = " ".join(
        block
        for _kind, block in BLOCKS
        if block in re.split("^##+ ", chapter, flags=re.MULTILINE)[0]
    )
    for tool in ("curl ", "import pandas", "import polars", "from datasets"):
        assert tool in code, tool


def test_the_examples_of_the_page_work(
    project: Project, live_server: LiveServer, tmp_path: Path
) -> None:
    """Run all of them in order, in one folder: later ones read what earlier ones wrote."""
    if shutil.which("curl") is None:
        pytest.skip("No curl is installed here.")
    folder = tmp_path / "work"
    folder.mkdir()
    environment = os.environ | {
        "URL": live_server.url,
        "TOKEN": make_token(project),
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "cache"),
        "no_proxy": "*",
    }
    for kind, code in BLOCKS:
        command = ["bash", "-euo", "pipefail", "-c", code]
        if kind == "python":
            command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"


def test_every_example_of_the_schema_is_taken(project: Project) -> None:
    caller = Caller(make_token(project), project)
    schema = caller.get("/api/v1/schema/").json()
    tried = 0
    for path, operations in schema["paths"].items():
        bodies = operations.get("post", {}).get("requestBody", {}).get("content", {})
        for example in bodies.get("application/json", {}).get("examples", {}).values():
            answer = caller.post(path.replace("{slug}", project.slug), example["value"])
            assert answer.status_code in (200, 201, 202), (path, json.dumps(example))
            tried += 1
    assert tried >= 4
