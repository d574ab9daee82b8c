"""Real servers for every test: PostgreSQL and Redis out of wheels, started once per run."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.utils import translation

from config.embedded import run_services

_servers = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers before Django reads its settings; `DATABASE_URL` given from outside wins."""
    os.environ.setdefault("SECRET_KEY", "tests-only-" * 4)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if "DATABASE_URL" not in os.environ and not config.option.collectonly:
        folder = Path(_servers.enter_context(tempfile.TemporaryDirectory(prefix="plurivox-tests-")))
        folder.chmod(0o755)
        os.environ |= _servers.enter_context(run_services(folder, durable=False)).environment()
    django.setup()
    # Static files straight from their sources: no test waits for collectstatic.
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    # A quick hash: no test is about Argon2.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True


def pytest_unconfigure() -> None:
    """Stop the servers."""
    _servers.close()


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Begin in English, whatever language a visitor of the test before spoke."""
    with translation.override("en"):
        yield
