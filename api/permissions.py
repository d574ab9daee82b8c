"""What a token may do: each view declares the scope of each method."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from annotator.models import ApiToken


class HasScope(BasePermission):
    """Lets a token in that has the scope which `view.scopes` names for the method; a view without it is closed."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raise where the token or its scope is missing."""
        token = request.auth
        if not isinstance(token, ApiToken):
            raise NotAuthenticated(
                _("Send a token: “Authorization: Bearer plv_…”. Administrators make them.")
            )
        method = str(request.method)
        if method == "OPTIONS" or not hasattr(view, method.lower()):
            return True  # answered with 405
        scope = getattr(view, "scopes", {}).get("GET" if method == "HEAD" else method)
        if scope not in token.scopes:
            raise PermissionDenied(
                _("This needs a token with the scope %(scope)s.") % {"scope": scope},
                code="scope_missing",
            )
        return True
