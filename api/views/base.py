"""What every view of the API has: its scopes, and the projects that the token may see."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from annotator.errors import Missing
from annotator.models import SCOPE_RIGHTS, ApiToken, Project, Right, Scope


class ScopedView(APIView):
    """A view that says which scope each of its methods needs."""

    scopes: ClassVar[Mapping[str, str]] = {}
    metadata_class = None


class ScopedList(ScopedView, generics.ListAPIView):  # type: ignore[type-arg]
    """The same for pages of rows."""


def read_query(request: Request, query: type[Serializer[Any]]) -> dict[str, Any]:
    """Return what the address asks for, or refuse it by name."""
    asked = query(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def visible_projects(request: Request) -> QuerySet[Project]:
    """Return the token's projects in which its owner's role allows what the view does."""
    token = request.auth
    if not isinstance(token, ApiToken):
        return Project.objects.none()
    scopes = getattr(request.parser_context["view"], "scopes", {})
    scope = scopes.get("GET" if request.method == "HEAD" else str(request.method))
    right = SCOPE_RIGHTS.get(scope or "", Right.SEE)
    return Project.objects.visible_to(token.owner, to=right).filter(api_tokens=token)


def has_scope(request: Request, scope: Scope) -> bool:
    """Tell whether the token may also do this, where an answer depends on it."""
    return isinstance(request.auth, ApiToken) and scope in request.auth.scopes


def get_project(request: Request, slug: str) -> Project:
    """Return one of the token's projects; a foreign one is as absent as none."""
    project = visible_projects(request).filter(slug=slug).first()
    if project is None:
        raise Missing(_("There is no project “%(slug)s” for this token.") % {"slug": slug})
    return project
