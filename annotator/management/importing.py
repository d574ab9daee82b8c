"""What the commands that read files have in common."""

from argparse import ArgumentParser
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import CommandError
from tqdm import tqdm

from annotator.errors import Refused
from annotator.management.projects import ProjectCommand
from annotator.services.prompt_rows import RowRules
from annotator.services.prompts import ImportReport
from annotator.services.readers import Row, format_of, read_rows

Import = Callable[[Iterable[Row], Callable[[int], None]], ImportReport]


class FileCommand(ProjectCommand):
    """A command that reads the rows of a file into a project."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the project, the file and what happens to bad rows."""
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--skip-bad",
            action="store_true",
            help="Store the good rows and say which were left out.",
        )
        parser.add_argument(
            "--language",
            default="",
            metavar="TAG",
            help="The language of rows that name none, such as en or pt-BR.",
        )

    def import_file(self, path: Path, *, columns: Collection[str], run: Import) -> None:
        """Run an import of the file; print what came of it; end with 1 unless all was well."""
        try:
            with path.open("rb") as stream, tqdm(disable=None, unit=" rows", leave=False) as bar:
                rows = read_rows(stream=stream, file_format=format_of(path.name), columns=columns)
                report = run(rows, lambda number: _show(bar, number))
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror or error}.") from error
        except Refused as refusal:
            raise CommandError(f"{path}: {refusal.sentence} Nothing was stored.") from refusal
        for line, sentence in report.errors:
            self.stderr.write(f"{path}, line {line}: {sentence}")
        if report.error_count > len(report.errors):
            self.stderr.write(f"… and {report.error_count - len(report.errors)} more bad rows.")
        if report.refused:
            raise CommandError(
                f"{path}: {report.error_count} bad rows, nothing was stored. Correct them, or leave them out with --skip-bad."
            )
        self.stdout.write(_summary(report))


def read_rules(options: Mapping[str, Any]) -> RowRules:
    """Return how rows are to be read, or end the command."""
    mapping: dict[str, str] = {}
    for pair in options["map"]:
        field, equals, column = pair.partition("=")
        if not equals or not field or not column or field in mapping:
            raise CommandError(
                f"--map: “{pair}” is not of the form field=column, or names a field twice."
            )
        mapping[field] = column
    return RowRules(
        mapping=mapping,
        language=options["language"],
        id_prefix=options["id_prefix"],
        group_kind=options["group_kind"],
    )


def _show(bar: "tqdm[NoReturn]", number: int) -> None:
    bar.update(number - bar.n)


def _summary(report: ImportReport) -> str:
    parts = [f"{report.added} prompts added", f"{report.already_there} there already"]
    if report.sets_added or report.comparisons_opened:
        parts.append(
            f"{report.sets_added} candidate sets with {report.comparisons_opened} comparisons added"
        )
    if report.skipped:
        parts.append(f"{report.skipped} bad rows left out")
    if report.languages_added:
        parts.append(f"new languages: {', '.join(report.languages_added)}")
    return "; ".join(parts) + "."
