"""From `send` to the candidates' first paint in a conversation, over the model server's own time.

    python -m benchmarks.turns [--turns N]

A person in a headless Chromium judges, writes on and waits, at the pages that gunicorn serves, with a Celery
worker on the interactive queue. The stand-in takes MODEL_MS for each set, streamed; what is printed is the
time between the click on Send and the first paint of the page with the candidates, less that.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.generation import set_up_django
from benchmarks.loop import ROOT, serve
from benchmarks.table import row
from config.embedded import run_services
from tests.model_server import run_model_server

if TYPE_CHECKING:
    from playwright.sync_api import Page

MODEL_MS = 800
PAINTED = (
    "performance.timeOrigin + performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
)
CLICKED = """
() => { document.querySelector('button[value="send"]').addEventListener('click', () => localStorage.setItem('sent', performance.timeOrigin + performance.now())); }
"""
MOST_TURNS = 20


def main() -> None:
    """Start the servers, a worker and a browser; converse; print the row."""
    parser = argparse.ArgumentParser(description="How long a person waits beside the model.")
    parser.add_argument("--turns", type=int, default=16)
    turns = min(parser.parse_args().turns, MOST_TURNS - 1)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("No chromium is installed here; `apt-get install chromium` brings it.")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plurivox-bench-")))
        folder.chmod(0o755)
        services = stack.enter_context(run_services(folder / "services"))
        model = stack.enter_context(run_model_server())
        os.environ |= services.environment() | {
            "SECRET_KEY": "benchmarks-only-" * 4,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "WARNING",
            "DEMO": "true",  # cookies over plain HTTP
            "VLLM_BASE_URL": model.base_url,
        }
        set_up_django()
        from django.core.management import call_command

        from tests.workers.celery_worker import run_worker

        call_command("collectstatic", interactive=False, verbosity=0)
        session = _let_somebody_converse()
        stack.enter_context(run_worker(log=folder / "worker.log", queue="interactive"))
        port = stack.enter_context(serve("config.wsgi", cwd=ROOT, environment=dict(os.environ)))
        waited = _converse(chromium, f"http://127.0.0.1:{port}", session, turns)
    over = [total - MODEL_MS for total in waited[1:]]  # the first turn wakes everything up
    print(
        row(
            f"from send to the candidates' first paint, over the model server's own {MODEL_MS} ms",
            f"{statistics.median(over) / 1000:.2f} s ({min(over) / 1000:.2f}–{max(over) / 1000:.2f})",
            wanted="≤ 1 s",
        )
    )


def _let_somebody_converse() -> str:
    """Make an open project with one prompt, and a person who is signed in; return their session."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from annotator.authentication import SessionStore
    from tests.factories import make_annotator, make_participation, make_project, make_set

    project = make_project(turns=MOST_TURNS)
    alice = make_annotator("alice")
    make_participation(project, alice)
    make_set(project)
    session = SessionStore()
    session.update(
        {
            SESSION_KEY: str(alice.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: alice.get_session_auth_hash(),
        }
    )
    session.create()
    return session.session_key or ""


def _converse(chromium: str, origin: str, session: str, turns: int) -> list[float]:
    """Judge and write on so many times; return the milliseconds from each click to the first paint."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context()
        context.add_cookies([{"name": "sessionid", "value": session, "url": origin}])
        page = context.new_page()
        page.goto(f"{origin}/projects/everyday/task/")
        waited = [_wait_for(page, number) for number in range(turns)]
        browser.close()
    return waited


def _wait_for(page: "Page", number: int) -> float:
    page.locator(".pick:has(#choice-a)").click()
    page.click("#submit")
    page.fill("#message", f"And then, for the time {number}? [[slow-{MODEL_MS}]]")
    page.evaluate(CLICKED)
    page.click("button[value=send]")
    page.wait_for_selector("#judgment", timeout=60_000)
    painted = page.wait_for_function(PAINTED).json_value()
    waited = float(painted) - float(page.evaluate("localStorage.getItem('sent')"))
    print(f"turn {number + 2}: {waited - MODEL_MS:.0f} ms over the model's own time", flush=True)
    return waited


if __name__ == "__main__":
    main()
