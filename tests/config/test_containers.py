"""docker-compose.yml is valid and starts everything by the commands that the demo uses."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import yaml

from annotator.bells import QUEUES
from config.demo import _commands
from config.environment import BASE_DIR

SECRETS = {"SECRET_KEY": "a-secret-key-of-more-than-32-characters", "POSTGRES_PASSWORD": "secret"}
NOWHERE = SECRETS | {"DATABASE_URL": "postgresql://nowhere/none", "REDIS_URL": "redis://nowhere"}


@pytest.fixture
def services() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())
    return dict(loaded["services"])


def test_compose_accepts_the_file() -> None:
    compose = shutil.which("docker-compose")
    if compose is None:
        pytest.skip("docker-compose is not installed here")
    command = [compose, "-f", str(BASE_DIR / "docker-compose.yml"), "config", "--quiet"]
    ended = subprocess.run(
        command, env=os.environ | SECRETS, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    refused = subprocess.run(
        command, env=os.environ | {"SECRET_KEY": ""}, capture_output=True, text=True, check=False
    )
    assert " in .env" in refused.stderr


def test_every_process_of_the_demo_is_a_service(services: dict[str, Any]) -> None:
    """The same program with the same arguments, but for addresses, queues and their numbers."""
    told = [service["command"] for service in services.values() if "command" in service]
    for command in _commands({"HOST": "127.0.0.1", "PORT": "8000"}):
        program = [os.path.basename(command[0]), *command[1:3]]  # noqa: PTH119
        program[0] = "python" if program[0].startswith("python") else program[0]
        assert any(service[: len(program)] == program for service in told), program


def test_each_queue_has_a_worker_and_each_service_its_secrets(services: dict[str, Any]) -> None:
    from django.conf import settings

    queues = {
        queue for service in services.values() for queue in _queues(service.get("command", []))
    }
    assert queues >= {*QUEUES.values(), settings.CELERY_TASK_DEFAULT_QUEUE}
    ours = [service for service in services.values() if service.get("image") == "plurivox"]
    assert len(ours) >= 5
    assert all(
        {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} <= set(service["environment"])
        for service in ours
    )


def _queues(command: list[str]) -> list[str]:
    return command[command.index("-Q") + 1].split(",") if "-Q" in command else []


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    """Build the image and make a container of it; both are removed at the end."""
    base = os.environ.get("PLURIVOX_BASE_IMAGE")
    if shutil.which("buildah") is None or base is None:
        pytest.skip("needs buildah and PLURIVOX_BASE_IMAGE, an image with Python 3.11 or 3.12")
    buildah("bud", *ISOLATION, "--build-arg", f"BASE={base}", "--tag", IMAGE, str(BASE_DIR))
    name = buildah("from", IMAGE).strip()
    yield name
    buildah("rm", name)
    buildah("rmi", IMAGE)


IMAGE = "plurivox-tested"
ISOLATION = ("--isolation", "chroot")


def buildah(*arguments: str) -> str:
    command = ["buildah", "--storage-driver", "vfs", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


def run_in(container: str, told: dict[str, str], *command: str) -> list[str]:
    """Return the command line that runs this in the container, as the image's own user."""
    options = [option for name, value in told.items() for option in ("--env", f"{name}={value}")]
    return [*ISOLATION, *options, container, "--", *command]


@pytest.mark.processes
def test_the_image_holds_what_the_processes_need(container: str) -> None:
    """Django finds nothing to complain of, Celery knows its tasks, and nobody is root."""
    buildah("run", *run_in(container, NOWHERE, "python", "manage.py", "check"))
    celery = "import config.celery as c; c.app.loader.import_default_modules(); print(*c.app.tasks)"
    tasks = buildah("run", *run_in(container, NOWHERE, "python", "-c", celery)).split()
    assert set(QUEUES) <= set(tasks)
    assert buildah("run", *run_in(container, NOWHERE, "id", "-u")).strip() == "10001"


@pytest.mark.processes
def test_the_image_serves_the_pages(container: str, services: dict[str, Any]) -> None:
    """The command of the web service, on a free port, serves a page and its hashed files."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*services["web"]["command"][:-1], f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        ["buildah", "--storage-driver", "vfs", "run", *run_in(container, NOWHERE, *command)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        page = fetch_patiently(f"http://127.0.0.1:{port}/login/")
        style = re.search(r"/static/plurivox\.[0-9a-f]+\.css", page)
        assert style is not None
        assert "{" in fetch_patiently(f"http://127.0.0.1:{port}{style.group()}")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        _out, complaints = process.communicate(timeout=30)
    assert "rror:" not in complaints.replace("Error: exit status", "")


def fetch_patiently(url: str) -> str:
    """Return a page of a server that may still be starting."""
    for _ in range(100):
        with suppress(urllib.error.URLError), urllib.request.urlopen(url, timeout=10) as response:
            return str(response.read().decode())
        time.sleep(0.1)
    pytest.fail(f"{url} was not served")
