"""The ledger's head, kept outside of the store: how far the ledger reached, so that a cut-off end is noticed.

The file holds JSON: `sequence` and `digest` of the last record, the `frontier` of its Merkle tree (hex) and the signed
`checkpoint` over it. Files of before signatures have neither, and may have a `pending` record that was about to be
stored when the process was killed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from engine.errors import InputError, LedgerError
from playbooks.ledger.files import locked, read_small, replace_file
from playbooks.ledger.merkle import Frontier
from playbooks.ledger.notes import Checkpoint, read_checkpoint

_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """The last record of a ledger: its sequence and digest."""

    sequence: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the head file says: the last record known to be stored, the tree up to it, and its signed checkpoint.

    `frontier` and `checkpoint` are None in files of before signatures, which alone may have a `pending` record.
    """

    tip: Tip
    frontier: Frontier | None = None
    checkpoint: Checkpoint | None = None
    pending: Tip | None = None


class HeadFile:
    """The head file at `path`. Written by temporary file, fsync and rename, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Head | None:
        """Return the head, None where there is no file; raise `LedgerError` where it cannot be read."""
        raw = read_small(self.path, _LARGEST)
        if raw is None:
            return None
        try:
            return _head(json.loads(raw))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InputError):
            hint = "keep it as evidence; kulla ledger verify --head with a checkpoint kept elsewhere"
            raise LedgerError("the ledger's head file is damaged", where=str(self.path), hint=hint) from None

    def write(self, head: Head) -> None:
        """Replace the head durably; raise `LedgerError` where it cannot be written."""
        document: dict[str, object] = {"sequence": head.tip.sequence, "digest": head.tip.digest}
        if head.frontier is not None and head.checkpoint is not None:
            document["frontier"] = [item.hex() for item in head.frontier.hashes]
            document["checkpoint"] = head.checkpoint.note
        replace_file(self.path, json.dumps(document, sort_keys=True).encode())

    def locked(self) -> AbstractContextManager[None]:
        """Hold the ledger against other writers of this machine for the length of one append."""
        return locked(self.path.with_name(self.path.name + ".lock"))


def _head(document: Mapping[str, object]) -> Head:
    pending = document.get("pending")
    tip = _tip(document)
    if "checkpoint" not in document:
        return Head(tip=tip, pending=None if pending is None else _tip(cast("Mapping[str, object]", pending)))
    checkpoint = read_checkpoint(str(document["checkpoint"]))
    hashes = [bytes.fromhex(item) for item in cast("list[str]", document["frontier"])]
    frontier = Frontier(tip.sequence, hashes)
    whole = tip.sequence.bit_count() == len(hashes) and all(len(item) == 32 for item in hashes)
    if not whole or checkpoint.size != tip.sequence or frontier.root() != checkpoint.root:
        raise ValueError
    return Head(tip=tip, frontier=frontier, checkpoint=checkpoint)


def _tip(document: Mapping[str, object]) -> Tip:
    sequence, digest = document["sequence"], document["digest"]
    if type(sequence) is not int or sequence < 0 or not isinstance(digest, str):
        raise TypeError
    return Tip(sequence=sequence, digest=digest)
