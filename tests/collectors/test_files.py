"""Files as a night brings them: compressed, damaged, special, renamed; none blocks, none is lost without a word."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import socket
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors import files
from collectors.compression import damage, unpacked
from collectors.files import PREFIX, alias_of, identity_of, log_files, open_log
from engine.errors import InputError

TEXT = b"".join(b"line %d of a log that is long enough to be cut\n" % number for number in range(2000))
PACKERS = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "zst": lambda data: b"".join(
        zstandard.ZstdCompressor().compress(data[at : at + 9000]) for at in range(0, len(data), 9000)
    ),
}


def read(path: Path) -> tuple[bytes, str | None]:
    stream = open_log(path)
    with stream:
        return stream.read(), damage(stream)


@pytest.mark.parametrize("kind", PACKERS)
def test_compressed_logs_are_read_whole_members_and_frames_too(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(PACKERS[kind](TEXT[:5000]) + PACKERS[kind](TEXT[5000:]))
    assert read(path) == (TEXT, None)


def test_padding_after_a_gzip_member_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(TEXT) + b"\x00" * 4096 + gzip.compress(b"more") + b"\x00" * 5000)
    assert read(path) == (TEXT + b"more", None)


@pytest.mark.parametrize("kind", PACKERS)
def test_a_truncated_file_gives_what_it_has_and_says_so(kind: str, tmp_path: Path) -> None:
    whole = PACKERS[kind](TEXT)
    for share in (0.5, 0.95):
        (tmp_path / "log").write_bytes(whole[: int(len(whole) * share)])
        plain, why = read(tmp_path / "log")
        assert why is not None
        assert "cut short or damaged" in why
        assert TEXT.startswith(plain)
        assert kind == "xz" or len(plain) > len(TEXT) * (share - 0.4)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(PACKERS)), st.integers(min_value=6, max_value=10**6), st.binary(min_size=1, max_size=8))
def test_damage_anywhere_ends_the_stream_and_raises_nothing(kind: str, at: int, junk: bytes) -> None:
    whole = PACKERS[kind](TEXT[:20000])
    at = 6 + at % (len(whole) - 6)
    broken = whole[:at] + junk + whole[at + len(junk) :]
    stream = unpacked(io.BytesIO(broken), broken[:6])
    plain = stream.read()
    assert plain == TEXT[:20000] or damage(stream) is not None or kind == "zst"  # zstd frames need no checksum


def test_garbage_after_the_end_is_told(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(gzip.compress(b"good\n") + b"garbage")
    plain, why = read(tmp_path / "log")
    assert plain == b"good\n"
    assert why is not None


def test_an_xz_file_that_asks_for_a_gigabyte_is_refused() -> None:
    greedy = lzma.compress(b"x" * 1000, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}])
    head = bytearray(greedy)
    position = head.index(bytes([0x21, 0x01])) + 2  # the LZMA2 filter's dictionary size, in the block header
    head[position] = 38  # 2 GiB
    stream = unpacked(io.BytesIO(bytes(head)), bytes(head[:6]))
    assert stream.read() == b""
    assert damage(stream) is not None


def test_archives_are_named_with_what_unpacks_them(tmp_path: Path) -> None:
    from collectors.reader import LogReader

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("access.log", '192.0.2.1 - - [10/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 12\n' * 9)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as packed_too:
        packed_too.add(tmp_path / "a.zip")
    (tmp_path / "a.bz2").write_bytes(bz2.compress(TEXT))
    for name, tool in (("a.zip", "unzip"), ("a.tar.gz", "tar xf"), ("a.bz2", "bunzip2")):
        with pytest.raises(InputError, match="archive") as caught:
            LogReader(tmp_path / name)
        assert tool in str(caught.value.hint)


def test_a_folder_gives_its_logs_in_order_and_nothing_that_blocks(tmp_path: Path) -> None:
    (tmp_path / "dir.log").mkdir()
    for name in ("b.log", "a.log", "dir.log/c.log", ".hidden", "readme.md"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "empty.log").write_bytes(b"")
    (tmp_path / "link.log").symlink_to("a.log")
    (tmp_path / "dangling.log").symlink_to("nowhere")
    (tmp_path / "loop.log").symlink_to("loop.log")
    (tmp_path / "self").symlink_to(".")
    (tmp_path / "zero.log").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.log")
    with socket.socket(socket.AF_UNIX) as heard:
        before = Path.cwd()
        os.chdir(tmp_path)  # the path of a socket has at most 107 bytes
        try:
            heard.bind("sock.log")
        finally:
            os.chdir(before)
        passed: list[tuple[str, str]] = []
        found = list(log_files([tmp_path], passed=lambda path, why: passed.append((path.name, why))))
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a.log", "b.log", "dir.log/c.log", "link.log"]
    assert dict(passed) == {
        ".hidden": "hidden files",
        "readme.md": "files that are no logs by their names",
        "empty.log": "empty files",
        "dangling.log": "links that lead nowhere",
        "loop.log": "links that lead nowhere",
        "zero.log": "pipes, sockets and devices",
        "pipe.log": "pipes, sockets and devices",
        "sock.log": "pipes, sockets and devices",
    }


def test_what_is_missing_or_leads_nowhere_is_told_and_the_rest_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"x")
    (tmp_path / "dangling").symlink_to("nowhere")
    failures: list[InputError] = []
    paths = [tmp_path / "missing", tmp_path / "dangling", tmp_path / "nul\x00", tmp_path / "a.log"]
    assert list(log_files(paths, failed=failures.append)) == [tmp_path / "a.log"]
    assert [item.message for item in failures] == [
        "no such file or folder",
        "this link leads nowhere",
        "no such file or folder",
    ]
    with pytest.raises(InputError, match="no such file"):
        list(log_files(paths))


@contextmanager
def ordinary_user(folder: Path) -> Iterator[None]:
    """Become a user whom file modes bind, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    for place in (folder, *folder.parents):
        if place.stat().st_uid == 0 and place != Path("/"):
            place.chmod(place.stat().st_mode | 0o111)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_files_and_folders_that_may_not_be_read_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    closed = folder / "closed"
    closed.mkdir(parents=True)
    (closed / "a.log").write_bytes(b"x")
    (folder / "secret.log").write_bytes(b"x")
    (folder / "secret.log").chmod(0)
    folder.chmod(0o755)
    closed.chmod(0)
    failures: list[InputError] = []
    try:
        with ordinary_user(folder):
            found = list(log_files([folder, closed / "a.log"], failed=failures.append))
            with pytest.raises(InputError, match="Permission denied"):
                open_log(folder / "secret.log")
    finally:
        closed.chmod(0o755)
    assert found == [folder / "secret.log"]
    assert [item.message for item in failures] == [
        "cannot read this folder (Permission denied)",
        "cannot look into its folder (Permission denied)",
    ]


