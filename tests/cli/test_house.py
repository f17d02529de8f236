"""The organisation's own networks, domains and deadlines: from the settings into every guide, paper and export."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.runs import kulla
from tests.cli.test_exports import _home, _incident

OWN = '[own]\nnetworks = ["203.0.113.0/24"]\ndomains = ["gov.example"]\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a store with one incident, attacked from 203.0.113.9."""
    return _home(tmp_path, "green")


def _everything(home: Path, number: str) -> dict[str, str]:
    """Return what is written about the incident on each way."""
    ways = {
        "guide": ("respond", number, "--playbook", "web-shell", "--dry-run", "-f", "json"),
        "openc2": ("incidents", "export", number, "--as", "openc2", "--playbook", "web-shell"),
        "cacao": ("incidents", "export", number, "--as", "cacao", "--playbook", "web-shell"),
        "stix": ("incidents", "export", number, "--as", "stix"),
        "misp": ("incidents", "export", number, "--as", "misp"),
        "paper": ("incidents", "paper", number, "notification", "-f", "json"),
        "report": ("incidents", "report", number, "-f", "json"),
    }
    return {name: kulla(*words, home=home).out for name, words in ways.items()}


def _offered(told: dict[str, str]) -> dict[str, bool]:
    """Return on which ways the address is told as the attacker's, or offered for blocking."""
    guide = json.loads(told["guide"])["guide"]["steps"]
    commands = [
        command["text"] or "" for step in guide for command in step["commands"] if step["id"] == "block-address"
    ]
    cacao = json.loads(told["cacao"])
    filled = [
        str(extension.get("filled", {}).get("commands", ""))
        for node in cacao["workflow"].values()
        for extension in node.get("step_extensions", {}).values()
        if extension.get("id") == "block-address"
    ]
    fields = {field["name"]: " ".join(field["lines"]) for field in json.loads(told["paper"])["paper"]["fields"]}
    return {
        "guide": "203.0.113.9" in " ".join(commands),
        "openc2": "203.0.113.9" in str(json.loads(told["openc2"])["commands"]),
        "cacao": "203.0.113.9" in " ".join(filled),
        "stix": "'203.0.113.9'" in told["stix"],
        "misp": any(
            item["to_ids"]
            for item in json.loads(told["misp"])["Event"]["Attribute"]
            if item["value"].startswith("203.0.113.9")
        ),
        "paper": "203.0.113.9" in fields["indicators"],
    }


def test_the_houses_public_addresses_are_offered_nowhere(home: Path, tmp_path: Path) -> None:
    number = _incident(home)
    assert set(_offered(_everything(home, number)).values()) == {True}
    (tmp_path / "kulla.toml").write_text(OWN)
    assert set(_offered(_everything(home, number)).values()) == {False}


@pytest.mark.parametrize(
    "text",
    [
        'networks = ["203.0.113.9/24"]',
        'networks = ["here"]',
        "networks = 7",
        'domains = ["gov"]',
        'domains = ["a b.al"]',
        "x = 1",
    ],
)
def test_settings_that_are_none_are_refused_with_their_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "kulla.toml").write_text(f"[own]\n{text}\n")
    result = kulla("incidents", "list", home=tmp_path / "home")
    assert result.code == 3
    assert "kulla.toml:2" in result.err


def test_every_clock_begins_with_the_awareness_that_is_on_record(home: Path, tmp_path: Path) -> None:
    number = _incident(home)
    (tmp_path / "own.yaml").write_text(
        "deadlines:\n  - {id: nis2-early-warning, title: {en: At once, sq: Menjëherë}, to: {en: AKSK, sq: AKSK},\n"
        "     basis: by-law 7, from: awareness, within: 4h, where: always}\n"
    )
    (tmp_path / "kulla.toml").write_text('[papers]\ndeadlines = ["own.yaml"]\n')
    aware = ("incidents", "clocks", number, "--aware", "2026-03-09T20:00:00Z", "--why", "a call", "--actor", "Drita")
    assert kulla(*aware, home=home).code == 0
    told = _everything(home, number)
    clocks = [step["legal_clock"] for step in json.loads(told["guide"])["guide"]["steps"] if step["legal_clock"]]
    assert "nis2-early-warning: 2026-03-10T00:00:00.000Z" in clocks
    assert '"clock_due": "2026-03-10T00:00:00.000Z"' in told["cacao"].replace('":"', '": "')
    assert '"clock_basis": "by-law 7"' in told["cacao"].replace('":"', '": "')
    due = {row["deadline"]: row["due"] for row in _clocks(home, number)}
    assert due["nis2-early-warning"].startswith("2026-03-10T00:00:00")


def _clocks(home: Path, number: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(kulla("incidents", "clocks", number, "-f", "json", home=home).out)[
        "clocks"
    ]["clocks"]
    return rows


def _counted_walks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows with each walk over the whole ledger."""
    from playbooks.ledger.walk import Walk

    walks: list[int] = []
    real = Walk.over
    monkeypatch.setattr(Walk, "over", lambda self, entries: walks.append(1) or real(self, entries))
    return walks


def test_the_ledger_is_walked_once_for_a_paper(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = _incident(home)
    assert kulla("incidents", "note", number, "seen", "--actor", "Drita", home=home).code == 0
    walks = _counted_walks(monkeypatch)
    words = ("--fill", "contact=Drita", "--fill", "nature=A web shell", "--with-names", "--actor", "Drita")
    result = kulla("incidents", "paper", number, "notification", *words, "-f", "json", home=home)
    fields = {field["name"]: field for field in json.loads(result.out)["paper"]["fields"]}
    assert fields["nature"]["lines"] == ["A web shell"]
    assert len(walks) == 1


def test_the_ledger_is_walked_once_and_examined_for_a_report_with_names(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = _incident(home)
    assert kulla("incidents", "note", number, "seen", "--actor", "Drita", home=home).code == 0
    walks = _counted_walks(monkeypatch)
    assert kulla("incidents", "report", number, "--with-names", "--actor", "Drita", "-f", "md", home=home).code == 0
    assert len(walks) == 2


def test_papers_have_the_pseudonyms_of_exports_where_there_is_a_key(home: Path) -> None:
    number = _incident(home)
    before = json.loads(kulla("incidents", "paper", number, "handover", "-f", "json", home=home).out)["paper"]
    assert before["numbered"] is True
    assert kulla("incidents", "export", number, "--as", "stix", home=home).code == 0  # makes the key
    shown = kulla("incidents", "report", number, "-f", "md", home=home).out
    told = kulla("incidents", "paper", number, "handover", "-f", "md", home=home).out
    exported = kulla("incidents", "export", number, "--as", "stix", home=home).out
    names = set(re.findall(r"name-[0-9a-f]{6}-[a-z2-7]{26}", exported))
    assert len(names) == 1
    assert names.pop() in shown
    assert "the same as in exports" in told
    assert "hoxha" not in shown + told
