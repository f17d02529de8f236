"""`kulla sources`: every format is listed by the name that --source takes."""

from __future__ import annotations

import json
from pathlib import Path

from collectors.registry import sources
from tests.cli.runs import kulla


def test_every_source_is_listed_with_its_datasets(tmp_path: Path) -> None:
    result = kulla("sources", "-f", "jsonl", home=tmp_path / "home")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["name"] for row in rows] == [source.name for source in sources()]
    assert all(row["datasets"] and row["title"] for row in rows)


def test_words_narrow_the_list(tmp_path: Path) -> None:
    result = kulla("sources", "x-road", "audit", home=tmp_path / "home", terminal=True)
    assert "xroad_audit" in result.out
    assert "nginx" not in result.out
    assert max(map(len, result.out.splitlines())) <= 80
    assert kulla("sources", "no such thing", home=tmp_path / "home").code == 0
