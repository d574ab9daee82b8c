"""A project, its researcher's key, and a client that sends it.

pytest may read this file before the settings can be read, so models are imported where they are used.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.api.caller import Caller

if TYPE_CHECKING:
    from annotator.models import Project


@pytest.fixture
def project(db: None) -> "Project":
    from tests.factories import make_project

    return make_project(overlap=2)


@pytest.fixture
def caller(db: None) -> Callable[..., Caller]:
    from tests.factories import make_token

    return lambda project, **options: Caller(make_token(project, **options), project)


@pytest.fixture
def rita(project: "Project", caller: Callable[..., Caller]) -> Caller:
    return caller(project)
