"""Everything here that names techniques names ones that there are."""

from __future__ import annotations

import re
from pathlib import Path

from engine.attack import TACTICS, technique_fault
from playbooks.loader import load_library

_TAG = re.compile(r"^\s*-\s*attack\.(t\d{4}(?:\.\d{3})?)\s*$", re.IGNORECASE | re.MULTILINE)


def test_playbooks_name_techniques_and_tactics_that_there_are() -> None:
    for playbook in load_library():
        faults = [fault for item in playbook.fits.techniques if (fault := technique_fault(item))]
        assert not faults, playbook.id
        assert set(playbook.fits.tactics) <= set(TACTICS), playbook.id


def test_nearly_every_tag_of_sigmahq_is_known(shared: Path) -> None:
    tags = [
        found.upper()
        for path in sorted((shared / "sigma").rglob("*.yml"))
        for found in _TAG.findall(path.read_text(encoding="utf-8", errors="replace"))
    ]
    unknown = [tag for tag in tags if technique_fault(tag)]
    assert len(tags) > 4_000
    assert len(unknown) < len(tags) / 100
