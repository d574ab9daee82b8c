"""`manage.py sweep`: bring back what stayed behind."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from annotator.services.sweeping import sweep


class Command(BaseCommand):
    """Give overdue leases back, once or for ever."""

    help = "Give overdue tasks and candidate sets back to their queues. Needs no broker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--forever`."""
        parser.add_argument(
            "--forever", action="store_true", help="Go on every LEASE_SWEEP_SECONDS until ended."
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Sweep; with --forever an outage of the database is waited out."""
        while True:
            try:
                swept = sweep()
            except OperationalError as error:
                if not options["forever"]:
                    raise
                self.stderr.write(f"The database is away, trying again: {error}")
            else:
                if swept.places or swept.candidate_sets or not options["forever"]:
                    self.stdout.write(
                        f"{swept.places} tasks and {swept.candidate_sets} candidate sets went back to their queues."
                    )
            if not options["forever"]:
                return
            close_old_connections()
            time.sleep(settings.LEASE_SWEEP_SECONDS)
