"""Prompts: pages of them, and more of them."""

import io
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.errors import Refused
from annotator.models import Prompt, Scope
from annotator.services.prompts import ImportReport, import_prompts
from annotator.services.readers import read_rows
from api.parsers import ROW_PARSERS, RowsBody
from api.serializers import (
    ImportReportSerializer,
    PromptRowSerializer,
    PromptSerializer,
    RefusedImportSerializer,
)
from api.views.base import ScopedList, get_project


@extend_schema_view(get=extend_schema(operation_id="prompts_list"))
class Prompts(ScopedList):
    """The prompts of a project."""

    scopes = {"GET": Scope.READ_PROMPTS, "POST": Scope.WRITE_PROMPTS}
    serializer_class = PromptSerializer
    parser_classes = ROW_PARSERS
    queryset = Prompt.objects.none()

    def get_queryset(self) -> QuerySet[Prompt]:
        """Return the project's prompts."""
        return (
            Prompt.objects.filter(project=get_project(self.request, self.kwargs["slug"]))
            .exclude(source=Prompt.Source.TRIAL)
            .select_related("group")
        )

    @extend_schema(
        operation_id="prompts_add",
        request={
            "application/json": PromptRowSerializer(many=True),
            "application/jsonl": {"type": "string"},
            "text/csv": {"type": "string"},
            "text/tab-separated-values": {"type": "string"},
        },
        responses={
            200: ImportReportSerializer,
            201: ImportReportSerializer,
            400: RefusedImportSerializer,
        },
        examples=[
            OpenApiExample(
                "One prompt",
                value=[
                    {"text": "What do you owe your parents?", "language": "en", "external_id": "q1"}
                ],
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Add prompts: all of the body's rows or, where one is bad, none.

        A row whose `external_id` is there already adds nothing, so the same body may be sent again.
        Answers 201 where something was added, else 200.
        """
        project = get_project(request, slug)
        body = request.data
        if not isinstance(body, RowsBody):
            raise Refused(
                "empty_body",
                _("The body is empty. Send prompts as JSON, JSON lines or CSV."),
                fields={"body": _("Empty.")},
            )
        try:
            rows = read_rows(stream=io.BytesIO(body.content), file_format=body.file_format)
            report = import_prompts(project=project, rows=rows)
        except Refused as refused:
            raise Refused(
                refused.code, refused.sentence, fields=refused.fields or {"body": refused.sentence}
            ) from refused
        if report.refused:
            return Response(_refusal(report), status=status.HTTP_400_BAD_REQUEST)
        return Response(
            _accepted(report),
            status=status.HTTP_201_CREATED if report.added else status.HTTP_200_OK,
        )


def _accepted(report: ImportReport) -> dict[str, Any]:
    return {
        "added": report.added,
        "already_there": report.already_there,
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
