"""Projects with their live counts."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.models import Project, Scope
from annotator.selectors.progress import count_progress
from api.serializers import ProjectSerializer
from api.views.base import ScopedList, ScopedView, get_project, visible_projects


@extend_schema_view(get=extend_schema(operation_id="projects_list"))
class Projects(ScopedList):
    """The token's projects with their live counts."""

    scopes = {"GET": Scope.READ_PROJECT}
    serializer_class = ProjectSerializer

    def get_queryset(self) -> QuerySet[Project]:
        """Return the token's projects."""
        return visible_projects(self.request)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        """List the token's projects with their live counts."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(_shown(page or []))


class ProjectDetail(ScopedView):
    """One project."""

    scopes = {"GET": Scope.READ_PROJECT}

    @extend_schema(operation_id="projects_read", responses=ProjectSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Return the project with its live counts."""
        return Response(_shown([get_project(request, slug)])[0])


def _shown(projects: Sequence[Project]) -> Any:
    progress = count_progress(project_ids=[project.pk for project in projects])
    return ProjectSerializer(projects, many=True, context={"progress": progress}).data
