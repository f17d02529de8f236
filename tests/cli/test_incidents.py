"""`kulla incidents` over a real store: the ranking, campaigns, points, what is held back, and decisions by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.alerts import Alert
from engine.runs.joining import refresh_incidents
from engine.store.embedded import EmbeddedStore
from tests.cli.hostile import acting
from tests.cli.runs import NOW, kulla
from tests.engine.incidents.alerts import alert

DAY = 86_400


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def _store(home: Path, alerts: Sequence[Alert]) -> None:
    with EmbeddedStore(home / "store", lambda: NOW) as store:
        store.commit_run("default", cursor=0, alerts=alerts, hits=[])
        refresh_incidents(store, alerts)


def _rows(home: Path, *words: str) -> list[dict[str, object]]:
    result = kulla("incidents", *words, "-f", "jsonl", home=home)
    assert result.code == 0, result.err
    return [json.loads(line) for line in result.out.splitlines()]


def _shown(home: Path, name: object) -> dict[str, object]:
    found = json.loads(kulla("incidents", "show", str(name), "-f", "json", home=home).out)
    return dict(found["incident"])


def _ann(seconds: float, host: str, number: int, level: str = "critical") -> Alert:
    fields = {"host.name": host, "user.name": "ann"}
    return alert(seconds, fields, number=number, rule=f"r{number}", level=level)


def test_the_graver_comes_first_whenever_it_was(home: Path) -> None:
    _store(home, [_ann(0, "a", 1), _ann(1, "a", 2), alert(9 * DAY, {"host.name": "b"}, number=3, level="critical")])
    assert [len(row["alerts"]) for row in _rows(home, "list")] == [2, 1]  # type: ignore[arg-type]


def test_every_point_tells_its_alerts_and_what_would_change_it(home: Path) -> None:
    _store(home, [_ann(0, "a", 1), _ann(1, "a", 2)])
    (row,) = _rows(home, "list")
    shown = _shown(home, row["id"])
    terms = shown["score_terms"]
    assert isinstance(terms, list)
    assert sum(term["points"] for term in terms) == shown["score"] == 40
    assert terms[0] == {
        "term": "critical: rule r1",
        "points": 20.0,
        "without": 20.0,
        "kind": "severity",
        "change": "20.0 if all its alerts were judged false",
        "alerts": ["a1"],
    }


def test_split_merge_and_undo_keep_ids_and_go_on_record(home: Path) -> None:
    _store(home, [_ann(0, "a", 1), _ann(1, "a", 2), _ann(2, "b", 3), _ann(3, "b", 4)])
    (before,) = _rows(home, "list")
    name = str(before["id"])
    done = kulla("incidents", "split", name, "--host", "B", "--why", "two cases", "--actor", "arta", home=home)
    assert done.code == 0, done.err
    apart = {str(row["id"]): row["alerts"] for row in _rows(home, "list")}
    assert apart.pop(name) == ["a1", "a2"]
    ((other, alerts),) = apart.items()
    assert alerts == ["a3", "a4"]
    (decision,) = _rows(home, "decisions")
    assert (decision["kind"], decision["actor"], decision["why"]) == ("split", "arta", "two cases")
    assert decision["shared"] == [{"kind": "user", "value": "ann"}]
    assert kulla("incidents", "merge", other, name, "--why", "one after all", "--actor", "b", home=home).code == 0
    assert [(row["id"], row["alerts"]) for row in _rows(home, "list")] == [(name, ["a1", "a2", "a3", "a4"])]
    for row in _rows(home, "decisions"):
        assert (
            kulla("incidents", "undo", str(row["key"])[:8], "--why", "a mistake", "--actor", "b", home=home).code == 0
        )
    assert _rows(home, "decisions") == []
    assert [(row["id"], row["alerts"]) for row in _rows(home, "list")] == [(name, ["a1", "a2", "a3", "a4"])]
    ledger = kulla("ledger", "show", "-f", "jsonl", home=home).out
    kinds = [word for word in ("incidents.split", "incidents.merged", "incidents.undone") if word in ledger]
    assert kinds == ["incidents.split", "incidents.merged", "incidents.undone"]


def _merged(home: Path) -> tuple[str, str]:
    """Return the id of an incident, and that of one that was merged into it after work had begun on it."""
    _store(home, [_ann(0, "a", 1), _ann(1, "a", 2), alert(9 * DAY, {"host.name": "b"}, number=3, level="critical")])
    name, other = (str(row["id"]) for row in _rows(home, "list"))
    answers = home.parent / "answers.yaml"
    answers.write_text("actor: Arta\nothers: {outcome: skipped, reason: drill}\n", encoding="utf-8")
    for words in (
        ("respond", other, "--playbook", "web-shell", "--answers", str(answers)),
        ("incidents", "clocks", other, "--sent", "nis2-early-warning", "--why", "by mail", "--actor", "arta"),
        ("incidents", "paper", other, "handover", "--fill", "impact=all servers are off", "--actor", "arta"),
        ("incidents", "merge", other, name, "--why", "one case", "--actor", "arta"),
    ):
        result = kulla(*words, home=home)
        assert result.code in {0, 4}, result.err
    assert f"{other[:12]} is merged into {name[:12]} (decision" in result.err
    assert [row["id"] for row in _rows(home, "list")] == [name]
    return name, other


def test_what_was_done_for_an_incident_is_not_lost_when_it_is_merged(home: Path) -> None:
    name, other = _merged(home)
    result = kulla("incidents", "show", other, "-f", "json", home=home)
    assert json.loads(result.out)["incident"]["id"] == name
    assert f"{other[:12]} was merged into {name[:12]}" in result.err
    clocks = kulla("incidents", "clocks", other, "-f", "json", home=home).out
    states = {row["deadline"]: row["state"] for row in json.loads(clocks)["clocks"]["clocks"]}
    assert states["nis2-early-warning"] in {"sent", "sent-late"}
    report = kulla("report", name, "-f", "md", home=home).out
    assert "paper sent" in report
    assert "step decided" in report
    period = json.loads(kulla("report", "--period", "2026-01-01/2026-12-31", "-f", "json", home=home).out)["period"]
    assert "Early warning" not in str(period["clocks"])
    assert "all servers are off" in kulla("incidents", "paper", name, "handover", "-f", "md", home=home).out
    told = kulla("respond", name, "--dry-run", home=home).err
    assert f"web-shell was begun for {other[:12]}" in told


def test_a_merger_that_is_taken_back_gives_either_side_its_own_id(home: Path) -> None:
    few = [alert(0, {"host.name": "b"}, number=9, level="critical")]
    _store(home, [*few, *(_ann(9 * DAY + number, "a", number) for number in range(1, 4))])
    before = {str(row["id"]): row["alerts"] for row in _rows(home, "list")}
    old = next(name for name, alerts in before.items() if alerts == ["a9"])
    assert kulla("incidents", "merge", *before, "--why", "one", "--actor", "arta", home=home).code == 0
    assert [row["id"] for row in _rows(home, "list")] == [old]  # the older, with the fewer alerts
    (decision,) = _rows(home, "decisions")
    assert kulla("incidents", "undo", str(decision["key"]), "--why", "two", "--actor", "arta", home=home).code == 0
    assert {str(row["id"]): row["alerts"] for row in _rows(home, "list")} == before


@pytest.mark.parametrize("spelled", ["{}", "{:.8}", "inc-{:.0}{tail}", "{tail}"])
def test_an_incident_is_found_however_its_id_is_typed(home: Path, spelled: str) -> None:
    _store(home, [_ann(0, "a", 1), _ann(1, "a", 2)])
    (row,) = _rows(home, "list")
    name = str(row["id"])
    tail = name.removeprefix("INC-").upper()
    assert _shown(home, spelled.format(name, tail=tail))["id"] == name


@pytest.mark.parametrize("wrong", ["INC-", "INC-0000", "INC-00000000", "inc", "zz", ""])
def test_no_other_incident_stands_for_a_wrong_id(home: Path, wrong: str) -> None:
    _merged(home)
    result = kulla("incidents", "show", wrong, home=home)
    assert result.code == (0 if wrong == "INC-" else 2)
    assert "was merged into" not in result.err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("split", "{0}", "--host", "nowhere", "--why", "x"), "no alert of the incident is named"),
        (("split", "{0}", "--host", "a", "--why", "x"), "every alert of the incident is named"),
        (("split", "{0}", "--alert", "a1", "--why", " "), "a decision needs its reason"),
        (("merge", "{0}", "{0}", "--why", "x"), "this is one incident"),
        (("undo", "DEC-no", "--why", "x"), "no such decision"),
        (("noise", "--order", "x"), "no such order"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(home: Path, words: tuple[str, ...], problem: str) -> None:
    _store(home, [_ann(0, "a", 1), _ann(1, "a", 2)])
    before = _rows(home, "list")
    name = str(before[0]["id"])
    actor = () if words[0] == "noise" else ("--actor", "arta")
    result = kulla("incidents", *(word.format(name) for word in words), *actor, home=home)
    assert result.code == 2
    assert problem in result.err
    assert _rows(home, "list") == before
    assert _rows(home, "decisions") == []


def test_a_closed_incident_is_neither_merged_nor_split(home: Path) -> None:
    _store(home, [_ann(0, "a", 1), alert(9 * DAY, {"host.name": "b"}, number=3, level="critical")])
    first, second = (str(row["id"]) for row in _rows(home, "list"))
    assert kulla("incidents", "close", first, "--why", "done", "--actor", "arta", home=home).code == 0
    result = kulla("incidents", "merge", first, second, "--why", "x", "--actor", "arta", home=home)
    assert (result.code, "a closed incident stays as it was" in result.err) == (2, True)


@pytest.mark.parametrize("page", ["show", "case", "clocks", "foresight", "timeline"])
def test_an_incident_is_called_in_albanian_on_every_page(home: Path, page: str) -> None:
    _store(home, [_ann(0, "dc01", 1), _ann(1, "dc01", 2)])
    (row,) = _rows(home, "list")
    told = {
        lang: kulla("incidents", page, str(row["id"]), "-f", "md", "--lang", lang, home=home) for lang in ("en", "sq")
    }
    assert " on dc01" in told["en"].out, told
    assert " në dc01" in told["sq"].out, told


def test_a_second_close_keeps_the_first_reason_and_names_it(home: Path) -> None:
    _store(home, [_ann(0, "a", 1), _ann(1, "a", 2)])
    (row,) = _rows(home, "list")
    assert kulla("incidents", "close", str(row["id"]), "--why", "rebuilt", "--actor", "arta", home=home).code == 0
    result = kulla("incidents", "close", str(row["id"]), "--why", "no idea", "--actor", "besa", home=home)
    assert (result.code, "closed already: rebuilt" in result.err, "reopen" in result.err) == (2, True, True)
    assert _shown(home, row["id"])["closed_why"] == "rebuilt"


def test_campaigns_are_shown(home: Path) -> None:
    shared = {"file.hash.sha256": "ab" * 32}
    _store(
        home,
        [
            alert(0, {"host.name": "a", **shared}, number=1, level="critical"),
            alert(40 * DAY, {"host.name": "b", **shared}, number=2, rule="s", level="critical"),
        ],
    )
    first, second = _rows(home, "list")
    assert first["campaign"] == second["campaign"] != ""
    text = kulla("incidents", "show", str(first["id"]), "-f", "table", "--lang", "sq", home=home).out
    assert "Incidentet e tjera të fushatës" in text
    assert str(second["id"])[:12] in text


def test_what_is_held_back_is_listed_with_its_reason(home: Path) -> None:
    hostile = "h\x1b[31m"
    often = [alert(n * 900, {"host.name": hostile}, number=n, level="low") for n in range(300)]
    _store(home, [*often, alert(3 * DAY, {"host.name": "a"}, number=900, rule="grave", level="critical")])
    (row,) = _rows(home, "noise")
    assert (row["place"], row["rule.name"], row["rule.level"]) == (hostile, "rule r", "low")
    assert row["held"] == len(row["alerts"]) > 200  # type: ignore[arg-type]
    assert "times a day on" in str(row["reason"])
    table = kulla("incidents", "noise", "-f", "table", home=home)
    assert acting(table.out) == []
    assert "of 301 alerts are held back" in table.err
    assert _rows(home, "noise", "--since", "2027-01-01") == []
    with EmbeddedStore(home / "store", lambda: NOW) as store:  # somebody made one of them part of an incident
        (incident,) = store.incidents()
        store.save_incidents([replace(incident, alerts=(*incident.alerts, row["alerts"][-1]))])  # type: ignore[index]
    assert _rows(home, "noise")[0]["held"] == len(row["alerts"]) - 1  # type: ignore[arg-type]


def test_what_the_settings_say_of_the_estate_counts(home: Path) -> None:
    (home.parent / "kulla.toml").write_text(
        '[importance]\n"host:DC01" = { criticality = 5, sensitivity = 1 }\n', encoding="utf-8"
    )
    _store(home, [_ann(0, "dc01.gov.example", 1), _ann(1, "a", 2)])
    (row,) = _rows(home, "list")
    assert kulla("incidents", "split", str(row["id"]), "--host", "a", "--why", "x", "--actor", "b", home=home).code == 0
    shown = [_shown(home, item["id"]) for item in _rows(home, "list")]
    kinds = [{term["kind"]: term["points"] for term in item["score_terms"]} for item in shown]  # type: ignore[attr-defined]
    assert {"severity": 20.0, "criticality": 4.0, "sensitivity": 2.0} in kinds
    (home.parent / "kulla.toml").write_text('[importance]\n"DC01" = { criticality = 9 }\n', encoding="utf-8")
    wrong = kulla("incidents", "undo", "x", "--why", "x", "--actor", "b", home=home)
    assert wrong.code == 2


def test_what_is_near_an_incident_is_listed_nearest_first(home: Path) -> None:
    hostile = "h\x1b[31m"
    _store(home, [alert(0, {"host.name": hostile}, number=1, level="high"), _ann(9 * DAY, "b", 2)])
    (row,) = _rows(home, "leads")
    assert (row["score"], row["wanted"], row["alerts"]) == (10.0, 2.0, ["a1"])
    assert _rows(home, "leads", "--since", "2027-01-01") == []
    table = kulla("incidents", "leads", "-f", "table", "--lang", "sq", home=home)
    assert "Mungojnë" in table.out
    assert acting(table.out) == []
    assert "kulla alerts show a1" in table.err


def test_what_was_unusual_elsewhere_is_shown_with_a_grave_incident(home: Path) -> None:
    often = [alert(n * 1800, {"host.name": "a"}, number=n, level="low") for n in range(240)]
    grave = [_ann(5 * DAY + n, "web01", 900 + n) for n in range(2)]
    lone = alert(5 * DAY + 3600, {"host.name": "h\x1b[31m"}, number=990, rule="odd", level="low")
    _store(home, [*often, *grave, lone])
    (row,) = _rows(home, "list")
    shown = _shown(home, row["id"])
    (told,) = shown["elsewhere"]  # type: ignore[misc]
    assert (told["alert"], told["rule.name"]) == (lone.id, "rule odd")
    assert lone.id not in row["alerts"]  # type: ignore[operator]
    for lang, heading in (("en", "Unusual elsewhere"), ("sq", "E pazakontë gjetkë")):
        text = kulla("incidents", "show", str(row["id"]), "-f", "table", "--lang", lang, home=home).out
        assert heading in text
        assert acting(text) == []
