"""The settings shown in docs/running.md are settings that work."""

from __future__ import annotations

import re
import tomllib

from engine.runs.schedules import read_schedules
from playbooks.notify.settings import read_settings
from tests.conftest import ROOT


def test_the_examples_are_valid() -> None:
    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    first, second = (tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL))
    assert [item.name for item in read_schedules(first["schedules"], "docs")] == ["urgent", "everything"]
    found = read_settings(second["notify"], "docs")
    assert set(found.channels) == {"teams", "mail"}
    assert [hold.what for hold in found.holds] == ["maintenance", "suppression"]
