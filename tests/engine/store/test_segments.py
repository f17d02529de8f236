"""Segments: however they were written, ids read alike, and dictionaries hold no values of rows that are gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.store.segments import SegmentReader, write_table

IDS = [f"{number:032x}" for number in range(5)]
EVENTS = {
    "event.id": pa.array(IDS),
    "log.offset": pa.array(range(5), pa.int64()),
    "url.path": pa.array(["/a", "/b", None, "/a", "/c"]).dictionary_encode(),
    "related.ip": pa.array([["192.0.2.1"], [], None, ["192.0.2.2", "192.0.2.1"], ["192.0.2.3"]]),
}


def _as_before(table: pa.Table, path: Path) -> None:
    """Write a segment as versions before 2026-11-23 wrote it: ids are plain."""
    pq.write_table(table, path, compression="zstd", use_dictionary=["url.path"], write_page_checksum=True)


def _as_now(table: pa.Table, path: Path) -> None:
    with path.open("wb") as sink:
        write_table(table, sink)


@pytest.mark.parametrize("write", [_as_before, _as_now])
def test_ids_read_alike(write: Callable[[pa.Table, Path], None], tmp_path: Path) -> None:
    path = tmp_path / "segment.parquet"
    table = pa.table(EVENTS)
    write(table, path)
    with SegmentReader(path) as coded, SegmentReader(path, as_stored=True) as plain:
        found = coded.read(0, table.column_names)
        assert found.to_pylist() == table.to_pylist()
        assert pa.types.is_dictionary(found.column("event.id").type)
        assert plain.read(0, ["log.offset", "event.id"]).to_pylist() == table.select([1, 0]).to_pylist()
        assert plain.take(0, "event.id", pa.array([1, 3]).to_numpy()).to_pylist() == [IDS[1], IDS[3]]
    rows = duckdb.read_parquet(str(path)).project('"event.id"').fetchall()
    assert [row[0] for row in rows] == IDS


def test_values_of_removed_rows_are_not_written(tmp_path: Path) -> None:
    table = pa.table(EVENTS).filter(pa.array([True, False, True, True, False]))
    path = tmp_path / "segment.parquet"
    _as_now(table, path)
    with SegmentReader(path) as reader:
        found = reader.read(0, ["url.path"]).column("url.path")
        assert found.to_pylist() == ["/a", None, "/a"]
        assert found.chunk(0).dictionary.to_pylist() == ["/a"]
    assert b"/b" not in path.read_bytes()
