"""A real Chromium against a real server."""

import os
import shutil
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.e2e.visitors import PATIENCE, Visitors

if TYPE_CHECKING:  # this file is read before Django is set up
    from annotator.models import Annotator

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder; it talks to a server thread, so it needs committed rows."""
    for item in items:
        if "/e2e/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start the browser for the tests of one file: while it is there, nothing else may run an event loop."""
    if CHROMIUM is None:
        pytest.skip("No chromium is installed here; `apt-get install chromium` brings it.")
    # Playwright runs an event loop in this thread, which Django takes for an asynchronous caller.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(chromium: Browser, live_server: LiveServer) -> Iterator[Visitors]:
    visitors = Visitors(chromium, live_server.url)
    yield visitors
    for visitor in visitors.made:
        visitor.context.close()
    _wait_for_the_server()
    for visitor in visitors.made:
        assert visitor.foreign == [], "a page asked another server"
        assert visitor.problems == [], "a script failed or the policy was broken"


def _wait_for_the_server() -> None:
    """Let the server end what browsers that are gone asked for: it would meet the emptying of the tables."""
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(timeout=PATIENCE / 1000)
            assert not thread.is_alive(), "a request goes on without its browser"


@pytest.fixture
def alice() -> "Annotator":
    from tests.factories import make_annotator

    return make_annotator("alice")
