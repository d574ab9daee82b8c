"""How many requests a token may make."""

import math
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from annotator.models import ApiToken
from annotator.services.tokens import spend_request


class TokenRate(BaseThrottle):
    """`API_REQUESTS_PER_MINUTE` for each token; more are answered with 429 and `Retry-After`."""

    _seconds = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:  # noqa: ARG002 - DRF's signature
        """Take one request from what the token has left."""
        if not isinstance(request.auth, ApiToken):
            return True
        self._seconds = spend_request(token=request.auth)
        return not self._seconds

    def wait(self) -> float:
        """Return the whole seconds until the next request is let through."""
        return math.ceil(self._seconds)
