"""`manage.py import_prompts`: prompts out of a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from annotator.management.importing import add_file_arguments, find_project, import_file, read_rules
from annotator.services.prompts import import_prompts


class Command(BaseCommand):
    """Import prompts; see docs/architecture.md for the way they go."""

    help = (
        "Imports prompts from a CSV, TSV, JSONL or JSON file, each also gzipped. Fields: text, external_id, language, "
        "group, group_kind, system, topic, licence. A file with a bad row stores nothing, unless --skip-bad is given. "
        "The same file again adds nothing."
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
        parser.add_argument(
            "--map",
            nargs="+",
            action="extend",
            default=[],
            metavar="field=column",
            help="Which column holds a field, where the names differ.",
        )
        parser.add_argument(
            "--id-prefix", default="", metavar="TEXT", help="Put before every external id."
        )
        parser.add_argument(
            "--group-kind",
            default="",
            metavar="KIND",
            help="The kind of groups whose rows do not say: template (the default) or translation.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import the file."""
        rules = read_rules(options)
        project = find_project(options["project"])
        import_file(
            self,
            path=Path(options["file"]),
            columns=rules.columns(),
            run=lambda rows, on_progress: import_prompts(
                project=project,
                rows=rows,
                rules=rules,
                skip_bad=options["skip_bad"],
                on_progress=on_progress,
            ),
        )
