"""Indicators over a store: back in time once, then on what is new; by columns as event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import Event, Origin, Value, event_id
from engine.indicators.keeping import keep, kept, remove
from engine.indicators.matching import Matcher
from engine.indicators.model import Indicator, Trait
from engine.indicators.watching import look_back, watch
from engine.runs.gaps import GAP, note
from engine.store.embedded import EmbeddedStore
from engine.store.protocol import Block, Missing

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store", lambda: NOW) as opened:
        yield opened


def _event(number: int, **fields: Value) -> Event:
    original = f"line {number}"
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return Event(
        id=event_id("ab" * 16, number, original.encode()),
        origin=Origin(path="/var/log/x.log", identity="ab" * 16, offset=number, number=number + 1),
        original=original,
        fields={"@timestamp": NOW - timedelta(hours=1, seconds=-number), "event.dataset": "zeek.http", **named},
    )


def _one(*traits: Trait, name: str = "x", until: datetime | None = None) -> Indicator:
    return Indicator(source="feed", name=name, alternatives=(traits,), until=until)


DOMAIN = _one(Trait("domain", "under", "evil.example"), name="domain")
ADDRESS = _one(Trait("ip", "equals", "203.0.113.9"), name="address")


def test_a_new_indicator_looks_back_once_and_then_at_what_comes(store: EmbeddedStore) -> None:
    store.append([_event(1, url__domain="www.evil.example"), _event(2, url__domain="notevil.example")], ())
    assert keep(store, [DOMAIN]) == (1, 0)
    first = watch(store, NOW)
    assert [(item.rule.name, item.events[0].source) for item in first.alerts] == [
        ("Indicator: domain", "/var/log/x.log:2")
    ]
    assert (first.looked_back, first.new) == (1, 1)
    assert [item.state for item in kept(store)] == ["watched"]
    again = watch(store, NOW)
    assert (again.alerts, again.looked_back) == ([], 0)
    store.append([_event(3, destination__domain="EVIL.example.")], ())
    assert [item.events[0].source for item in watch(store, NOW).alerts] == ["/var/log/x.log:4"]
    assert len(store.alerts()) == 2


def test_what_cannot_be_read_is_a_gap_that_holds_nothing_up(store: EmbeddedStore, tmp_path: Path) -> None:
    store.append([_event(1, url__domain="www.evil.example")], ())
    keep(store, [DOMAIN])
    (segment,) = (tmp_path / "store").glob("events/**/*.parquet")
    whole = segment.read_bytes()
    segment.write_bytes(whole[: len(whole) // 2])
    first = watch(store, NOW)
    assert (len(first.missing), first.alerts, store.count_records(GAP)) == (1, [], {"open": 1})
    store.append([_event(2, url__domain="www.evil.example")], ())
    second = watch(store, NOW)
    assert ([item.events[0].source for item in second.alerts], second.looked_back) == (["/var/log/x.log:3"], 0)
    segment.write_bytes(whole)
    third = watch(store, NOW + timedelta(hours=1))
    assert ([item.events[0].source for item in third.alerts], third.new) == (["/var/log/x.log:2"], 1)
    assert store.count_records(GAP) == {"closed": 1}
    segment.write_bytes(whole[: len(whole) // 2])
    assert len(look_back(store, NOW, None, None).missing) == 1
    assert store.count_records(GAP) == {"open": 1}


def test_while_much_is_unreadable_a_run_looks_at_a_few_gaps_and_tells_of_them(store: EmbeddedStore) -> None:
    keep(store, [DOMAIN])
    store.append([_event(1, url__domain="www.evil.example")], ())
    assert watch(store, NOW).new == 1
    lost = [Missing(first_sequence=number, last_sequence=number, reason="lost") for number in range(10, 30, 2)]
    note(store, "indicators", lost, NOW)
    broken = _Broken(store)
    found = watch(broken, NOW + timedelta(hours=1))  # type: ignore[arg-type] # all that is asked of a store
    assert broken.asked == 3
    assert [each.reason for each in found.still_missing] == ["lost"] * 3
    assert (found.missing, store.count_records(GAP)) == ([], {"open": 10})


class _Broken:
    """A store none of whose events can be read."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self.asked = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def blocks(self, *, after: int, until: int, missing: Callable[[Missing], None], **_: object) -> Iterator[Block]:
        self.asked += 1
        missing(Missing(first_sequence=after + 1, last_sequence=until, reason="lost"))
        return iter(())


def test_the_same_match_is_one_alert_however_often_it_is_looked_for(store: EmbeddedStore) -> None:
    store.append([_event(1, source__ip="203.0.113.9")], ())
    keep(store, [ADDRESS])
    assert watch(store, NOW).new == 1
    again = look_back(store, NOW, None, None)
    assert (len(again.alerts), again.new) == (1, 0)


def test_an_event_after_an_indicator_ended_does_not_match(store: EmbeddedStore) -> None:
    store.append([_event(1, source__ip="203.0.113.9"), _event(900, source__ip="203.0.113.9")], ())
    ended = _one(*ADDRESS.alternatives[0], until=NOW - timedelta(minutes=50))
    keep(store, [ended])
    assert [item.events[0].source for item in watch(store, NOW).alerts] == ["/var/log/x.log:2"]


