"""gzip while streaming."""

import re
import zlib
from collections.abc import Iterator
from typing import Protocol

GZIP_WINDOW = zlib.MAX_WBITS | 16
LEVEL = 1
"""A third of the size; more would cost more time than the network saves."""
REFUSED = re.compile(r";\s*q=0(\.0*)?\s*$")


class Closable(Protocol):
    """Blocks of bytes that hold something open."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks."""

    def close(self) -> None:
        """Let go of what is held."""


class Gzipped:
    """The same blocks, compressed; closing it closes what it reads."""

    def __init__(self, blocks: Closable) -> None:
        self._blocks = blocks

    def __iter__(self) -> Iterator[bytes]:
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP_WINDOW)
        first = True
        for block in self._blocks:
            packed = packer.compress(block)
            if first:  # whoever waits sees at once that something comes
                packed += packer.flush(zlib.Z_SYNC_FLUSH)
                first = False
            if packed:
                yield packed
        yield packer.flush()

    def close(self) -> None:
        """Close what is read."""
        self._blocks.close()


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether an Accept-Encoding header asks for gzip by name."""
    return any(
        part.strip().split(";")[0].strip().lower() in ("gzip", "x-gzip")
        and not REFUSED.search(part)
        for part in accept_encoding.split(",")
    )
