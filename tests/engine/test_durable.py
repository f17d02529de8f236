"""Private files: whole or as they were, for their owner alone, nothing left beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import durable


def test_a_file_is_replaced_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for content in (b"one", b""):
        durable.write_private(path, content)
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in tmp_path.iterdir()] == ["key"]


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    durable.write_private(path, b"one")

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        durable.write_private(path, b"two")
    assert path.read_bytes() == b"one"
    assert [item.name for item in tmp_path.iterdir()] == ["key"]


def test_what_somebody_put_beside_it_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"whole")
    monkeypatch.setattr(durable, "token_hex", lambda size: "known", raising=False)
    for number in ("known", durable.os.getpid()):
        (tmp_path / f"key.{number}.new").symlink_to(victim)
    with pytest.raises(FileExistsError):
        durable.write_private(tmp_path / "key", b"secret")
    assert victim.read_bytes() == b"whole"


def test_an_opened_file_is_its_owners_and_keeps_its_content(tmp_path: Path) -> None:
    with durable.open_private(tmp_path / "lock") as stream:
        stream.write(b"x")
    with durable.open_private(tmp_path / "lock") as stream:
        assert stream.read() == b"x"
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
