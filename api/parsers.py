"""Bodies: read up to a limit, decoded strictly.

DRF's own JSON parser decodes with whatever codec the request names and takes NaN and lone surrogates;
these take UTF-8 and RFC 8259 only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from api.errors import TooLarge

MAX_JSON_BYTES = 100_000
MAX_ROWS_BYTES = 5_000_000


def read_limited(stream: IO[bytes], context: Mapping[str, Any] | None, limit: int) -> bytes:
    """Return the body; one that is longer than the limit isn't even read."""
    announced = str((context or {})["request"].META.get("CONTENT_LENGTH") or "0")
    fits = announced.isdecimal() and len(announced) < 10 and int(announced) <= limit
    body = stream.read(limit + 1) if fits else None
    if body is None or len(body) > limit:
        raise TooLarge(
            _("The body may have at most %(limit)d bytes. Send it in parts.") % {"limit": limit}
        )
    return body


class StrictJSONParser(BaseParser):
    """A small JSON object."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002 - DRF's signature
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the value."""
        try:
            value = orjson.loads(read_limited(stream, parser_context, MAX_JSON_BYTES))
        except orjson.JSONDecodeError as error:
            raise ParseError(
                _("The body is not valid JSON in UTF-8: %(error)s.") % {"error": error}
            ) from error
        if not isinstance(value, dict):
            raise ParseError(_("The body must be one JSON object."))
        return value


@dataclass(frozen=True)
class RowsBody:
    """A body of rows, not yet read, and the format its content type names."""

    content: bytes
    file_format: str


class RowsParser(BaseParser):
    """Rows as JSON: a list of objects, or one object."""

    media_type = "application/json"
    file_format = "json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002 - DRF's signature
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the body and its format; the import reads it."""
        content = read_limited(stream, parser_context, MAX_ROWS_BYTES)
        if self.file_format == "json" and content.lstrip()[:1] == b"{":
            content = b"[" + content + b"]"
        return RowsBody(content, self.file_format)


class JSONLinesParser(RowsParser):
    """Rows as JSON lines."""

    media_type = "application/jsonl"
    file_format = "jsonl"


class NDJSONParser(JSONLinesParser):
    """The same under its other name."""

    media_type = "application/x-ndjson"


class CSVParser(RowsParser):
    """Rows as a table; the first line names the columns."""

    media_type = "text/csv"
    file_format = "csv"


class TSVParser(RowsParser):
    """Rows as a table with tabs."""

    media_type = "text/tab-separated-values"
    file_format = "tsv"


ROW_PARSERS = [RowsParser, JSONLinesParser, NDJSONParser, CSVParser, TSVParser]
