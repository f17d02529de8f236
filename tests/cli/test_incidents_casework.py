"""Analysts' work at the command line: on record, on the ledger, and found again."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.runs import access_log, kulla, rule, rules_folder

WHO = ("--actor", "arta")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a store with one incident: two rules on one machine."""
    home = tmp_path / "home"
    other = rule("Also odd", value="vil").replace("0a01", "0a02")
    rules_folder(tmp_path, [rule(), other])
    (tmp_path / "access.log").write_bytes(access_log(2, path="/evil"))
    assert kulla("collect", str(tmp_path / "access.log"), "--host", "web1", home=home).code == 0
    assert kulla("detect", "--rules", str(tmp_path / "rules"), home=home).code == 0
    return home


def _id(home: Path) -> str:
    return str(json.loads(kulla("incidents", "list", home=home).out.splitlines()[0])["id"])


def _case(home: Path, number: str) -> dict[str, object]:
    record = json.loads(kulla("incidents", "case", number, "-f", "json", home=home).out)
    return dict(record.get("case", record))


def test_a_day_of_work_is_on_record_and_on_the_ledger(home: Path) -> None:
    number = _id(home)
    image = home.parent / "disk.img"
    image.write_bytes(b"evidence")
    for words in (
        ("assign", number, "--to", "besa"),
        ("note", number, "called the owner"),
        ("tag", number, "vip", "ministry"),
        ("task", number, "Call the vendor", "--to", "besa"),
        ("task", number, "--done", "1"),
        ("evidence", number, str(image), "--what", "disk of web1"),
    ):
        result = kulla("incidents", *words, *WHO, home=home)
        assert result.code == 0, result.err
    case = _case(home, number)
    assert (case["owner"], case["tags"]) == ("besa", ["ministry", "vip"])
    assert [item["text"] for item in case["notes"]] == ["called the owner"]
    assert [(item["owner"], item["done_by"]) for item in case["tasks"]] == [("besa", "arta")]
    assert [(item["name"], item["sha256"], item["bytes"]) for item in case["evidence"]] == [
        ("disk.img", sha256(b"evidence").hexdigest(), 8)
    ]
    ledger = [json.loads(line)["kind"] for line in kulla("ledger", "show", "-f", "jsonl", home=home).out.splitlines()]
    assert ledger == [
        *("incident.assigned", "incident.noted", "incident.tagged", "incident.task.added", "incident.task.done"),
        "incident.evidence.added",
    ]
    assert kulla("ledger", "verify", home=home).code == 0


def test_what_cannot_be_done_is_not_on_the_ledger(home: Path) -> None:
    number = _id(home)
    for words in (
        ("task", number, "--done", "7"),
        ("task", number),
        ("tag", number, "two words"),
        ("evidence", number, "nowhere.bin", "--what", "x"),
        ("reopen", number, "--why", "x"),
        ("note", number, " "),
    ):
        assert kulla("incidents", *words, *WHO, home=home).code != 0
    assert kulla("ledger", "show", "-f", "jsonl", home=home).out == ""


def test_incidents_are_found_by_what_was_written(home: Path) -> None:
    number = _id(home)
    kulla("incidents", "tag", number, "vip", *WHO, home=home)
    for words, found in (("tag:vip web1", 1), ("-tag:vip", 0), ("rule:odd", 1), ("nothing-like-it", 0)):
        result = kulla("incidents", "list", "--search", words, "-f", "jsonl", home=home)
        assert len(result.out.splitlines()) == found, words


def test_verdicts_close_and_reopen(home: Path) -> None:
    number = _id(home)
    done = kulla("incidents", "judge", number, "--verdict", "benign", "--why", "a test", *WHO, home=home)
    assert "4 alerts are judged benign" in done.err
    alerts = [json.loads(line) for line in kulla("alerts", "list", home=home).out.splitlines()]
    assert {(item["verdict"], item["verdict.why"]) for item in alerts} == {("benign", "a test")}
    assert kulla("incidents", "close", number, "--why", "over", *WHO, home=home).code == 0
    assert kulla("incidents", "reopen", number, "--why", "not over", *WHO, home=home).code == 0
    found = json.loads(kulla("incidents", "list", home=home).out.splitlines()[0])
    assert (found["status"], found["closed_why"]) == ("open", "")


@pytest.mark.parametrize(("lang", "word"), [("en", "Assigned to"), ("sq", "I caktuar")])
def test_the_case_is_told_in_both_languages(home: Path, lang: str, word: str) -> None:
    number = _id(home)
    kulla("incidents", "note", number, "një \x1b[31mshënim", *WHO, home=home)
    result = kulla("incidents", "case", number, "--lang", lang, home=home, terminal=True)
    assert word in result.out
    assert "\x1b[31m" not in result.out
    assert max(map(len, result.out.splitlines())) <= 80
