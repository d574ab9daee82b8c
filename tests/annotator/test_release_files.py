"""The files of a release are written by a thread: in order, whole, and what goes wrong there is told here."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
import zstandard

from annotator.services.releases.files import ROWS_AT_ONCE, SplitWriter

SCHEMA = pa.schema([("n", pa.int64())])
ROWS = 2 * ROWS_AT_ONCE + 1


def test_rows_come_in_order_and_whole(tmp_path: Path) -> None:
    with ThreadPoolExecutor(max_workers=1) as thread:
        writer = SplitWriter(tmp_path, name="native", split="train", schema=SCHEMA, thread=thread)
        for n in range(ROWS):
            writer.add(b'{"n":%d}' % n)
        lines, parquet = writer.close()
    assert lines.rows == parquet.rows == ROWS
    table = pyarrow.parquet.read_table(tmp_path / parquet.path)
    assert table["n"].to_pylist() == list(range(ROWS))
    with zstandard.open(tmp_path / lines.path, "rb") as file:
        text = file.read()
    assert text == b"".join(b'{"n":%d}\n' % n for n in range(ROWS))


def test_a_row_that_cannot_be_written_is_an_error_of_who_hands_rows_over(tmp_path: Path) -> None:
    with ThreadPoolExecutor(max_workers=1) as thread:
        writer = SplitWriter(tmp_path, name="native", split="train", schema=SCHEMA, thread=thread)
        writer.add(b'{"n":"none"}')
        with pytest.raises(pa.ArrowInvalid):
            writer.close()
