"""Celery tasks: doors, each calls one thing. They take ids and run twice safely."""

import asyncio
from multiprocessing.sharedctypes import RawValue
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from annotator.models import Project
from annotator.services import findings, releases
from workers import measuring
from workers.pump import pump_run

_stopping = RawValue("b", 0)
"""In memory that is shared with the worker's children: they never see the signal that ends the worker."""


@worker_shutting_down.connect
def _stop(**_details: Any) -> None:
    """Let long tasks end within a second, and put back what they hold."""
    _stopping.value = 1


@shared_task(name="workers.generate_run")
def generate_run(*, run_id: int) -> None:
    """Make the candidates of a run."""
    asyncio.run(pump_run(run_id=run_id, stopping=lambda: bool(_stopping.value)))


@shared_task(name="workers.generate_now")
def generate_now(*, run_id: int) -> None:
    """Make the candidates of a run that goes ahead of everything; its queue has workers of its own."""
    asyncio.run(pump_run(run_id=run_id, stopping=lambda: bool(_stopping.value)))


@shared_task(name="workers.measure_sets")
def measure_sets() -> None:
    """Embed and judge complete sets, where a server is configured for it."""
    measuring.measure_sets(stopping=lambda: bool(_stopping.value))


@shared_task(name="workers.build_release")
def build_release(*, release_id: int) -> None:
    """Build a release that waits for it."""
    releases.build_release(release_id=release_id)


@shared_task(name="workers.check_texts")
def check_texts(*, project_id: int) -> None:
    """Check the texts of a project that nobody has checked."""
    findings.check_new_texts(project=Project.objects.get(pk=project_id))
