"""Merged and split by hand: it holds, it is learned from within bounds, and it can be taken back."""

from __future__ import annotations

from datetime import timedelta

from engine.entities import Entity
from engine.incidents.building import Basis, build, update
from engine.incidents.byhand import Decision, common, decision_from_text, decision_to_text, trust
from engine.incidents.model import Incident
from tests.engine.incidents.alerts import START, alert

HOUR = 3600
A = [alert(n, {"host.name": "a", "user.name": "ann"}, rule=f"r{n}", level="critical") for n in (1, 2)]
B = [alert(n, {"host.name": "b"}, rule=f"r{n}", level="critical") for n in (3, 4)]


def decided(kind: str, left: list[str], right: list[str], shared: tuple[Entity, ...] = (), at: int = 0) -> Decision:
    return Decision(
        kind="merge" if kind == "merge" else "split",
        left=frozenset(left),
        right=frozenset(right),
        shared=shared,
        actor="arta",
        why="seen in the logs",
        at=START + timedelta(seconds=at),
    )


def standing(known: list[Incident], decisions: list[Decision]) -> dict[str, Incident]:
    changes = update(known, [*A, *B], Basis(decisions=decisions))
    found = {item.id: item for item in known} | {item.id: item for item in changes.saved}
    return {name: item for name, item in found.items() if name not in changes.removed}


def test_merged_incidents_are_one_under_the_older_id_with_the_reason() -> None:
    known = sorted(build([*A, *B]), key=lambda item: item.first_seen)
    merge = decided("merge", ["a1", "a2"], ["a3", "a4"])
    (only,) = standing(known, [merge]).values()
    assert (only.id, only.alerts) == (known[0].id, ("a1", "a2", "a3", "a4"))
    assert [join.reason for join in only.joins if join.alert_id == "a3"] == ["merged by arta: seen in the logs"]
    apart = standing([only], [])
    assert sorted(item.alerts for item in apart.values()) == [("a1", "a2"), ("a3", "a4")], "taken back"
    assert apart[only.id].alerts == ("a1", "a2")


def test_split_incidents_stay_apart_and_what_comes_goes_where_it_shares_more() -> None:
    known = build(A)
    split = decided("split", ["a1"], ["a2"])
    later = alert(9, {"host.name": "a", "user.name": "ann"}, rule="later", level="critical")
    changes = update(known, [*A, later], Basis(decisions=[split]))
    assert sorted(item.alerts for item in changes.saved) == [("a1", "a9"), ("a2",)]
    (part,) = [item for item in changes.saved if item.alerts == ("a2",)]
    assert [join.reason for join in part.joins] == ["split off by arta: seen in the logs"]


def test_the_later_decision_holds() -> None:
    merge, split = (
        decided("merge", ["a1", "a2"], ["a3", "a4"], at=5),
        decided("split", ["a1", "a2"], ["a3", "a4"], at=9),
    )
    assert len(build([*A, *B], Basis(decisions=[split, merge]))) == 2
    assert len(build([*A, *B], Basis(decisions=[split, decided("merge", ["a1", "a2"], ["a3"], at=10)]))) == 1


def test_what_a_decision_teaches_is_bounded() -> None:
    ann = Entity("user", "ann")
    assert trust([decided("split", [], [], (ann,))] * 1) == {ann: 0.5}
    assert trust([decided("split", [], [], (ann,))] * 9) == {ann: 0.25}
    assert trust([decided("merge", [], [], (ann,))] * 9) == {ann: 1.5}


def test_what_was_wrongly_joined_through_joins_less() -> None:
    user = {"user.name": "ann"}
    first, second = (alert(n, {**user, "host.name": f"h{n}"}, rule=f"r{n}", level="critical") for n in (10, 20))
    split = decided("split", ["a1"], ["a2"], (Entity("user", "ann"),))
    assert len(build([first, second])) == 1
    assert len(build([first, second], Basis(decisions=[split]))) == 2


def test_common_things_and_back_from_text() -> None:
    assert common(A, [alert(5, {"user.name": "GOV\\Ann"})]) == (Entity("user", "ann"),)
    decision = decided("split", ["a1"], ["a2"], (Entity("user", "ann"),))
    assert decision_from_text(decision_to_text(decision)) == decision
