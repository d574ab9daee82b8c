"""Prompts come in: from files, from the REST interface, from the admin. All or nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Project
from annotator.services.prompt_rows import RowRules, StagedPrompt
from annotator.services.readers import BadRow, Row
from annotator.services.staging import Staging

ERRORS_SHOWN = 100
"""How many bad rows a report names; it counts them all."""

REPORT_EVERY = 1000


class RowError(NamedTuple):
    """A bad row: the physical line on which it begins, and what is wrong."""

    line: int
    sentence: str


@dataclass
class ImportReport:
    """What came of an import."""

    added: int = 0
    already_there: int = 0
    skipped: int = 0
    """Bad rows left out, where that was asked for."""
    errors: list[RowError] = field(default_factory=list)
    """The first bad rows."""
    error_count: int = 0
    languages_added: list[str] = field(default_factory=list)
    sets_added: int = 0
    comparisons_opened: int = 0

    @property
    def refused(self) -> bool:
        """Whether bad rows kept everything out."""
        return self.error_count > self.skipped


def import_prompts(
    *,
    project: Project,
    rows: Iterable[Row],
    rules: RowRules | None = None,
    skip_bad: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Store rows as prompts; any language they bring joins the project's.

    A bad row keeps everything out, unless `skip_bad`. Rows with an external id that is stored already
    add nothing; rows without one are known by their content and their number among equal rows. Equal
    texts are kept. A file that can't be read to its end raises Refused.
    """
    rules = rules or RowRules()
    staged = (
        (number, line, row if isinstance(row, BadRow) else rules.read(row), None)
        for number, line, row in count_rows(rows, on_progress)
    )
    with transaction.atomic():
        report, staging = stage(project=project, rows=staged, skip_bad=skip_bad)
        if report.refused:
            transaction.set_rollback(True)
        else:
            store_prompts(staging=staging, report=report)
    return report


CheckedRow = tuple[int, int, StagedPrompt | BadRow, str | None]
"""Number, line, what to store or why not, and the responses as JSON, if any."""


def count_rows(
    rows: Iterable[Row], on_progress: Callable[[int], None] | None
) -> Iterator[tuple[int, int, Mapping[str, object] | BadRow]]:
    """Number the rows from 1, telling now and then how many were read."""
    for number, (line, row) in enumerate(rows, start=1):
        if on_progress and number % REPORT_EVERY == 0:
            on_progress(number)
        yield number, line, row


def stage(
    *, project: Project, rows: Iterable[CheckedRow], skip_bad: bool
) -> tuple[ImportReport, Staging]:
    """Copy the good rows into the staging table and gather everything that is wrong."""
    report = ImportReport()
    staging = Staging(project)
    bad: list[tuple[int, int, str]] = []
    previous_line = number = 0
    for number, line, row, responses in rows:
        if isinstance(row, BadRow):
            report.error_count += 1
            if len(bad) < ERRORS_SHOWN:
                # Several objects of a JSON list may share a line: then the row's number says more.
                bad.append((number, line, f"[{number}] {row}" if line == previous_line else row))
        else:
            staging.add(number, line, row, responses)
        previous_line = line
    if not number:
        raise Refused("no_rows", _("There are no rows in it."))
    contradictions, first = staging.find_contradictions(ERRORS_SHOWN)
    report.error_count += contradictions
    report.errors = [
        RowError(line, sentence)
        for _number, line, sentence in islice(merge(bad, first), ERRORS_SHOWN)
    ]
    if skip_bad:
        report.skipped = report.error_count
        staging.leave_out_contradictions()
    return report, staging


def store_prompts(*, staging: Staging, report: ImportReport) -> None:
    """Store the staged rows as prompts, and note it in the report."""
    report.added, report.languages_added = staging.store_prompts()
    report.already_there = staging.rows - report.added
