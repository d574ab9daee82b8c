"""Every error is `{"code", "detail", "fields"?}`: a word for machines, a sentence for people."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from annotator.errors import Busy, Missing, Refused


class TooLarge(exceptions.APIException):
    """The body is longer than this address takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:  # noqa: ARG001 - DRF's signature
    """Return the answer to an error; None lets Django answer: outages with 503, bugs with 500."""
    if isinstance(error, Refused):
        headers = {"Retry-After": str(error.retry_after)} if isinstance(error, Busy) else {}
        return _answer(_status_of(error), error.code, error.sentence, error.fields, headers)
    known = _known(error)
    if known is None:
        return None
    set_rollback()
    headers = {}
    if getattr(known, "auth_header", None):
        headers["WWW-Authenticate"] = str(known.auth_header)  # type: ignore[attr-defined]
    if getattr(known, "wait", None):
        headers["Retry-After"] = f"{known.wait:.0f}"  # type: ignore[attr-defined]
    if isinstance(known, exceptions.ValidationError):
        fields = _flatten(known.detail)
        detail = " ".join(
            f"{name}: {sentence}" if name else sentence for name, sentence in fields.items()
        )
        return _answer(
            known.status_code,
            "invalid",
            detail,
            {name: text for name, text in fields.items() if name},
            headers,
        )
    return _answer(known.status_code, str(known.get_codes()), str(known.detail), {}, headers)


def _status_of(error: Refused) -> int:
    """Tell what can be mended in the request from what the present state of things stands against."""
    if isinstance(error, Missing):
        return status.HTTP_404_NOT_FOUND
    if isinstance(error, Busy):
        return status.HTTP_503_SERVICE_UNAVAILABLE
    return status.HTTP_400_BAD_REQUEST if error.fields else status.HTTP_409_CONFLICT


def _known(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound(_("There is nothing at this address for this token."))
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return TooLarge(_("The body is too large."))
    if isinstance(error, UnreadablePostError):
        return exceptions.ParseError(_("The body did not arrive whole. Send it again."))
    return None


def _answer(
    code: int,
    word: str,
    detail: str,
    fields: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
) -> Response:
    body: dict[str, Any] = {"code": word, "detail": detail}
    if fields:
        body["fields"] = dict(fields)
    return Response(body, status=code, headers=headers, content_type="application/json")


def _flatten(detail: Any, path: str = "") -> dict[str, str]:
    """Return one sentence per field; those of nested ones as `outer.inner`."""
    if isinstance(detail, Mapping):
        flat: dict[str, str] = {}
        for name, inner in detail.items():
            key = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            flat |= _flatten(inner, key)
        return flat
    if isinstance(detail, list) and any(isinstance(item, Mapping | list) for item in detail):
        return {
            name: text
            for number, item in enumerate(detail)
            for name, text in _flatten(item, f"{path}.{number}").items()
        }
    return {
        path: " ".join(str(item) for item in detail) if isinstance(detail, list) else str(detail)
    }
