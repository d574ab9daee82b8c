"""`manage.py import_prompts`: prompts out of a file."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from annotator.management.importing import FileCommand, read_rules
from annotator.models import Project
from annotator.services.prompts import import_prompts


class Command(FileCommand):
    """Import prompts; see docs/architecture.md for the way they go."""

    help = (
        "Imports prompts from a CSV, TSV, JSONL or JSON file, each also gzipped. Fields: text, external_id, language, "
        "group, group_kind, system, topic, licence. A file with a bad row stores nothing, unless --skip-bad is given. "
        "The same file again adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
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

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Import the file."""
        rules = read_rules(options)
        self.import_file(
            options["file"],
            columns=rules.columns(),
            run=lambda rows, on_progress: import_prompts(
                project=project,
                rows=rows,
                rules=rules,
                skip_bad=options["skip_bad"],
                on_progress=on_progress,
            ),
        )
