"""The only place of the domain that rings Celery: by name, once the transaction is committed.

A bell carries ids and may be lost: the rows say what is to be done, and the sweep rings again. So a
broker that is away is logged and never the caller's problem.
"""

import logging

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

QUEUES = {
    "workers.generate_run": "bulk",
    "workers.generate_now": "interactive",
    "workers.measure_sets": "maintenance",
    "workers.build_release": "maintenance",
    "workers.check_texts": "maintenance",
}
"""Every task that may be rung, and the queue it goes to; a test checks that each is registered."""


def ring(task: str, **ids: int) -> None:
    """Send the task after the commit; without a broker, leave it to the sweep."""
    queue = QUEUES[task]
    transaction.on_commit(lambda: _send(task, queue, ids))


def ring_run(*, run_id: int, queue: str) -> None:
    """Ring for a run, in the queue that it waits in."""
    if queue == "interactive":
        ring("workers.generate_now", run_id=run_id)
    else:
        ring("workers.generate_run", run_id=run_id)


def ring_measuring() -> None:
    """Ring for what has not been measured, where a model server is configured that measures."""
    if settings.EMBEDDING_ENDPOINT or settings.JUDGE_ENDPOINT:
        ring("workers.measure_sets")


def _send(task: str, queue: str, ids: dict[str, int]) -> None:
    try:
        current_app.send_task(task, kwargs=ids, queue=queue)
    except (OperationalError, OSError) as error:
        logger.warning(
            "The broker did not take %s %s; the sweep will ring again. %s", task, ids, error
        )
