"""From a record to its event: what a parser raises costs that record, however the log came."""

from __future__ import annotations

import csv
from datetime import UTC, datetime

import pytest

from collectors.decoding import Decoder
from collectors.source import Options, Record
from collectors.transports import decoding as streamed
from engine.events import DeadLetter, Event, Fields
from engine.sketches import Sketch

RECORDS = [Record(offset=10 * number, number=number, raw=b"record %d" % number) for number in (1, 2, 3)]


class Faulty:
    """A parser and a source in one, with a fault in its second record and in every sketch."""

    name = "faulty"
    aliases = ()
    title = "Faulty"

    def __init__(self, fault: Exception) -> None:
        self._fault = fault

    def open(self, options: Options) -> Faulty:
        return self

    def sketch(self, record: Record) -> Sketch | None:
        raise self._fault

    def parse(self, record: Record) -> Fields | None:
        if record.number == 2:
            raise self._fault
        return {"event.kind": "event", "@timestamp": datetime(2026, 3, 10, tzinfo=UTC)}

    def complete(self, fields: Fields) -> Fields:
        return fields


@pytest.mark.parametrize("fault", [csv.Error("odd"), IndexError("odd"), RecursionError("odd"), ValueError("odd")])
def test_a_fault_is_one_dead_letter_of_a_file_and_of_a_stream(fault: Exception) -> None:
    whole = Decoder(Faulty(fault), Options(), source="faulty", identity="i", path="p")
    stream = streamed.Decoder(Faulty(fault), Options(), identity="i", path="p")  # type: ignore[arg-type] # frames nothing
    for record in RECORDS:
        found, item = whole.fields(record), stream.read(record)
        if record.number == 2:
            assert isinstance(found, DeadLetter)
            assert item == found
            assert f"{type(fault).__name__}: odd" in found.reason
        else:
            assert isinstance(found, dict)
            assert item == whole.event(record, found)


def test_a_sketch_that_fails_means_that_the_record_is_parsed() -> None:
    decoder = Decoder(Faulty(ValueError("odd")), Options(), source="faulty", identity="i", path="p")
    assert decoder.sketches
    assert decoder.sketch(RECORDS[0].raw) is None


def test_a_renamed_stream_tells_its_new_name_and_keeps_its_identity() -> None:
    stream = streamed.Decoder(Faulty(ValueError()), Options(), identity="i", path="a.log")  # type: ignore[arg-type] # as above
    before = stream.read(RECORDS[0])
    stream.rename("a.log.1")
    after = stream.read(RECORDS[0])
    assert isinstance(before, Event)
    assert isinstance(after, Event)
    assert (before.origin.path, after.origin.path) == ("a.log", "a.log.1")
    assert before.id == after.id
