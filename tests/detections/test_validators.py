"""sigma-cli's own validators find no fault in kulla's rules.

Their ATT&CK and D3FEND data is fetched from the internet at first use; here kulla's table of ATT&CK stands in for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sigma.collection import SigmaCollection
from sigma.data import mitre_attack
from sigma.plugins import InstalledSigmaPlugins
from sigma.validation import SigmaValidator

from detections.catalogue import rule_files
from engine.attack.table import table

# What these say is a matter of taste, or wrong for rules in kulla's form:
NOT_ASKED = {
    "custom_attributes": "asks that every key beyond the specification be declared: `kulla:` is ours, and documented",
    "specific_instead_of_generic_logsource": "would have Sysmon's own rules, where kulla also reads event 4688",
    "d3_fendtag": "asks the internet, and no rule of ours has such a tag",
}


@pytest.fixture
def offline(tmp_path: Path) -> Iterator[None]:
    """Give pySigma its ATT&CK data from kulla's table, as the STIX bundle that it expects."""
    newest = table().versions[-1]
    objects: list[dict[str, object]] = [{"type": "x-mitre-collection", "x_mitre_version": newest}]
    names = {name for item in table().techniques.values() for name in item.tactics.get(newest, ())}
    for number, name in enumerate(sorted(names)):
        reference = [{"source_name": "mitre-attack", "external_id": f"TA{number:04}"}]
        objects.append({"type": "x-mitre-tactic", "x_mitre_shortname": name, "external_references": reference})
    for item in table().techniques.values():
        if newest in item.tactics:
            phases = [{"kill_chain_name": "mitre-attack", "phase_name": name} for name in item.tactics[newest]]
            objects.append(
                {
                    "type": "attack-pattern",
                    "name": item.name,
                    "kill_chain_phases": phases,
                    "external_references": [{"source_name": "mitre-attack", "external_id": item.id}],
                }
            )
    bundle = tmp_path / "attack.json"
    bundle.write_text(json.dumps({"objects": objects}), encoding="utf-8")
    before = (mitre_attack._custom_url, mitre_attack._custom_cache_dir, mitre_attack._cache)
    mitre_attack._custom_url, mitre_attack._custom_cache_dir, mitre_attack._cache = str(bundle), tmp_path / "c", None
    yield
    mitre_attack._custom_url, mitre_attack._custom_cache_dir, mitre_attack._cache = before


def test_sigma_cli_finds_nothing(offline: None) -> None:
    found = InstalledSigmaPlugins.autodiscover().validators
    assert set(NOT_ASKED) <= set(found), "a validator of another name"
    validator = SigmaValidator([item for name, item in found.items() if name not in NOT_ASKED])
    collection = SigmaCollection.load_ruleset(list(rule_files()))
    assert [str(error) for rule in collection.rules for error in rule.errors] == []
    issues = list(validator.validate_rules(iter(collection.rules)))
    told = [f"{issue.rules[0].source}: {issue}" for issue in issues]
    assert told == [], "\n".join(told)
