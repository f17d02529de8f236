"""Checkpoints of followed files: which log it is, how far it was read, and how to know it again.

A log is known by its content: the hash of its first bytes and of those right before the checkpoint. Device and inode
only say where to look first, since both are used again for other files.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import Enum

import orjson

from collectors.files import PREFIX, digest

TAIL = 1024  # bytes before the checkpoint that are compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far one log was read. `offset` is in bytes of the uncompressed stream, `number` counts records before it.

    `prefix` is the length of the bytes that made `identity`; `full` the hash of the first 1024 bytes, empty while the
    log is shorter. `tail` is the hash of up to 1024 bytes before `offset`. `size` and `modified` (nanoseconds) are
    those of the file when it was read to its end, -1 before. `headers` are lines that the parser needs again.
    """

    key: str
    path: str
    identity: str
    prefix: int
    full: str = ""
    device: int = 0
    inode: int = 0
    size: int = -1
    modified: int = -1
    offset: int = 0
    number: int = 0
    tail: str = ""
    source: str = ""
    headers: tuple[bytes, ...] = ()

    def written(self) -> str:
        """Return the mark as JSON."""
        body = asdict(self) | {"headers": [base64.b64encode(line).decode("ascii") for line in self.headers]}
        body["path"] = self.path.encode("utf-8", "surrogateescape").hex()
        return orjson.dumps(body).decode()


def mark_of(text: str) -> Mark | None:
    """Return the mark that `Mark.written` wrote, None where it is none (of another version, damaged)."""
    try:
        body = orjson.loads(text)
        headers = tuple(base64.b64decode(line) for line in body.pop("headers"))
        path = bytes.fromhex(body.pop("path")).decode("utf-8", "surrogateescape")
        return Mark(**body, path=path, headers=headers)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


class Likeness(Enum):
    """How a file compares with a mark."""

    OTHER = "another log"
    SAME = "the log, at least as long as it was read"
    BEGINS = "begins as the log did, but is shorter, or goes on otherwise"


def likeness(mark: Mark, head: bytes, tail_at: Callable[[int], bytes | None], *, related: bool) -> Likeness:
    """Compare a file with a mark: `head` are its first bytes, `tail_at(offset)` those before an offset.

    `tail_at` returns None where the file is shorter. `related` says that the file has the mark's inode, or a name that
    a rotation gives; a log that was shorter than 1024 bytes is known again only so.
    """
    if mark.full:
        if len(head) < PREFIX or digest(head[:PREFIX]) != mark.full:
            return Likeness.OTHER
    elif not related or len(head) < mark.prefix or digest(head[: mark.prefix]) != mark.identity:
        return Likeness.OTHER
    tail = tail_at(mark.offset)
    return Likeness.SAME if tail is not None and digest(tail) == mark.tail else Likeness.BEGINS


def best(marks: Iterable[Mark], device: int, inode: int) -> list[Mark]:
    """Return the marks in the order in which they are compared: the file's own inode first, then the longest read."""
    return sorted(marks, key=lambda mark: ((mark.device, mark.inode) != (device, inode), -mark.offset, mark.key))
