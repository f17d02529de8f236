"""Files that `ParquetWriter` writes: Arrow, DuckDB and the segments' reader find what was put in."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.batches import INSTANT, TEXT, TEXTS
from engine.errors import UnreadableError
from engine.store.chunks import PAGE
from engine.store.parquet import ParquetWriter
from engine.store.segments import SegmentReader, write_table

_LONG = st.integers(-(2**63), 2**63 - 1)
_VALUES = {
    "plain": (pa.string(), st.text(st.characters(exclude_categories=["Cs"]), max_size=12)),
    "coded": (TEXT, st.sampled_from(["", "a", "bb", "\u00eb"])),
    "lists": (TEXTS, st.lists(st.none() | st.sampled_from(["", "x", "yz"]) | st.text("ab", max_size=9), max_size=4)),
    "wide": (pa.int64(), _LONG),
    "narrow": (pa.int64(), st.integers(-9, 9)),
    "instant": (INSTANT, st.integers(-(2**50), 2**50)),
    "fraction": (pa.float64(), st.floats(allow_nan=False)),
    "truth": (pa.bool_(), st.booleans()),
}


@st.composite
def _tables(draw: st.DrawFn) -> list[pa.Table]:
    """Tables of all types, with rows without a value, as row groups of one file."""
    groups = []
    for rows in draw(st.lists(st.integers(0, 40), min_size=1, max_size=3)):
        columns = {}
        for name, (kind, values) in _VALUES.items():
            cells = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
            columns[name] = pa.array(cells, pa.int64()).cast(kind) if kind == INSTANT else pa.array(cells, kind)
        groups.append(pa.table(columns))
    return groups


def _file(groups: list[pa.Table]) -> bytes:
    sink = io.BytesIO()
    writer = ParquetWriter(sink, groups[0].schema)
    for group in groups:
        filled = [number for number, column in enumerate(group.columns) if column.null_count < len(column)]
        assert writer.write(group) == filled
    writer.close({b"told": b"this"})
    return sink.getvalue()


def _rows(table: pa.Table) -> list[dict[str, object]]:
    instants = table.column("instant").cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    return table.set_column(table.column_names.index("instant"), "instant", instants).to_pylist()


@settings(max_examples=40, deadline=None)
@given(_tables())
def test_arrow_and_duckdb_read_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, groups: list[pa.Table]
) -> None:
    path = tmp_path_factory.mktemp("written") / "file.parquet"
    path.write_bytes(_file(groups))
    wanted = [row for group in groups for row in _rows(group)]
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        found = file.read()
        assert [file.metadata.row_group(n).num_rows for n in range(len(groups))] == [len(group) for group in groups]
        assert file.metadata.metadata[b"told"] == b"this"
    assert found.schema.equals(groups[0].schema)
    assert _rows(found) == wanted
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        assert _rows(connection.read_parquet(str(path)).to_arrow_table()) == wanted


@pytest.mark.parametrize("distinct", [1, 2, 255, 256, 257, 65_536, 65_537])
def test_codes_of_every_width_come_back(distinct: int) -> None:
    rows = 70_000
    codes = np.arange(rows, dtype=np.int32) % distinct
    texts = pa.array([f"value {number}" for number in range(distinct)])
    column = pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes % 7 == 3), texts)
    found = pq.read_table(io.BytesIO(_file([pa.table({"coded": column})])))
    assert found.column("coded").cast(pa.string()).equals(pa.chunked_array([column.cast(pa.string())]))


@pytest.mark.parametrize("step", [0, 1, 200, 300, 70_000, 2**32, 2**40])
def test_whole_numbers_of_every_step_come_back(step: int) -> None:
    numbers = pa.array([7 + step * (place + place % 3) for place in range(1000)], pa.int64())
    found = pq.read_table(io.BytesIO(_file([pa.table({"number": numbers})])))
    assert found.column("number").combine_chunks().equals(numbers)


def test_long_texts_are_parted_into_pages_and_every_one_comes_back() -> None:
    texts = pa.array([chr(97 + place % 26) * (place * 40_000) for place in range(80)] + [None, ""])
    content = _file([pa.table({"text": texts})])
    file = pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True)
    assert file.read().column("text").combine_chunks().equals(texts)
    assert len(texts.slice(0, 3).cast(pa.binary()).buffers()[2]) > 2 * PAGE
    assert sum(len(batch) for batch in file.iter_batches(8)) == len(texts)


def test_columns_in_several_pieces_are_written_as_one() -> None:
    pieces = [pa.array(["a", "b"]).dictionary_encode(), pa.array(["c", None, "a"]).dictionary_encode()]
    lists = [pa.array([["a"], None], TEXTS), pa.array([[], ["b", "c"], ["a"]], TEXTS)]
    table = pa.table({"coded": pa.chunked_array(pieces), "lists": pa.chunked_array(lists)})
    found = pq.read_table(io.BytesIO(_file([table.slice(1)])))
    assert found.column("coded").to_pylist() == ["b", "c", None, "a"]
    assert found.column("lists").to_pylist() == [None, [], ["b", "c"], ["a"]]


def test_values_that_no_row_has_are_not_in_the_file() -> None:
    column = pa.array(["kept", "removed by its owner", "kept"]).dictionary_encode()
    content = _file([pa.table({"one": column.filter(pa.array([True, False, True]))})])
    assert b"kept" in content
    assert b"removed" not in content


def test_the_same_column_under_two_names_comes_back_under_both() -> None:
    column = pa.array([f"{place % 5}" for place in range(500)]).dictionary_encode()
    other = pa.array([f"{place % 5}!" for place in range(500)]).dictionary_encode()
    found = pq.read_table(io.BytesIO(_file([pa.table({"one": column, "two": column, "three": other})])))
    assert found.column("two").to_pylist() == column.to_pylist()
    assert found.column("three").to_pylist() == other.to_pylist()


def test_the_least_and_most_instant_of_each_row_group_are_told() -> None:
    moments = [datetime(2026, 3, day, tzinfo=UTC) for day in (5, 2, 9)]
    file = pq.ParquetFile(io.BytesIO(_file([pa.table({"@timestamp": pa.array([None, *moments], INSTANT)})])))
    told = file.metadata.row_group(0).column(0).statistics
    assert (told.min, told.max, told.null_count) == (moments[1], moments[2], 1)


def test_damage_within_a_page_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "segment.parquet"
    with path.open("wb") as sink:
        write_table(pa.table({"event.original": pa.array([f"line {place}" for place in range(2000)])}), sink)
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    with SegmentReader(path) as reader, pytest.raises(UnreadableError):
        reader.read(0, ["event.original"])


def test_segments_that_arrow_wrote_are_read(tmp_path: Path) -> None:
    path = tmp_path / "segment.parquet"
    table = pa.table(
        {
            "event.id": pa.array(["1", "2", "3"]),
            "host.name": pa.array(["a", "b", "a"]).dictionary_encode(),
            "log.offset": pa.array([0, 5, 9]),
        }
    )
    pq.write_table(table, path, compression="zstd", use_dictionary=["host.name"], write_page_checksum=True)
    with SegmentReader(path) as reader, SegmentReader(path, as_stored=True) as as_stored:
        assert reader.read(0, reader.names).to_pylist() == table.to_pylist()
        assert reader.read(0, ["event.id"]).column("event.id").type == TEXT
        assert as_stored.read(0, ["event.id"]).column("event.id").type == pa.string()
        assert as_stored.read(0, ["host.name"]).column("host.name").type == TEXT
        assert reader.take(0, "event.id", np.array([0, 2])).to_pylist() == ["1", "3"]
