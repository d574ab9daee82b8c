"""`manage.py invite`: links that let people into a project."""

import csv
import io
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from annotator.management.projects import ProjectCommand
from annotator.models import Project
from annotator.services.invitations import invite_rows, read_table
from annotator.services.people import create_invitations, invitation_url

MOST = 100_000


class Command(ProjectCommand):
    """Make invitations and write their links."""

    help = "Makes single-use sign-in links and writes them as CSV with the column “url”. The links cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument("--count", type=int, default=1, metavar="N")
        parser.add_argument(
            "--language",
            default="",
            metavar="TAG",
            help="The language these people judge in; without it they choose.",
        )
        parser.add_argument(
            "--country", default="", metavar="CC", help="Their country, as two letters."
        )
        parser.add_argument(
            "--input",
            type=Path,
            metavar="FILE",
            help="A CSV with a row for each person, with columns “language” and “country” where they are known; the rows come back with their “url”.",
        )
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="Where the CSV goes; without it, it is printed.",
        )

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Make them; a file that can't be written makes none."""
        if not 1 <= options["count"] <= MOST:
            raise CommandError(f"--count: This must be a number from 1 to {MOST}.")
        try:
            output = (
                options["output"].open("w", encoding="utf-8", newline="")
                if options["output"]
                else io.StringIO()
            )
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror}.") from error
        with output:
            rows = self._invite(project, options)
            writer = csv.DictWriter(output, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            if isinstance(output, io.StringIO):
                self.stdout.write(output.getvalue(), ending="")

    def _invite(self, project: Project, options: Mapping[str, Any]) -> list[dict[str, str]]:
        """Return the rows to write."""
        if options["input"]:
            try:
                text = options["input"].read_text("utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(f"{options['input']}: {error}.") from error
            return invite_rows(project=project, rows=read_table(text))
        made = create_invitations(
            project=project,
            count=options["count"],
            language=options["language"],
            country=options["country"],
        )
        return [{"url": invitation_url(project=project, secret=secret)} for secret in made]
