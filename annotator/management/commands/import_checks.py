"""`manage.py import_checks`: items whose right answer is known."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from annotator.errors import Refused
from annotator.management.importing import find_project
from annotator.services.checks import import_checks


class Command(BaseCommand):
    """Import items for training, attention and gold."""

    help = (
        "Imports JSONL rows such as {“kind”: “training”, “attention” or “gold”, “text”, “language”, “responses”: [“…”], "
        "“right”: [0], “feedback”: {“en”: “…”}}. Gold also needs “factual”: true. One bad row keeps the file out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("project", help="The project's slug.")
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import the file."""
        project = find_project(options["project"])
        try:
            lines = options["file"].read_text(encoding="utf-8").splitlines()
            rows = [json.loads(line) for line in lines if line.strip()]
            count = import_checks(project=project, rows=rows)
        except (OSError, ValueError, KeyError, ValidationError) as error:
            raise CommandError(str(error)) from error
        except Refused as refusal:
            raise CommandError(refusal.sentence) from refusal
        self.stdout.write(f"{count} items imported.")
