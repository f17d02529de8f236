"""Real EVTX files: every record becomes an event; damage, made by seed, is never silent."""

from __future__ import annotations

import io
import random
from collections import Counter
from pathlib import Path

import pytest

from collectors.reader import LogReader, Parsed
from collectors.source import Options, Record
from collectors.sources.evtx import SOURCE
from collectors.windows.evtx_chunks import CHUNK, FILE_HEADER, is_used, read_chunk
from engine.errors import MalformedRecordError

Cut = tuple[Counter[bytes], list[Record]]


def cut(data: bytes) -> Cut:
    """Return the raw texts of all records that parse, and those that are dead letters."""
    parser = SOURCE.open(Options())
    good: Counter[bytes] = Counter()
    dead: list[Record] = []
    for record in SOURCE.frame(io.BytesIO(data)):
        try:
            if record.problem is None:
                parser.parse(record)
        except MalformedRecordError:
            dead.append(record)
        else:
            (dead.append(record) if record.problem else good.update([record.raw]))
    return good, dead


def claimed(data: bytes) -> int:
    """Return how many records the chunks' own headers claim."""
    count = 0
    for at in range(FILE_HEADER, len(data), CHUNK):
        block = data[at : at + CHUNK]
        if is_used(block):
            found = read_chunk(block, live=False)
            assert found.first is not None
            assert found.last is not None
            count += found.last - found.first + 1
    return count


def small_files(shared: Path) -> list[Path]:
    return sorted(path for path in (shared / "evtx").rglob("*.evtx") if path.stat().st_size < 1_200_000)


def test_every_record_of_every_file_is_an_event(shared: Path) -> None:
    for path in [*(shared / "evtx").rglob("*.evtx"), *(shared / "sigma_regression").rglob("*.evtx")]:
        data = path.read_bytes()
        good, dead = cut(data)
        assert [record.problem for record in dead] == [], path
        assert good.total() == claimed(data), path


@pytest.mark.parametrize("seed", range(6))
def test_damage_is_never_silent(shared: Path, seed: int) -> None:
    dice = random.Random(seed)
    for path in dice.sample(small_files(shared), 12):
        data = path.read_bytes()
        whole, _ = cut(data)
        good, dead = cut(damaged(bytearray(data), dice))
        assert not whole - good or dead, f"{path}: {(whole - good).total()} records lost without a word"
        assert len({(record.offset, record.raw) for record in dead}) == len(dead)


def damaged(data: bytearray, dice: random.Random) -> bytes:
    kind, at = dice.randrange(5), dice.randrange(len(data))
    if kind == 0:
        for _ in range(dice.choice((1, 5, 40))):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    elif kind == 1:
        size = min(dice.choice((4, 60, 700, 5000, 70_000)), len(data) - at)
        data[at : at + size] = bytes(size)
    elif kind == 2:
        del data[dice.choice((100, 4095, 4096, 4097, FILE_HEADER + CHUNK)) :]
    elif kind == 3:
        del data[at:]
    else:
        del data[at : at + dice.choice((1, 100, 3000))]
    return bytes(data)


def test_one_damaged_record_costs_one_record(shared: Path) -> None:
    data = bytearray(max(small_files(shared), key=lambda path: path.stat().st_size).read_bytes())
    whole, _ = cut(bytes(data))
    third = read_chunk(bytes(data[FILE_HEADER : FILE_HEADER + CHUNK]), live=False).places[2]
    data[FILE_HEADER + third.offset : FILE_HEADER + third.offset + 4] = b"\x00\x00\x00\x00"
    good, dead = cut(bytes(data))
    assert (whole - good).total() == 1
    assert [record.problem for record in dead] == [f"record {third.id} is missing from chunk 1"]


def test_the_reader_accounts_for_every_record_compressed_or_not(shared: Path, tmp_path: Path) -> None:
    import gzip

    path = small_files(shared)[0]
    packed = tmp_path / "log.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    plain, zipped = LogReader(path, source="evtx"), LogReader(packed, source="evtx")
    first = [plain.event(item).id for item in plain.records() if isinstance(item, Parsed)]
    second = [zipped.event(item).id for item in zipped.records() if isinstance(item, Parsed)]
    assert first == second
    assert plain.tally.records == plain.tally.events + plain.tally.dead == len(first)


def test_a_record_is_read_in_winlogbeats_shape() -> None:
    raw = (
        b'{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing",'
        b'"Guid":"54849625-5478-4994-A5BA-3E3B0328C30D"}},"EventID":4624,"Level":0,"Keywords":"0x8020000000000000",'
        b'"TimeCreated":{"#attributes":{"SystemTime":"2024-03-01T10:00:00.123456Z"}},"EventRecordID":77,'
        b'"Execution":{"#attributes":{"ProcessID":4,"ThreadID":8}},"Channel":"security","Computer":"dc1.gov.example",'
        b'"Security":null},"EventData":{"LogonType":3,"LogonGuid":"00000000-1111-2222-3333-AAAAAAAAAAAA",'
        b'"Initiated":true,"IpAddress":"10.0.0.9"}}}'
    )
    fields = SOURCE.open(Options()).parse(Record(offset=0, number=1, raw=raw))
    assert fields is not None
    assert fields["winlog.channel"] == "Security"
    assert fields["event.dataset"] == "system.security"
    assert fields["event.code"] == fields["winlog.event_id"] == "4624"
    assert fields["winlog.record_id"] == 77
    assert fields["winlog.provider_guid"] == "{54849625-5478-4994-a5ba-3e3b0328c30d}"
    assert fields["winlog.event_data.LogonType"] == "3"
    assert fields["winlog.event_data.Initiated"] == "true"
    assert fields["winlog.event_data.LogonGuid"] == "{00000000-1111-2222-3333-AAAAAAAAAAAA}"
    assert fields["event.outcome"] == "success"
    assert fields["host.name"] == "dc1.gov.example"


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"Event":{"System":{}}}', b'{"Event":1}', b"not json"])
def test_a_record_that_is_no_event_is_refused_with_a_reason(raw: bytes) -> None:
    with pytest.raises(MalformedRecordError):
        SOURCE.open(Options()).parse(Record(offset=0, number=1, raw=raw))


def test_files_are_recognised_by_their_bytes() -> None:
    assert SOURCE.recognise(b"ElfFile\x00" + bytes(200), "x.bin") == 100
    assert SOURCE.recognise(b"ElfChnk\x00" + bytes(200), "x.bin") > 0
    assert SOURCE.recognise(b"hello", "Security.evtx") == 0
