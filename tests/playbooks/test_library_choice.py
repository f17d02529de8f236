"""The right playbook for the alert: by technique, by rule, and beside the playbook that a rule names itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from engine.alerts import Alert
from engine.attack import Fit, fit
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
    (("T1547.001",), "windows-persistence"),
    (("T1055.012",), "hidden-code"),
    (("T1566.001", "T1204.002"), "phishing-malware"),
    (("T1548.002",), "privilege-escalation"),
    (("T1219.002",), "remote-management"),
    (("T1584.002",), "dns-hijack"),
    (("T1091",), "removable-media"),
    (("T1110.004",), "citizen-accounts"),
    (("T1119",), "registry-scraping"),
    (("T1675",), "hypervisor"),
    (("T1557.001",), "network-interception"),
)
# Techniques for which an equally urgent, wider playbook of an earlier name stands beside the exact one.
BESIDE = (
    (("T1213.006",), "database-compromise"),
    (("T1213.006",), "sql-injection-theft"),
    (("T1003.006",), "domain-controller"),
    (("T1558.001",), "domain-controller"),
    (("T1562.002",), "log-source-silenced"),
    (("T1491.002",), "defacement"),
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
    ("f96ca8ae-4a1b-4f4a-8b22-06797ca96b9a", "signing-service", "signing-service"),
    ("1311286c-a3ed-4262-b1c1-6d07706d4dd3", "hypervisor", "hypervisor"),
    ("aa57aeb7-097f-4839-9078-3af9bfadf7fa", "citizen-accounts", "citizen-accounts"),
    ("54a0e269-4131-4a43-b8db-abdacf884ef8", "data-exfiltration", "registry-scraping"),
    ("e7b58c5a-817b-4865-bba7-e8b410a6e3aa", "ransomware-wiper", "privilege-escalation"),
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


def covers(technique: str) -> bool:
    """Tell whether a playbook names `technique` or its parent."""
    return any(fit(own, technique) is not Fit.NONE for playbook in LIBRARY for own in playbook.fits.techniques)


def test_the_library_is_as_large_as_promised() -> None:
    assert len(LIBRARY.playbooks) >= 40
    assert sum(len(playbook.steps) for playbook in LIBRARY) >= 400


def test_every_technique_of_the_storyboards_has_a_playbook(shared: Path) -> None:
    text = "\n".join(path.read_text("utf-8") for path in sorted((shared / "storyboards").glob("*.yaml")))
    techniques = sorted(set(re.findall(r"\bT[0-9]{4}(?:\.[0-9]{3})?\b", text)))
    assert len(techniques) > 50
    assert [technique for technique in techniques if not covers(technique)] == []


def test_rules_of_sigmahq_that_are_high_or_critical_have_a_playbook(shared: Path) -> None:
    """Count a rule with techniques in its tags as covered where a playbook fits one of them; 95 % is the promise."""
    texts = (path.read_text("utf-8") for path in (shared / "sigma").rglob("*.yml"))
    urgent = (text for text in texts if re.search(r"^level: (?:high|critical)\s*$", text, re.MULTILINE))
    tags = [set(re.findall(r"\battack\.(t[0-9]{4}(?:\.[0-9]{3})?)\b", text)) for text in urgent]
    tagged = [[tag.upper() for tag in found] for found in tags if found]
    known = {tag: covers(tag) for tag in {tag for found in tagged for tag in found}}
    assert len(tagged) > 1000
    assert sum(any(known[tag] for tag in found) for found in tagged) >= 0.95 * len(tagged)


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
