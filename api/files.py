"""Files over HTTP: with a strong ETag, in parts where asked, never held in memory."""

import re
from collections.abc import Iterator
from typing import IO

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags, quote_etag
from rest_framework.request import Request

BLOCK = 256 * 1024
RANGE = re.compile(r"\Abytes=(\d{0,18})-(\d{0,18})\Z")


def serve_file(
    request: Request, file: IO[bytes], *, size: int, sha256: str, name: str, content_type: str
) -> HttpResponseBase:
    """Return a file, a part of it, or 304 and 416 (RFC 9110, sections 13 and 14). One range at a time."""
    etag = quote_etag(sha256)
    response: HttpResponseBase
    wanted = _range(request, etag, size)
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        file.close()
        response = HttpResponse(status=304)
    elif wanted is None:
        response = StreamingHttpResponse(_Part(file, 0, size), content_type=content_type)
        response["Content-Length"] = str(size)
    elif not wanted:
        file.close()
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
    else:
        response = StreamingHttpResponse(
            _Part(file, wanted.start, len(wanted)), status=206, content_type=content_type
        )
        response["Content-Length"] = str(len(wanted))
        response["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = str(content_disposition_header(True, name))  # noqa: FBT003 - Django's signature
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Authorization"
    return response


def _range(request: Request, etag: str, size: int) -> range | None:
    """Return the part asked for; an empty one can't be satisfied, None means the whole."""
    found = RANGE.match(request.headers.get("Range", ""))
    if (
        found is None
        or found[1] == found[2] == ""
        or request.headers.get("If-Range", etag) != etag
        or (found[1] and found[2] and int(found[2]) < int(found[1]))
    ):
        return None
    if not found[1]:  # the last so many
        return range(max(size - int(found[2]), 0), size) if int(found[2]) else range(0)
    return range(int(found[1]), min(int(found[2]) + 1, size) if found[2] else size)


class _Part(Iterator[bytes]):
    """A part of a file, block by block. The response closes it, also where nobody read a byte."""

    def __init__(self, file: IO[bytes], start: int, length: int) -> None:
        self._file, self._left = file, length
        file.seek(start)

    def __next__(self) -> bytes:
        block = self._file.read(min(BLOCK, self._left))
        if not block:
            raise StopIteration
        self._left -= len(block)
        return block

    def close(self) -> None:
        """Close the file."""
        self._file.close()
