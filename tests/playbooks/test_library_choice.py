"""The right playbook for the alert: by technique, by rule, and beside the playbook that a rule names itself."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest

from engine.alerts import Alert
from playbooks.choose import choose
from playbooks.compiler import compile_guide
from playbooks.loader import load_library
from tests.playbooks.samples import alert, incident

LIBRARY = load_library()

BY_TECHNIQUE = (
    (("T1498.001",), "ddos-e-services"),
    (("T1499.002",), "ddos-e-services"),
    (("T1566.002", "T1539"), "aitm-phishing"),
    (("T1530",), "insider-lookups"),
    (("T1195.002",), "supply-chain"),
    (("T1528",), "stolen-keys-tokens"),
    (("T1550.001", "T1098.001"), "stolen-keys-tokens"),
    (("T1649",), "eid-signing-key"),
    (("T1606.002",), "eid-signing-key"),
    (("T1078.004", "T1098.003"), "cloud-tenant"),
    (("T1562.008",), "log-source-silenced"),
    (("T1496.001",), "cryptominer-rootkit"),
    (("T1014",), "cryptominer-rootkit"),
    (("T1133",), "vpn-edge-device"),
    (("T1610", "T1611"), "kubernetes-cluster"),
    (("T1505.001",), "database-compromise"),
    (("T1565.001",), "database-compromise"),
    (("T1114.003",), "business-mail"),
    (("T1534",), "business-mail"),
    (("T1490",), "backup-deletion"),
    (("T1505.004",), "state-actor-intrusion"),
)
# Techniques for which an equally urgent, wider playbook of an earlier name stands beside the exact one.
BESIDE = (
    (("T1213.006",), "database-compromise"),
    (("T1213.006",), "sql-injection-theft"),
    (("T1003.006",), "domain-controller"),
    (("T1558.001",), "domain-controller"),
    (("T1562.002",), "log-source-silenced"),
)
# What the alerts of kulla's own rules bring, with the playbook that the rule names where that is another one.
BY_RULE = (
    ("222fecd3-8020-4f25-b4ea-2261e3263361", "web-shell", "state-actor-intrusion"),
    ("62ea4c48-389b-4160-be05-f3a61878f33a", "web-shell", "state-actor-intrusion"),
    ("520d3cca-dbbb-4190-abbe-d588fd771a70", "web-attack", "sql-injection-theft"),
    ("0d402f1a-a5d0-451b-a5dd-4b9bd70bf7be", "ransomware-wiper", "xroad-server"),
    ("58087cd1-f5f3-473b-978a-deee9c1da7c4", "security-tools-disabled", "xroad-server"),
    ("17e73abc-0cb4-40e0-bc8b-83555f8dfd96", "credential-theft", "eid-signing-key"),
    ("12fca8e8-918f-4601-b192-c829bd6e0dc0", "credential-theft", "domain-controller"),
    ("7b08d58a-7832-43c8-b851-4de5babec2eb", "mailbox-theft", "business-mail"),
    ("648a3a4f-417e-44e5-a369-546950c839a8", "ransomware-wiper", "backup-deletion"),
    ("48eebf9e-8cb0-472e-85a7-c0a9448667dd", "data-exfiltration", "insider-lookups"),
    ("171bf6f8-838d-4ce7-841a-01fc0922a7fd", "brute-force", "vpn-edge-device"),
)
NEW = tuple(
    dict.fromkeys((*(name for _, name in BY_TECHNIQUE), *(name for _, _, name in BY_RULE), "log-source-silenced"))
)


def of_rule(rule_id: str, named: str) -> Alert:
    """Return an alert of the rule `rule_id` that names the playbook `named` (none where empty)."""
    found = alert(rule=rule_id, playbooks=(named,) if named else ())
    return replace(found, rule=replace(found.rule, name="the rule"))


@pytest.mark.parametrize(("techniques", "expected"), BY_TECHNIQUE, ids=str)
def test_a_technique_brings_its_playbook_first(techniques: tuple[str, ...], expected: str) -> None:
    choices = choose(incident(techniques=techniques), [], LIBRARY)
    assert choices[0].playbook.id == expected
    assert choices[0].is_certain


@pytest.mark.parametrize(("techniques", "expected"), BESIDE, ids=str)
def test_the_exact_playbook_is_among_the_first_three(techniques: tuple[str, ...], expected: str) -> None:
    choices = choose(incident(techniques=techniques), [], LIBRARY)
    assert expected in [choice.playbook.id for choice in choices[:3] if choice.is_certain]


@pytest.mark.parametrize(("rule", "named", "expected"), BY_RULE)
def test_a_rule_brings_its_playbook_beside_the_one_it_names(rule: str, named: str, expected: str) -> None:
    choices = choose(incident(), [of_rule(rule, named)], LIBRARY)
    ids = [choice.playbook.id for choice in choices]
    assert expected in ids[:3]
    assert named in ids
    assert choices[ids.index(expected)].reason.en == "rules: the rule"


def test_destruction_under_way_still_comes_before_all() -> None:
    case = incident(techniques=("T1486", "T1490", "T1489", "T1003.006", "T1133"))
    assert [choice.playbook.id for choice in choose(case, [], LIBRARY)[:2]] == ["ransomware-wiper", "backup-deletion"]


def test_password_guessing_alone_does_not_tear_down_the_domain() -> None:
    chosen = {choice.playbook.id for choice in choose(incident(techniques=("T1110.003",)), [], LIBRARY)}
    assert chosen == {"brute-force"}


def test_rules_that_playbooks_link_to_are_rules_of_kulla() -> None:
    from importlib import resources

    folder = resources.files("detections") / "rules"
    text = "\n".join(item.read_text("utf-8") for part in folder.iterdir() if part.is_dir() for item in part.iterdir())
    linked = {rule for playbook in LIBRARY for rule in playbook.fits.rules}
    assert len(linked) >= 30
    assert {rule for rule in linked if f"id: {rule}" not in text} == set()


@pytest.mark.parametrize("name", NEW)
def test_a_step_that_destroys_or_stops_a_service_is_approved(name: str) -> None:
    for step in LIBRARY.get(name).steps:
        if step.changes and step.risk.level == "high":
            assert step.approval in {"one", "two-person"}, step.id
        if step.changes and not step.undo.commands:
            assert step.approval != "none", step.id


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_itself_reads_every_command_of_the_library() -> None:
    scripts: dict[str, str] = {}
    for playbook in LIBRARY:
        for step in compile_guide(incident(), playbook).steps:
            for command in (*step.commands, *step.verify, *step.undo):
                if command.platform == "bash" and command.text:
                    scripts.setdefault(command.text, f"{playbook.id}/{step.step.id}")
    assert len(scripts) > 100
    for script, where in scripts.items():
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (where, done.stderr)
        assert done.stderr == "", (where, done.stderr)
