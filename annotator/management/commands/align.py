"""`align PROJECT --source TAG`: have the sets of one language translated, for reviewers to open."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from annotator.management.projects import ProjectCommand
from annotator.management.strategies import add_model_argument
from annotator.management.watching import report
from annotator.models import Project
from annotator.services.generation import start_alignment


class Command(ProjectCommand):
    """See the module's docstring."""

    help = "Translates complete sets into the other languages of their prompts' groups, by the running workers. Each then waits for a reviewer in the admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument(
            "--source", required=True, metavar="TAG", help="the language to translate from"
        )
        parser.add_argument(
            "--target",
            action="append",
            default=[],
            metavar="TAG",
            help="only into this language; repeatable; without it all others",
        )
        add_model_argument(parser)
        parser.add_argument("--limit", type=int, metavar="N", help="at most N sets")
        parser.add_argument(
            "--wait",
            action="store_true",
            help="stay until all is translated; exit 0 only if every set waits for its reviewer or is open",
        )

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Start the run and report on it."""
        run = start_alignment(
            project=project,
            source_language=options["source"],
            target_languages=options["target"],
            model=options["model"],
            limit=options["limit"],
        )
        report(run, write=self.stdout.write, wait=options["wait"])
