"""Damaged and hostile records of the exchange layer and the identity services: no fault, no loss, no long wait."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.reader import LogReader, Parsed
from tests.collectors.sources.test_government_identity import CASES
from tests.collectors.sources.test_xroad import AUDIT, LOGRECORD, PROXY, record

WHOLE = (
    *((name, line) for name, line, _ in CASES),
    ("xroad_opmon", record()),
    ("xroad_audit", AUDIT % "Log in user"),
    ("xroad_proxy", PROXY),
    ("xroad_messagelog", LOGRECORD + "1,m,1770091506100,f,q-1,x,sig,h4sh,9,t,GOV,K1,portal,r-1\n"),
)
NAMES = sorted({name for name, _ in WHOLE})


def run(source: str, data: bytes) -> list[str]:
    """Return what went wrong inside kulla; the law of conservation holds."""
    reader = LogReader(Path("a.log"), source=source, stream=io.BytesIO(data))
    faults: list[str] = []
    count = 0
    for item in reader.records():
        count += 1
        if isinstance(item, Parsed):
            told = str(reader.event(item).fields.get("error.message", ""))
            faults += [told] if "fault of kulla" in told else []
        elif "fault of kulla" in item.reason:
            faults.append(item.reason)
    assert count == reader.tally.records == reader.tally.events + reader.tally.dead
    return faults


@settings(max_examples=60, deadline=None)
@given(
    case=st.sampled_from(WHOLE),
    place=st.integers(0, 2000),
    new=st.one_of(
        st.binary(max_size=6), st.sampled_from([b'"', b"|", b"{", b"]", b"\\", b"\n", b"99999999999999999999"])
    ),
    cut=st.integers(0, 40),
)
def test_damaged_records_are_events_or_dead_letters(case: tuple[str, str], place: int, new: bytes, cut: int) -> None:
    name, line = case
    raw = line.encode()
    place %= len(raw)
    assert run(name, raw[:place] + new + raw[place + cut :] + b"\n" + raw) == []


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(NAMES), values=st.dictionaries(st.sampled_from(
    ["requestInTs", "messageId", "xRequestId", "event", "user", "data", "authentication.state", "session.id", "who",
     "service.type", "action", "when", "queryid", "signaturehash", "archived", "time", "id", "client", "producer"]),
    st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
                 lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
                 max_leaves=4)))  # fmt: skip
def test_values_of_any_type_are_no_fault(name: str, values: dict[str, object]) -> None:
    import json

    assert run(name, json.dumps(values).encode() + b"\n") == []


HOSTILE = (
    *(b'"' * 100_000, b"|" * 100_000, b"[" * 100_000, b"a." * 50_000, b"\\" * 100_000, b" " * 100_000, b"=" * 100_000),
    *(b"2026-02-03T04:05:06.789Z " + piece * 30_000 for piece in (b"[a] ", b"INFO ", b"a.b ", b"- ", b"\nat x")),
    *(b"Feb  3 04:05:06 sso LLNG[1]: [notice] " + piece * 30_000 for piece in (b"User ", b"key registration of ")),
    b"[event_type=START, event_name=" + b', a="\\"' * 30_000,
    b"ee.ria.xroad.common.CodedException: " + b"SERVICE:a/b/c/d/e " * 10_000,
    b"2026-02-03 04:05:06,789 INFO [org.apereo.cas.X] - " + b"A_B|" * 30_000,
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_hostile_lines_are_read_in_linear_time(name: str) -> None:
    start = time.process_time()
    for line in HOSTILE:
        assert run(name, line + b"\n") == []
    assert time.process_time() - start < 6
