"""Bodies of rows: read, imported, and answered with what came of it."""

import io
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.errors import Refused
from annotator.services.prompts import ImportReport
from annotator.services.readers import Row, read_rows
from api.import_serializers import (
    ImportReportSerializer,
    PromptRowSerializer,
    RefusedImportSerializer,
)
from api.parsers import RowsBody

ROWS_REQUEST: dict[str, Any] = {
    "application/json": PromptRowSerializer(many=True),
    "application/jsonl": {"type": "string"},
    "text/csv": {"type": "string"},
    "text/tab-separated-values": {"type": "string"},
}
IMPORT_RESPONSES = {
    200: ImportReportSerializer,
    201: ImportReportSerializer,
    400: RefusedImportSerializer,
}


def answer_import(request: Request, run: Callable[[Iterable[Row]], ImportReport]) -> Response:
    """Import the body's rows; 201 where something was added, 200 where all was there, 400 with the bad lines."""
    body = request.data
    if not isinstance(body, RowsBody):
        raise Refused(
            "empty_body",
            _("The body is empty. Send rows as JSON, JSON lines or CSV."),
            fields={"body": _("Empty.")},
        )
    try:
        report = run(read_rows(stream=io.BytesIO(body.content), file_format=body.file_format))
    except Refused as refused:
        raise Refused(
            refused.code, refused.sentence, fields=refused.fields or {"body": refused.sentence}
        ) from refused
    if report.refused:
        return Response(_refusal(report), status=status.HTTP_400_BAD_REQUEST)
    added = report.added or report.sets_added
    return Response(
        _accepted(report), status=status.HTTP_201_CREATED if added else status.HTTP_200_OK
    )


def _accepted(report: ImportReport) -> dict[str, Any]:
    return {
        "added": report.added,
        "already_there": report.already_there,
        "candidate_sets_added": report.sets_added,
        "comparisons_opened": report.comparisons_opened,
        "languages_added": report.languages_added,
        "error_count": 0,
        "errors": [],
    }


def _refusal(report: ImportReport) -> dict[str, Any]:
    detail = _(
        "Nothing was stored: %(count)d of the rows are not in order. Mend them and send all again."
    ) % {"count": report.error_count}
    return {
        "code": "bad_rows",
        "detail": detail,
        "fields": {f"line {error.line}": error.sentence for error in report.errors},
        "error_count": report.error_count,
        "errors": [{"line": error.line, "detail": error.sentence} for error in report.errors],
    }
