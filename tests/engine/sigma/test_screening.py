"""Screening: what a rule matches is never screened out, and what no rule can match mostly is."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.source import Options, Record
from collectors.sources.evtx import EvtxParser
from collectors.sources.windows_json import WindowsParser
from engine.errors import MalformedRecordError
from engine.folding import fold
from engine.sigma import partitions
from engine.sigma.engine import Engine
from engine.sigma.keyword_scan import KeywordScan
from engine.sigma.predicates import Predicate
from engine.sigma.screening import Screen
from tests.engine.sigma.rules import document, engine

PROCESS = {"product": "windows", "category": "process_creation"}
SECURITY = {"product": "windows", "service": "security"}
SYSTEM = {"product": "windows", "service": "system"}
ANY = {"product": "windows"}
RULES = [
    (PROCESS, {"s": {"Image|endswith": "\\a.exe"}}),
    (PROCESS, {"s": {"Image|fieldref": "ParentImage"}}),
    (PROCESS, {"s": {"CommandLine": None}, "t": {"Image": "x"}}),
    (PROCESS, {"s": {"IntegrityLevel|contains": "High"}}),
    (PROCESS, {"s": {"EventType": "SetValue"}}),
    (SECURITY, {"s": {"EventID": 4625, "SubjectUserName|contains": "ada"}}),
    (SECURITY, {"s": {"ProcessId": 7}}),
    (SECURITY, {"s": {"ProviderName": "P"}}),
    (SECURITY, {"s": {"Data|contains": "x"}}),
    (SECURITY, {"s": {"Message|contains": "Account"}}),
    (SYSTEM, {"s": ["mimikatz", "se?ret*word"]}),
    (SYSTEM, {"s": {"LogonGuid|startswith": "{da"}}),
    (ANY, {"s": ["kiwi legit", "Ω-word"]}),
]
CHANNELS = ["Security", "System", "Microsoft-Windows-Sysmon/Operational", "Odd"]
VALUES = st.one_of(
    st.sampled_from(
        ["C:\\a.exe", "x", "", "-", "High", "SetValue", "ADA", "Kiwi Legit", "\u212aiwi legit", "MIMIKATZ",
         "seXret word", "DA3B9A2F-1C2D-4E5F-8A9B-0C1D2E3F4A5B", "7"]
    ),
    st.none(), st.sampled_from([7, 0]), st.booleans(), st.just(["x", "C:\\a.exe"]), st.just({"a": "mimikatz"}),
)  # fmt: skip
KEYS = st.sampled_from(
    ["Image", "ParentImage", "CommandLine", "IntegrityLevel", "EventType", "ProcessId", "SubjectUserName", "Data",
     "param1", "ProviderName", "SourceName", "LogonGuid", "Message", "Other", "UtcTime", "MandatoryLabel",
     "NewProcessName", "ParentProcessName", "TargetUserName"]
)  # fmt: skip


def every(*chosen: tuple[dict[str, str], dict[str, Any]]) -> Engine:
    return engine(
        *(
            document(detection | {"condition": "1 of them"}, number=number, source=source)
            for number, (source, detection) in enumerate(chosen, 1)
        )
    )


ENGINE = every(*RULES)
SCREEN = Screen(ENGINE)


def escaped(raw: bytes) -> bytes:
    """Write a JSON text with an escape for each letter `k` and for all that is not ASCII."""
    text = raw.decode().replace("k", "\\u006b").replace("K", "\\u004B")
    return text.encode("ascii", "backslashreplace").replace(b"\\x", b"\\u00")


def agrees(parser: WindowsParser | EvtxParser, raw: bytes, screen: Screen, found: Engine) -> bool | None:
    """Return what the screen says (None without a sketch), holding that it never refuses what a rule matches."""
    record = Record(offset=0, number=1, raw=raw)
    sketch = parser.sketch(record.raw)
    if sketch is None:
        return None
    wanted = screen.may_match(*sketch, raw)
    if not wanted:
        assert found.match(parser.parse(record), raw) == []
    return wanted


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(KEYS, VALUES, max_size=6), st.sampled_from(CHANNELS), st.sampled_from([1, 7, 13, 4625, 4688]),
    st.booleans(),
)  # fmt: skip
def test_no_match_is_screened_out(data: dict[str, Any], channel: str, code: int, hidden: bool) -> None:
    flat = orjson.dumps({"EventID": code, "Channel": channel, "Hostname": "pc1"} | data)
    system = {"Provider": {"#attributes": {"Name": "P"}}, "EventID": code, "Channel": channel, "Computer": "pc1"}
    nested = orjson.dumps({"Event": {"System": system, "EventData": data}})
    for raw in (flat, nested):
        agrees(WindowsParser(Options()), escaped(raw) if hidden else raw, SCREEN, ENGINE)
    try:
        agrees(EvtxParser(Options()), nested, SCREEN, ENGINE)
    except MalformedRecordError:
        pytest.fail("a record that parsing refuses had a sketch")


def test_it_screens_out_what_no_rule_matches() -> None:
    base = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Hostname": "pc1", "ProcessId": "1"}
    quiet = base | {"Image": "C:\\b.exe", "ParentImage": "C:\\c.exe", "CommandLine": "b"}
    screen = Screen(found := every(RULES[0], RULES[1], RULES[10]))
    for number in range(3):
        assert agrees(WindowsParser(Options()), orjson.dumps(quiet | {"Image": f"{number}"}), screen, found) is False
    for hit in ({"Image": "C:\\A.EXE"}, {"ParentImage": "c:\\B.exe"}):
        assert agrees(WindowsParser(Options()), orjson.dumps(quiet | hit), screen, found) is True


def test_kinds_without_rules_are_screened_out_at_once() -> None:
    raw = orjson.dumps({"EventID": 5, "Channel": "Application", "Hostname": "pc1", "Image": "C:\\a.exe"})
    assert agrees(WindowsParser(Options()), raw, Screen(found := every(RULES[0])), found) is False


def test_emptied_tables_are_looked_up_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "MAX_PROFILES", 3)
    found = every(RULES[0])
    screen, parser = Screen(found), WindowsParser(Options())
    base = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Hostname": "pc1", "ProcessId": "1"}
    for number in range(20):
        name = "a" if number % 5 == 0 else f"b{number}"
        raw = orjson.dumps(base | {"Image": f"C:\\{name}.exe"})
        assert agrees(parser, raw, screen, found) is (name == "a")
        found.match(parser.parse(Record(offset=0, number=1, raw=raw)), raw)


def keyword(value: str, operator: Any = "contains") -> Predicate:
    return Predicate("", operator, value, cased=False)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"a":"Run MIMIKATZ now"}', True),
        (b'{"a":"nothing"}', False),
        (b'{"a":"m\\u0069mikatz"}', True),
        (b'{"a":"MIMI\\u212aATZ"}', True),
        ('{"a":"mimi\u212aatz"}'.encode(), True),
        ('{"a":"m\u0130m\u0130katz"}'.encode(), True),
        ('{"a":"p\u00ebrdorues"}'.encode(), False),
        (b'{"a":"p\\u00ebrdorues \\u0026 \\u003cb\\u003e"}', False),
    ],
)
def test_keywords_are_seen_through_every_spelling(raw: bytes, expected: bool) -> None:
    assert KeywordScan([keyword("mimikatz")]).may_hold(raw) is expected


@pytest.mark.parametrize("value", ["ab", '"\\"', "12345", "\u03a9\u03a9\u03a9", "\x01\x01"])
def test_a_keyword_without_a_plain_piece_makes_the_scan_unusable(value: str) -> None:
    assert not KeywordScan([keyword("mimikatz"), keyword(value, "glob")]).usable
    assert KeywordScan([keyword("mimikatz")]).usable


@pytest.mark.parametrize("value", ["mimikatz", "Event::Clear", "o\u03a9mega.exe"])
@given(before=st.text(max_size=8), turn=st.integers(min_value=0), strange=st.booleans(), there=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_keyword_in_joined_values_is_seen_in_any_case(
    value: str, before: str, turn: int, strange: bool, there: bool
) -> None:
    spelled = "".join(letter.upper() if turn >> place & 1 else letter for place, letter in enumerate(value))
    spelled = spelled.replace("i", "\u0130").replace("k", "\u212a") if strange else spelled
    text = f"{before}\n{spelled if there else 'nothing of the kind'}\n\ud800"
    assert KeywordScan([keyword(fold(value))]).may_stand_in(text) is there


def test_many_keywords_are_seen_without_a_glance() -> None:
    scan = KeywordScan([keyword(f"{word}katze") for word in "abcdefghijklmnopqrstuvwxyz"])
    assert scan.may_stand_in("a zKATZE")
    assert not scan.may_stand_in("a katze")
