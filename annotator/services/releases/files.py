"""The data files of a release: JSON lines under zstd, and Parquet with typed, nested columns."""

import hashlib
import io
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json
import pyarrow.parquet
import zstandard

from annotator.selectors.exports.columns import Feature

ROWS_AT_ONCE = 2_000
ROWS_PER_SHARD = 200_000
LEVEL = 3
TYPES = {
    "int64": pa.int64(),
    "int32": pa.int32(),
    "string": pa.string(),
    "bool": pa.bool_(),
    "float64": pa.float64(),
    "timestamp[us, tz=UTC]": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class WrittenFile:
    """A file of a release; `path` is below its folder, `rows` None for a document."""

    path: str
    bytes: int
    sha256: str
    rows: int | None = None
    format: str | None = None
    split: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return its entry in the manifest."""
        return asdict(self)


def describe(path: Path, *, folder: Path, **more: Any) -> WrittenFile:
    """Return a file's entry: its size and its SHA-256."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return WrittenFile(
        path=path.relative_to(folder).as_posix(),
        bytes=path.stat().st_size,
        sha256=digest,
        **more,
    )


def schema_of(features: Mapping[str, Feature]) -> pa.Schema:
    """Return the Arrow schema of a format's rows."""
    return pa.schema([(name, _type_of(feature)) for name, feature in features.items()])


def _type_of(feature: Feature) -> pa.DataType:
    match feature.get("_type"):
        case "Value":
            return TYPES[feature["dtype"]]
        case "List":
            return pa.list_(_type_of(feature["feature"]))
        case _:
            return pa.struct([(name, _type_of(inner)) for name, inner in feature.items()])


class SplitWriter:
    """Writes the rows of one format and split, in the order given, to both kinds of files.

    A thread writes one block of rows while the next is read: reading waits for PostgreSQL, and writing is
    compiled code that leaves Python to others.
    """

    def __init__(
        self, folder: Path, *, name: str, split: str, schema: pa.Schema, thread: ThreadPoolExecutor
    ) -> None:
        self._folder, self._format, self._split, self._schema = folder, name, split, schema
        self._waiting: list[bytes] = []
        self._rows = 0
        self._shards: list[tuple[Path, int]] = []
        self._parquet: pa.parquet.ParquetWriter | None = None
        self._lines_path = folder / "jsonl" / f"{name}-{split}.jsonl.zst"
        self._lines_path.parent.mkdir(parents=True, exist_ok=True)
        self._lines = zstandard.open(
            self._lines_path, "wb", cctx=zstandard.ZstdCompressor(level=LEVEL)
        )
        self._thread = thread
        self._writing: Future[None] | None = None

    def add(self, line: bytes) -> None:
        """Add a row, as JSON without a line break. Raises what writing an earlier row met."""
        self._waiting.append(line)
        if len(self._waiting) >= ROWS_AT_ONCE:
            self._flush()

    def close(self) -> list[WrittenFile]:
        """Finish the files and return their entries. A split without rows has an empty file of each kind."""
        try:
            self._flush()
            self._wait()
        finally:
            self._lines.close()
        if self._parquet is None:
            self._next_shard()
        assert self._parquet is not None
        self._parquet.close()
        about = {"format": self._format, "split": self._split}
        return [
            describe(self._lines_path, folder=self._folder, rows=self._rows, **about),
            *(
                describe(path, folder=self._folder, rows=rows, **about)
                for path, rows in self._shards
            ),
        ]

    def _flush(self) -> None:
        """Hand the rows over, once those before them are written: two blocks are the most that is held."""
        self._wait()
        if self._waiting:
            self._writing = self._thread.submit(self._write, self._waiting)
            self._waiting = []

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None

    def _write(self, rows: list[bytes]) -> None:
        block = b"\n".join(rows) + b"\n"
        self._lines.write(block)
        table = pyarrow.json.read_json(
            io.BytesIO(block),
            read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(block) + 1),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=self._schema, unexpected_field_behavior="error"
            ),
        )
        if self._parquet is None or self._shards[-1][1] >= ROWS_PER_SHARD:
            self._next_shard()
        assert self._parquet is not None
        self._parquet.write_table(table)
        path, before = self._shards[-1]
        self._shards[-1] = (path, before + len(rows))
        self._rows += len(rows)

    def _next_shard(self) -> None:
        if self._parquet is not None:
            self._parquet.close()
        path = self._folder / self._format / f"{self._split}-{len(self._shards):05}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._parquet = pa.parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._shards.append((path, 0))
