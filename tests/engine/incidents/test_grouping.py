"""Which alerts become one incident, and with what reason and confidence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alerts import Alert
from engine.events import Value
from engine.incidents.building import build
from engine.incidents.grouping import ENOUGH, group
from engine.incidents.noise import judge
from engine.incidents.ties import NATURES
from tests.engine.incidents.alerts import alert

DAY = 86_400


def groups(*alerts: Alert) -> list[set[str]]:
    return [{item.id for item in found.alerts} for found in group(alerts)]


def reasons(*alerts: Alert) -> list[str]:
    (found,) = group(alerts)
    return [join.reason for join in found.joins[1:]]


@pytest.mark.parametrize(
    ("first", "second", "reason", "confidence"),
    [
        ({"host.name": "PRT01.gov.example"}, {"host.name": "prt01"}, "same host prt01", 0.8),
        ({"source.ip": "192.0.2.1"}, {"destination.ip": "192.0.2.1"}, "same ip 192.0.2.1", 0.7),
        ({"user.name": "GOV\\Ann"}, {"user.name": "ann@gov.example"}, "same user ann", 0.5),
        ({"file.hash.sha256": "AB" * 32}, {"process.hash.sha256": "ab" * 32}, f"same hash {'ab' * 32}", 0.95),
        ({"user.name": ["x", "ann"]}, {"user.target.name": "ann"}, "same user ann", 0.5),
        ({"host.name": "a", "user.name": "ann"}, {"host.name": "a", "user.name": "ann"}, "same host a, user ann", 0.9),
    ],
)
def test_shared_entities_join(
    first: dict[str, Value], second: dict[str, Value], reason: str, confidence: float
) -> None:
    (found,) = group([alert(1, first, level="high"), alert(2, second, level="high")])
    start, join = found.joins
    assert (start.reason, start.confidence, start.shared) == ("first alert", 1.0, ())
    assert (join.alert_id, join.reason) == ("a2", reason)
    assert join.confidence == pytest.approx(confidence, abs=0.01)
    assert [f"{item.kind} {item.value}" for item in join.shared] == reason.removeprefix("same ").split(", ")


@pytest.mark.parametrize(
    "fields",
    [
        {"host.name": "-"},
        {"user.name": "SYSTEM"},
        {"user.name": "NT AUTHORITY\\SYSTEM"},
        {"user.name": "NT AUTHORITY\\NETWORK SERVICE"},
        {"user.name": "Window Manager\\DWM-1"},
        {"user.name": "dwm-2"},
        {"user.name": "root"},
        {"user.name": ["-", "N/A", ""]},
        {"source.ip": "127.0.0.1"},
        {"source.ip": "::1"},
        {"source.ip": "::ffff:127.0.0.1"},
        {"source.ip": "0.0.0.0"},  # noqa: S104 - a value to be left out
        {"destination.ip": "::"},
        {"process.executable": "C:\\Windows\\System32\\cmd.exe"},  # says nothing about who
        {"file.path": "/etc/passwd"},  # a weak tie, not enough alone
        {},
    ],
)
def test_what_stands_for_nobody_joins_nothing(fields: dict[str, Value]) -> None:
    assert len(groups(alert(1, {**fields, "host.name": "a"}), alert(2, {**fields, "host.name": "b"}))) == 2


def test_hosts_known_by_address_alone_are_not_taken_for_names_with_a_domain() -> None:
    assert len(groups(alert(1, {"host.name": "10.0.0.5"}), alert(2, {"host.name": "10.9.9.9"}))) == 2
    assert len(groups(alert(1, {"host.name": "10.0.0.5"}), alert(2, {"host.name": "10.0.0.5"}))) == 1


QUIET = [alert(-40 * DAY, {"host.name": "elsewhere"})]  # from when on there was nothing else


@pytest.mark.parametrize(("kind", "name"), [("host", "host.name"), ("ip", "source.ip"), ("user", "user.name")])
def test_a_tie_reaches_so_far_and_no_further(kind: str, name: str) -> None:
    reach = NATURES[kind].reach.total_seconds()

    def apart(seconds: float) -> int:
        return len(groups(*QUIET, alert(0, {name: "x"}, level="high"), alert(seconds, {name: "x"}, level="high"))) - 1

    assert (apart(reach), apart(reach + 1)) == (1, 2)


def test_a_tie_fades_with_what_else_happens_there() -> None:
    busy = [
        alert(-40 * DAY + n * 3600, {"host.name": "x"}, rule=f"r{n % 7}", level="high") for n in range(24 * 40 - 30)
    ]

    def apart(hours: float, before: list[Alert]) -> bool:
        two = (alert(0, {"host.name": "x"}, level="high", number=-1),
               alert(hours * 3600, {"host.name": "x"}, level="high", number=-2))  # fmt: skip
        return not any({"a-1", "a-2"} <= found for found in groups(*before, *two))

    assert not apart(40, QUIET)
    assert not apart(0.2, busy)
    assert apart(2, busy)


def test_what_says_little_is_joined_for_a_shorter_time() -> None:
    def apart(level: str) -> bool:
        return (
            len(groups(alert(0, {"host.name": "x"}, level=level), alert(3 * 3600, {"host.name": "x"}, level=level))) > 1
        )

    assert [apart(level) for level in ("low", "medium", "high", "critical")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({"process.executable": "C:\\A.exe"}, {"process.parent.executable": "c:\\a.exe"}, "started the other"),
        ({"process.parent.executable": "/a"}, {"process.executable": "/a"}, "one program started the other"),
        ({"file.path": "C:\\T\\x.exe"}, {"process.executable": "c:\\t\\x.exe"}, "written, then run"),
        ({"file.path": "C:\\inetpub\\s.aspx"}, {"url.original": "/a/S.aspx?c=1"}, "written, then asked for"),
        ({"winlog.logon.id": "0x5f1"}, {"winlog.event_data.TargetLogonId": "0x5F1"}, "the same logon session"),
    ],
)  # fmt: skip
def test_causes_are_told(first: dict[str, Value], second: dict[str, Value], reason: str) -> None:
    (told,) = reasons(alert(1, {**first, "host.name": "h"}), alert(2, {**second, "host.name": "h"}))
    assert told.startswith("same host h")
    assert reason in told


@pytest.mark.parametrize(
    "fields",
    [
        {"winlog.logon.id": "0x3e7"},  # the system's own session
        {"process.executable": "C:\\Windows\\explorer.exe"},
        {"url.original": "/ews/exchange.asmx"},  # a page that nobody was seen to write
    ],
)
def test_what_is_no_cause_is_not_told(fields: dict[str, Value]) -> None:
    (told,) = reasons(alert(1, {**fields, "host.name": "h"}), alert(2, {**fields, "host.name": "h"}))
    assert told == "same host h"


def test_causes_hold_on_one_host() -> None:
    first, second = {"process.executable": "/a"}, {"process.parent.executable": "/a"}
    assert len(groups(alert(1, {**first, "host.name": "a"}), alert(2, {**second, "host.name": "b"}))) == 2


def test_an_inside_address_adds_nothing_to_its_host() -> None:
    def sure(address: str) -> float:
        fields: dict[str, Value] = {"host.name": "a", "destination.ip": address}
        (found,) = group([alert(1, fields), alert(2, fields)])
        return found.joins[1].confidence

    assert sure("10.1.2.3") == pytest.approx(0.8, abs=0.01)
    assert sure("203.0.113.9") == pytest.approx(0.94, abs=0.01)


def test_two_very_rare_alerts_close_together_need_share_nothing() -> None:
    usual = [alert(n * 1800, {"host.name": f"h{n % 5}"}, level="low", number=n) for n in range(48 * 6)]
    at = 48 * 6 * 1800
    new = [
        alert(at, {"host.name": "h1"}, rule="x", number=1001),
        alert(at + 60, {"host.name": "h2"}, rule="y", number=1002),
    ]
    far = alert(at + 4 * 3600, {"host.name": "h3"}, rule="z", number=1003)
    judged = judge([*usual, *new, far])
    found = [{item.id for item in each.alerts} for each in group([*new, far], judged)]
    assert found == [{"a1001", "a1002"}, {"a1003"}]
    (join,) = [join for each in group(new, judged) for join in each.joins if join.reason != "first alert"]
    assert join.reason.startswith("two alerts this rare 1 minutes apart")


def test_an_account_seen_on_very_many_hosts_joins_no_more() -> None:
    everywhere = [alert(n, {"user.name": "svc-backup", "host.name": f"h{n}"}) for n in range(60)]
    assert len(group(everywhere)) == 60
    few = [alert(n, {"user.name": "ann", "host.name": f"h{n}"}, level="high") for n in range(5)]
    assert len(group(few)) == 1


def test_a_host_is_no_less_sure_where_much_happens_on_it() -> None:
    assert len(group([alert(n, {"host.name": "a", "user.name": f"u{n}"}) for n in range(60)])) == 1


def test_an_alert_that_knows_both_brings_two_groups_together() -> None:
    first, second = {"host.name": "a"}, {"host.name": "b"}
    (found,) = group(
        [alert(1, first), alert(2, second), alert(3, second), alert(4, {"host.name": "a", "source.ip": "192.0.2.1"}),
         alert(5, {"host.name": "b", "source.ip": "192.0.2.1"})]
    )  # fmt: skip
    assert [item.id for item in found.alerts] == ["a1", "a2", "a3", "a4", "a5"]
    assert {join.alert_id for join in found.joins} == {"a1", "a2", "a3", "a4", "a5"}
    (bridge,) = [join for join in found.joins if join.reason.startswith("brings in")]
    assert (bridge.alert_id, bridge.reason) == ("a5", "brings in 2 alerts through ip 192.0.2.1")
    assert bridge.confidence == pytest.approx(0.7, abs=0.01)


def test_an_entity_of_two_merged_groups_counts_once() -> None:
    """Both groups knew the file; a later alert with that file alone must not be taken for two ties."""
    path = {"file.path": "C:\\x.exe"}
    merged = [
        alert(1, {**path, "host.name": "a"}),
        alert(2, {**path, "host.name": "b"}),
        alert(3, {"host.name": ["a", "b"]}),
    ]
    assert groups(*merged, alert(4, {**path, "host.name": "c"})) == [{"a1", "a2", "a3"}, {"a4"}]


NAMES = st.sampled_from(["a", "b", "c", "d"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "host.name": NAMES,
        "user.name": st.one_of(NAMES, st.lists(NAMES, min_size=1, max_size=2)),
        "source.ip": NAMES.map(lambda name: f"192.0.2.{ord(name)}"),
        "file.path": NAMES,
    },
)
ALERTS = st.lists(st.tuples(st.integers(0, 5).map(lambda step: step * 40_000), FIELDS), min_size=1, max_size=12).map(
    lambda made: [alert(seconds, fields, number=n, level="high") for n, (seconds, fields) in enumerate(made)]
)


@settings(max_examples=60, deadline=None)
@given(st.data(), ALERTS)
def test_the_order_in_which_alerts_are_given_does_not_matter(data: st.DataObject, alerts: list[Alert]) -> None:
    shuffled = data.draw(st.permutations(alerts))
    assert build(shuffled) == build(alerts)


@settings(max_examples=60, deadline=None)
@given(ALERTS)
def test_every_alert_is_in_one_group_with_its_reason(alerts: list[Alert]) -> None:
    found = group(alerts)
    assert sorted(item.id for each in found for item in each.alerts) == sorted(item.id for item in alerts)
    for each in found:
        assert each.alerts == sorted(each.alerts, key=lambda item: (item.timestamp, item.id))
        assert {join.alert_id for join in each.joins} == {item.id for item in each.alerts}
        assert all(ENOUGH <= join.confidence <= 1 for join in each.joins)
        assert all(len(set(join.shared)) == len(join.shared) for join in each.joins)
