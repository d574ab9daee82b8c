"""What every answer of the site has in common."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import get_template
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerDown
from redis.exceptions import ConnectionError as RedisDown

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

OUTAGES: tuple[type[Exception], ...] = (OperationalError, InterfaceError, BrokerDown, RedisDown)
"""The database away, out of connections or behind a lock; the broker away. None of them is a bug."""
RETRY_AFTER = "10"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "Cache-Control": "private, no-cache",
}
"""A view that needs something else sets the header itself, and says why."""


def security_headers(get_response: GetResponse) -> GetResponse:
    """Forbid everything that the pages do not need."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return middleware


class Outages:
    """Answers 503 where a view met an outage; `views.errors.server_error` does so for the rest of the way."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Go on; Django brings the views' exceptions to `process_exception`."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn a named outage into the page that asks to try again; leave bugs alone."""
        return unavailable(request, exception) if isinstance(exception, OUTAGES) else None


def outages(get_response: GetResponse) -> Outages:
    """Tell people to try again in a moment where a server behind this one is away."""
    return Outages(get_response)


def unavailable(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """Return the answer to an outage. It asks nothing of the database."""
    logger.error("Unavailable: %s: %s", type(exception).__name__, exception)
    headers = {"Retry-After": RETRY_AFTER}
    if request.path.startswith("/api/"):
        detail = _("A part of the service is away for a moment. Try again in a few seconds.")
        return JsonResponse({"code": "unavailable", "detail": detail}, status=503, headers=headers)
    return HttpResponse(get_template("503.html").render(), status=503, headers=headers)
