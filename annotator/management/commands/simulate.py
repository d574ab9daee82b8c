"""`manage.py simulate`: simulated people answer, for tests and demonstrations."""

import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from annotator.management.projects import ProjectCommand
from annotator.models import Comparison, Project
from annotator.services.simulation import Simulation, simulate


class Command(ProjectCommand):
    """Let simulated people with known values take part through the services."""

    help = (
        "Simulated people with known values take part: consent, questions about themselves, training, checks, repeats and, "
        "where a model server answers, later turns. They skip nothing, are never late and come through no panel. "
        "Their accounts begin with “simulated-”; don't use it in a project of real people."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        super().add_arguments(parser)
        parser.add_argument("--annotators", type=int, default=5, metavar="N")
        parser.add_argument("--judgments", type=int, default=100, metavar="M")
        parser.add_argument("--seed", type=int, default=0, metavar="S")

    def work(self, project: Project, options: Mapping[str, Any]) -> None:
        """Simulate; exit 0 only where all judgments were given."""
        for name, least in (("annotators", 1), ("judgments", 1), ("seed", 0)):
            if not least <= options[name] < 2**31:
                raise CommandError(f"--{name}: This must be a number from {least} on.")
        with tqdm(
            total=options["judgments"], unit=" judgments", disable=not sys.stderr.isatty()
        ) as bar:
            found = simulate(
                project=project,
                annotators=options["annotators"],
                judgments=options["judgments"],
                seed=options["seed"],
                on_judgment=lambda: bar.update(1),
            )
        self.stdout.write(_told(found, options["annotators"]))
        if found.judgments < options["judgments"]:
            raise CommandError(
                f"There was no work for {options['judgments'] - found.judgments} more. Add prompts or people, or raise the overlap."
            )


def _told(found: Simulation, annotators: int) -> str:
    """Return what came of it, in sentences."""
    beside = [
        f"{count} to {kind}"
        for kind, count in sorted(found.answers.items())
        if kind != Comparison.Kind.COLLECT
    ]
    sentences = [f"{found.judgments} judgments by {annotators} simulated people."]
    if beside:
        sentences.append(f"Answers beside them: {', '.join(beside)}.")
    if found.stopped:
        sentences.append(f"Training or checks stopped {found.stopped} people.")
    if found.left_open:
        sentences.append(
            f"{found.left_open} conversations did not go on, because no model server answered."
        )
    return " ".join(sentences)
