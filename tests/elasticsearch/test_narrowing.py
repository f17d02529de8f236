"""A look back that the cluster narrows gives the answers of a full scan, whatever the values and rules are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from engine.detecting import Detector
from engine.events import Value
from engine.narrowing import planning
from engine.narrowing.planning import plan
from engine.sigma.engine import Engine
from engine.sigma.loader import load_rules
from engine.store.elastic.reading import Narrowing
from engine.store.elastic.store import ElasticStore
from tests.cli.runs import access_log, rules_folder
from tests.conftest import ROOT
from tests.elasticsearch.calls import kulla
from tests.elasticsearch.test_differential import FULL, fill, logs
from tests.elasticsearch.test_values import CASES, an_event

_RULES = 40  # of one look back
_FEW = 6  # look backs, by default


@pytest.fixture(params=["listed", "pushed down"])
def dear(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let reading an event cost so much that everything that can narrow is tried; return how, where both would do."""
    monkeypatch.setattr(planning, "READ", 1.0)
    if request.param == "pushed down":
        monkeypatch.setattr(planning, "_WORTH", float("inf"))
    return str(request.param)


def _both(store: ElasticStore, engine: Engine) -> tuple[list[str], list[str], planning.Plan]:
    """Return the alerts of a narrowed look back and of a full scan, and how the first was done."""
    found = plan(store, engine, since=None, before=None)
    with store.narrowed(found.narrowing):
        narrowed = Detector(engine, store, "narrowed").rerun(None, None)
    full = Detector(engine, store, "full").rerun(None, None)
    assert narrowed.events <= full.events
    return sorted(narrowed.alerts.ids), sorted(full.alerts.ids), found


@pytest.mark.usefixtures("dear")
@pytest.mark.parametrize("name", CASES)
def test_values_are_found_as_in_a_full_scan(name: str, store: ElasticStore, tmp_path: Path) -> None:
    selection, rows = CASES[name]
    fillers: list[Mapping[str, Value]] = [
        {"source.ip": f"192.0.2.{number}"}
        if "source.ip|cidr" in selection
        else {"process.command_line": f"filler {number}", "process.pid": 100_000 + number}
        for number in range(20 * len(rows))
    ]
    store.append([an_event(number, fields) for number, fields in enumerate([*rows, *fillers])], [])
    (tmp_path / "rule.yml").write_text(yaml.safe_dump(_rule(name, selection)))
    narrowed, full, found = _both(store, Engine(load_rules([tmp_path / "rule.yml"])))
    assert narrowed == full
    assert full, name
    if "null" not in name:  # an absent field is nothing that a cluster could find
        assert found.narrowing is not None, found.why


def _rule(name: str, selection: Mapping[str, object]) -> dict[str, object]:
    category = "network_connection" if "source.ip|cidr" in selection else "process_creation"
    return {
        "title": name,
        "id": "11111111-2222-4333-8444-555555555555",
        "level": "low",
        "logsource": {"product": "windows", "category": category},
        "detection": {"selection": dict(selection), "condition": "selection"},
    }


