"""Looking for a person in every file of a folder: columns of Parquet, rows and pages of SQLite, all else as bytes.

What is compressed (Parquet's pages) is read as what it holds; beside that, the bytes of every file are searched for the
value in the encodings that are known (see `engine.traces.Trace.in_bytes`), also where a page has no owner any more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa

from engine.erasing import Remnant, Subject
from engine.errors import StoreError
from engine.store.rewriting import cleaned
from engine.store.segments import SegmentReader

_CHUNK: Final = 1 << 20  # bytes
_SQLITE: Final = b"SQLite format 3\0"
_PARQUET: Final = b"PAR1"
_PAGE: Final = 2000  # rows


@dataclass(slots=True, kw_only=True)
class Scan:
    """What was looked at, and where the person was found."""

    files: int = 0
    size: int = 0
    remnants: list[Remnant] = field(default_factory=list)


def scan_files(folder: Path, subject: Subject) -> Scan:
    """Look at every file below a folder; a file that cannot be read counts as one that may hold the person."""
    scan = Scan()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        scan.files += 1
        where = path.relative_to(folder).as_posix()
        try:
            scan.size += path.stat().st_size
            scan.remnants += [Remnant(where=where, what=what) for what in dict.fromkeys(_in_file(path, where, subject))]
        except FileNotFoundError:
            continue  # another process has removed it meanwhile
        except (OSError, sqlite3.Error, pa.ArrowException, StoreError) as error:
            scan.remnants.append(Remnant(where=where, what=f"it cannot be read ({error})"))
    return scan


def _in_file(path: Path, where: str, subject: Subject) -> Iterator[str]:
    """Yield what of a file holds the person."""
    if subject.found_in(where):
        yield "its name"
    with path.open("rb") as stream:
        head = stream.read(len(_SQLITE))
    if head == _SQLITE:
        yield from _in_rows(path, subject)
    elif head.startswith(_PARQUET):
        yield from _in_columns(path, subject)
    elif _in_text(path, subject):
        yield "its text"
    if _in_bytes(path, subject):
        yield "its bytes"


def _in_columns(path: Path, subject: Subject) -> Iterator[str]:
    with SegmentReader(path, as_stored=True) as reader:
        for group in range(len(reader.rows)):
            _, changed = cleaned(reader.read(group, reader.names), subject)
            if changed:
                yield f"{changed:,} rows of row group {group + 1}"


def _in_rows(path: Path, subject: Subject) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True)) as database:
        tables = [str(row[0]) for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in sorted(tables):
            rows = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608 # a name out of the database itself
            while page := rows.fetchmany(_PAGE):
                texts = ["\n".join(as_text(value) for value in row) for row in page]
                for place in subject.places(texts):
                    yield f"table {table}, row {as_text(page[place][0])[:40]}"


def as_text(value: object) -> str:
    """Return a column's value as text to be looked through."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _in_text(path: Path, subject: Subject) -> bool:
    """Look through a file that is text, in pieces that overlap."""
    before = ""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if b"\0" in chunk:
                return False  # no text: its bytes are searched as they are
            text = chunk.decode("utf-8", "replace")
            if subject.found_in(before + text):
                return True
            before = text[-4096:]
    return False


def _in_bytes(path: Path, subject: Subject) -> bool:
    forms = subject.in_bytes()
    overlap = max(map(len, forms), default=1)
    before = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            piece = before + chunk
            if any(form in piece for form in forms):
                return True
            before = piece[-overlap:]
    return False
