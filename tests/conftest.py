"""Real servers for every test: PostgreSQL and Redis out of wheels, started once per process."""

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
    if "DATABASE_URL" not in os.environ:
        # With pytest-xdist each process has servers of its own; the one that hands the tests out needs none.
        if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
            _set_up_without_servers()
            return
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


def _set_up_without_servers() -> None:
    nowhere = {"DATABASE_URL": "postgresql:///nowhere", "REDIS_URL": "redis://localhost/0"}
    os.environ |= nowhere
    django.setup()
    # The processes to come would take them for real ones, and read the settings before this file.
    for name in (*nowhere, "DJANGO_SETTINGS_MODULE"):
        del os.environ[name]


def pytest_unconfigure() -> None:
    """Stop the servers."""
    _servers.close()


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Begin in English, whatever language a visitor of the test before spoke."""
    with translation.override("en"):
        yield
