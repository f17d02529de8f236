"""Every rule does in the embedded store what its tests say; `tests/elasticsearch/test_rules.py` asks the same there."""

from __future__ import annotations

from pathlib import Path

from engine.store.embedded import EmbeddedStore
from tests.detections.stores import NOW, wrong


def test_rules_do_in_the_embedded_store_what_their_tests_say(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "store", lambda: NOW) as store:
        tests, faults = wrong(store)
    assert faults == []
    assert tests > 900
