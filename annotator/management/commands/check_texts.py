"""`manage.py check_texts PROJECT`: search what people wrote for what may say who they are."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from annotator.management.importing import find_project
from annotator.selectors.findings import count_undecided
from annotator.services.findings import check_texts


class Command(BaseCommand):
    """See the module's docstring."""

    help = "Checks the texts that nobody has checked for e-mail addresses, phone numbers, national ids and own names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the argument."""
        parser.add_argument("project", help="The project's slug.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Check, and say what waits for a decision."""
        project = find_project(options["project"])
        found = check_texts(project=project)
        self.stdout.write(
            _("%(found)d places found; %(undecided)d wait for a decision.")
            % {"found": found, "undecided": count_undecided(project=project)}
        )
