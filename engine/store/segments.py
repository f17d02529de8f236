"""Segments: immutable Parquet files, durable before they are named, read column by column.

A file is written under `staged/`, synced, and only then renamed to its place below `events/`; the folder is synced
after it. While a writer lives it holds a lock on its staged file, so that files of killed writers can be told apart
and removed. Pages carry checksums, which are verified on reading.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from engine.durable import sync_folder
from engine.errors import UnreadableError
from engine.store.columns import ID, NUMBER, OFFSET, ORIGINAL, SEQUENCE, TEXT, type_of

ROW_GROUP = 32_768  # rows at most; reading a few whole events costs a row group of originals
_BATCH = 2048  # rows of large values read at a time
_PRESENT = b"kulla.present"  # in the file's metadata: for each row group, the numbers of columns that hold anything
_DELTA = (OFFSET, NUMBER, SEQUENCE)  # columns whose values grow evenly
_UNIQUE = (ID, ORIGINAL)
_AT_ONCE = 8192  # values that are handed to the encoder together
_STAGED_SUFFIX = ".part"
EVENTS = "events"  # the folder of all segments, below the store's


@dataclass(slots=True, kw_only=True)
class Staged:
    """A segment that is on disk and synced, but has no place yet. The open file holds the writer's lock."""

    path: Path
    size: int
    handle: BinaryIO

    def place(self, target: Path) -> None:
        """Give the segment its place and make that durable."""
        make_folder(target.parent)
        self.path.rename(target)
        sync_folder(target.parent)
        self.handle.close()

    def discard(self) -> None:
        """Remove the file, if it is still where it was staged."""
        self.path.unlink(missing_ok=True)
        self.handle.close()


def stage(table: pa.Table, folder: Path, sizes: Sequence[int] = ()) -> Staged:
    """Write the table as a Parquet file in `folder`, readable by its owner only, and sync it (see `write_table`)."""
    staged = _begun(folder)
    try:
        write_table(table, staged.handle, sizes)
        staged.handle.flush()
        os.fsync(staged.handle.fileno())
        staged.size = staged.handle.tell()
    except BaseException:
        staged.discard()
        raise
    return staged


def _begun(folder: Path) -> Staged:
    """Make an empty staged file and lock it."""
    make_folder(folder)
    while True:
        number, name = tempfile.mkstemp(suffix=_STAGED_SUFFIX, dir=folder)
        staged = Staged(path=Path(name), size=0, handle=os.fdopen(number, "wb"))
        fcntl.flock(staged.handle, fcntl.LOCK_EX)
        if os.fstat(number).st_nlink:
            return staged
        staged.handle.close()  # another process took it for abandoned before it was locked


def write_table(table: pa.Table, sink: BinaryIO, sizes: Sequence[int] = ()) -> None:
    """Write the table as Parquet: zstd, text by dictionary where that pays, a checksum on every page.

    `sizes` are the rows of each row group; without them, groups are as large as may be.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - brings clients of other file systems: hunts never need it

    evenly = [field.name for field in table.schema if field.name in _DELTA or pa.types.is_timestamp(field.type)]
    plain = [name for name in table.column_names if _is_plain(name, table.column(name))]
    encodings = dict.fromkeys(evenly, "DELTA_BINARY_PACKED")
    if ID in plain:
        encodings[ID] = "DELTA_LENGTH_BYTE_ARRAY"  # ids are of one length: packed in half the time without them
    groups = list(_groups(table.num_rows, sizes))
    present = _present(table, groups)
    told = {_PRESENT: orjson.dumps(present)}
    with pq.ParquetWriter(
        sink,
        _as_text(table.slice(0, 0), plain).schema.with_metadata(told),
        compression="zstd",
        use_dictionary=[name for name in table.column_names if name not in plain and _repeats(name, table)],
        column_encoding=encodings,
        write_statistics=["@timestamp", "event.ingested"],
        write_page_checksum=True,
        write_batch_size=_AT_ONCE,
        max_rows_per_page=ROW_GROUP,  # a page costs more than the rows in it
    ) as writer:
        for start, rows in groups:
            part = _trimmed(table.slice(start, rows))
            writer.write_table(_as_text(part, plain).replace_schema_metadata(told), row_group_size=ROW_GROUP)


def _groups(rows: int, sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where each row group begins, and its rows."""
    start = 0
    for size in sizes or [rows]:
        for first in range(start, start + size, ROW_GROUP):
            yield first, min(ROW_GROUP, start + size - first)
        start += size


