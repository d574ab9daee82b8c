"""`manage.py import_checks`: items whose right answer is known."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from annotator.management.projects import ProjectCommand
from annotator.models import Project
from annotator.services.checks import import_checks


class Command(ProjectCommand):
    """Import items for training, attention and gold."""

    help = (
        "Imports JSONL rows such as {“kind”: “training”, “attention” or “gold”, “text”, “language”, “responses”: [“…”], "
        "“right”: [0], “feedback”: {“en”: “…”}}. Gold also needs “factual”: true. One bad row keeps the file out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Import the file."""
        try:
            lines = options["file"].read_text(encoding="utf-8").splitlines()
            rows = [json.loads(line) for line in lines if line.strip()]
            count = import_checks(project=project, rows=rows)
        except (OSError, ValueError, KeyError, ValidationError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} items imported.")
