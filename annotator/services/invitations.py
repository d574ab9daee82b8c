"""Invitations for the people of a list: each line gets its link."""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from annotator.errors import Refused
from annotator.models import Annotator, Project
from annotator.services.people import create_invitations, invitation_url

MOST = 100_000
MOST_ERRORS = 20


def read_table(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV with a header; refuse rows longer than it."""
    try:
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True))
    except csv.Error as error:
        sentence = _("This is no CSV: %(error)s.") % {"error": error}
        raise Refused("rows", sentence, fields={"file": sentence}) from error
    if any(None in row for row in rows) or "\0" in text:
        sentence = _("A row has more cells than the header, or a character that can't be stored.")
        raise Refused("rows", sentence, fields={"file": sentence})
    return [{name: value or "" for name, value in row.items()} for row in rows]


@transaction.atomic
def invite_rows(
    *,
    project: Project,
    rows: Sequence[dict[str, str]],
    expires_at: datetime | None = None,
    created_by: Annotator | None = None,
) -> list[dict[str, str]]:
    """Make a single-use link for each row and return the rows with it as `url`.

    `language` and `country` of a row, where there are such columns, are those of its invitation; all
    other columns (a name, an address) only come back beside the link and are not stored. One bad row
    refuses all, named by its line: the header is line 1.
    """
    if not 1 <= len(rows) <= MOST:
        raise Refused(
            "rows", _("The file needs 1 to %(most)d rows below its header.") % {"most": MOST}
        )
    lines: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        language, country = (_cell(row, name) for name in ("language", "country"))
        lines[language, country].append(number)
    urls: dict[int, str] = {}
    errors: dict[int, str] = {}
    for (language, country), numbers in lines.items():
        if language and language not in project.languages:
            sentence = _("“%(language)s” is none of the project’s languages.")
            errors |= dict.fromkeys(numbers, sentence % {"language": language[:35]})
            continue
        try:
            made = create_invitations(
                project=project,
                count=len(numbers),
                language=language,
                country=country,
                expires_at=expires_at,
                created_by=created_by,
            )
        except Refused as refusal:
            errors |= dict.fromkeys(numbers, refusal.sentence)
            continue
        for number, secret in zip(numbers, made, strict=True):
            urls[number] = invitation_url(project=project, secret=secret)
    if errors:
        first = sorted(errors.items())[:MOST_ERRORS]
        told = " ".join(
            _("Line %(line)d: %(sentence)s") % {"line": number + 2, "sentence": sentence}
            for number, sentence in first
        )
        raise Refused("rows", told, fields={"file": told})
    return [{**row, "url": urls[number]} for number, row in enumerate(rows)]


def _cell(row: dict[str, str], name: str) -> str:
    return (row.get(name) or "").strip()
