"""Sigma filters: what they take away, and that it is counted, in every way a rule can match."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.detecting import Detector
from engine.events import Event, Origin
from engine.hunting import Hunter
from engine.sigma.documents import compile_files
from engine.sigma.engine import Engine
from engine.sigma.filter_info import told, without_excluded
from engine.sigma.loader import load_rules
from engine.sigma.rules import RuleSet
from engine.sigma.tailoring import Tailoring
from engine.store.embedded import EmbeddedStore
from tests.engine.sigma.rules import ACME, document

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RULE = document({"s": {"a": "evil"}, "condition": "s"}, number=1, name="evil_thing")
OTHER = document({"s": {"a|contains": "ev"}, "condition": "s"}, number=2)
ELSEWHERE = document({"s": {"a": "evil"}, "condition": "s"}, number=3, source={"product": "windows"})


def a_filter(number: int = 1, *, source: dict[str, str] | None = None, **parts: Any) -> str:
    head = {"title": f"filter {number}", "id": f"00000000-0000-0000-0000-0000000000f{number}"}
    body = {"rules": ["evil_thing"], "known": {"u|startswith": "svc_"}, "condition": "not known"}
    block = parts.pop("kulla", None)
    whole = {**head, "logsource": source or {"product": "acme"}, "filter": {**body, **parts}}
    return yaml.safe_dump(whole | ({"kulla": block} if block is not None else {}), sort_keys=False)


def load(*documents: str, filters: str = "", today: date | None = None, **more: Any) -> RuleSet:
    given = (("filters.yml", filters.encode()),) if filters else ()
    tailoring = Tailoring(filters=given, today=today, **more)
    return compile_files([("rules.yml", "---\n".join(documents).encode())], tailoring)


def fired(rules: RuleSet, **fields: str) -> tuple[list[str], Counter[str]]:
    counts: Counter[str] = Counter()
    matches = without_excluded(Engine(rules).match({**ACME, **fields}), counts)
    return [match.rule.info.name for match in matches], counts


def test_a_filter_takes_away_what_it_knows_and_counts_it() -> None:
    rules = load(RULE, OTHER, filters=a_filter())
    assert rules.issues == []
    assert [item.info.name for item in rules.alerting] == ["rule 1", "rule 2"]
    names, counts = fired(rules, a="evil", u="svc_backup")
    assert names == ["rule 2"]
    assert told(counts, rules.filters) == "1 match excluded by filters: 1 by filter 1"
    assert fired(rules, a="evil", u="anna") == (["rule 1", "rule 2"], Counter())
    assert fired(rules, a="evil") == (["rule 1", "rule 2"], Counter())
    assert fired(rules, a="good", u="svc_backup") == ([], Counter())
    assert told(Counter(), rules.filters) == ""


def test_any_means_every_rule_of_its_log_source() -> None:
    rules = load(RULE, OTHER, ELSEWHERE, filters=a_filter(rules="any"))
    (item,) = rules.filters
    assert (item.state, item.applied_to, item.why) == ("applied", 2, "")
    names, counts = fired(rules, a="evil", u="svc_x")
    assert (names, counts.total()) == ([], 2)


def test_each_filter_counts_for_itself() -> None:
    second = a_filter(2, known={"h": "lab"})
    rules = load(RULE, filters=a_filter() + "---\n" + second)
    _, counts = fired(rules, a="evil", u="svc_x", h="lab")
    assert sorted(counts.values()) == [1, 1]
    names, counts = fired(rules, a="evil", u="anna", h="lab")
    assert (names, list(counts)) == ([], ["00000000-0000-0000-0000-0000000000f2"])


@pytest.mark.parametrize(
    ("parts", "source", "why"),
    [
        ({"rules": ["nosuch"]}, None, "no rule nosuch is loaded"),
        ({"rules": "any"}, {"product": "okta"}, "no rule has the log source"),
        ({"rules": ["evil_thing"]}, {"product": "windows"}, "evil_thing has the log source acme/*/*"),
    ],
)
def test_a_filter_for_nothing_is_told(parts: dict[str, Any], source: dict[str, str] | None, why: str) -> None:
    rules = load(RULE, filters=a_filter(source=source, **parts))
    (item,) = rules.filters
    assert item.state == "no rule"
    assert why in item.why
    assert fired(rules, a="evil", u="svc_x")[0] == ["rule 1"]


def test_a_filter_names_rules_by_id_too_and_tells_which_are_missing() -> None:
    rules = load(RULE, filters=a_filter(rules=["00000000-0000-0000-0000-000000000001", "gone"]))
    (item,) = rules.filters
    assert (item.state, item.applied_to, item.why) == ("applied", 1, "no rule gone is loaded")


def test_an_expired_filter_is_told_and_not_applied() -> None:
    text = a_filter(kulla={"owner": "SOC", "reason": "the backup", "expires": date(2026, 3, 1)})
    last_day = load(RULE, filters=text, today=date(2026, 3, 1))
    assert fired(last_day, a="evil", u="svc_x")[0] == []
    after = load(RULE, filters=text, today=date(2026, 3, 2))
    (item,) = after.filters
    assert (item.state, item.why) == ("expired", "its last day was 2026-03-01")
    assert (item.owner, item.reason) == ("SOC", "the backup")
    assert fired(after, a="evil", u="svc_x") == (["rule 1"], Counter())


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ({"expires": "soon"}, "expires is a day"),
        ({"expires": 20260101}, "2026-12-31"),
        ({"until": "2026-01-01"}, "owner, reason and expires"),
        (["x"], "owner, reason and expires"),
        ({"reason": "x" * 3000}, "characters"),
    ],
)
def test_a_block_that_says_something_else_is_refused(block: object, reason: str) -> None:
    rules = load(RULE, filters=a_filter(kulla=block))
    if block == {"expires": 20260101}:  # ISO 8601 without dashes is a day
        assert rules.filters[0].expires == "2026-01-01"
        return
    assert reason in str(rules.issues[0])
    assert rules.filters == []


def test_broken_filters_are_listed_and_change_nothing() -> None:
    broken = [a_filter(2, condition="nosuch"), a_filter(3, known={"a|re": "(?<!x)y"}), OTHER, a_filter()]
    rules = load(RULE, filters="---\n".join(broken))
    told_issues = [str(item) for item in rules.issues]
    assert len(told_issues) == 3
    assert "no Sigma filter" in told_issues[0]
    assert "the filter cannot be applied" in told_issues[1]
    assert "linear-time" in told_issues[2]
    assert all(item.startswith("filters.yml:") for item in told_issues)
    assert fired(rules, a="evil", u="svc_x")[0] == []


def test_a_filter_may_stand_among_the_rules() -> None:
    assert fired(load(RULE, a_filter()), a="evil", u="svc_x")[0] == []


def test_a_filter_reaches_the_rules_of_correlations() -> None:
    burst = yaml.safe_dump(
        {
            "title": "burst",
            "id": "00000000-0000-0000-0000-0000000000aa",
            "correlation": {
                "type": "event_count",
                "rules": ["evil_thing"],
                "group-by": ["h"],
                "timespan": "1m",
                "condition": {"gte": 2},
            },
        }
    )
    for users, alerts in ((["anna", "ben"], 1), (["anna", "svc_1"], 0)):
        hunter = Hunter(Engine(load(RULE, burst, filters=a_filter())))
        for number, user in enumerate(users):
            fields: dict[str, Any] = {**ACME, "a": "evil", "h": "web", "u": user}
            origin = Origin(path="t", identity="t", offset=number, number=number)
            event = Event(id=f"{number:032x}", origin=origin, original="", fields=fields)
            assert hunter.look(fields, b"", lambda event=event: event) == []  # type: ignore[misc]
        assert len(hunter.conclude()) == alerts
        assert hunter.findings.excluded.total() == 1 - alerts


def test_a_correlation_itself_is_no_rule_for_filters() -> None:
    body = {"type": "event_count", "rules": ["evil_thing"], "timespan": "1m", "condition": {"gte": 2}}
    burst = yaml.safe_dump(
        {"title": "b", "name": "burst", "id": "00000000-0000-0000-0000-0000000000aa", "correlation": body}
    )
    (item,) = load(RULE, burst, filters=a_filter(rules=["burst"])).filters
    assert item.why == "burst is a correlation: name its rules"


def test_a_run_over_the_store_excludes_and_counts_what_a_hunt_does(tmp_path: Path) -> None:
    rules = load(RULE, OTHER, filters=a_filter() + "---\n" + a_filter(2, rules="any", known={"h": "lab"}))
    users, hosts = ["svc_x", "anna", "svc_y", "svc_x", ""], ["lab", "web", "lab", "web", "web"]
    events = []
    for number, (user, host) in enumerate(zip(users, hosts, strict=True)):
        fields: dict[str, Any] = {
            **ACME,
            "a": "evil!" if number == 4 else "evil",
            "u": user,
            "h": host,
            "@timestamp": NOW,
        }
        origin = Origin(path="t", identity="t", offset=number, number=number)
        events.append(Event(id=f"{number:032x}", origin=origin, original="", fields=fields))
    hunter = Hunter(Engine(rules))
    hunted = [alert for item in events for alert in hunter.look(dict(item.fields), b"", lambda item=item: item)]  # type: ignore[misc]
    with EmbeddedStore(tmp_path / "store", lambda: NOW) as store:
        store.append(events, [])
        run = Detector(Engine(rules), store).run()
    assert {alert.id for alert in run.alerts} == {alert.id for alert in hunted}
    assert run.excluded == hunter.findings.excluded
    assert sorted(run.excluded.values()) == [3, 4]


def test_the_cache_knows_filters_and_their_last_days(tmp_path: Path) -> None:
    (tmp_path / "rule.yml").write_text(RULE, encoding="utf-8")
    text = a_filter(kulla={"expires": "2026-03-01"})

    def again(text: str, today: date) -> RuleSet:
        tailoring = Tailoring(filters=(("f.yml", text.encode()),), today=today)
        return load_rules([tmp_path / "rule.yml"], cache_folder=tmp_path / "cache", tailoring=tailoring)

    fresh = again(text, date(2026, 2, 1))
    kept = again(text, date(2026, 2, 28))
    assert (kept.rules, kept.filters) == (fresh.rules, fresh.filters)
    assert len(list((tmp_path / "cache").glob("rules-*.json"))) == 1
    assert again(text, date(2026, 3, 2)).filters[0].state == "expired"
    assert again(text, date(2026, 2, 1)).filters[0].state == "applied"
    assert fired(again(text.replace("svc_", "x"), date(2026, 2, 1)), a="evil", u="svc_x")[0] == ["rule 1"]


def test_pipelines_change_filters_as_they_change_rules() -> None:
    pipeline = yaml.safe_dump(
        {
            "name": "ours",
            "transformations": [
                {"id": "f", "type": "field_name_mapping", "mapping": {"a": "action", "u": "user.name"}},
                {"id": "l", "type": "change_logsource", "product": "acme", "service": "changed"},
            ],
        }
    )
    rules = load(RULE, filters=a_filter(), pipelines=(("p.yml", pipeline.encode()),))
    assert rules.filters[0].state == "applied", "log sources agree as they were written"
    assert {item.field for item in rules.predicates} == {"action", "user.name"}
    assert all(item.logsource.service == "changed" for item in rules.rules)
