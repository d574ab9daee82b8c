"""What the commands about one project have in common."""

from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotator.errors import Refused
from annotator.models import Project


class ProjectCommand(BaseCommand, ABC):
    """A command whose first argument is a project; what a service refuses ends it with the sentence."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the project; a command adds what else it takes."""
        parser.add_argument("project", help="The project's slug.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Find the project and do the work."""
        try:
            self.work(find_project(options["project"]), options)
        except Refused as refusal:
            raise CommandError(refusal.sentence) from refusal

    @abstractmethod
    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Do what the command is for."""


def find_project(slug: str) -> Project:
    """Return the project, or end the command."""
    try:
        return Project.objects.get(slug=slug)
    except Project.DoesNotExist:
        known = ", ".join(Project.objects.values_list("slug", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no project “{slug}”. Projects: {known}.") from None
