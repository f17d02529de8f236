"""`kulla collect` and `kulla parse`: in = stored + dead-lettered + duplicates, whatever happens to log or process."""

from __future__ import annotations

import gzip
import json
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.store.embedded import EmbeddedStore
from tests.cli.fakes import Result
from tests.cli.runs import NOW, access_log, child, kulla


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def balance(result: Result) -> tuple[int, int, int, int]:
    rows = [json.loads(line) for line in result.out.splitlines()]
    names = ("records", "stored", "dead_lettered", "duplicates")
    read, stored, dead, known = (sum(row[name] for row in rows) for name in names)
    assert read == stored + dead + known
    assert f"in {read:,} = stored {stored:,} + dead-lettered {dead:,} + duplicates {known:,}" in result.err
    return read, stored, dead, known


def collect(home: Path, *words: str, stdin: bytes | None = None) -> tuple[int, int, int, int]:
    return balance(kulla("collect", *words, home=home, stdin=stdin))


def stored(home: Path) -> tuple[int, int]:
    with EmbeddedStore(home / "store", lambda: NOW) as store:
        ids = [row for part in store.scan(columns=["event.id"]) for row in part.table.column("event.id").to_pylist()]
        assert len(ids) == len(set(ids))
        return len(ids), len(store.dead_letters())


