"""`pair_prompts PROJECT`: open the comparisons of two prompts for all sets that wait for a partner."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Project
from annotator.services.joint import count_waiting, open_joint_comparisons


class Command(BaseCommand):
    """See the module's docstring."""

    help = "Pairs complete sets of different prompts of the same language, in projects that compare answers to two prompts. Sets that were paired stay so; run it again whenever new sets are complete."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("project", help="the project's slug")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Pair, and say how many are left over."""
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(_("There is no project “%(slug)s”.") % {"slug": options["project"]})
        try:
            opened = open_joint_comparisons(project=project)
        except Refused as error:
            raise CommandError(error.sentence) from None
        self.stdout.write(
            _("%(opened)d comparisons opened; %(waiting)d sets still wait for a partner.")
            % {"opened": opened, "waiting": count_waiting(project=project)}
        )