def _present(table: pa.Table, groups: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return for each row group the numbers of the columns that hold anything in it."""
    found: list[list[int]] = [[] for _ in groups]
    starts = [start for start, rows in groups if rows]
    for number, column in enumerate(table.columns):
        if not column.null_count:
            valid = np.ones(len(starts), dtype=bool)
        else:
            rows = column.is_valid().to_numpy()
            valid = np.logical_or.reduceat(rows, starts) if starts else rows[:0]
        for group in np.flatnonzero(valid).tolist():
            found[group].append(number)
    return found


def _trimmed(table: pa.Table) -> pa.Table:
    """Leave in each dictionary only what these rows use: Arrow would write the whole of it into every row group.

    That is also what takes the values of rows that were removed out of the store.
    """
    columns = [
        pa.chunked_array([_compact(part) for part in column.chunks]) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _compact(column: pa.DictionaryArray) -> pa.DictionaryArray:
    if column.null_count == len(column):
        return pa.nulls(len(column), column.type)
    if len(column.dictionary) == 1:
        return column
    used = np.zeros(len(column.dictionary), dtype=bool)
    used[(column.indices.drop_null() if column.null_count else column.indices).to_numpy()] = True
    if used.all():
        return column
    places = pa.array(np.cumsum(used, dtype=np.int32) - np.int32(1)).take(column.indices)
    return pa.DictionaryArray.from_arrays(places, column.dictionary.take(pa.array(np.flatnonzero(used))))


def _is_plain(name: str, column: pa.ChunkedArray) -> bool:
    """Tell whether text is better written out than by a dictionary: where most of it is distinct."""
    if column.type != TEXT:
        return bool(pa.types.is_string(column.type))
    return name in _UNIQUE or max((len(part.dictionary) for part in column.chunks), default=0) * 2 > len(column)


def _repeats(name: str, table: pa.Table) -> bool:
    """Tell whether a dictionary pays: numbers are smaller, and written sooner, without one."""
    return name not in _UNIQUE and not pa.types.is_primitive(table.column(name).type)


def _as_text(table: pa.Table, names: Sequence[str]) -> pa.Table:
    for name in names:
        table = table.set_column(table.column_names.index(name), name, table.column(name).cast(pa.string()))
    return table


def segment_files(folder: Path) -> Iterator[Path]:
    """Yield the files of all segments of the store in a folder, those that its database does not know among them."""
    return (folder / EVENTS).glob("day=*/dataset=*/*.parquet")


def remove_abandoned(folder: Path) -> None:
    """Remove staged files whose writers are dead (their locks are gone)."""
    if not folder.is_dir():
        return
    for path in sorted(folder.glob(f"*{_STAGED_SUFFIX}")):
        try:
            with path.open("rb") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):
            continue  # a living writer's file, or one that another process has just removed


def make_folder(folder: Path) -> None:
    """Make a folder, with those above it, for the owner only, and durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def return_memory() -> None:
    """Let Arrow give memory back to the system as soon as it is free, where the build can: for long passes.

    The allocator that Arrow prefers keeps several times of what is in use when columns of all sizes come and go.
    """
    if "jemalloc" in pa.supported_memory_backends() and pa.default_memory_pool().backend_name != "jemalloc":
        pa.set_memory_pool(pa.jemalloc_memory_pool())


class SegmentReader:
    """One segment, open for reading. Raise `StoreError` naming the file where it is missing or damaged.

    Text columns come as dictionaries; with `as_stored`, those that hardly repeat come as plain text, which is cheaper.
    """

    def __init__(self, path: Path, *, as_stored: bool = False) -> None:
        import pyarrow.parquet as pq  # noqa: PLC0415 - see `write_table`

        self.path = path
        with _damage_named(path):
            metadata = pq.read_metadata(path)
            schema = metadata.schema.to_arrow_schema()
            self.names: Sequence[str] = schema.names
            self._file = pq.ParquetFile(
                path,
                metadata=metadata,
                read_dictionary=[name for name in self.names if type_of(name) == TEXT and name != ID and not as_stored],
                page_checksum_verification=True,
            )
        self.rows = tuple(metadata.row_group(group).num_rows for group in range(metadata.num_row_groups))
        self._present = orjson.loads((metadata.metadata or {}).get(_PRESENT, b"[]"))
        self._known = frozenset(self.names)
        self._as_stored = as_stored
        self._metadata = metadata

    def present(self, group: int) -> list[str]:
        """Return the columns that hold anything in this row group (all of them where the file does not say)."""
        return [self.names[n] for n in self._present[group]] if group < len(self._present) else list(self.names)

    def read(self, group: int, names: Iterable[str]) -> pa.Table:
        """Return these columns of one row group, each in one piece; names that the segment lacks are left out."""
        present = [name for name in dict.fromkeys(names) if name in self._known]
        if not present:  # a table without columns would forget how many rows it has
            return self.read(group, [OFFSET]).select([])
        with _damage_named(self.path):
            table = self._file.read_row_group(group, columns=present, use_threads=False).select(present)
            if ID in present and not self._as_stored:  # Arrow cannot read it so, as it is written
                table = table.set_column(present.index(ID), ID, table.column(ID).dictionary_encode())
            return table.replace_schema_metadata(None).unify_dictionaries().combine_chunks()

    def take(self, group: int, name: str, rows: NDArray[np.int64]) -> pa.Array:
        """Return a column in some rows (in ascending order) of a row group, holding little of the others in memory."""
        found, start = [], 0
        with _damage_named(self.path):
            for batch in self._file.iter_batches(_BATCH, row_groups=[group], columns=[name], use_threads=False):
                first, last = np.searchsorted(rows, [start, start + len(batch)])
                if first < last:
                    found.append(batch.column(0).take(pa.array(rows[first:last] - start)))
                start += len(batch)
                if last == len(rows):
                    break  # what comes after the last of them is not even unpacked
        return pa.chunked_array(found).combine_chunks()

    def weight(self, group: int) -> int:
        """Return about how many bytes the row group takes in memory."""
        return int(self._metadata.row_group(group).total_byte_size)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise UnreadableError(
            "a segment of the store is missing", where=str(path), hint="restore it from a backup of the store's folder"
        ) from error
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise UnreadableError(
            f"a segment of the store cannot be read ({reason})",
            where=str(path),
            hint="check the disk, then restore the file from a backup of the store's folder",
        ) from error
