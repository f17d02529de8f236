"""Artefacts on the shelf: what was saved comes back, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.anomaly.artefacts import Manifest
from engine.anomaly.frame import Content
from engine.anomaly.shelf import Shelf
from engine.errors import InputError, NotFoundError

CONTENT = Content(document={"a": [1, 2.5]}, arrays={"x": np.arange(3.0)})
MANIFEST = Manifest(model="web-requests", version="", created="2026-01-01T00:00:00.000Z", seed=1)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models", tmp_path / "keys")


def test_what_was_saved_comes_back(shelf: Shelf) -> None:
    kept = shelf.save(MANIFEST, CONTENT)
    manifest, content = shelf.load("web-requests")
    assert manifest == kept
    assert content.document == CONTENT.document
    assert content.arrays["x"].tobytes() == CONTENT.arrays["x"].tobytes()
    assert [item.version for item in shelf.versions("web-requests")] == [kept.version]


def test_equal_models_have_the_same_version(shelf: Shelf) -> None:
    assert shelf.save(MANIFEST, CONTENT).version == shelf.save(MANIFEST, CONTENT).version


@pytest.mark.parametrize("name", ["content.json", "arrays.npz", "manifest.json", "manifest.sig"])
def test_a_changed_part_is_refused(shelf: Shelf, tmp_path: Path, name: str) -> None:
    kept = shelf.save(MANIFEST, CONTENT)
    path = tmp_path / "models" / "web-requests" / kept.version / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises((InputError, NotFoundError)):
        shelf.load("web-requests", kept.version)


def test_a_model_signed_elsewhere_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    shelf.save(MANIFEST, CONTENT)
    elsewhere = Shelf(tmp_path / "models", tmp_path / "other")
    elsewhere.save(Manifest(model="other", version="", created="", seed=1), CONTENT)
    assert elsewhere.versions("web-requests") == []
    with pytest.raises(NotFoundError):
        elsewhere.load("web-requests")


def test_objects_are_never_unpickled(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        shelf.save(MANIFEST, Content(document={}, arrays={"x": np.array([{}], dtype=object)}))


def test_promotion_and_budget_are_kept(shelf: Shelf) -> None:
    assert shelf.promoted("web-requests") is None
    kept = shelf.save(MANIFEST, CONTENT)
    shelf.promote("web-requests", kept.version)
    shelf.set_budget(4)
    assert shelf.promoted("web-requests") == kept.version
    assert shelf.budget == 4.0


def test_the_private_key_is_for_its_owner_alone(shelf: Shelf, tmp_path: Path) -> None:
    shelf.save(MANIFEST, CONTENT)
    assert (tmp_path / "keys" / "models.key").stat().st_mode & 0o777 == 0o600