@pytest.mark.usefixtures("dear")
@pytest.mark.parametrize("cheap", ["values", "pushing"])
def test_either_way_of_narrowing_gives_the_same(
    cheap: str, store: ElasticStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [
        "C:\\A?b*\\CMD.EXE /c WHOAMI",
        "\u212aelvin whoam\u0130",
        "stra\u00dfe who ami",
        "plain",
        "x" * 9000 + "whoami",
    ]
    texts += [f"filler {number}" for number in range(400)]
    store.append([an_event(number, {"process.command_line": text}) for number, text in enumerate(texts)], [])
    monkeypatch.setattr(planning, "LISTED" if cheap == "pushing" else "SEARCHED", 1.0)
    selection = {"process.command_line|contains": ["whoami", "a?b*", "kelvin"]}
    (tmp_path / "rule.yml").write_text(yaml.safe_dump(_rule("both", selection)))
    narrowed, full, found = _both(store, Engine(load_rules([tmp_path / "rule.yml"])))
    assert narrowed == full
    assert len(full) == 3, "the German one is something else"
    assert any(("pushed down (" if cheap == "pushing" else "values first (") in line for line in found.why), found.why


@pytest.mark.usefixtures("dear")
def test_many_rules_over_real_logs(store: ElasticStore, shared: Path, tmp_path: Path, now: datetime) -> None:
    fill(store, logs(shared, tmp_path), now)
    files = [*sorted((ROOT / "detections" / "rules").rglob("*.yml")), *sorted((shared / "sigma").rglob("*.yml"))]
    steps = [files[start::97][:_RULES] for start in range(97 if FULL else _FEW)]
    ways = set()
    total = 0
    for chosen in steps:
        narrowed, full, found = _both(store, Engine(load_rules(chosen)))
        assert narrowed == full, found.why
        ways.add(found.narrowing is None)
        total += len(full)
    assert False in ways, "some were narrowed"
    assert total > 0
    print(f"{len(steps)} look backs with {_RULES} rules each, {total} alerts, 0 differing")


def test_a_plan_says_why(store: ElasticStore, many, tmp_path: Path) -> None:
    store.append(many(50), [])
    (tmp_path / "rule.yml").write_text(yaml.safe_dump(_rule("none", {"process.command_line": "x"})))
    found = plan(store, Engine(load_rules([tmp_path / "rule.yml"])), since=None, before=None)
    assert found.narrowing is not None
    assert (found.events, found.asked) == (50, 0)
    assert "50 events in the window, 0 of kinds that any rule sees" in found.why[0]


def test_what_nearly_all_events_have_narrows_nothing_and_the_rest_does(
    store: ElasticStore, tmp_path: Path, dear: str
) -> None:
    rows = [{"process.executable": "C:\\a.exe", "process.command_line": f"a.exe {number}"} for number in range(300)]
    store.append([an_event(number, fields) for number, fields in enumerate(rows)], [])
    selection = {"Image|endswith": "a.exe", "CommandLine|contains": [f"exe {number} -x" for number in range(150)]}
    (tmp_path / "rule.yml").write_text(yaml.safe_dump(_rule("rare", selection)))
    _, _, found = _both(store, Engine(load_rules([tmp_path / "rule.yml"])))
    assert found.narrowing is not None, (dear, found.why)
    assert found.asked == 0, (dear, found.why)


def test_what_an_older_layout_could_not_index_forbids_narrowing(store: ElasticStore, many, tmp_path: Path) -> None:
    store.append(many(50), [])
    store.cluster.ask("PUT", f"/{store.names.events}/_mapping", {"_meta": {"kulla": {"version": 1}}})
    (tmp_path / "rule.yml").write_text(yaml.safe_dump(_rule("none", {"process.command_line": "x"})))
    found = plan(store, Engine(load_rules([tmp_path / "rule.yml"])), since=None, before=None)
    assert found.narrowing is None
    assert "older layout" in found.why[-1]


@pytest.mark.usefixtures("dear")
def test_addresses_in_another_form_are_asked_for_once(store: ElasticStore, tmp_path: Path) -> None:
    found = _addresses(store, tmp_path)
    assert found.narrowing is not None
    assert str(found.narrowing.query).count("*:*") == 1


@pytest.mark.usefixtures("dear")
def test_a_query_that_the_cluster_refuses_is_a_full_scan(
    store: ElasticStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clauses = [{"term": {"host.name": str(number)}} for number in range(200_000)]
    monkeypatch.setattr(planning, "beyond", lambda _: clauses)
    found = _addresses(store, tmp_path)
    assert found.narrowing is None
    assert "full scan: the cluster refuses the narrowed query" in found.why[-1]


def _addresses(store: ElasticStore, tmp_path: Path) -> planning.Plan:
    """Return the plan of a look back for five networks of one address, among many others."""
    rows: list[Mapping[str, Value]] = [{"source.ip": f"192.0.2.{number}"} for number in range(100)]
    store.append([an_event(number, fields) for number, fields in enumerate(rows)], [])
    rule = _rule("addresses", {"source.ip|cidr": [f"192.0.2.{number}/32" for number in range(5)]})
    rule["logsource"] = {"product": "windows", "category": "network_connection"}
    (tmp_path / "rule.yml").write_text(yaml.safe_dump(rule))
    return plan(store, Engine(load_rules([tmp_path / "rule.yml"])), since=None, before=None)


def test_narrowings_may_lie_within_one_another(store: ElasticStore, many) -> None:
    store.append(many(5), [])
    nothing, everything = (Narrowing(query={word: {}}, until=5) for word in ("match_none", "match_all"))
    with store.narrowed(nothing):
        with store.narrowed(everything):
            assert sum(block.rows for block in store.blocks()) == 5
        assert sum(block.rows for block in store.blocks()) == 0
    assert sum(block.rows for block in store.blocks()) == 5


def test_a_look_back_says_how_it_is_done(node_url: str, prefix: str, tmp_path: Path) -> None:
    words = {"home": tmp_path / "home", "prefix": prefix, "store": node_url}
    (tmp_path / "a.log").write_bytes(access_log(40) + access_log(2, start=40, path="/evil"))
    rules = str(rules_folder(tmp_path))
    assert kulla("store", "init", **words).code == 0
    assert kulla("collect", str(tmp_path / "a.log"), **words).code == 0
    back = ("detect", "--rules", rules, "-f", "jsonl", "--since", "2026-03-01")
    told = kulla(*back, "--explain", **words)
    assert told.code == 0, told.err
    assert "42 events in the window" in told.err
    assert "narrowed: " in told.err or "full scan: " in told.err
    assert len(told.out.splitlines()) == 2
    assert "events in the window, " not in kulla(*back, **words).err
