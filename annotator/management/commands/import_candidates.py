"""`manage.py import_candidates`: prompts with responses that were made elsewhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotator.errors import Refused
from annotator.management.importing import add_file_arguments, find_project, import_file
from annotator.services.candidates import import_candidates
from annotator.services.prompt_rows import RowRules


class Command(BaseCommand):
    """Import prompts with their responses and open the comparisons."""

    help = (
        "Imports rows such as {“text”, “language”, “external_id”, “responses”: [“…” or {“text”, “model”, “codes”}, …]}, "
        "2 to 8 responses each, and opens their comparisons. Rows of prompt, chosen and rejected, of the Community "
        "Alignment data set and of this program's exports are read too. A file with a bad row stores nothing, unless "
        "--skip-bad is given. The same file again adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        add_file_arguments(parser)
        parser.add_argument(
            "--language",
            default="",
            metavar="TAG",
            help="The language of rows that name none, such as en or pt-BR.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import the file."""
        try:
            rules = RowRules(language=options["language"])
        except Refused as refusal:
            raise CommandError(refusal.sentence) from refusal
        project = find_project(options["project"])
        import_file(
            self,
            path=Path(options["file"]),
            columns=[],
            run=lambda rows, on_progress: import_candidates(
                project=project,
                rows=rows,
                rules=rules,
                skip_bad=options["skip_bad"],
                on_progress=on_progress,
            ),
        )
