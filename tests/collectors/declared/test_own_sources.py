"""Kulla's own sources in YAML: every file's tests hold, and its lines are recognised as its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import collectors.sources
from collectors.declared.checking import check, rival
from collectors.declared.folder import declared_sources
from collectors.registry import find
from engine.errors import ConfigurationError

FILES = sorted(Path(collectors.sources.__path__[0]).glob("*.yml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_source_passes_its_own_tests(file: Path) -> None:
    (source,) = declared_sources((file,))
    assert source.name == file.stem, "the file is named for its source, so that it is found without reading all others"
    assert find(source.name).title == source.declared.title
    outcomes = [item.outcome for item in source.declared.examples]
    assert outcomes.count("event") >= 2
    assert "unread" in outcomes
    assert [problem for checked in check(source) for problem in checked.problems] == []
    assert rival(source) is None


def test_a_users_source_may_not_take_the_name_of_one(tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_bytes(FILES[0].read_bytes())
    with pytest.raises(ConfigurationError, match="one of kulla's own"):
        declared_sources((file,))
