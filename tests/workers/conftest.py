"""A stand-in for the model server, and a project."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from pytest_django import Settings

from tests.model_server import ModelServerStandIn, run_model_server

if TYPE_CHECKING:  # pytest reads this file before Django is set up
    from annotator.models import Project


@pytest.fixture
def model_server(settings: Settings) -> Iterator[ModelServerStandIn]:
    """Serve a stand-in, and point the settings to it."""
    with run_model_server() as stand_in:
        settings.VLLM_BASE_URL = stand_in.base_url
        settings.VLLM_MODEL = ""
        settings.VLLM_API_KEY = ""
        settings.VLLM_CONCURRENCY = 8
        settings.VLLM_TIMEOUT = 10.0
        yield stand_in


@pytest.fixture
def project(transactional_db: None) -> "Project":
    """Make a project that other connections see too."""
    from tests.factories import make_project

    return make_project(opened=False)
