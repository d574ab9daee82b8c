"""`manage.py check_texts PROJECT`: search what people wrote, and the responses they judged, for what may say who somebody is."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotator.management.projects import ProjectCommand
from annotator.models import Project
from annotator.selectors.findings import count_undecided
from annotator.services.findings import check_texts


class Command(ProjectCommand):
    """See the module's docstring."""

    help = "Checks the texts and the judged responses that nobody has checked for e-mail addresses, phone numbers, national ids and own names."

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Check, and say what waits for a decision."""
        del options
        found = check_texts(project=project)
        self.stdout.write(
            _("%(found)d places found; %(undecided)d wait for a decision.")
            % {"found": found, "undecided": count_undecided(project=project).total}
        )
