"""The table of ATT&CK, and comparing techniques over its versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.attack import Fit, canonical, fit, same_tactic, technique_fault
from engine.attack.comparing import display
from engine.attack.table import PACKAGED, prefer, read_table, table
from engine.attack.tags import TACTIC_IDS, TACTICS
from engine.errors import ConfigurationError


def test_every_tactic_of_every_technique_is_known() -> None:
    named = {name for item in table().techniques.values() for held in item.tactics.values() for name in held}
    assert named == set(TACTICS)
    assert set(TACTIC_IDS) == set(TACTICS)


def test_every_sub_technique_has_its_parent_in_the_same_version() -> None:
    for item in table().techniques.values():
        above = table().techniques[item.id.partition(".")[0]]
        assert item.tactics.keys() <= above.tactics.keys(), item.id


def test_what_is_given_up_leads_to_a_technique_of_the_newest_version() -> None:
    newest = table().versions[-1]
    for old in table().moved:
        assert newest in table().techniques[canonical(old)].tactics, old


def test_measures_name_techniques_that_there_are_or_were() -> None:
    known = table().techniques.keys() | table().moved.keys()
    named = {number for item in table().measures for number in item.techniques if canonical(number) in known}
    assert len(named) > 300


@pytest.mark.parametrize(
    ("own", "technique", "wanted"),
    [
        ("T1059.001", "T1059.001", Fit.EXACT),
        ("t1059.001", "T1059.001", Fit.EXACT),
        ("T1059", "T1059.001", Fit.PARENT),
        ("T1059.001", "T1059", Fit.NONE),
        ("T1059.001", "T1059.003", Fit.NONE),
        ("T1562.001", "T1685", Fit.EXACT),  # the same one in v18 and v19
        ("T1562", "T1685.001", Fit.PARENT),
        ("T1562", "T1686", Fit.NONE),
        ("T1562", "T1562.004", Fit.PARENT),
        ("T1086", "T1059.001", Fit.EXACT),  # given up before v18
        ("T1070.001", "T1685.005", Fit.EXACT),
    ],
)
def test_techniques_fit_over_versions(own: str, technique: str, wanted: Fit) -> None:
    assert fit(own, technique) is wanted


def test_what_is_wrong_with_an_id_is_told() -> None:
    assert technique_fault("T1059.001") == ""
    assert technique_fault("T1685.001") == ""
    assert technique_fault("T1562.001") == ""  # v18 is understood as well
    assert technique_fault("T1086") == "given up by ATT&CK: it is T1059.001 now"
    assert "no technique of ATT&CK v18.1 and v19.1" in technique_fault("T9999")
    assert technique_fault("T1059.1") == "no id of a technique"


def test_a_technique_is_shown_with_its_parent() -> None:
    assert display("T1059.001") == "T1059.001 Command and Scripting Interpreter: PowerShell"
    assert display("T1190") == "T1190 Exploit Public-Facing Application"
    assert display("T9999") == "T9999"


def test_a_split_tactic_is_the_same_as_its_parts() -> None:
    assert same_tactic("defense-evasion", "stealth")
    assert same_tactic("defense-impairment", "defense-evasion")
    assert not same_tactic("stealth", "defense-impairment")


def test_a_preferred_table_goes_before_the_packaged_one(tmp_path: Path) -> None:
    own = tmp_path / "attack.json"
    try:
        prefer(own)
        assert table().versions == read_table(PACKAGED).versions  # the file is not there
        own.write_text('{"format": 1}', encoding="utf-8")
        prefer(tmp_path / "other.json")
        prefer(own)
        with pytest.raises(ConfigurationError, match="no table of ATT&CK"):
            table()
    finally:
        prefer(PACKAGED)
