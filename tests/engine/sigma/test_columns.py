"""Stored events matched by columns give what the same events give row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.events import Event, Origin, Value, event_id
from engine.sigma.columns import ColumnMatcher
from engine.sigma.engine import Engine
from engine.sigma.rules import RuleSet
from engine.store.embedded import EmbeddedStore
from tests.engine.sigma.rules import compiled, document

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SELECTIONS: list[object] = [
    {"f": "abc"},
    {"f|contains": "b"},
    {"f|startswith": "a"},
    {"f|endswith": "c"},
    {"f": "a?c*"},
    {"f|contains|cased": "B"},
    {"f|re": "^[ab]+$"},
    {"f|re|i": "C\\d"},
    {"f|cidr": "10.0.0.0/8"},
    {"f|gt": 5, "g|lte": 7},
    {"f": 5},
    {"f": 1.5},
    {"f": True},
    {"f": ""},
    {"f": None},
    {"f|exists": True},
    {"f|exists": False},
    {"f|neq": "abc"},
    {"f|all": ["abc", "b"]},
    {"f|fieldref": "g"},
    {"f|fieldref|startswith": "g"},
    {"f|fieldref|contains": "g"},
    {"f|hour": 12},
    {"f|year|gte": 2026},
    {"http.response.status_code": 404},
    {"http.response.status_code": ""},
    {"http.response.status_code|gte": 400},
    {"event.risk_score": 5},
    {"event.risk_score|lt": 5.5},
    {"event.category": "web"},
    {"event.category": None},
    {"tags|contains|all": ["a", "b"]},
    {"Data|contains": "abc"},
    {"Data|all": ["abc", "b"]},
    {"Data": None},
    ["abc", "powershell"],
    {"|re": "^abc$"},
    {"|all": ["abc", "b"]},
]
SOURCES = [
    {"product": "acme"},
    {"product": "windows", "service": "application"},
    {"product": "linux", "service": "sshd"},
]
RULES = compiled(
    *(
        document(
            {"s": selection, "other": {"g": "b"}, "condition": "s and not other" if turn % 3 == 0 else "s"},
            number=1 + turn * len(SOURCES) + place,
            source=source,
        )
        for turn, selection in enumerate(SELECTIONS)
        for place, source in enumerate(SOURCES)
    )
)

# fmt: off
TEXT = st.sampled_from(["abc", "ABC", "b", "B", "", "-", "5", "5.0", "0x5", "1.5", "true", "10.255.0.1", "é", "İ",
                        "\x00", "powershell abc", "2026-03-01T12:00:00Z", "abc\nb", "404", "web", "c7", "K\u212a"])
# fmt: on
SCALAR = st.one_of(
    TEXT,
    st.integers(-3, 9),
    st.sampled_from([404, 2**70, 5.0, 1.5, 5.4]),
    st.booleans(),
    st.just(NOW),
    st.text(max_size=4),
)
VALUE: st.SearchStrategy[Value] = st.one_of(SCALAR, SCALAR, st.lists(SCALAR, max_size=3))
OWN = st.dictionaries(
    st.sampled_from(["f", "g", "acme.log.f", "acme.g", "other.f", "http.response.status_code",
                     "event.risk_score",
                     "event.category", "tags", "process.name", "message"]),
    VALUE,
    max_size=6,
)  # fmt: skip
WINDOWS = st.dictionaries(
    st.sampled_from([f"winlog.event_data.{name}" for name in ("f", "g", "Data", "param1", "param2", "x")]
                    + ["winlog.user_data.f", "winlog.provider_name", "winlog.computer_name", "message", "event.code"]),
    VALUE,
    max_size=6,
)  # fmt: skip
KINDS: st.SearchStrategy[dict[str, Value]] = st.sampled_from(
    [
        {"event.dataset": "acme.log", "event.module": "acme"},
        {"event.dataset": "system.auth", "event.module": "system", "process.name": "sshd"},
        {"event.dataset": "nginx.access", "event.module": "nginx"},
        {"event.dataset": "acme.log", "event.module": "other"},
        {"event.dataset": "acme.log"},
        {"event.dataset": []},
        {"event.dataset": ["acme.log", "x"], "event.module": "acme"},
        {},
    ]
)
EVENT = st.one_of(
    st.builds(lambda kind, own: {**kind, **own}, KINDS, OWN),
    st.builds(
        lambda channel, own: {"winlog.channel": channel, **own},
        st.sampled_from(["Application", "application", "x"]),
        WINDOWS,
    ),
)
ORIGINAL = st.sampled_from(["abc", "x abc b", 'C:\\\\x "abc"', "powershell", "nothing", "\x00"])


def stored(number: int, fields: dict[str, Value], original: str) -> Event:
    origin = Origin(path="/x.log", identity="ab" * 16, offset=number, number=number + 1)
    return Event(id=event_id("ab" * 16, number, b"x"), origin=origin, original=original, fields=fields)


def by_columns(events: Sequence[Event], folder: Path, rules: RuleSet = RULES) -> set[tuple[str, str]]:
    """Match stored events: as they were appended, again from what was kept, and with tables that cannot be read."""
    with EmbeddedStore(folder, lambda: NOW) as store:
        store.append(events, [])
        found = looked_at(store, rules)
        assert looked_at(store, rules) == found
        for path in sorted(folder.rglob("*.tested")):
            path.write_bytes(path.read_bytes()[:-1] + b"!")
        assert looked_at(store, rules) == found
    return found


def looked_at(store: EmbeddedStore, rules: RuleSet) -> set[tuple[str, str]]:
    engine = Engine(rules)
    found = set()
    matcher = ColumnMatcher(engine)
    for block in store.blocks():
        ids = block.ids(np.arange(block.rows))
        for hits in matcher.match(block):
            for row, position in zip(hits.rows.tolist(), hits.positions.tolist(), strict=True):
                found.add((ids[row], engine.match_at(hits.partition, position).rule.info.id))
    return found


def by_rows(events: Sequence[Event], rules: RuleSet = RULES) -> set[tuple[str, str]]:
    engine = Engine(rules)
    return {(event.id, match.rule.info.id) for event in events for match in engine.match(event.fields, event.original)}


def test_the_rules_are_loaded() -> None:
    assert [str(issue) for issue in RULES.issues] == []


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(EVENT, ORIGINAL), min_size=1, max_size=12))
@example([({"winlog.channel": "Application", "event.code": []}, "abc")])
@example([({"event.dataset": "acme.log", "event.module": "acme", "event.risk_score": 5}, "abc")])
@example([({"event.dataset": "acme.log", "event.module": "acme", "f": []}, "abc")])
def test_columns_agree_with_rows(made: list[tuple[dict[str, Value], str]]) -> None:
    events = [stored(number, fields, original) for number, (fields, original) in enumerate(made)]
    with TemporaryDirectory() as folder:
        assert by_columns(events, Path(folder) / "store") == by_rows(events)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(st.tuples(EVENT, ORIGINAL), min_size=1, max_size=6), min_size=2, max_size=4))
def test_compacted_segments_give_the_same(batches: list[list[tuple[dict[str, Value], str]]]) -> None:
    number, events = 0, []
    with TemporaryDirectory() as folder, EmbeddedStore(Path(folder) / "store", lambda: NOW) as store:
        for batch in batches:
            made = [stored(number + place, fields, original) for place, (fields, original) in enumerate(batch)]
            number += len(made)
            events += made
            store.append(made, [])
        assert looked_at(store, RULES) == by_rows(events)
        store.compact()
        assert looked_at(store, RULES) == by_rows(events)
        assert looked_at(store, RULES) == by_rows(events)


def test_other_rules_do_not_take_what_was_kept_for_these() -> None:
    kind: dict[str, Value] = {"event.dataset": "acme.log", "event.module": "acme"}
    events = [stored(n, {**kind, "f": value}, "x") for n, value in enumerate(["abc", "b", "abc", "-"])]
    first, second = (
        compiled(document({"s": {"f": value}, "condition": "s"}, source=SOURCES[0])) for value in ("abc", "b")
    )
    with TemporaryDirectory() as folder, EmbeddedStore(Path(folder) / "store", lambda: NOW) as store:
        store.append(events, [])
        for rules in (first, second, first):
            assert looked_at(store, rules) == by_rows(events, rules)


def test_an_event_s_own_field_is_not_the_store_s_column_of_that_name() -> None:
    kind: dict[str, Value] = {"event.dataset": "acme.log", "event.module": "acme"}
    same, other = {**kind, "log.file.path": "/x.log"}, {**kind, "log.file.path": "/y.log"}
    events = [stored(n, fields, "x") for n, fields in enumerate([kind, same, other])]
    rules = compiled(document({"s": {"log.file.path|contains": "log"}, "condition": "s"}, source=SOURCES[0]))
    with TemporaryDirectory() as folder:
        assert {number for number, _ in by_columns(events, Path(folder) / "store", rules)} == {
            event.id for event in events[1:]
        }


MANY_WORDS = ["".join(letters) for letters in product("abcdefghij", "xyz", "vw")]
SEVERAL = compiled(
    document({"k": ["needle one", "kiss"], "condition": "k"}, number=1, source={"product": "windows"}),
    document(
        {"k": ["KALI", "x?z"], "f": {"winlog.event_data.f": None}, "condition": "k and not f"},
        number=2,
        source={"product": "windows", "service": "security"},
    ),
    document({"k": MANY_WORDS, "condition": "k"}, number=3, source={"product": "windows", "service": "application"}),
    document(
        {"k": {"|re": "a.{1,3}b"}, "condition": "k"}, number=4, source={"product": "windows", "service": "system"}
    ),
)
SAID = st.sampled_from(
    ["needle ONE", "\u212ai\u017fs", "Kali", "x-z", "IZV", "a--b", "plain", "", ["kali", "axv"], [], 7]
)
RARELY = st.sampled_from(["Security"] * 6 + ["Microsoft-Windows-Sysmon/Operational"] * 3 + ["System", "Application"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(RARELY, st.dictionaries(st.sampled_from("fghi"), SAID, max_size=4)), min_size=1, max_size=30))
@example([("Security", {"f": "plain"})] * 20 + [("Application", {"f": "IZV"}), ("Application", {"g": ["axv", "x"]})])
def test_keywords_of_several_kinds_agree_with_rows(made: list[tuple[str, dict[str, Value]]]) -> None:
    assert [str(issue) for issue in SEVERAL.issues] == []
    events = [
        stored(number, {"winlog.channel": channel, **{f"winlog.event_data.{n}": v for n, v in own.items()}}, "x")
        for number, (channel, own) in enumerate(made)
    ]
    with TemporaryDirectory() as folder:
        assert by_columns(events, Path(folder) / "store", SEVERAL) == by_rows(events, SEVERAL)
