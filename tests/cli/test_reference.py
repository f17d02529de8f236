from __future__ import annotations

from pathlib import Path

from cli.reference import reference

FILE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"


def test_the_command_reference_is_up_to_date(monkeypatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert FILE.read_text(encoding="utf-8") == reference(), "stale: python -m cli.reference > docs/cli.md"


def test_the_reference_holds_every_command_and_no_path_of_this_machine() -> None:
    text = reference()
    for word in (
        "### kulla alerts list",
        "### kulla store dead-letters",
        "### kulla respond",
        "| `home` | `KULLA_HOME` |",
    ):
        assert word in text
    assert str(Path.home()) not in text.replace("/\n", "")
    assert "\x1b" not in text
