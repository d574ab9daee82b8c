"""`generate PROJECT`: ask for candidates, and with --wait see them come in."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from annotator.management.projects import ProjectCommand
from annotator.management.strategies import add_model_argument, read_parameters
from annotator.management.watching import report
from annotator.models import Project
from annotator.services.generation import start_run
from pluralism.strategies import STRATEGIES


class Command(ProjectCommand):
    """See the module's docstring."""

    help = "Makes candidates for the prompts of a project, by the running workers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument(
            "--strategy",
            default="",
            help=f"{', '.join(STRATEGIES)}; without it the project's own",
        )
        parser.add_argument(
            "--parameter",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help='a parameter of the strategy, for example protocol=structured or profiles=\'["tradition", "care"]\'; repeatable',
        )
        add_model_argument(parser)
        parser.add_argument(
            "--language",
            nargs="+",
            action="extend",
            default=[],
            metavar="TAG",
            help="only prompts in these languages",
        )
        parser.add_argument("--limit", type=int, metavar="N", help="at most N prompts")
        parser.add_argument(
            "--wait",
            action="store_true",
            help="stay until all is done; exit 0 only if every set is complete",
        )

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Start the run and report on it."""
        run = start_run(
            project=project,
            strategy=options["strategy"],
            parameters=read_parameters(options["parameter"]) or None,
            model=options["model"],
            languages=options["language"],
            limit=options["limit"],
        )
        report(run, write=self.stdout.write, wait=options["wait"])
