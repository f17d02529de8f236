"""`kulla collect --follow` as a process: it stays, and ends cleanly when it is told to."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from engine.store.embedded import EmbeddedStore
from tests.cli.runs import NOW, access_log, child, kulla


def wait_for(home: Path, events: int) -> None:
    """Wait until the store holds so many events, at most a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if (home / "store" / "store.sqlite").exists():
            with EmbeddedStore(home / "store", lambda: NOW) as store:
                if store.status().events >= events:
                    return
        time.sleep(0.05)
    pytest.fail(f"{events} events were not stored within a minute")


def test_follow_stores_what_is_written_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    home, log = tmp_path / "home", tmp_path / "access.log"
    log.write_bytes(access_log(20))
    process = child("collect", str(log), "--follow", home=home)
    try:
        wait_for(home, 20)
        with log.open("ab") as stream:
            stream.write(access_log(10, start=20))
        wait_for(home, 30)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert "in 30 = stored 30 + dead-lettered 0 + duplicates 0" in err
    assert json.loads(out)["records"] == 30
    again = kulla("collect", str(log), home=home)  # the plain command knows the log, and every record in it
    assert "in 30 = stored 0 + dead-lettered 0 + duplicates 30" in again.err


def test_stdin_cannot_be_followed(tmp_path: Path) -> None:
    assert kulla("collect", "-", "--follow", home=tmp_path / "home").code == 2


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert kulla("collect", "no/such/access.log", "--follow", home=tmp_path / "home").code == 4
