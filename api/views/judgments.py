"""Judgments: pages of native rows, and exports in one stream."""

import orjson
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.models import ApiToken, AuditEvent, Judgment, Scope
from annotator.selectors.exports import Filters, features, native_rows, open_export
from annotator.services.audit import record
from api.compression import Gzipped, accepts_gzip
from api.pagination import CursorPagination
from api.schema import NATIVE_PAGE
from api.serializers import ExportQuery, FormatQuery
from api.views.base import ScopedView, get_project, has_scope, read_query


class Judgments(ScopedView):
    """The judgments of a project."""

    scopes = {"GET": Scope.READ_JUDGMENTS}

    @extend_schema(
        operation_id="judgments_list",
        parameters=[
            OpenApiParameter("cursor", str),
            OpenApiParameter("page_size", {"type": "integer", "minimum": 1, "maximum": 500}),
        ],
        responses={200: NATIVE_PAGE},
    )
    def get(self, request: Request, slug: str) -> Response:
        """List the judgments as rows of the native export, without those of people who have left."""
        project = get_project(request, slug)
        ids = Judgment.objects.filter(project=project, participation__withdrawn_at=None).values(
            "id"
        )
        paginator = CursorPagination()
        page = paginator.paginate_queryset(ids, request, view=self) or []
        rows = native_rows(
            project=project,
            judgment_ids=[row["id"] for row in page],
            demographics=has_scope(request, Scope.READ_DEMOGRAPHICS),
        )
        return paginator.get_paginated_response([orjson.loads(row) for row in rows])


class JSONLinesRenderer(JSONRenderer):
    """Lets a client ask for JSON lines by name."""

    media_type = "application/jsonl"
    format = "jsonl"


class NDJSONRenderer(JSONLinesRenderer):
    """The same under its other name."""

    media_type = "application/x-ndjson"
    format = "ndjson"


class Export(ScopedView):
    """A whole export, streamed."""

    scopes = {"GET": Scope.READ_JUDGMENTS}
    renderer_classes = [JSONLinesRenderer, NDJSONRenderer, JSONRenderer]

    @extend_schema(
        operation_id="export",
        parameters=[ExportQuery],
        responses={
            (200, "application/jsonl"): OpenApiResponse(
                OpenApiTypes.STR,
                description="JSON lines; `X-Export-Cursor` names the last change they contain.",
            ),
        },
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """Stream the project's judgments as JSON lines, on a snapshot of this moment.

        `X-Export-Cursor` names the last change contained; `since=` that gives the next increment.
        `Accept-Encoding: gzip` is honoured.
        """
        project = get_project(request, slug)
        wanted = read_query(request, ExportQuery)
        export_format = wanted.pop("format")
        wanted["demographics"] = has_scope(request, Scope.READ_DEMOGRAPHICS)
        stream = open_export(
            project=project, export_format=export_format, filters=Filters(**wanted)
        )
        response: HttpResponseBase
        if request.method == "HEAD":
            stream.close()
            response = HttpResponse()
        else:
            record(
                project=project,
                action=AuditEvent.Action.EXPORT,
                by=request.auth.owner if isinstance(request.auth, ApiToken) else None,
                subject=str(request.auth),
                format=export_format,
            )
            packed = accepts_gzip(request.headers.get("Accept-Encoding", ""))
            response = StreamingHttpResponse(Gzipped(stream) if packed else stream)
            if packed:
                response["Content-Encoding"] = "gzip"
        response["Content-Type"] = "application/jsonl; charset=utf-8"
        response["Content-Disposition"] = (
            f'attachment; filename="{project.slug}-{export_format}.jsonl"'
        )
        response["X-Export-Cursor"] = str(stream.cursor)
        response["Vary"] = "Accept-Encoding, Authorization"
        response["X-Accel-Buffering"] = "no"
        return response


class ExportFeatures(ScopedView):
    """The typed schema of a format."""

    scopes = {"GET": Scope.READ_JUDGMENTS}

    @extend_schema(
        operation_id="export_features",
        parameters=[FormatQuery],
        responses={200: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Return what `datasets.Features.from_dict` takes, to pass as `features=` to `load_dataset`."""
        project = get_project(request, slug)
        export_format = read_query(request, FormatQuery)["format"]
        return Response(features(project=project, export_format=export_format))
