"""The table of rules in the docs is the one that the rules give."""

from __future__ import annotations

from cli.rules_reference import reference
from tests.conftest import ROOT


def test_the_table_of_rules_is_up_to_date() -> None:
    told = (ROOT / "docs" / "detections.md").read_text(encoding="utf-8")
    assert told == reference(), "python -m cli.rules_reference > docs/detections.md"
