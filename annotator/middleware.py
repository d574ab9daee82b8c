"""What every answer of the site has in common."""
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def outages(get_response: GetResponse) -> GetResponse:
    return get_response


def security_headers(get_response: GetResponse) -> GetResponse:
    return get_response
