"""`kulla services`: from the example to a plan, its sheets and reasons, and a restoration that is carried through."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.runs import kulla

CREWS = """timezone: Europe/Tirane
rest_hours: 11
shifts:
  day: {from: "07:00", to: "19:00"}
people:
  - {id: arta, name: Arta, crew: A, skills: [net, sec], shifts: [day]}
  - {id: besa, name: Besa, crew: B, skills: [app], shifts: [day]}
"""
CSV = """id,name_en,name_sq,owner,criticality,users_mon,users_tue,depends_on,restore_skill,restore_hours,\
verify_skill,verify_hours,go_live_skill,go_live_hours,contamination,health_command,health_expected,rto_hours,legal
core,Core,Bërthama,AKSHI,5,0,0,,net,2,sec,0.5,app,0.25,contaminated,true,ok,8,
vat,VAT,TVSH,Tax,4,100,300,core,,,sec,0.5,app,0.25,unknown,,,1,monthly 10: VAT
birth,Birth,Lindja,Civil,3,50,60,core,,,sec,0.5,app,0.25,unknown,,,,
"""
FILES = ("services.csv", "--crews", "crews.yaml", "--start", "2026-03-10T06:00:00Z")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "services.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "crews.yaml").write_text(CREWS, encoding="utf-8")
    return tmp_path / "home"


def test_the_plan_has_its_bound_and_every_task(home: Path) -> None:
    result = kulla("services", "plan", *FILES, "-f", "json", home=home)
    assert result.code == 0, result.err
    plan = json.loads(result.out)["plan"]
    assert plan["lower_bound_hours"] <= plan["mean_outage_hours"]
    assert [row["task"] for row in plan["tasks"]][:3] == ["core:restore", "core:verify", "core:go_live"]
    assert len(plan["tasks"]) == 7
    assert [row["service"] for row in plan["late"]] == ["vat"]
    order = [row["service"] for row in plan["tasks"] if row["task"].endswith("go_live")]
    assert order == ["core", "vat", "birth"]


@pytest.mark.parametrize("lang", ["en", "sq"])
def test_a_plan_fits_80_columns_and_needs_no_colour(home: Path, lang: str) -> None:
    for extra in ((), ("--sheets",), ("--why", "vat,birth")):
        result = kulla("services", "plan", *FILES, *extra, "-f", "table", "--lang", lang, home=home, terminal=True)
        assert result.code == 0, result.err
        assert all(len(line) <= 80 for line in result.out.splitlines())
        assert "\x1b" not in result.out
        assert "AKSHI" in result.out or extra


def test_the_curve_page_asks_for_nothing(home: Path) -> None:
    assert kulla("services", "plan", *FILES, "--curve", "c.html", home=home).code == 0
    page = (home.parent / "c.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert "<polyline" in page
    assert not any(word in page for word in ("http://", "https://", "<script", "@import", "url("))


def test_a_restoration_is_carried_through_and_stands_in_the_ledger(home: Path) -> None:
    assert kulla("services", "status", home=home).code == 2
    assert kulla("services", "plan", *FILES, "--begin", "--actor", "Drin", home=home).code == 0
    assert kulla("services", "plan", *FILES, "--begin", "--actor", "Drin", home=home).code == 2
    early = kulla("services", "done", "core:verify", "--actor", "Arta", home=home)
    assert early.code == 2
    assert "waits for `core:restore`" in early.err
    wrong = kulla("services", "start", "core:restore", "--person", "besa", "--actor", "Drin", home=home)
    assert "lacks the skill" in wrong.err
    assert kulla("services", "start", "core:restore", "--person", "arta", "--actor", "Arta", home=home).code == 0
    assert kulla("services", "done", "core:restore", "--actor", "Arta", home=home).code == 0
    assert kulla("services", "done", "core:verify", "--unclean", "--actor", "Arta", home=home).code == 0
    status = json.loads(kulla("services", "status", "-f", "json", home=home).out)["status"]
    assert (status["done"], status["running"]) == (2, 0)
    assert status["next"][0]["task"] == "core:restore~1"
    gate = kulla("services", "done", "core:go_live", "--actor", "Arta", home=home)
    assert "waits for `core:verify~1`" in gate.err
    assert kulla("services", "end", "--why", "drill", "--actor", "Drin", home=home).code == 0
    kinds = [json.loads(line)["kind"] for line in kulla("ledger", "show", "-f", "jsonl", home=home).out.splitlines()]
    restoration = [kind for kind in kinds if kind.startswith("restoration.")]
    assert restoration == [f"restoration.{kind}" for kind in ("begun", "started", "done", "contaminated", "ended")]


def test_the_restoration_goes_on_with_the_plan_that_was_shown(home: Path) -> None:
    made = kulla("services", "example", "--services", "200", "-o", "big.csv", "--crews", "big.yaml", home=home)
    assert made.code == 0, made.err
    files = ("big.csv", "--crews", "big.yaml", "--start", "2026-03-11T12:00Z", "--no-bound")
    shown = json.loads(kulla("services", "plan", *files, "--begin", "--actor", "Drin", "-f", "json", home=home).out)
    status = json.loads(kulla("services", "status", "-f", "json", home=home).out)["status"]
    assert status["mean_outage_hours"] == shown["plan"]["mean_outage_hours"]


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        (
            "core,,,sec,0.5,app,0.25,unknown,,,1",
            "cor,,,sec,0.5,app,0.25,unknown,,,1",
            "services.csv:3",
            "did you mean `core`",
        ),
        ("5,0,0,,net", "5,0,0,vat,net", "services.csv:2", "circle: core -> vat -> core"),
        ("net,2,sec", ",,sec", "services.csv:2", "contaminated and nothing restores it"),
        ("core,Core", "vat,Core", "services.csv:3", "stands twice"),
        ("4,100", "9,100", "services.csv:3", "criticality"),
        ("monthly 10", "monthly 40", "services.csv:3", "no day"),
        ("verify_hours", "verify_hour", "services.csv:1", "did you mean `verify_hours`"),
    ],
)
def test_a_wrong_catalogue_says_where_and_what_next(home: Path, old: str, new: str, where: str, what: str) -> None:
    (home.parent / "services.csv").write_text(CSV.replace(old, new), encoding="utf-8")
    result = kulla("services", "list", "services.csv", home=home)
    assert result.code == 3
    assert where in result.err
    assert what in result.err
    assert "next: " in result.err


@pytest.mark.parametrize("ending", ["csv", "yaml"])
def test_all_faults_of_both_files_are_said_at_once_before_anything_is_planned(home: Path, ending: str) -> None:
    text = {"csv": CSV, "yaml": YAML}[ending]
    for old, new in (("5,0,0", "9,0,0"), ("criticality: 5", "criticality: 9"), ("monthly 10", "monthly 40")):
        text = text.replace(old, new)
    name = f"wrong.{ending}"
    (home.parent / name).write_text(text, encoding="utf-8")
    (home.parent / "crews.yaml").write_text(CREWS.replace("[app], shifts: [day]", "[app], shifts: [noon]"))
    result = kulla("services", "plan", name, *FILES[1:], "--curve", "c.html", "--begin", home=home)
    assert result.code == 3
    told = result.err.splitlines()
    lines = ("2", "3") if ending == "csv" else ("2", "6")
    for word in (f"{name}:{lines[0]}", f"{name}:{lines[1]}", "crews.yaml:7", "no day", "`noon`"):
        assert any(word in line for line in told), (word, result.err)
    assert "depends on" not in result.err  # `core` is there, though it is wrong itself
    assert not (home.parent / "c.html").exists()


def test_a_wish_that_cannot_be_met_is_said_before_anything_is_written(home: Path) -> None:
    wishes = (("--why", "vat"), ("--why", "vat,vatt"), ("--crew", "Z"), ("--begin", "--actor", " "))
    for wish in wishes:
        result = kulla("services", "plan", *FILES, "--curve", "c.html", *wish, home=home)
        assert result.code == 2, wish
        assert result.out == ""
        assert not (home.parent / "c.html").exists()
    assert kulla("services", "plan", "--begin", home=home).code == 2
    wrong = kulla("services", "example", "--crews", "c.yaml", "-o", "e.yaml", home=home)
    assert wrong.code == 2
    assert not (home.parent / "c.yaml").exists()


def test_what_nobody_can_do_is_said(home: Path) -> None:
    (home.parent / "services.csv").write_text(CSV.replace("net,2", "tape,2"), encoding="utf-8")
    plan = json.loads(kulla("services", "plan", *FILES, "-f", "json", home=home).out)["plan"]
    reasons = {row["task"]: row["reason"] for row in plan["unplanned"]}
    assert reasons["core:restore"] == "nobody on duty has the skill `tape`"
    assert len(reasons) == 7
    assert plan["tasks"] == []


def test_the_example_can_be_read_again(home: Path) -> None:
    result = kulla("services", "example", "--services", "120", "--crews", "c.yaml", "-o", "e.csv", home=home)
    assert result.code == 0, result.err
    listed = kulla("services", "list", "e.csv", "-f", "jsonl", home=home)
    assert listed.code == 0, listed.err
    assert len(listed.out.splitlines()) == 120
    tiers = [
        json.loads(line) for line in kulla("services", "graph", "e.csv", "-f", "jsonl", home=home).out.splitlines()
    ]
    assert tiers[0]["tier"] == 1
    assert tiers[0]["needed_by"] == 119


REST = {
    "service": [
        {
            "object_type": "SERVICE",
            "xroad_instance": "AL",
            "member_class": "GOV",
            "member_code": "1",
            "subsystem_code": "tax",
            "service_code": "getVat",
        }
    ]
}
SOAP = """<x:memberList xmlns:x="http://x-road.eu/xsd/xroad.xsd" xmlns:id="http://x-road.eu/xsd/identifiers">
<x:member><x:id id:objectType="SUBSYSTEM"><id:xRoadInstance>AL</id:xRoadInstance><id:memberClass>GOV</id:memberClass>
<id:memberCode>1</id:memberCode><id:subsystemCode>tax</id:subsystemCode></x:id><x:name>Tatimet</x:name></x:member>
</x:memberList>"""


def test_lists_of_x_road_become_a_catalogue(home: Path) -> None:
    for name, text, expected in (("m.json", json.dumps(REST), "AL/GOV/1/tax/getVat"), ("m.xml", SOAP, "AL/GOV/1/tax")):
        (home.parent / name).write_text(text, encoding="utf-8")
        assert kulla("services", "import", name, "-o", "x.csv", home=home).code == 0
        rows = [
            json.loads(line) for line in kulla("services", "list", "x.csv", "-f", "jsonl", home=home).out.splitlines()
        ]
        assert [row["id"] for row in rows] == [expected]
        (home.parent / name).write_text(text, encoding="utf-8-sig")  # as Windows writes it
        assert kulla("services", "import", name, "-o", "x.csv", home=home).code == 0
    bomb = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    for hostile in (bomb, "{", "[]", '{"service": 3}', "<a/>"):
        (home.parent / "h").write_text(hostile, encoding="utf-8")
        assert kulla("services", "import", "h", home=home).code == 3


YAML = """services:
  - {id: core, name: {en: Core, sq: Bërthama}, owner: AKSHI, criticality: 5, contamination: contaminated,
     users: {mon: 0, tue: 0}, restore: {skill: net, hours: 2}, verify: {skill: sec, hours: 0.5},
     go_live: {skill: app, hours: 0.25}, health: {command: "true", expected: ok}, rto_hours: 8}
  - {id: vat, name: {en: VAT, sq: TVSH}, owner: Tax, criticality: 4, users: {mon: 100, tue: 300}, depends_on: [core],
     verify: {skill: sec, hours: 0.5}, go_live: {skill: app, hours: 0.25}, rto_hours: 1, legal: ["monthly 10: VAT"]}
  - {id: birth, name: {en: Birth, sq: Lindja}, owner: Civil, criticality: 3, users: {mon: 50, tue: 60},
     depends_on: [core], verify: {skill: sec, hours: 0.5}, go_live: {skill: app, hours: 0.25}}
"""


def test_a_catalogue_in_yaml_has_the_plan_of_its_csv(home: Path) -> None:
    (home.parent / "services.yaml").write_text(YAML, encoding="utf-8")
    plans = [
        kulla("services", "plan", name, *FILES[1:], "-f", "json", home=home)
        for name in ("services.csv", "services.yaml")
    ]
    assert plans[1].code == 0, plans[1].err
    assert plans[1].out == plans[0].out


@pytest.mark.parametrize("words", [("example",), ("import", "answer.json")])
def test_csv_is_not_written_under_a_name_of_yaml(words: tuple[str, ...], home: Path) -> None:
    answer = {
        "service": [{"id": {"xroad_instance": "AL", "member_class": "GOV", "member_code": "1", "service_code": "a"}}]
    }
    (home.parent / "answer.json").write_text(json.dumps(answer))
    result = kulla("services", *words, "-o", "c.YAML", home=home)
    assert result.code == 2, result.err
    assert "c.csv" in result.err
    assert not (home.parent / "c.YAML").exists()
