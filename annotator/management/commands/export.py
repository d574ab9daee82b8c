"""`manage.py export PROJECT [--format F] [--output FILE]`."""

import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from annotator.management.projects import ProjectCommand
from annotator.models import AuditEvent, Project
from annotator.selectors.exports import FORMATS, Filters, open_export
from annotator.services.audit import record


class Command(ProjectCommand):
    """Writes a project's judgments as JSON lines."""

    help = "Writes a project's judgments as JSON lines, to a file or to standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what the command takes."""
        super().add_arguments(parser)
        parser.add_argument("--format", default="native", help=f"One of: {', '.join(FORMATS)}.")
        parser.add_argument("--output", help="The file to write; standard output without it.")

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Stream the export; a file appears under its name only when it is whole."""
        name, output = options["format"], options["output"]
        partial = Path(f"{output}.partial") if output else None
        try:
            with (
                open_export(
                    project=project, export_format=name, filters=Filters(demographics=True)
                ) as stream,
                partial.open("wb") if partial else nullcontext(sys.stdout.buffer) as target,
                tqdm(
                    desc=project.slug, unit="B", unit_scale=True, file=self.stderr, disable=None
                ) as bar,
            ):
                for block in stream:
                    target.write(block)
                    bar.update(len(block))
        except OSError as error:
            raise CommandError(
                _("%(file)s can't be written: %(error)s")
                % {"file": output or "stdout", "error": error.strerror}
            ) from error
        record(project=project, action=AuditEvent.Action.EXPORT, by=None, format=name)
        if partial:
            partial.replace(str(output))
