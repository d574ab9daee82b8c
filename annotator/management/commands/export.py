"""`manage.py export PROJECT [--format F] [--output FILE]`."""

import sys
from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from annotator.errors import Refused
from annotator.management.importing import find_project
from annotator.models import AuditEvent
from annotator.selectors.exports import FORMATS, Filters, open_export
from annotator.services.audit import record


class Command(BaseCommand):
    """Writes a project's judgments as JSON lines."""

    help = "Writes a project's judgments as JSON lines, to a file or to standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the command takes."""
        parser.add_argument("project", help="The project's slug.")
        parser.add_argument("--format", default="native", help=f"One of: {', '.join(FORMATS)}.")
        parser.add_argument("--output", help="The file to write; standard output without it.")

    def handle(self, *, project: str, format: str, output: str | None, **_options: Any) -> None:  # noqa: A002 - the option's name
        """Stream the export; a file appears under its name only when it is whole."""
        found = find_project(project)
        partial = Path(f"{output}.partial") if output else None
        try:
            with (
                open_export(
                    project=found, export_format=format, filters=Filters(demographics=True)
                ) as stream,
                partial.open("wb") if partial else nullcontext(sys.stdout.buffer) as target,
                tqdm(
                    desc=project, unit="B", unit_scale=True, file=self.stderr, disable=None
                ) as bar,
            ):
                for block in stream:
                    target.write(block)
                    bar.update(len(block))
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        except OSError as error:
            raise CommandError(
                _("%(file)s can't be written: %(error)s")
                % {"file": output or "stdout", "error": error.strerror}
            ) from error
        record(project=found, action=AuditEvent.Action.EXPORT, by=None, format=format)
        if partial:
            partial.replace(str(output))
