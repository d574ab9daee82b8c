"""`pair_prompts PROJECT`: open the comparisons of two prompts for all sets that wait for a partner."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from annotator.management.projects import ProjectCommand
from annotator.models import Project
from annotator.services.joint import count_waiting, open_joint_comparisons


class Command(ProjectCommand):
    """See the module's docstring."""

    help = "Pairs complete sets of different prompts of the same language, in projects that compare answers to two prompts. Sets that were paired stay so; run it again whenever new sets are complete."

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Pair, and say how many are left over."""
        del options
        opened = open_joint_comparisons(project=project)
        self.stdout.write(
            _("%(opened)d comparisons opened; %(waiting)d sets still wait for a partner.")
            % {"opened": opened, "waiting": count_waiting(project=project)}
        )
