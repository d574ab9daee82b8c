"""`manage.py release PROJECT VERSION`: build and publish a release, here and now."""

import time
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from annotator.management.projects import ProjectCommand
from annotator.models import Project, Release
from annotator.selectors.exports import FORMATS
from annotator.services.releases import build_release, start_release

LOOK_EVERY = 0.5


class Command(ProjectCommand):
    """See the module's docstring."""

    help = "Builds and publishes a release: immutable files with a card, codebook, methods and checksums."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument("version", help="Two or three numbers: 1.0, 1.0.2.")
        parser.add_argument(
            "--format",
            action="append",
            default=[],
            metavar="F",
            help=f"One of: {', '.join(FORMATS)}; repeatable. Without it, all that fit.",
        )
        parser.add_argument(
            "--licence", default="", help="SPDX identifier; without it, as the prompts' demand."
        )
        parser.add_argument(
            "--demographics",
            action="store_true",
            help="Tell what people said of themselves, as far as they agreed.",
        )

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Build the release in this process, unless a worker has it already."""
        release = start_release(
            project=project,
            version=options["version"],
            formats=options["format"],
            licence=options["licence"],
            demographics=options["demographics"],
        )
        build_release(release_id=release.pk)
        release.refresh_from_db()
        while release.state == Release.State.BUILDING:  # a worker was faster
            time.sleep(LOOK_EVERY)
            release.refresh_from_db()
        if release.state != Release.State.PUBLISHED or release.manifest is None:
            raise CommandError(
                _("The release could not be built: %(failure)s") % {"failure": release.failure}
            )
        self.stdout.write(
            _("Release %(version)s is published: %(files)d files, %(bytes)d bytes, in %(folder)s.")
            % {
                "version": release.version,
                "files": len(release.manifest["files"]),
                "bytes": sum(file["bytes"] for file in release.manifest["files"]),
                "folder": release.folder,
            }
        )
