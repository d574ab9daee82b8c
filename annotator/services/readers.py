"""Rows out of files: CSV, TSV, JSONL and JSON, each plain or gzipped, in constant memory.

Files come from strangers. A reader yields `(line, values)`; a row that cannot be read comes as `(line,
BadRow)`, so that one import can name all of them; a file that cannot be read any further raises Refused.
Lines are physical: what ends with a line feed, and nothing else. U+2028, U+0085 and U+001C, at which
Python's own `splitlines` cuts, are content.
"""

import codecs
import csv
import gzip
import json
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import BinaryIO

from django.utils.translation import gettext as _

from annotator.errors import Refused

FORMATS = ("csv", "tsv", "jsonl", "json")
MAX_ROW_BYTES = 8 * 2**20
"""No line, and no object of a JSON list, is longer than this."""
MAX_EXPANDED_BYTES = 2**30
"""A compressed file may not grow beyond this …"""
MAX_EXPANSION = 200
"""… nor, behind its first 16 MiB, to more than this times its size: text never does, a bomb does."""
FREE_EXPANSION_BYTES = 16 * 2**20

_PIECE = 2**16
_SURROGATES = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(r"[ \t\r\n]*")
_SIGNATURES = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"PK\x03\x04": "ZIP",
}


class BadRow(str):
    """Why a row could not be read: a sentence in the place of its values."""

    __slots__ = ()


Row = tuple[int, Mapping[str, object] | BadRow]
"""The physical line on which a row begins, and its values by column."""


def format_of(name: str) -> str:
    """Return the format that a file's name tells: `prompts.csv.gz` is `csv`."""
    suffixes = name.lower().removesuffix(".gz").rsplit(".", 1)
    if len(suffixes) == 2 and suffixes[1] in ("ndjson", *FORMATS):
        return "jsonl" if suffixes[1] == "ndjson" else suffixes[1]
    raise Refused(
        "unknown_format",
        _(
            "The name of the file must end with .csv, .tsv, .jsonl or .json, each also with .gz behind it."
        ),
    )


def read_rows(
    *, stream: BinaryIO, file_format: str, columns: Collection[str] = ()
) -> Iterator[Row]:
    """Yield the rows of a seekable file; a gzipped one is recognised by its first bytes.

    A table without one of the `columns` is refused as a whole.
    """
    lines = _Source(stream)
    if file_format in ("csv", "tsv"):
        yield from _read_table(lines, "," if file_format == "csv" else "\t", columns)
    elif file_format == "jsonl":
        yield from _read_json_lines(lines)
    elif file_format == "json":
        yield from _JsonList(lines).rows()
    else:
        raise Refused("unknown_format", _("The format must be csv, tsv, jsonl or json."))


