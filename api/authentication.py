"""`Authorization: Bearer plv_…`."""

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from annotator.errors import Refused
from annotator.models import Annotator, ApiToken
from annotator.services.tokens import recognise_token


class TokenAuthentication(BaseAuthentication):
    """The request's user is the token's owner, its auth the token."""

    def authenticate(self, request: Request) -> tuple[Annotator, ApiToken] | None:
        """Return the owner and the token; None where no token was sent."""
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        kind, _space, key = header.partition(" ")
        if kind.lower() != "bearer":
            raise AuthenticationFailed(
                _("Send the token as “Authorization: Bearer plv_…”."), code="not_bearer"
            )
        try:
            token = recognise_token(key=key.strip())
        except Refused as refused:
            raise AuthenticationFailed(refused.sentence, code=refused.code) from refused
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        """Name the scheme, so that the answer is a 401."""
        return 'Bearer realm="plurivox"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema tells it."""

    target_class = "api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002 - spectacular's signature
        """Return the OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "plv_<8>_<43>"}
