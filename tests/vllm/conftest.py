"""One real vLLM for all tests of this folder; without .venv-vllm they are skipped, or fail where it is required."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from pytest_django import Settings

from tests.vllm.real_server import API_KEY, PYTHON, RealServer, run_vllm

if TYPE_CHECKING:  # pytest reads this file before Django is set up
    from annotator.models import Project


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """Serve the tiny model."""
    if not PYTHON.exists():
        reason = "there is no .venv-vllm: `make test-vllm` makes it and runs these tests"
        if os.environ.get("PLURIVOX_REQUIRE_VLLM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with run_vllm(tmp_path_factory.mktemp("vllm")) as server:
        yield server


@pytest.fixture
def vllm_settings(vllm: RealServer, settings: Settings) -> Settings:
    """Point the settings to the real server."""
    settings.VLLM_BASE_URL = vllm.base_url
    settings.VLLM_API_KEY = API_KEY
    settings.VLLM_MODEL = ""
    settings.VLLM_CONCURRENCY = 16
    settings.VLLM_PRIORITY = True
    settings.VLLM_TIMEOUT = 120.0
    return settings


@pytest.fixture
def project(transactional_db: None) -> "Project":
    """Make a project that other connections see too."""
    from tests.factories import make_project

    return make_project(opened=False)
