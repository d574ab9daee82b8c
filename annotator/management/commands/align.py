"""`align PROJECT --source TAG`: have the sets of one language translated, for reviewers to open."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.management.watching import watch, what_is_missing
from annotator.models import Project
from annotator.selectors.generation import run_progress
from annotator.services.generation import start_alignment


class Command(BaseCommand):
    """See the module's docstring."""

    help = "Translates complete sets into the other languages of their prompts' groups, by the running workers. Each then waits for a reviewer in the admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("project", help="the project's slug")
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
        parser.add_argument(
            "--model",
            default="",
            help="the model's name on the server; without it VLLM_MODEL, or the first one listed",
        )
        parser.add_argument("--limit", type=int, metavar="N", help="at most N sets")
        parser.add_argument(
            "--wait",
            action="store_true",
            help="stay until all is translated; exit 0 only if every set waits for its reviewer or is open",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Start the run and report on it."""
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(_("There is no project “%(slug)s”.") % {"slug": options["project"]})
        try:
            run = start_alignment(
                project=project,
                source_language=options["source"],
                target_languages=options["target"],
                model=options["model"],
                limit=options["limit"],
            )
        except Refused as error:
            raise CommandError(error.sentence) from None
        self.stdout.write(
            _("Run %(run)s: %(total)s sets queued.")
            % {"run": run.pk, "total": run_progress(run).total}
        )
        if options["wait"]:
            missing = what_is_missing(watch(run, write=self.stdout.write))
            if missing:
                raise CommandError(missing)
