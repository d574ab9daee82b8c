"""While the model server is asked, no transaction is open."""

import threading
from typing import Any

import pytest
from django.db import connections
from pytest_django import Settings

from annotator.models import Project
from tests.factories import make_project
from tests.model_server import run_model_server
from tests.workers.runs import pump, start

OPEN_TRANSACTIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND state LIKE 'idle in transaction%'
"""


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project(opened=False)


def test_no_transaction_waits_for_the_model_server(project: Project, settings: Settings) -> None:
    open_at_once: list[int] = []
    asked = threading.Event()

    def watch(stand_in: Any) -> None:
        other = connections.create_connection("default")
        with other.cursor() as cursor:
            while not asked.is_set():
                if stand_in.in_flight:
                    cursor.execute(OPEN_TRANSACTIONS)
                    open_at_once.append(cursor.fetchone()[0])
        other.close()

    with run_model_server() as stand_in:
        settings.VLLM_BASE_URL = stand_in.base_url
        settings.VLLM_MODEL = settings.VLLM_API_KEY = ""
        run = start(project, *(f"{number}? [[slow-200]]" for number in range(4)))
        watcher = threading.Thread(target=watch, args=[stand_in])
        watcher.start()
        pump(run)
        asked.set()
        watcher.join()
    assert run.state == "finished"
    assert len(open_at_once) > 3
    # A store that is under way may be caught between two of its statements; a call that waits would be caught each time.
    assert sum(1 for count in open_at_once if count) < len(open_at_once) / 4
