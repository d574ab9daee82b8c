"""docker-compose.yml is valid and starts everything by the commands that the demo uses."""

import os
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from config.demo import _commands
from config.environment import BASE_DIR

SECRETS = {"SECRET_KEY": "a-secret-key-of-more-than-32-characters", "POSTGRES_PASSWORD": "secret"}


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

    from annotator.bells import QUEUES

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


def test_the_image_builds() -> None:
    buildah, base = shutil.which("buildah"), os.environ.get("PLURIVOX_BASE_IMAGE")
    if buildah is None or base is None:
        pytest.skip("needs buildah and PLURIVOX_BASE_IMAGE, an image with Python 3.12")
    command = [
        buildah,
        "--storage-driver",
        "vfs",
        "bud",
        "--isolation",
        "chroot",
        "--build-arg",
        f"BASE={base}",
        "-t",
        "plurivox",
        ".",
    ]
    subprocess.run(command, cwd=BASE_DIR, check=True)
