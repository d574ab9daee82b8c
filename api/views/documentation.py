"""The schema, and the pages that show it."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny

from annotator.middleware import POLICY


class Schema(SpectacularAPIView):
    """OpenAPI 3, for everyone: JSON unless YAML is asked for."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    renderer_classes = [
        OpenApiJsonRenderer2,
        OpenApiJsonRenderer,
        OpenApiYamlRenderer2,
        OpenApiYamlRenderer,
    ]
    custom_settings = {
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "api.schema.complete",
        ],
        "SCHEMA_PATH_PREFIX": "/api/v1/",
        "ENUM_NAME_OVERRIDES": {
            "ProjectState": "annotator.models.Project.State",
            "CandidateSetState": "annotator.models.CandidateSet.State",
            "GenerationRunState": "annotator.models.GenerationRun.State",
        },
    }


def documentation(request: HttpRequest) -> HttpResponse:
    """Show the schema as pages to read and to try."""
    response = render(request, "api/documentation.html")
    # Swagger UI draws its icons as data: addresses; nothing else is loosened.
    response["Content-Security-Policy"] = POLICY.replace("img-src 'self'", "img-src 'self' data:")
    return response


@csrf_exempt
def nothing_here(_request: HttpRequest) -> HttpResponse:
    """Answer an address that isn't there as every other error is answered."""
    detail = _("There is nothing at this address. /api/v1/docs/ lists all; each ends with a slash.")
    return JsonResponse({"code": "not_found", "detail": detail}, status=404)
