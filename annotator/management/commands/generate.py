"""`generate PROJECT`: ask for candidates, and with --wait see them come in."""

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from annotator.errors import Refused
from annotator.models import GenerationRun, Project
from annotator.selectors.generation import RunProgress, run_progress
from annotator.services.generation import start_run

LOOK_EVERY = 0.5
PLAIN_LINE_EVERY = 10.0
STILL_AFTER = 60.0


class Command(BaseCommand):
    """See the module's docstring."""

    help = "Makes candidates for the prompts of a project, by the running workers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("project", help="the project's slug")
        parser.add_argument(
            "--strategy", default="", help="nc_prompt, independent; without it the project's own"
        )
        parser.add_argument(
            "--parameter",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a parameter of the strategy, for example protocol=structured; repeatable",
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
                parameters=_parameters(options["parameter"]),
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
            self._report(self._watch(run))

    def _watch(self, run: GenerationRun) -> RunProgress:
        """Show the progress until nothing more will happen by itself."""
        progress = run_progress(run)
        terminal = sys.stderr.isatty()
        said_at = moved_at = time.monotonic()
        with tqdm(total=progress.total, unit="set", disable=not terminal) as bar:
            while not progress.over:
                time.sleep(LOOK_EVERY)
                before, progress = progress, run_progress(run)
                now = time.monotonic()
                if progress != before:
                    moved_at = now
                elif now - moved_at > STILL_AFTER:
                    moved_at = now
                    tqdm.write(
                        _(
                            "Nothing has moved for a minute. Is a worker running? celery -A config worker -Q bulk"
                        ),
                        file=sys.stderr,
                    )
                bar.update(progress.done - bar.n)
                bar.set_postfix_str(_line(progress))
                if not terminal and now - said_at >= PLAIN_LINE_EVERY:
                    said_at = now
                    self.stdout.write(f"{progress.done}/{progress.total} {_line(progress)}")
        return progress

    def _report(self, progress: RunProgress) -> None:
        self.stdout.write(f"{progress.done}/{progress.total} {_line(progress)}")
        if progress.complete == progress.total:
            return
        reasons = ", ".join(
            f"{reason}: {count}" for reason, count in sorted(progress.reasons.items())
        )
        raise CommandError(
            _("%(complete)s of %(total)s sets are complete; the run is %(state)s. %(why)s")
            % {
                "complete": progress.complete,
                "total": progress.total,
                "state": progress.state,
                "why": progress.pause_reason or reasons,
            }
        )


def _line(progress: RunProgress) -> str:
    counts = f"complete {progress.complete}, truncated {progress.truncated}, failed {progress.failed}, {progress.tokens_per_second:.0f} tokens/s"
    return f"{counts} {progress.pause_reason}".strip()


def _parameters(pairs: list[str]) -> dict[str, object] | None:
    """Read NAME=VALUE; without any, the project's own parameters hold."""
    parameters: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise CommandError(_("“%(pair)s” is not of the form NAME=VALUE.") % {"pair": pair})
        parameters[name] = value
    return parameters or None