class _Source:
    """A plain or gzipped file as text: by physical lines, or by pieces, with caps on both and the whole.

    Bytes that are not UTF-8 become lone surrogates, so that a reader stays in step with the file and
    can refuse the one row that holds them.
    """

    def __init__(self, stream: BinaryIO) -> None:
        gzipped = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        self._compressed = stream if gzipped else None
        self._file: BinaryIO | gzip.GzipFile = (
            gzip.GzipFile(fileobj=stream, mode="rb") if gzipped else stream
        )
        self._expanded = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.line = 0
        """The line read last, from 1."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._read(self._file.readline, MAX_ROW_BYTES + 1)
        if not line:
            raise StopIteration
        self.line += 1
        if len(line) > MAX_ROW_BYTES:
            raise Refused(
                "line_too_long",
                _(
                    "Line %(line)d is longer than %(limit)d MiB; the file cannot be read on from there."
                )
                % {"line": self.line, "limit": MAX_ROW_BYTES // 2**20},
            )
        return line.decode("utf-8", "surrogateescape")

    def read_piece(self) -> str:
        """Return the next piece of text, wherever it ends; at the end of the file, nothing."""
        piece = ""
        while not piece:
            content = self._read(self._file.read, _PIECE)
            self.line += content.count(b"\n")
            piece = self._decoder.decode(content, final=not content)
            if not content:
                break
        return piece

    def _read(self, read: Callable[[int], bytes], size: int) -> bytes:
        first = self._expanded == 0
        try:
            content = read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise Refused(
                "broken_gzip",
                _(
                    "The compressed file is damaged or cut off behind line %(line)d. Compress and send it again."
                )
                % {"line": self.line},
            ) from error
        self._expanded += len(content)
        self._refuse_bomb()
        return _without_mark(content) if first else content

    def _refuse_bomb(self) -> None:
        if self._compressed is None:
            return
        allowed = min(
            MAX_EXPANDED_BYTES, FREE_EXPANSION_BYTES + MAX_EXPANSION * self._compressed.tell()
        )
        if self._expanded > allowed:
            raise Refused(
                "gzip_too_large",
                _(
                    "The compressed file grows beyond what is accepted (%(limit)d MiB) at line %(line)d. Send it in parts."
                )
                % {"limit": allowed // 2**20, "line": self.line},
            )


def _without_mark(head: bytes) -> bytes:
    """Check how a file begins; return it without the mark that some programs put before UTF-8."""
    if not head:
        raise Refused("empty_file", _("The file is empty."))
    for signature, name in _SIGNATURES.items():
        if head.startswith(signature):
            raise Refused(
                "wrong_encoding",
                _("The file is %(name)s. Save it as plain text in UTF-8 and send it again.")
                % {"name": name},
            )
    return head.removeprefix(codecs.BOM_UTF8)


def _read_table(lines: _Source, delimiter: str, columns: Collection[str]) -> Iterator[Row]:
    header_line = next(lines, "")
    if delimiter == "," and ";" in header_line and "," not in header_line:
        delimiter = ";"  # what spreadsheets write where the comma is the decimal mark
    reader = csv.reader(_chain(header_line, lines), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    begin = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Refused(
                "broken_table",
                _(
                    "The row that begins on line %(line)d is not well formed (%(error)s); the file cannot be read on from there. Check its quotation marks."
                )
                % {"line": begin, "error": error},
            ) from error
        if cells and header is None:
            header = _check_header(cells, columns)
        elif cells and header is not None:
            yield begin, _table_row(header, cells)
        begin = reader.line_num + 1


def _chain(first: str, rest: _Source) -> Iterator[str]:
    yield first
    yield from rest


def _check_header(cells: Sequence[str], columns: Collection[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if _SURROGATES.search("".join(header)) or "\0" in "".join(header):
        raise Refused(
            "wrong_encoding",
            _("Line 1 is not text in UTF-8. Save the file as UTF-8 and send it again."),
        )
    for column in columns or dict.fromkeys(name for name in header if name):
        if header.count(column) != 1:
            sentence = (
                _("The first line of the file names the column “%(column)s” twice.")
                if column in header
                else _("The file has no column “%(column)s”. Its columns are: %(header)s.")
            )
            names = ", ".join(filter(None, header))[:500]
            raise Refused("unknown_column", sentence % {"column": column, "header": names})
    return header


def _table_row(header: Sequence[str], cells: Sequence[str]) -> Mapping[str, object] | BadRow:
    if len(cells) != len(header):
        return BadRow(
            _("The row has %(cells)d cells, the first line of the file %(columns)d.")
            % {"cells": len(cells), "columns": len(header)}
        )
    if any(_SURROGATES.search(cell) for cell in cells):
        return _not_utf8()
    return dict(zip(header, cells, strict=True))


def _not_utf8() -> BadRow:
    return BadRow(_("The row is not valid UTF-8."))


def _read_json_lines(lines: _Source) -> Iterator[Row]:
    for line in lines:
        if line.strip(" \t\r\n"):
            yield lines.line, _json_row(line)


def _json_row(source: str) -> Mapping[str, object] | BadRow:
    if _SURROGATES.search(source):
        return _not_utf8()
    try:
        return _as_row(_DECODER.decode(source))
    except (ValueError, RecursionError) as error:
        return _bad_json(error)


def _as_row(value: object) -> Mapping[str, object] | BadRow:
    if isinstance(value, dict):
        return value
    return BadRow(_("The row is not a JSON object such as {“text”: “…”}."))


def _bad_json(error: ValueError | RecursionError) -> BadRow:
    if isinstance(error, RecursionError):
        return BadRow(_("The row is nested too deeply."))
    if isinstance(error, json.JSONDecodeError):
        return BadRow(
            _("The row is not valid JSON: %(error)s at character %(position)d.")
            % {"error": error.msg, "position": error.pos + 1}
        )
    return BadRow(_("The row is not valid JSON: %(error)s.") % {"error": str(error)[:200]})


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _value in pairs]
        raise ValueError(
            _("the key “%(key)s” stands twice")
            % {"key": next(key for key in keys if keys.count(key) > 1)}
        )
    return values


def _refuse_constant(name: str) -> object:
    raise ValueError(_("%(name)s is not a JSON number") % {"name": name})


def _integer(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError(_("a number has more than 20 digits"))
    return int(digits)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_keys, parse_constant=_refuse_constant, parse_int=_integer
)
_OUTLINE = json.JSONDecoder(parse_int=len, parse_float=len)
"""Finds where a value ends without looking at what it says."""


class _JsonList:
    """The objects of one JSON list, read piece by piece.

    The buffer holds at most one row: a value is decoded when enough of the file has been read for it to
    end, and each attempt waits for twice as much as the one before.
    """

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._buffer = ""
        self._at = 0
        self._line = 1

    def rows(self) -> Iterator[Row]:
        """Yield each element with the line on which it begins."""
        if self._peek() != "[":
            raise Refused(
                "not_a_list", _("A JSON file must hold one list of objects: [{“text”: “…”}, …].")
            )
        self._skip(1)
        if self._peek() == "]":
            self._skip(1)
            self._expect_end()
            return
        while True:
            self._peek()
            yield self._line, self._element()
            separator = self._peek()
            if separator not in (",", "]"):
                raise self._broken(_("a comma or the end of the list is missing"))
            self._skip(1)
            if separator == "]":
                self._expect_end()
                return

    def _element(self) -> Mapping[str, object] | BadRow:
        end = self._find_end()
        source = self._buffer[self._at : end]
        self._skip(end - self._at)
        return _json_row(source)

    def _find_end(self) -> int:
        wanted = _PIECE
        while True:
            try:
                _value, end = _OUTLINE.raw_decode(self._buffer, self._at)
            except RecursionError as error:
                raise self._broken(_("it is nested too deeply")) from error
            except ValueError as error:
                if not self._fill(wanted):
                    raise self._broken(str(error)[:200]) from error
                wanted *= 2
            else:
                # A number may go on in what has not been read yet.
                if end < len(self._buffer) or not self._fill(1):
                    return end

    def _fill(self, characters: int) -> bool:
        self._buffer = self._buffer[self._at :]
        self._at = 0
        if len(self._buffer) > MAX_ROW_BYTES:
            raise self._broken(
                _("the row is longer than %(limit)d MiB") % {"limit": MAX_ROW_BYTES // 2**20}
            )
        pieces: list[str] = []
        while characters > 0 and (piece := self._source.read_piece()):
            pieces.append(piece)
            characters -= len(piece)
        self._buffer += "".join(pieces)
        return bool(pieces)

    def _peek(self) -> str:
        """Return the next character that is not blank; at the end of the file, nothing."""
        while True:
            blank = _BLANKS.match(self._buffer, self._at)
            self._skip((blank.end() if blank else self._at) - self._at)
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._fill(_PIECE):
                return ""

    def _skip(self, characters: int) -> None:
        self._line += self._buffer.count("\n", self._at, self._at + characters)
        self._at += characters

    def _expect_end(self) -> None:
        if self._peek():
            raise self._broken(_("something stands behind the end of the list"))

    def _broken(self, reason: str) -> Refused:
        return Refused(
            "broken_json",
            _("The file is not valid JSON from line %(line)d on: %(reason)s.")
            % {"line": self._line, "reason": reason},
        )
