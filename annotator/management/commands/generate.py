"""`generate PROJECT`: ask for candidates, and with --wait see them come in."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.management.strategies import read_parameters
from annotator.management.watching import watch, what_is_missing
from annotator.models import Project
from annotator.selectors.generation import run_progress
from annotator.services.generation import start_run
from pluralism.strategies import STRATEGIES


class Command(BaseCommand):
    """See the module's docstring."""

    help = "Makes candidates for the prompts of a project, by the running workers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("project", help="the project's slug")
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
        parser.add_argument(
            "--model",
            default="",
            help="the model's name on the server; without it VLLM_MODEL, or the first one listed",
        )
        parser.add_argument(
            "--language",
            action="append",
            default=[],
            metavar="TAG",
            help="only prompts in this language; repeatable",
        )
        parser.add_argument("--limit", type=int, metavar="N", help="at most N prompts")
        parser.add_argument(
            "--wait",
            action="store_true",
            help="stay until all is done; exit 0 only if every set is complete",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Start the run and report on it."""
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(_("There is no project “%(slug)s”.") % {"slug": options["project"]})
        try:
            run = start_run(
                project=project,
                strategy=options["strategy"],
                parameters=read_parameters(options["parameter"]) or None,
                model=options["model"],
                languages=options["language"],
                limit=options["limit"],
            )
        except Refused as error:
            raise CommandError(error.sentence) from None
        progress = run_progress(run)
        self.stdout.write(
            _("Run %(run)s: %(total)s sets queued.") % {"run": run.pk, "total": progress.total}
        )
        if options["wait"]:
            missing = what_is_missing(watch(run, write=self.stdout.write))
            if missing:
                raise CommandError(missing)
