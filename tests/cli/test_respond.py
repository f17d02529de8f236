"""`kulla respond`, `kulla ledger`, `kulla playbooks`: guided, recorded, resumed, verified."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from playbooks.loader import load_library
from tests.cli.fakes import FakeStore, an_alert, an_incident, call
from tests.cli.hostile import HOSTILE, acting

NAME = "web-shell"
STEPS = len(load_library().get(NAME).steps)


VALUES = "values: {external_ip: [203.0.113.9], url: [/x.aspx], suspect_file: [C:\\inetpub\\wwwroot\\x.aspx]}\n"
ALL_DONE = f"actor: Arta\n{VALUES}others: {{outcome: done, approved_by: [Besa, Drin]}}\n"


@pytest.fixture
def store() -> FakeStore:
    alert = an_alert("sp01")
    return FakeStore(kept_alerts=[alert], kept_incidents=[an_incident("sp01.gov.example", alerts=[alert])])


def _respond(store: FakeStore, tmp_path: Path, *argv: str, **settings):
    return call("respond", "inc0", "--playbook", NAME, *argv, store=store, cwd=tmp_path, **settings)


def _ledger(store: FakeStore, tmp_path: Path) -> list[dict]:
    out = call("ledger", "show", "-f", "jsonl", store=store, cwd=tmp_path).out
    return [json.loads(line) for line in out.splitlines()]


def test_what_is_under_way_goes_on_whatever_fits_best_by_now(store: FakeStore, tmp_path: Path) -> None:
    best = call("respond", "inc0", "--dry-run", store=store, cwd=tmp_path).err
    assert f"Playbook {NAME}" not in best
    first = load_library().get(NAME).steps[0].id
    some = f"actor: Arta\n{VALUES}steps:\n  {first}: {{outcome: done, approved_by: [Besa]}}\n"
    (tmp_path / "some.yaml").write_text(some, encoding="utf-8")
    assert _respond(store, tmp_path, "--answers", "some.yaml").code == 4  # the other steps have no answer
    for lang, words in (("en", "it is under way"), ("sq", "ka nisur tashmë")):
        again = call("respond", "inc0", "--dry-run", "-f", "json", "--lang", lang, store=store, cwd=tmp_path)
        assert json.loads(again.out)["guide"]["playbook"] == NAME
        assert f"{NAME}: {words}" in again.err
    (tmp_path / "rest.yaml").write_text(ALL_DONE, encoding="utf-8")
    _respond(store, tmp_path, "--answers", "rest.yaml")
    assert call("respond", "inc0", "--dry-run", store=store, cwd=tmp_path).err == best


def test_without_a_terminal_nobody_is_asked(store: FakeStore, tmp_path: Path) -> None:
    result = _respond(store, tmp_path)
    assert result.code == 2
    assert "the input is no terminal" in result.err
    assert "--dry-run, or --answers FILE" in result.err
    assert store.entries == []


def test_a_dry_run_shows_every_step_and_records_nothing(store: FakeStore, tmp_path: Path) -> None:
    result = _respond(store, tmp_path, "--dry-run", "-f", "json")
    guide = json.loads(result.out)["guide"]
    assert result.code == 4  # the incident lacks values that steps need, and that is told
    assert "cannot be done: the incident names no" in result.err or "none of its commands" in result.err
    assert any(problem["blocks"] for step in guide["steps"] for problem in step["problems"])
    assert any(step["simulated"]["changed"] for step in guide["steps"])
    assert [step["number"] for step in guide["steps"]] == list(range(1, STEPS + 1))
    assert all(step["purpose"] and step["expected"] for step in guide["steps"])
    assert store.entries == []
    one = _respond(store, tmp_path, "--dry-run", "--step", "2", "-f", "table", "--lang", "sq", terminal=True)
    assert f"Hapi 2 nga {STEPS}" in one.out
    assert "Hapi 1 nga" not in one.out
    assert _respond(store, tmp_path, "--dry-run", "--step", "99").code == 2


def test_a_person_decides_stops_and_goes_on(store: FakeStore, tmp_path: Path) -> None:
    first = _respond(store, tmp_path, typed="Arta\n3\nnot now\n0\n", terminal=True)
    assert first.code == 0, first.err
    assert f"Step 1 of {STEPS}" in first.err
    assert f"Step 2 of {STEPS}" in first.err
    assert "Recorded in the ledger as record" in first.err
    records = _ledger(store, tmp_path)
    assert records[-1]["actor"] == "Arta"
    assert records[-1]["details"]["outcome"] == "skipped"
    assert records[-1]["details"]["reason"] == "not now"
    second = _respond(store, tmp_path, typed="Arta\n0\n", terminal=True)
    assert f"Step 1 of {STEPS}" not in second.err
    assert f"Step 2 of {STEPS}" in second.err


def test_what_does_not_hold_is_told_and_asked_again(store: FakeStore, tmp_path: Path) -> None:
    result = _respond(store, tmp_path, typed="Arta\nx\n3\n\n0\n", terminal=True)
    assert "That is none of the choices." in result.err
    assert "Not recorded: `skipped` needs a reason" in result.err
    assert [row["kind"] for row in _ledger(store, tmp_path)] == ["respond.begun"]


def test_the_end_of_the_input_interrupts_and_keeps_what_was_decided(store: FakeStore, tmp_path: Path) -> None:
    result = _respond(store, tmp_path, typed="Arta\n3\nnot now\n", terminal=True)
    assert result.code == 130
    assert "Traceback" not in result.err
    assert _ledger(store, tmp_path)[-1]["details"]["outcome"] == "skipped"


def test_answers_decide_every_step(store: FakeStore, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ALL_DONE)
    result = _respond(store, tmp_path, "--answers", "a.yaml")
    assert result.code == 0, result.err
    decisions = [json.loads(line) for line in result.out.splitlines()]
    assert decisions
    assert {row["outcome"] for row in decisions} == {"done"}
    assert "kulla incidents close" in result.err
    verified = call("ledger", "verify", store=store, cwd=tmp_path)
    assert (verified.code, verified.out) == (0, "")
    assert "the ledger holds" in verified.err


def test_a_step_without_an_answer_is_an_issue(store: FakeStore, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("actor: Arta\nsteps: {}\n")
    result = _respond(store, tmp_path, "--answers", "a.yaml")
    assert result.code == 4
    assert "no answer for step" in result.err
    (tmp_path / "b.yaml").write_text("actor: Arta\nstep: {}\n")
    assert _respond(store, tmp_path, "--answers", "b.yaml").code in (2, 3)
    assert _respond(store, tmp_path, "--answers", "absent.yaml").code == 4


def test_a_rehearsal_records_nothing(store: FakeStore, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ALL_DONE)
    assert _respond(store, tmp_path, "--answers", "a.yaml", "--dry-run").code == 0
    assert store.entries == []


@pytest.mark.parametrize("change", ["body", "removed", "reordered", "cut off"])
def test_a_changed_ledger_is_found(store: FakeStore, tmp_path: Path, change: str) -> None:
    (tmp_path / "a.yaml").write_text(ALL_DONE)
    _respond(store, tmp_path, "--answers", "a.yaml")
    if change == "body":
        store.entries[2] = replace(store.entries[2], body=store.entries[2].body.replace("Arta", "Eve"))
    elif change == "removed":
        del store.entries[2]
    elif change == "reordered":
        store.entries[1], store.entries[2] = store.entries[2], store.entries[1]
    else:
        del store.entries[-1]
    result = call("ledger", "verify", store=store, cwd=tmp_path)
    assert result.code == 1
    assert json.loads(result.out.splitlines()[0])["what"]
    assert "the ledger does not hold" in result.err
    assert _respond(store, tmp_path, typed="Arta\n0\n", terminal=True).code == 1


def test_the_fitting_playbook_is_chosen_and_named(store: FakeStore, tmp_path: Path) -> None:
    incident = replace(store.kept_incidents[0], techniques=("T1505.003",), playbooks=())
    store.kept_incidents = [incident]
    result = call("respond", "inc0", "--dry-run", store=store, cwd=tmp_path)
    assert "Playbook web-shell, because of techniques: T1505.003" in result.err
    nothing = replace(incident, techniques=("T9999",), tactics=())
    assert call("respond", "inc0", "--dry-run", store=FakeStore(kept_incidents=[nothing]), cwd=tmp_path).code == 2


def test_kullas_own_choice_of_a_playbook_is_on_record_with_its_reason(store: FakeStore, tmp_path: Path) -> None:
    store.kept_incidents = [replace(store.kept_incidents[0], techniques=("T1505.003",), playbooks=())]
    result = call("respond", "inc0", store=store, cwd=tmp_path, typed="Arta\n0\n", terminal=True)
    assert result.code == 0, result.err
    records = {row["kind"]: row["details"] for row in _ledger(store, tmp_path)}
    chosen = records["decision.automated"]
    assert (chosen["what"], chosen["result"], chosen["verified_by"]) == ("playbook-chosen", NAME, "Arta")
    assert chosen["reason"] == "techniques: T1505.003"
    assert chosen["input"] == records["respond.begun"]["input"]
    assert len(chosen["input"]) == 64


@pytest.mark.parametrize("fmt", ["table", "json", "jsonl", "md", "html"])
def test_nothing_hostile_acts_in_a_guide(tmp_path: Path, fmt: str) -> None:
    for start in range(6):
        text = " ".join(HOSTILE[start::6])
        store = FakeStore(kept_incidents=[an_incident(text)])
        result = call("respond", "inc0", "--playbook", NAME, "--dry-run", "-f", fmt, store=store, cwd=tmp_path)
        assert result.code in (0, 4), result.err
        assert acting(result.out) == []
        assert acting(result.err) == []


def test_nothing_hostile_acts_in_the_conversation_and_the_ledger(tmp_path: Path) -> None:
    store = FakeStore(kept_incidents=[an_incident(HOSTILE[3])])
    name, reason = "Eve\x1b[31m\u202e", "[/bold]\x1b]52;c;eA==\x07\u200b<script>"
    result = _respond(store, tmp_path, typed=f"{name}\n3\n{reason}\n0\n", terminal=True, environ={"NO_COLOR": "1"})
    assert result.code == 0, result.err
    assert acting(result.out + result.err) == []
    for fmt in ("table", "json", "jsonl", "csv", "md", "html"):
        shown = call("ledger", "show", "-f", fmt, store=store, cwd=tmp_path)
        assert acting(shown.out.replace("\r\n", "\n")) == []
        assert "<script>" not in shown.out or fmt in ("table", "json", "jsonl", "csv")


def test_playbooks_are_listed_shown_and_checked_in_both_languages(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in call("playbooks", "list", "-f", "jsonl").out.splitlines()]
    assert len(rows) >= 8
    assert [row["urgency"] for row in rows] == sorted(row["urgency"] for row in rows)
    for lang in ("en", "sq"):
        shown = call("playbooks", "show", NAME, "-f", "table", "--lang", lang)
        assert shown.code == 0
        assert acting(shown.out) == []
    assert call("playbooks", "show", "nothing").code == 2
    assert call("playbooks", "check").code == 0
    bad = tmp_path / "mine"
    bad.mkdir()
    (bad / "x.yaml").write_text("id: x\n")
    result = call("playbooks", "check", "mine", cwd=tmp_path)
    assert result.code == 4
    assert "x.yaml" in result.err
    assert call("playbooks", "check", "absent", cwd=tmp_path).code == 3
