"""Reading a log: every record is accounted for, whatever the file, the parser or the disk does."""

from __future__ import annotations

import gzip
import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.reader import LogReader, Parsed
from collectors.registry import find
from collectors.source import Record
from engine.errors import InputError
from engine.events import DeadLetter, Fields
from tests.cli.runs import access_log


def everything(reader: LogReader) -> tuple[list[Parsed], list[DeadLetter]]:
    items = list(reader.records())
    parsed = [item for item in items if isinstance(item, Parsed)]
    letters = [item for item in items if isinstance(item, DeadLetter)]
    tally = reader.tally
    assert (tally.records, tally.events, tally.dead) == (len(items), len(parsed), len(letters))
    return parsed, letters


def test_a_truncated_gzip_gives_its_records_and_one_letter(tmp_path: Path) -> None:
    path = tmp_path / "access.log.gz"
    path.write_bytes(gzip.compress(access_log(500))[:-60])
    parsed, letters = everything(LogReader(path))
    assert len(parsed) > 300
    assert "cut short or damaged" in letters[-1].reason


def test_the_same_records_have_the_same_ids_compressed_or_not(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(access_log(50))
    (tmp_path / "b.gz").write_bytes(gzip.compress(access_log(50)))
    ids = []
    for name in ("a.log", "b.gz"):
        reader = LogReader(tmp_path / name)
        ids.append([reader.event(item).id for item in everything(reader)[0]])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 50


def test_nul_bytes_and_bytes_that_are_no_text_are_kept(tmp_path: Path) -> None:
    hostile = access_log(1, path="/\xff\x00".encode("latin-1").decode("latin-1"))
    (tmp_path / "a.log").write_bytes(access_log(20) + hostile + b"\xff\xfe\x00junk\n")
    reader = LogReader(tmp_path / "a.log")
    parsed, letters = everything(reader)
    assert len(parsed) + len(letters) == 22
    assert letters[-1].raw == b"\xff\xfe\x00junk"


class _Faulty:
    """A parser with a fault nobody thought of."""

    def __init__(self, where: str) -> None:
        self._where = where

    def parse(self, record: Record) -> Fields | None:
        if self._where == "parse" and record.number == 2:
            raise IndexError("odd")
        return {"event.kind": "event", "@timestamp": datetime(2026, 3, 10, tzinfo=UTC)}

    def complete(self, fields: Fields) -> Fields:
        if self._where == "complete":
            raise TypeError("odder")
        return fields


@pytest.mark.parametrize("where", ["parse", "complete"])
def test_a_faulty_parser_costs_one_record_not_the_run(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(find("nginx")), "open", lambda self, options: _Faulty(where))
    reader = LogReader(Path("a.log"), source="nginx", stream=io.BytesIO(b"one\ntwo\nthree\n"))
    parsed, letters = everything(reader)
    if where == "parse":
        assert [item.origin.number for item in letters] == [2]
        assert "IndexError: odd" in letters[0].reason
    else:
        assert "TypeError: odder" in str(reader.event(parsed[0]).fields["error.message"])


class _Failing(io.BytesIO):
    """A disk that fails after so many bytes."""

    def read1(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 400:
            raise OSError(5, "Input/output error")
        return super().read1(200)


def test_a_disk_that_fails_in_the_middle_is_told() -> None:
    parsed, letters = everything(LogReader(Path("a.log"), source="nginx", stream=_Failing(access_log(50))))
    assert parsed
    assert letters[-1].reason == "the rest of the file cannot be read (Input/output error)"


def test_a_file_that_vanished_or_shrank_is_told_or_read_to_its_new_end(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with pytest.raises(InputError, match="No such file"):
        LogReader(path)
    path.write_bytes(access_log(5000))
    reader = LogReader(path)
    os.truncate(path, 0)
    parsed, letters = everything(reader)
    assert len(parsed) + len(letters) < 5000


def test_an_empty_file_and_unknown_bytes_say_what_to_do(tmp_path: Path) -> None:
    for content, what in ((b"", "the file is empty"), (b"lorem ipsum\n" * 9, "no log source recognises these bytes")):
        (tmp_path / "a.log").write_bytes(content)
        with pytest.raises(InputError, match=what) as caught:
            LogReader(tmp_path / "a.log")
        assert caught.value.hint
