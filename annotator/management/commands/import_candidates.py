"""`manage.py import_candidates`: prompts with responses that were made elsewhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from annotator.management.importing import add_file_arguments, find_project, import_file
from annotator.services.candidates import import_candidates


class Command(BaseCommand):
    """Import prompts with their responses and open the comparisons."""

    help = (
        "Imports JSONL rows such as {“text”, “language”, “external_id”, “responses”: [“…” or {“text”, “model”, “codes”}, …]}, "
        "2 to 8 responses each, and opens their comparisons. A file with a bad row stores nothing, unless --skip-bad "
        "is given. The same file again adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        add_file_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import the file."""
        project = find_project(options["project"])
        import_file(
            self,
            path=Path(options["file"]),
            columns=["text", "responses"],
            run=lambda rows, on_progress: import_candidates(
                project=project, rows=rows, skip_bad=options["skip_bad"], on_progress=on_progress
            ),
        )
