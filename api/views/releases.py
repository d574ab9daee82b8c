"""Releases: ask for one, read its manifest, load its files."""

from pathlib import PurePosixPath
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.errors import Missing, Refused
from annotator.models import Release, Scope
from annotator.services.releases import start_release
from api.files import serve_file
from api.idempotency import idempotent
from api.parsers import StrictJSONParser
from api.release_serializers import ReleaseSerializer, StartReleaseSerializer
from api.views.base import ScopedList, ScopedView, get_project, has_scope

MANIFEST = "manifest.json"


@extend_schema_view(get=extend_schema(operation_id="releases_list"))
class Releases(ScopedList):
    """The releases of a project."""

    scopes = {"GET": Scope.READ_JUDGMENTS, "POST": Scope.MANAGE}
    serializer_class = ReleaseSerializer
    parser_classes = [StrictJSONParser]
    queryset = Release.objects.none()

    def get_queryset(self) -> QuerySet[Release]:
        """Return the project's releases."""
        return Release.objects.filter(project=get_project(self.request, self.kwargs["slug"]))

    @extend_schema(
        operation_id="releases_start",
        request=StartReleaseSerializer,
        responses={202: ReleaseSerializer},
        examples=[
            OpenApiExample(
                "Two formats",
                value={"version": "2.0", "formats": ["native", "preference"]},
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request, slug: str) -> Response:
        """Ask for a release; a worker builds it. Its state is `published` when its files are there."""
        project = get_project(request, slug)
        wanted = StartReleaseSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        if wanted.validated_data.get("demographics"):
            _need_demographics(request)
        release = start_release(
            project=project,
            created_by=request.user,  # type: ignore[arg-type]
            **wanted.validated_data,
        )
        return Response(ReleaseSerializer(release).data, status=status.HTTP_202_ACCEPTED)


class ReleaseDetail(ScopedView):
    """One release."""

    scopes = {"GET": Scope.READ_JUDGMENTS}

    @extend_schema(operation_id="releases_read", responses=ReleaseSerializer)
    def get(self, request: Request, slug: str, version: str) -> Response:
        """Return the release with its manifest. A retracted one is still described, with the reason."""
        return Response(ReleaseSerializer(_find(request, slug, version)).data)


BYTES, MARKDOWN = "application/octet-stream", "text/markdown"
CONTENT_TYPES = {".md": MARKDOWN, ".json": "application/json"}
"""By the end of a file's name; whatever the machine's own table of types says."""


class ReleaseFile(ScopedView):
    """One file of a release."""

    scopes = {"GET": Scope.READ_JUDGMENTS}

    @extend_schema(
        operation_id="releases_file",
        responses={
            (200, "application/json"): OpenApiResponse(OpenApiTypes.OBJECT),
            **{
                (status, content_type): OpenApiResponse(OpenApiTypes.BINARY)
                for status in (200, 206)
                for content_type in (MARKDOWN, BYTES)
            },
            304: OpenApiResponse(description="`If-None-Match` names the file as it is."),
        },
    )
    def get(self, request: Request, slug: str, version: str, name: str) -> Any:
        """Return the file's bytes; `ETag` is its SHA-256, and `Range` gives a part.

        410 with the reason where the release was retracted.
        """
        release = _find(request, slug, version)
        if release.demographics and name.endswith((".parquet", ".zst")):
            _need_demographics(request)
        if release.state == Release.State.RETRACTED and name != MANIFEST:
            return Response(
                {
                    "code": "retracted",
                    "detail": _("This release was retracted: %(reason)s")
                    % {"reason": release.retraction_reason},
                },
                status=status.HTTP_410_GONE,
            )
        if release.manifest is None:
            raise Refused(
                "not_published",
                _("This release has no files yet. Ask for it again until its state is published."),
            )
        return _serve(request, release, name)


def _serve(request: Request, release: Release, name: str) -> HttpResponseBase | Response:
    assert release.manifest is not None
    if name == MANIFEST:
        return Response(release.manifest)
    entry = next((file for file in release.manifest["files"] if file["path"] == name), None)
    if entry is None:
        raise Missing(
            _("This release has no file “%(name)s”. Its manifest lists them.")
            % {"name": name[:200]}
        )
    return serve_file(
        request,
        default_storage.open(f"{release.folder}/{name}"),
        size=entry["bytes"],
        sha256=entry["sha256"],
        name=f"{release.project.slug}-{release.version}-{name.replace('/', '-')}",
        content_type=CONTENT_TYPES.get(PurePosixPath(name).suffix, BYTES),
    )


def _need_demographics(request: Request) -> None:
    if not has_scope(request, Scope.READ_DEMOGRAPHICS):
        raise PermissionDenied(
            _("This needs a token with the scope %(scope)s.") % {"scope": Scope.READ_DEMOGRAPHICS},
            code="scope_missing",
        )


def _find(request: Request, slug: str, version: str) -> Release:
    project = get_project(request, slug)
    release = Release.objects.filter(project=project, version=version).first()
    if release is None:
        raise Missing(_("There is no release %(version)s here.") % {"version": version[:40]})
    return release
