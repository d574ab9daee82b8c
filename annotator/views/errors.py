"""The page for what went wrong inside, where no view could answer any more."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template

from annotator.middleware import OUTAGES, unavailable


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 for a named outage met outside the views (session, account), else 500.

    Django calls this inside its `except`, so the error is still at hand.
    """
    error = sys.exc_info()[1]
    if isinstance(error, OUTAGES):
        return unavailable(request, error)
    return HttpResponse(get_template("500.html").render(), status=500)
