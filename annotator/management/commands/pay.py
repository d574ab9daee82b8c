"""`manage.py pay`: what a project owes to its people."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotator.management.importing import find_project
from annotator.selectors.pay import list_earnings, owed_csv


class Command(BaseCommand):
    """Write what is owed as CSV."""

    help = "Writes what each person has earned as CSV. The file names people as their panel knows them: keep it safe."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("project", help="The project's slug.")
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="Where the CSV goes; without it, it is printed.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write a line for each person and currency."""
        text = owed_csv(list_earnings(project=find_project(options["project"])))
        output: Path | None = options["output"]
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}.") from error
