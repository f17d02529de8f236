"""Which playbook first."""

from __future__ import annotations

from dataclasses import replace

from playbooks.choose import choose
from playbooks.loader import load_library
from tests.playbooks.samples import alert, incident

LIBRARY = load_library()


def test_destruction_comes_before_espionage() -> None:
    case = incident(techniques=("T1114.002", "T1486", "T1505.003"), tactics=("collection", "impact"))
    choices = choose(case, [], LIBRARY)
    # web-shell names T1505.003 itself, mailbox-theft only the parent of T1114.002
    assert [choice.playbook.id for choice in choices[:3]] == ["ransomware-wiper", "web-shell", "mailbox-theft"]
    assert choices[0].reason.en == "techniques: T1486"
    assert choices[0].reason.sq == "teknika: T1486"


def test_a_rule_names_its_playbook() -> None:
    choices = choose(incident(), [alert(rule="Odd", playbooks=("logs-cleared",))], LIBRARY)
    assert [(choice.playbook.id, choice.reason.en) for choice in choices] == [("logs-cleared", "rules: Odd")]


def test_an_alert_judged_false_does_not_choose() -> None:
    judged = replace(alert(playbooks=("logs-cleared",)), verdict="false-positive")
    assert choose(incident(), [judged], LIBRARY) == []


def test_a_shared_tactic_comes_after_a_named_playbook() -> None:
    case = incident(tactics=("impact",), playbooks=("brute-force",))
    choices = choose(case, [], LIBRARY)
    assert [(choice.playbook.id, choice.is_certain) for choice in choices] == [
        ("brute-force", True),
        ("ransomware-wiper", False),
    ]


def test_a_technique_covers_its_sub_techniques_and_no_neighbour() -> None:
    assert "credential-theft" in {c.playbook.id for c in choose(incident(techniques=("T1003.001",)), [], LIBRARY)}
    assert choose(incident(techniques=("T10030",)), [], LIBRARY) == []