def test_a_log_seen_again_in_any_shape_is_all_duplicates(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(access_log(60) + b"\xff junk\n")
    assert collect(home, "access.log") == (61, 60, 1, 0)
    assert collect(home, str(log)) == (61, 0, 0, 61)
    (tmp_path / "copy.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.rename(tmp_path / "renamed.txt")
    assert collect(home, "copy.gz", "renamed.txt") == (122, 0, 0, 122)
    assert collect(home, "-", stdin=(tmp_path / "renamed.txt").read_bytes()) == (61, 0, 0, 61)
    assert collect(home, "-", stdin=(tmp_path / "copy.gz").read_bytes()) == (61, 0, 0, 61)
    assert stored(home) == (60, 1)


def test_a_log_that_grows_from_short_to_long_and_is_rotated_stores_only_what_is_new(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    for lines, new in ((3, 3), (5, 2), (200, 195)):
        log.write_bytes(access_log(lines))
        assert collect(home, "access.log") == (lines, new, 0, lines - new)
    (tmp_path / "elsewhere.gz").write_bytes(gzip.compress(access_log(250)))
    assert collect(home, "elsewhere.gz") == (250, 50, 0, 200)
    log.write_bytes(access_log(4, path="/new"))
    assert collect(home, "access.log") == (4, 4, 0, 0)
    log.rename(tmp_path / "access.log.1")
    with (tmp_path / "access.log.1").open("ab") as stream:
        stream.write(access_log(90, start=4, path="/new"))
    assert collect(home, "access.log.1") == (94, 90, 0, 4)
    assert stored(home) == (344, 0)


def test_years_1601_and_9999_are_stored_and_come_back(home: Path, tmp_path: Path) -> None:
    stamps = ("1601-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z")
    lines = [json.dumps({"@timestamp": stamp, "event": {"kind": "event"}, "message": "x"}) for stamp in stamps]
    (tmp_path / "a.json").write_text("\n".join(lines) + "\n", encoding="utf-8")
    parsed = kulla("parse", "a.json", home=home)
    assert [json.loads(line)["@timestamp"] for line in parsed.out.splitlines()] == list(stamps)
    assert collect(home, "a.json") == (2, 2, 0, 0)
    with EmbeddedStore(home / "store", lambda: NOW) as store:
        times = [row for part in store.scan() for row in part.table.column("@timestamp").to_pylist()]
    assert times == [datetime(1601, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)]
    assert kulla("detect", home=home).code == 0


def test_bad_input_is_told_file_by_file_and_the_good_is_kept(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.log").write_bytes(access_log(40))
    (folder / "cut.log.gz").write_bytes(gzip.compress(access_log(500, start=100))[:-40])
    (folder / "unknown.bin").write_bytes(b"lorem ipsum dolor\n" * 50)
    (folder / "empty.log").write_bytes(b"")
    for command in ("collect", "parse"):
        result = kulla(command, "logs", "missing.log", home=home)
        assert result.code == 4
        for words in (
            "unknown.bin: no log source recognises these bytes",
            "cut.log.gz",
            "cut short or damaged",
            "copy it again from its origin",
            "missing.log: no such file",
            "1 empty files",
        ):
            assert words in result.err, words
        assert "Traceback" not in result.err
        assert result.err.count("next: ") >= 3
    assert stored(home)[0] > 300


@pytest.mark.parametrize("command", ["parse", "hunt", "collect"])
def test_a_line_of_a_hundred_megabytes_is_one_dead_letter_in_little_memory(
    command: str, home: Path, tmp_path: Path
) -> None:
    log = tmp_path / "a.log"
    with log.open("wb") as stream:
        stream.write(access_log(20))
        for _ in range(100):
            stream.write(b"A" * 1_000_000)
        stream.write(b"\n" + access_log(20, start=20))
    # VmHWM begins with this program; what `getrusage` says has the parent's memory in it
    peak = "open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]"
    tell = f"import atexit\natexit.register(lambda: print('peak', {peak}, file=sys.stderr))"
    process = child(command, str(log), home=home, prelude=tell)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 4, errors
    assert "line of 100,000,001 bytes" in errors
    assert int(errors.rpartition("peak ")[2].split()[0]) < 400 * 1024
    if command == "parse":
        assert len(out.splitlines()) == 40


def test_a_full_disk_stores_nothing_of_the_batch_and_says_so(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(access_log(3000))
    limit = "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))"
    process = child("collect", str(tmp_path / "a.log"), home=home, prelude=limit)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "Traceback" not in errors
    assert "no space left" in errors or "disk I/O error" in errors  # SQLite's word for this limit
    assert "next: " in errors
    assert collect(home, "a.log")[0] == 3000
    assert stored(home) == (3000, 0)


def test_a_killed_collect_run_again_loses_and_doubles_nothing(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(access_log(3000))
    prelude = (
        "import os, signal, cli.collecting as it\nfrom collectors.columns import pieces, gathered as cut\n"
        "from collectors.columns.treatment import Treatment\n"
        "it.PORTIONS, pieces.LINES, cut.ROWS, real, seen = 1, 500, 500, Treatment.treated, [0]\n"
        "def treated(self, *what):\n    seen[0] += 1\n"
        "    if seen[0] == 4:\n        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(self, *what)\nTreatment.treated = treated"
    )
    process = child("collect", str(tmp_path / "a.log"), home=home, prelude=prelude)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert stored(home) == (1500, 0)
    assert collect(home, "a.log") == (3000, 1500, 0, 1500)
    assert stored(home) == (3000, 0)


def test_two_collects_and_a_detect_at_once_end_without_doubles(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(access_log(4000))
    small = "import cli.collecting as it\nit.BATCH_EVENTS = 400"
    runs = [child("collect", str(tmp_path / "a.log"), home=home, prelude=small) for _ in range(2)]
    runs.append(child("detect", home=home))
    done = [(process.communicate(timeout=120), process.returncode) for process in runs]
    assert [code for _, code in done] == [0, 0, 0], done
    rows = [json.loads(done[number][0][0]) for number in (0, 1)]
    assert sum(row["stored"] for row in rows) == 4000
    assert sum(row["duplicates"] for row in rows) == 4000
    assert stored(home) == (4000, 0)


@pytest.mark.parametrize(
    "words",
    [
        ("a.log", "--endpoint", "http://127.0.0.1:9"),
        ("kafka://127.0.0.1/logs", "--endpoint", "http://127.0.0.1:9"),
        ("s3://logs/", "--client-config", "client.properties"),
        ("xroad+http://h/A/B/C/D?client=A/B/C", "--tls-ca", "ca.pem"),
        ("--listen", "syslog+tcp://127.0.0.1:0", "--tls-client-ca", "ca.pem"),
        ("--listen", "syslog+udp://127.0.0.1:0", "--credentials", "names"),
        ("a.log", "--tls-key", "key.pem", "--tls-cert", "cert.pem"),
    ],
)
def test_an_option_without_its_address_is_wrong_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    result = kulla("collect", *words, home=tmp_path / "home")
    assert result.code == 2, result.err
    assert "is about" in result.err
