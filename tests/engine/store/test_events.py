"""Events go into the store and come back as they were: types, order, duplicates, windows."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import StoreError
from engine.events import Event, Origin
from engine.store import compaction, tidying
from engine.store.columns import BUDGET, table_of
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import Appended, Slice, Store
from engine.store.rows import events_of
from engine.store.segments import SegmentReader, stage
from engine.store.values import plain
from tests.engine.store.conftest import NOW

TEXT = pa.dictionary(pa.int32(), pa.string())


def _conforms(store: EmbeddedStore) -> Store:
    return store  # mypy and this line hold that the store is one


def _through_a_file(events: list[Event], folder: Path) -> list[Event]:
    stage(table_of(events, datetime(2026, 1, 1, tzinfo=UTC)), folder).place(folder / "segment.parquet")
    with SegmentReader(folder / "segment.parquet") as reader:
        return events_of(reader.read(0, reader.names))


first, last = (datetime(year, 12, 31, tzinfo=UTC).replace(tzinfo=None) for year in (1600, 9999))
instants = st.datetimes(min_value=first, max_value=last, timezones=st.just(UTC))
scalars = st.one_of(
    st.text(),
    st.sampled_from(["443", "0443", "true", "1.5", "", "\x00", "\ud800", "null"]),
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    instants,
)
names = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "@timestamp",
            "source.port",
            "event.category",
            "event.risk_score",
            "source.ip",
            "tags",
            "host.uptime",
            "event.created",
            "dll.code_signature.valid",
            "winlog.event_data.X",
            "source",
            "source.port[]",
            "kulla.rest",
            "kulla.types",
            "event.id",
            "log.offset",
            "kulla.mistyped.source.port",
            "kulla.given.event.id",
            "kulla.sequence",
            "event.original",
            "$date",
            "event.sequence",
        ]
    ),
)
fields = st.dictionaries(names, st.one_of(scalars, st.lists(scalars, max_size=3)), max_size=8)


def _as_stored(value: object) -> object:
    """Lone surrogates cannot be stored in UTF-8: they come back as visible escapes."""
    if isinstance(value, list):
        return [_as_stored(each) for each in value]
    return plain(value) if isinstance(value, str) else value


def _exactly(value: object) -> object:
    return [_exactly(each) for each in value] if isinstance(value, list) else (type(value), value)


@given(st.lists(fields, min_size=1, max_size=5))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_fields_come_back_equal_and_of_the_same_types(tmp_path: Path, rows) -> None:
    events = [
        Event(
            id=f"{number:032}",
            origin=Origin(path="/x", identity="cd" * 16, offset=number, number=number + 1),
            original=f"raw {number}",
            fields=row,
        )
        for number, row in enumerate(rows)
    ]
    back = _through_a_file(events, tmp_path)
    assert [(each.id, each.origin, each.original) for each in back] == [
        (each.id, each.origin, each.original) for each in events
    ]
    for event, found in zip(events, back, strict=True):
        want = {plain(name): _exactly(_as_stored(value)) for name, value in event.fields.items()}
        assert {plain(name): _exactly(_as_stored(value)) for name, value in found.fields.items()} == want


def test_append_counts_stored_duplicate_and_dead(store, many, letter) -> None:
    events = many(5)
    assert _conforms(store).append([*events, events[0]], [letter(1), letter(1)]) == Appended(
        stored=5, duplicates=1, dead_lettered=1, dead_duplicates=1
    )
    assert store.append(many(5, start=3), [letter(1), letter(2)]) == Appended(
        stored=3, duplicates=2, dead_lettered=1, dead_duplicates=1
    )
    assert store.last_sequence() == 8
    assert [each.raw for each in store.dead_letters()] == [letter(1).raw, letter(2).raw]
    assert store.dead_letters(limit=1) == [letter(2)]
    assert store.append([], []) == Appended(stored=0, duplicates=0, dead_lettered=0, dead_duplicates=0)


def test_the_same_lines_of_another_source_are_no_duplicates(store, many) -> None:
    store.append(many(5), [])
    assert store.append(many(5, identity="cd" * 16), []).stored == 5


def _read(slices) -> list[tuple[int, int, dict[str, list[object]]]]:
    return [(each.first_sequence, each.last_sequence, each.table.to_pydict()) for each in slices]


def test_scan_reads_windows_of_sequence_and_time(store, many, now) -> None:
    store.append(many(10), [])
    store.append(many(10, start=10), [])
    first, second = _read(store.scan(after=3, until=12, columns=["log.offset"]))
    assert first == (4, 10, {"log.offset": [300, 400, 500, 600, 700, 800, 900]})
    assert second == (11, 12, {"log.offset": [1000, 1100]})
    start = now - timedelta(hours=1)
    timed = _read(
        store.scan(since=start + timedelta(seconds=8), before=start + timedelta(seconds=11), columns=["log.offset"])
    )
    assert timed == [(9, 10, {"log.offset": [800, 900]}), (11, 11, {"log.offset": [1000]})]
    assert _read(store.scan(after=20)) == []
    assert _read(store.scan(since=now)) == []


def test_events_without_a_time_are_only_in_scans_without_a_window(store, one, now) -> None:
    store.append([one({"a": "x"}), one({"a": "y", "@timestamp": now}, 1)], [])
    assert [each.table.num_rows for each in store.scan()] == [2]
    assert [each.table.num_rows for each in store.scan(before=now + timedelta(days=1), columns=["a"])] == [1]


def test_columns_have_the_types_of_their_names(store, one, now) -> None:
    fields = {
        "@timestamp": now,
        "source.port": 443,
        "event.risk_score": 1.5,
        "dll.code_signature.valid": True,
        "event.category": ["web", "network"],
        "winlog.record_id": 7,
        "host.name": "web01",
    }
    store.append([one(fields), one({**fields, "source.port": [1, 2]}, 1), one({**fields, "source.port": 2**70}, 2)], [])
    (part,) = store.scan(columns=[*fields, "no.such.field", "event.original"])
    table = part.table
    assert table.schema.field("@timestamp").type == pa.timestamp("us", "UTC")
    assert table.schema.field("source.port").type == pa.int64()
    assert table.schema.field("event.risk_score").type == pa.float64()
    assert table.schema.field("dll.code_signature.valid").type == pa.bool_()
    assert table.schema.field("event.category").type == pa.list_(pa.string())
    for name in ("winlog.record_id", "host.name", "event.original"):
        assert table.schema.field(name).type == TEXT
    assert table["winlog.record_id"].to_pylist() == ["7"] * 3
    assert table["source.port"].to_pylist() == [443, None, None]
    assert table["source.port[]"].to_pylist() == [None, ["1", "2"], [str(2**70)]]
    assert "no.such.field" not in table.column_names


def test_instants_of_all_years_and_zones_survive(store, one) -> None:
    zone = timezone(timedelta(hours=2))
    stamps = [
        datetime(1601, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 3, 1, 1, tzinfo=zone),
        datetime(1, 1, 1, tzinfo=zone),
    ]
    events = [one({"@timestamp": stamp}, number) for number, stamp in enumerate(stamps)]
    store.append(events, [])
    found = store.events_by_id([each.id for each in events])
    assert [found[each.id].fields["@timestamp"] for each in events] == stamps
    assert store.status().first_timestamp == stamps[0]
    assert store.status().last_timestamp == stamps[1]


def test_events_by_id_leaves_out_what_is_not_there(store, many) -> None:
    events = many(4)
    store.append(events[:2], [])
    store.append(events[2:], [])
    wanted = [events[3].id, "0" * 32, events[0].id]
    assert store.events_by_id(wanted) == {events[3].id: events[3], events[0].id: events[0]}


def test_hostile_field_names_stay_within_the_budget_and_are_found_by_scan(store, one) -> None:
    events = [
        one({f"noise.{number}.{n}": "x" for n in range(40)} | {"host.name": "web01"}, number) for number in range(100)
    ]
    events.append(one({"rare.field": "evil", "source.port": "https"}, 200))
    store.append(events, [])
    (whole,) = store.scan()
    assert whole.table.num_columns < BUDGET + 20
    (part,) = store.scan(columns=["zz.not.there", "noise.99.39", "rare.field", "source.port"])
    seen = Counter(value for value in part.table["noise.99.39"].to_pylist())
    assert seen == {"x": 1, None: 100}
    assert part.table["rare.field"].to_pylist()[-1] == "evil"
    assert part.table["source.port[]"].to_pylist()[-1] == ["https"]
    assert store.events_by_id([event.id for event in events]) == {event.id: event for event in events}


def test_hostile_dataset_names_stay_inside_the_folder(store, many, tmp_path) -> None:
    names = ["../../../escape", "a/b", "\x00", "x" * 5000, "", "ë"]
    for number, name in enumerate(names):
        store.append(many(2, identity=f"{number:032}", dataset=name), [])
    files = list(tmp_path.rglob("*.parquet"))
    assert len(files) == len(names)
    assert all((tmp_path / "store" / "events") in path.parents for path in files)
    assert set(store.status().datasets) == set(names)


def test_a_batch_of_many_datasets_makes_few_files(store, many, tmp_path) -> None:
    mixed = [event for n in range(50) for event in many(2, start=n * 2, dataset=f"set{n}")]
    store.append(mixed + many(1500, start=1000), [])
    assert len(list(tmp_path.rglob("*.parquet"))) == 2
    assert store.status().datasets["set7"] == 2
    assert store.status().events == 1600


def test_sequences_follow_the_order_of_commits(store, many) -> None:
    for start in (50, 0, 100):
        store.append(many(10, start=start), [])
    bounds = [(each.first_sequence, each.last_sequence) for each in store.scan(columns=["host.name"])]
    assert bounds == [(1, 10), (11, 20), (21, 30)]
    (part,) = store.scan(after=20, columns=["kulla.sequence"])
    assert part.table["kulla.sequence"].to_pylist() == list(range(21, 31))


def test_status_of_a_new_store(store, tmp_path) -> None:
    status = store.status()
    assert (status.events, status.segments, status.alerts, status.first_timestamp) == (0, 0, 0, None)
    assert status.location == str(tmp_path / "store")


def test_prefixes_keep_paths_that_are_no_utf8(store) -> None:
    path = b"/var/log/\xff.log".decode("utf-8", "surrogateescape")
    store.remember_prefix(path, 12, "ab" * 16)
    store.remember_prefix(path, 12, "ab" * 16)
    assert store.known_prefixes() == [(path, 12, "ab" * 16)]


def test_compaction_keeps_events_sequences_and_duplicates(store, many, tmp_path) -> None:
    for start in range(0, 50, 10):
        store.append(many(10, start=start), [])
        store.append(many(3, start=start, identity="cd" * 16, dataset="other"), [])
    columns = ["event.id", "kulla.sequence"]
    before = _by_sequence(store.scan(columns=columns))
    running = store.scan(columns=columns)
    first = next(running)
    assert store.compact() == 10
    assert _by_sequence([first, *running]) == before  # a reader that had begun is not disturbed
    assert store.status().segments == 2
    assert _by_sequence(store.scan(columns=columns)) == before
    assert _by_sequence(store.scan(after=20, until=40, columns=columns)) == {
        number: found for number, found in before.items() if 20 < number <= 40
    }
    assert store.append(many(50), []).duplicates == 50
    event = many(1, start=33)[0]
    assert store.events_by_id([event.id]) == {event.id: event}
    assert store.compact() == 0
    store.append(many(10, start=50), [])
    assert store.compact() == 2
    assert store.status().events == 75


def _by_sequence(slices: Iterable[Slice]) -> dict[int, str]:
    found: dict[int, str] = {}
    for each in slices:
        sequences = each.table["kulla.sequence"].to_pylist()
        assert (min(sequences), max(sequences)) == (each.first_sequence, each.last_sequence)
        assert not found.keys() & set(sequences)
        found |= dict(zip(sequences, each.table["event.id"].to_pylist(), strict=True))
    return found


def test_files_that_compaction_replaced_go_after_an_hour(tmp_path, many, now) -> None:
    clock = [now]
    with EmbeddedStore(tmp_path, lambda: clock[0]) as store:
        store.append(many(5), [])
        store.append(many(5, start=5), [])
        store.compact()
        store.append(many(5, start=10, identity="ef" * 16), [])  # a writer's sweep leaves replaced files alone
        assert len(list(tmp_path.rglob("*.parquet"))) == 4
        clock[0] += timedelta(hours=2)
        store.compact()
        names = {path.name for path in tmp_path.rglob("*.parquet")}
        assert not names & {"000000000000001.parquet", "000000000000006.parquet"}
        assert sum(each.table.num_rows for each in store.scan()) == 15


def test_a_damaged_segment_is_named(store, many, tmp_path) -> None:
    store.append(many(500), [])
    (path,) = tmp_path.rglob("*.parquet")
    whole = path.read_bytes()
    broken = bytearray(whole)
    broken[200] ^= 0xFF
    for content in (bytes(broken), whole[:300], b""):
        path.write_bytes(content)
        with pytest.raises(StoreError) as caught:
            list(store.scan())
        assert caught.value.where == str(path)
        assert caught.value.hint
    path.unlink()
    with pytest.raises(StoreError, match="missing"):
        list(store.scan())


def test_compaction_puts_events_of_one_kind_together(store, many, one) -> None:
    kinds = [("a", "1"), ("b", "2"), ("a", "2")]
    for turn in range(6):
        store.append(
            [
                one({"event.dataset": "x", "winlog.channel": kinds[n % 3][0], "event.code": kinds[n % 3][1]}, number=n)
                for n in range(turn * 30, turn * 30 + 30)
            ],
            [],
        )
    assert store.compact() == 6
    table = next(iter(store.scan())).table
    told = list(zip(table["winlog.channel"].to_pylist(), table["event.code"].to_pylist(), strict=True))
    assert told == sorted(told)
    assert sum(block.rows for block in store.blocks()) == 180


def test_blocks_tell_up_to_where_everything_was_seen(store, many) -> None:
    for start in range(0, 40, 10):
        store.append(many(10, start=start), [])
        store.append(many(3, start=start, identity="cd" * 16, dataset="other"), [])
    store.compact()
    unseen = {number for each in store.scan(columns=["kulla.sequence"]) for number in each.table[0].to_pylist()}
    for block in store.blocks(until=store.last_sequence()):
        unseen -= set(block.read(["kulla.sequence"])["kulla.sequence"].to_pylist())
        assert not [number for number in unseen if number <= block.settled]
    assert not unseen
    assert block.settled == store.last_sequence()


def test_many_small_segments_are_tidied_and_few_are_left(store, many, tmp_path) -> None:
    for start in range(63):
        store.append(many(1, start=start), [])
    assert store.tidy() == 0
    store.append(many(1, start=63), [])
    for block in store.blocks():
        for part in block.apart():
            part.keep("key", b"content")
            part.opened.tested.save()
    assert len(list(tmp_path.rglob("*.tested"))) == 64
    assert store.tidy() == 64
    assert not list(tmp_path.rglob("*.tested"))  # what was kept for segments that are no more goes with them


def test_runs_join_a_part_at_a_time_and_nothing_over_and_over(store, many, monkeypatch) -> None:
    monkeypatch.setattr(compaction, "_MANY", 4)
    monkeypatch.setattr(compaction, "_DUE_EVENTS", 30)
    monkeypatch.setattr(compaction, "_DUE_AT_ONCE", 2)
    monkeypatch.setattr(tidying.subprocess, "run", _here)
    for start in range(0, 100, 10):
        store.append(many(10, start=start), [])
    assert [store.tidy() for _ in range(4)] == [6, 3, 0, 0]  # four joined files and one that waits for its like
    assert [segment.table.num_rows for segment in store.scan()] == [30, 30, 30, 10]
    store.append(many(10, start=100), [])
    assert store.tidy() == 0  # what was joined does not count with what was not


def _here(words: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess(words, 0, stdout=tidying.main(*words[-2:]))


def test_what_cannot_be_read_stops_no_run(store, many, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(tidying.subprocess, "run", _here)
    for start in range(64):
        store.append(many(1, start=start), [])
    next(tmp_path.rglob("*.parquet")).write_bytes(b"")
    assert store.tidy() == 0
    with pytest.raises(StoreError):
        store.compact()


def test_a_failure_to_join_is_told(store, many, monkeypatch) -> None:
    failed = subprocess.CompletedProcess([], 1, stderr="kulla: no space left")
    monkeypatch.setattr(tidying.subprocess, "run", lambda *_, **__: failed)
    for start in range(64):
        store.append(many(1, start=start), [])
    with pytest.raises(StoreError, match="no space left"):
        store.tidy()


def test_joining_beside_a_run_comes_now_and_then(tmp_path, many, monkeypatch) -> None:
    calls: list[datetime] = []
    monkeypatch.setattr(tidying, "Thread", _AtOnce)
    monkeypatch.setattr(tidying, "tidy", lambda folder, now: calls.append(now))
    clock = [NOW]
    with EmbeddedStore(tmp_path, lambda: clock[0]) as store:
        for start in range(64):
            store.append(many(1, start=start), [])
        assert store.tidy(wait=False) == 0
        (tmp_path / "tidy.lock").touch()  # as the process does
        os.utime(tmp_path / "tidy.lock", (clock[0].timestamp(),) * 2)
        clock[0] += timedelta(seconds=10)
        store.tidy(wait=False)
        clock[0] += timedelta(seconds=30)
        store.tidy(wait=False)
    assert len(calls) == 2


class _AtOnce:
    def __init__(self, target: Callable[[], None], *, daemon: bool) -> None:
        assert daemon
        self.start = target
