"""`make demo` as a process: comes up from nothing, leaves nothing behind, goes on with its data."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from config.environment import BASE_DIR

pytestmark = pytest.mark.processes


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that PostgreSQL may enter as another user; pytest shuts its own from time to time."""
    with tempfile.TemporaryDirectory(prefix="plurivox-demo-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
    }
    return inherited | {"VAR_DIR": str(folder), "PORT": str(port), "HOST": "127.0.0.1"}


@contextmanager
def demo(
    environment: dict[str, str],
) -> Iterator[tuple["subprocess.Popen[str]", dict[str, object]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "config.demo"],
        cwd=BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ready: "):
                break
        assert lines[-1] == f"Ready: http://127.0.0.1:{environment['PORT']}\n", "".join(lines)
        yield process, json.loads(Path(environment["VAR_DIR"], "demo.json").read_text())
    finally:
        process.kill()
        process.communicate()


def left_behind(environment: dict[str, str]) -> list[str]:
    """Return the live processes that mention the demo's folder or port."""
    marks = (environment["VAR_DIR"], f":{environment['PORT']}")
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        ours = (process.info["environ"] or {}).get("VAR_DIR") == environment["VAR_DIR"]
        named = any(mark in " ".join(process.info["cmdline"] or []) for mark in marks)
        if (ours or named) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(" ".join(process.info["cmdline"] or []))
    return found


def rows(environment: dict[str, str]) -> str:
    """Count what is in the demo's database, as manage.py sees it from outside."""
    script = "from annotator.models import *; print(Prompt.objects.count(), Response.objects.count(), Assignment.objects.count(), Annotator.objects.count())"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
    bare = {
        name: value
        for name, value in environment.items()
        if name not in ("DATABASE_URL", "REDIS_URL")
    }
    return subprocess.run(
        command, cwd=BASE_DIR, env=bare, check=True, capture_output=True, text=True
    ).stdout


def ends_well(process: "subprocess.Popen[str]") -> bool:
    """Wait for the end; what was said on the way stands in the failure."""
    said, _errors = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_of_it_and_a_second_start_goes_on(
    environment: dict[str, str], number: signal.Signals
) -> None:
    with demo(environment) as (process, first):
        before = rows(environment)
        assert min(int(count) for count in before.split()) > 0
        process.send_signal(number)
        assert ends_well(process)
    assert left_behind(environment) == []
    with demo(environment) as (process, second):
        assert second == first, "passwords, token and links stay the same"
        assert rows(environment) == before
        process.terminate()
        assert ends_well(process)


def test_a_killed_demo_starts_again_with_its_data(environment: dict[str, str]) -> None:
    with demo(environment) as (process, first):
        before = rows(environment)
        process.kill()
        process.wait()
    with demo(environment) as (process, second):
        assert (second, rows(environment)) == (first, before)
        process.terminate()
        assert ends_well(process)
    assert left_behind(environment) == []


def test_demo_json_is_what_the_contract_says(environment: dict[str, str]) -> None:
    with demo(environment) as (_process, told):
        assert set(told) == {"url", "admin", "api_token", "project", "annotators"}
        annotators = told["annotators"]
        assert isinstance(annotators, list)
        assert {annotator["language"] for annotator in annotators} == {
            "en",
            "fr",
            "it",
            "pt",
            "hi",
            "ar",
        }
        assert all(
            set(annotator) == {"username", "password", "language", "login_url"}
            for annotator in annotators
        )
        request = urllib.request.Request(
            f"{told['url']}/api/v1/projects/",
            headers={"Authorization": f"Bearer {told['api_token']}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert told["project"] in [project["slug"] for project in json.load(answer)["results"]]
        for _ in range(2):
            with urllib.request.urlopen(annotators[0]["login_url"], timeout=10) as page:
                assert page.status == 200