def test_an_indicator_that_is_valid_for_longer_looks_back_again(store: EmbeddedStore) -> None:
    ended = _one(*ADDRESS.alternatives[0], until=NOW - timedelta(days=1))
    store.append([_event(1, source__ip="203.0.113.9")], ())
    keep(store, [ended])
    assert watch(store, NOW).alerts == []
    assert keep(store, [ADDRESS]) == (0, 1)
    assert len(watch(store, NOW).alerts) == 1


def test_the_alert_says_why_by_whom_and_under_which_marking(store: EmbeddedStore) -> None:
    store.append([_event(1, source__ip="203.0.113.9", host__name="web1")], ())
    keep(store, [Indicator(source="CERT", name="C2", alternatives=ADDRESS.alternatives, tlp="amber")])
    alert = watch(store, NOW).alerts[0]
    assert [(why.field, why.value) for why in alert.why] == [
        ("source.ip", "203.0.113.9"),
        ("threat.indicator", "CERT"),
    ]
    assert "tlp.amber" in alert.rule.tags
    assert alert.fields["host.name"] == "web1"


def test_removed_indicators_are_gone_and_can_come_back(store: EmbeddedStore) -> None:
    keep(store, [DOMAIN, ADDRESS])
    gone = [item for item in kept(store) if item.indicator.name == "domain"]
    assert remove(store, gone, NOW) == 1
    assert [item.indicator for item in kept(store)] == [ADDRESS]
    assert keep(store, [DOMAIN]) == (1, 0)


@pytest.mark.parametrize(
    ("traits", "fields", "matches"),
    [
        ([Trait("hash", "equals", "c" * 32)], {"winlog.event_data.Hashes": f"SHA1={'d' * 40},MD5={'C' * 32}"}, True),
        ([Trait("filename", "equals", "evil.dll")], {"file.path": "C:\\Temp\\EVIL.dll"}, True),
        ([Trait("filename", "equals", "evil.dll")], {"file.path": "C:\\evil.dll\\x.txt"}, False),
        ([Trait("filename", "like", "evil_.d%")], {"process.name": "Evil7.DLL"}, True),
        ([Trait("url", "equals", "http://evil.example")], {"url.full": "HTTP://Evil.Example:80/"}, True),
        ([Trait("url", "equals", "http://evil.example/A")], {"url.full": "http://evil.example/a"}, False),
        ([Trait("url", "matches", "^http://evil")], {"url.original": "/http://evil"}, False),
        ([Trait("ip", "in net", "203.0.113.0/24")], {"destination.ip": "203.0.113.77"}, True),
        ([Trait("ip", "in net", "203.0.112.0/20")], {"destination.ip": "203.0.128.1"}, False),
        ([Trait("ip", "equals", "203.0.113.9", "destination")], {"source.ip": "203.0.113.9"}, False),
        ([Trait("ip", "equals", "203.0.113.9")], {"source.ip": "::ffff:203.0.113.9"}, True),
        ([Trait("ip", "in net", "::/1")], {"source.ip": "::1"}, False),
        ([Trait("ip", "equals", "203.0.113.9")], {"dns.resolved_ip": ["198.51.100.1", "203.0.113.9"]}, True),
        ([Trait("ip", "equals", "203.0.113.9")], {"source.ip": "not an address"}, False),
        ([Trait("email", "equals", "a@evil.example", "source")], {"email.from.address": ["A@evil.example"]}, True),
        (
            [Trait("registry", "equals", "hklm\\software\\evil")],
            {"registry.path": "HKEY_LOCAL_MACHINE\\Software\\Evil"},
            True,
        ),
        (
            [Trait("ip", "equals", "203.0.113.9"), Trait("port", "equals", "4444")],
            {"destination.ip": "203.0.113.9", "destination.port": 4444},
            True,
        ),
        (
            [Trait("ip", "equals", "203.0.113.9"), Trait("port", "equals", "4444")],
            {"destination.ip": "203.0.113.9", "destination.port": 443},
            False,
        ),
    ],
)
def test_fields_are_read_as_what_they_mean(
    store: EmbeddedStore, traits: list[Trait], fields: dict[str, Value], matches: bool
) -> None:
    event = _event(1, **fields)
    assert bool(Matcher([_one(*traits)]).match_event(event)) is matches
    store.append([event], ())
    keep(store, [_one(*traits)])
    assert bool(watch(store, NOW).alerts) is matches


_VALUES = st.sampled_from(["203.0.113.9", "203.0.113.10", "198.51.100.4", "a.evil.example", "evil.example", "x", ""])


@settings(max_examples=25)
@given(st.lists(st.tuples(_VALUES, _VALUES), min_size=1, max_size=12))
def test_columns_agree_with_events(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    wanted = [
        DOMAIN,
        ADDRESS,
        _one(Trait("ip", "in net", "203.0.113.8/30"), Trait("domain", "like", "%evil.exampl_")),
    ]
    events = [_event(n, source__ip=one, url__domain=two) for n, (one, two) in enumerate(rows)]
    matcher = Matcher(wanted)
    expected = sorted(alert.id for event in events for alert in matcher.match_event(event))
    with EmbeddedStore(tmp_path_factory.mktemp("store"), lambda: NOW) as opened:
        opened.append(events, ())
        keep(opened, wanted)
        assert sorted(alert.id for alert in watch(opened, NOW).alerts) == expected
