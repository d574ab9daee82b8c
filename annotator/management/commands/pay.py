"""`manage.py pay`: what a project owes to its people."""

import csv
import io
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotator.management.importing import find_project
from annotator.selectors.pay import list_earnings

COLUMNS = ("pseudonym", "panel", "external_id", "country", "answers", "hours", "amount", "currency")
FORMULA = tuple("=+-@")
"""A cell that begins so would be computed by a spreadsheet, and the panel's ids come from outside."""


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
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for each in list_earnings(project=find_project(options["project"])):
            known_as = (
                "'" + each.external_id if each.external_id[:1] in FORMULA else each.external_id
            )
            who = (each.pseudonym, each.panel, known_as, each.country)
            writer.writerow((*who, each.answers, f"{each.hours:.2f}", each.amount, each.currency))
        output: Path | None = options["output"]
        if output is None:
            self.stdout.write(text.getvalue(), ending="")
            return
        try:
            output.write_text(text.getvalue(), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}.") from error
