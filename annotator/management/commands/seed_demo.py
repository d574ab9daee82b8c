"""`manage.py seed_demo`: the demo's projects, people and keys."""

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotator.errors import Refused
from annotator.services.demo import KnownSecrets, seed_demo


class Command(BaseCommand):
    """Make what is missing of the demo."""

    help = "Makes what is missing of the demo, and writes down how to enter it. A second time changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="Where demo.json is kept; passwords in it are kept, too. Without it, it is printed.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Seed, then replace the file in one step."""
        output: Path | None = options["output"]
        try:
            demo = seed_demo(known=_read_secrets(output))
        except Refused as refusal:
            raise CommandError(refusal.sentence) from refusal
        text = json.dumps(demo, indent=2, ensure_ascii=False) + "\n"
        if output is None:
            self.stdout.write(text)
        else:
            _replace(output, text)


def _read_secrets(path: Path | None) -> KnownSecrets:
    """Return what an earlier start wrote; a file that is not ours to read counts as none."""
    if path is None or not path.exists():
        return KnownSecrets(passwords={})
    try:
        demo = json.loads(path.read_text(encoding="utf-8"))
        people = [demo["admin"], *demo["annotators"]]
        return KnownSecrets(
            passwords={person["username"]: person["password"] for person in people},
            api_token=demo["api_token"],
        )
    except (ValueError, KeyError, TypeError):
        return KnownSecrets(passwords={})


def _replace(path: Path, text: str) -> None:
    """Write a file that is never seen half written, and by nobody else: it holds passwords."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=path.name, delete=False
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)
