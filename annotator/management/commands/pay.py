"""`manage.py pay`: what a project owes to its people."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from annotator.management.projects import ProjectCommand
from annotator.models import Project
from annotator.selectors.pay import list_earnings, owed_csv


class Command(ProjectCommand):
    """Write what is owed as CSV."""

    help = "Writes what each person has earned as CSV. The file names people as their panel knows them: keep it safe."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="Where the CSV goes; without it, it is printed.",
        )

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Write a line for each person and currency."""
        text = owed_csv(list_earnings(project=project))
        output: Path | None = options["output"]
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}.") from error