@pytest.mark.parametrize(("name", "what"), [("/dev/zero", "a device"), ("/", "a folder")])
def test_devices_and_folders_are_no_logs(name: str, what: str) -> None:
    with pytest.raises(InputError, match=f"this is {what}"):
        open_log(Path(name))


def test_a_pipe_without_a_writer_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PIPE_PATIENCE", 0.01)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="nothing writes into this pipe"):
        open_log(tmp_path / "pipe")


@pytest.mark.parametrize("packed", [False, True])
def test_a_pipe_with_a_writer_is_read_compressed_or_not(tmp_path: Path, packed: bool) -> None:
    os.mkfifo(tmp_path / "pipe")
    data = gzip.compress(TEXT) if packed else TEXT
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(data,))
    writer.start()
    with open_log(tmp_path / "pipe") as stream:
        assert stream.read() == TEXT
    writer.join()


def test_a_short_log_keeps_its_identity_while_it_grows_is_rotated_and_renamed() -> None:
    short, grown, moved = TEXT[:300], TEXT[:700], TEXT[:5000]
    first, length = identity_of(short, "/logs/a.log")
    known = [("/logs/a.log", length, first)]
    assert identity_of(grown, "/logs/a.log", known) == (first, 300)
    assert identity_of(moved, "/logs/a.log.1", known) == (first, 300)
    assert identity_of(moved, "/logs/b.log", known)[0] != first
    alias = alias_of(moved)
    assert alias is not None
    assert identity_of(moved, "/backup/anything.gz", [*known, (alias, PREFIX, first)]) == (first, PREFIX)


def test_another_log_in_the_same_place_is_another_source() -> None:
    first, length = identity_of(TEXT[:300], "/logs/a.log")
    assert identity_of(b"new " + TEXT, "/logs/a.log", [("/logs/a.log", length, first)])[0] != first
