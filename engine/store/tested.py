"""Tables of tested values, kept beside each segment: what the rules' questions came to for its rows.

They are a cache: they may be deleted at any time, a damaged one counts as absent, and one that cannot be written costs
only time. What an entry means is its writer's affair; it is found under a key that changes with everything it rests
on. The file holds the digest of what follows, a table of contents, and the entries; nothing in it is code.

    FOLDER/tested/day=2026-03-01/dataset=nginx.access/000000000000001.tested
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Collection
from hashlib import blake2b
from pathlib import Path, PurePosixPath

import orjson

from engine.store.segments import make_folder

TESTED = "tested"
SUFFIX = ".tested"
_ALWAYS = 1 << 20  # bytes that a segment's tables may take, however small it is
_SHARE = 2  # and one part in so many of the segment's own size
_DIGEST = 16


class Tested:
    """The entries of one segment. `size` is the segment's own, in bytes."""

    def __init__(self, folder: Path, segment: str, size: int) -> None:
        self._path = folder / tested_path(segment)
        self._limit = max(_ALWAYS, size // _SHARE)
        self._old: dict[str, bytes] | None = None
        self._new: dict[str, bytes] = {}
        self._used: set[str] = set()

    def get(self, key: str) -> bytes | None:
        """Return the entry under this key, None where there is none."""
        if self._old is None:
            self._old = _read(self._path)
        self._used.add(key)
        found = self._new.get(key)
        return self._old.get(key) if found is None else found

    def put(self, key: str, content: bytes) -> None:
        """Keep an entry until `save`."""
        self._new[key] = content

    def save(self) -> None:
        """Write what is new together with what was there, as far as the limit goes: what was used now comes first."""
        if not self._new:
            return
        old = self._old or {}
        order = [*self._new, *sorted(old.keys() - self._new.keys(), key=lambda key: key not in self._used)]
        kept: dict[str, bytes] = {}
        size = 0
        for key in order:
            content = self._new.get(key) or old[key]
            if size + len(key) + len(content) <= self._limit:
                size += len(key) + len(content)
                kept[key] = content
        _write(self._path, kept)
        self._old, self._new = kept, {}


def tested_path(segment: str) -> str:
    """Return where the tables of a segment stand, both relative to the store's folder."""
    path = PurePosixPath(segment)
    return str(PurePosixPath(TESTED, *path.parts[1:-1], path.stem + SUFFIX))


def remove_orphans(folder: Path, segments: Collection[str]) -> None:
    """Remove the tables of segments that are no more."""
    living = {tested_path(segment) for segment in segments}
    for path in sorted((folder / TESTED).glob(f"day=*/dataset=*/*{SUFFIX}")):
        if path.relative_to(folder).as_posix() not in living:
            path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, bytes]:
    try:
        content = path.read_bytes()
        told, _, rest = content.partition(b"\n")
        if told != _digest(rest):
            return {}
        head, _, _ = rest.partition(b"\n")
        place = len(head) + 1
        found: dict[str, bytes] = {}
        for key, size in orjson.loads(head):
            found[key] = rest[place : place + size]
            place += size
    except (OSError, ValueError, TypeError):
        return {}
    return found


def _write(path: Path, entries: dict[str, bytes]) -> None:
    head = orjson.dumps([[key, len(content)] for key, content in entries.items()])
    rest = b"".join([head, b"\n", *entries.values()])
    with contextlib.suppress(OSError):
        make_folder(path.parent)
        number, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(number, "wb") as stream:
                stream.write(_digest(rest) + b"\n" + rest)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=_DIGEST).hexdigest().encode()
