"""Signed tree heads and proofs as plain text that anyone can keep, print, send and check without kulla.

A checkpoint says which ledger, how many records and what root, and is signed; an inclusion proof says that one record
is among them; a consistency proof says that an older checkpoint's records are all still there, unchanged.
Sources: C2SP signed-note, tlog-checkpoint and tlog-proof (the formats of Go's checksum database and of transparency
logs); RFC 6962, section 2.1. The consistency proof follows the shape of tlog-proof, for which C2SP has no text form.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.errors import InputError, LedgerError
from playbooks.ledger import merkle
from playbooks.ledger.keys import NAME, SigningKey, VerifierKey

ORIGIN = NAME
LARGEST_NOTE = 2 * 1024 * 1024
_INCLUSION = "c2sp.org/tlog-proof@v1"
_CONSISTENCY = "kulla/consistency-proof@v1"
_DASH = "— "
_MOST_SIGNATURES = 16
_LONGEST_PATH = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The head of a tree: its size (in records), its root (32 bytes), and the note as it was signed."""

    size: int
    root: bytes
    note: str

    def signer(self, trusted: Iterable[VerifierKey]) -> VerifierKey | None:
        """Return the trusted key that signed, None where none did; a wrong signature of a trusted key counts most."""
        text, signatures = _parts(self.note)
        found = None
        for key in trusted:
            for name, raw in signatures:
                if name == key.name and raw[:4].hex() == key.id:
                    if not key.verifies(raw[4:], text.encode()):
                        return None
                    found = key
        return found

    @property
    def first_signature(self) -> bytes:
        """Return the id of the first key that signed (4 bytes) with its signature, as `checkpoint_from` takes them."""
        return _parts(self.note)[1][0][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """A proof that one record is in a tree. `index` counts from 0; `record` is its stored body where it came along."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint
    record: bytes | None

    def holds(self, record: bytes) -> bool:
        """Tell whether the tree has the record with this body at its place."""
        leaf, head = merkle.leaf_hash(record), self.checkpoint
        return merkle.includes(leaf, self.index, head.size, self.path, head.root)

    def text(self) -> str:
        """Return the proof as text (`.tlog-proof`)."""
        extra = [f"extra {b64encode(self.record).decode()}"] if self.record is not None else []
        lines = (_INCLUSION, *extra, f"index {self.index}", *(b64encode(item).decode() for item in self.path))
        return "".join(f"{line}\n" for line in lines) + "\n" + self.checkpoint.note


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """A proof that a tree of `old` records grew into the one of `checkpoint`."""

    old: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint

    def holds(self, old: Checkpoint) -> bool:
        """Tell whether the records of `old` are all still there, unchanged."""
        new = self.checkpoint
        return old.size == self.old and merkle.is_consistent(old.size, new.size, old.root, new.root, self.path)

    def text(self) -> str:
        """Return the proof as text."""
        lines = (_CONSISTENCY, f"old {self.old}", *(b64encode(item).decode() for item in self.path))
        return "".join(f"{line}\n" for line in lines) + "\n" + self.checkpoint.note


def checkpoint_of(size: int, root: bytes, key: SigningKey) -> Checkpoint:
    """Return the signed head of a tree."""
    return checkpoint_from(size, root, bytes.fromhex(key.verifier.id) + key.sign(_said(size, root).encode()))


def checkpoint_from(size: int, root: bytes, signature: bytes) -> Checkpoint:
    """Return the head of a tree that was signed: `signature` is the key's id (4 bytes) and what it signed (64)."""
    note = f"{_said(size, root)}\n{_DASH}{NAME} {b64encode(signature).decode()}\n"
    return Checkpoint(size=size, root=root, note=note)


def _said(size: int, root: bytes) -> str:
    return f"{ORIGIN}\n{size}\n{b64encode(root).decode()}\n"


def read_checkpoint(note: str, where: str = "the checkpoint") -> Checkpoint:
    """Return the checkpoint in a signed note; raise `InputError` where it is none. Its signature is not checked."""
    try:
        text, signatures = _parts(note)
        lines = text.removesuffix("\n").split("\n")
        size, root = _number(lines[1]), _hash(lines[2])
        whole = lines[0] == ORIGIN and signatures and all(lines)
    except (ValueError, IndexError):
        whole, size, root = False, 0, b""
    if not whole:
        raise InputError("is not a checkpoint of a ledger", where=where, hint="kulla ledger head -o FILE")
    return Checkpoint(size=size, root=root, note=note)


def read_inclusion(words: str, where: str = "the proof") -> Inclusion:
    """Return the inclusion proof in a text; raise `InputError` where it is none."""
    try:
        lines, note = _split(words, _INCLUSION)
        extra = lines.pop(0).removeprefix("extra ") if lines[0].startswith("extra ") else None
        record = None if extra is None else b64decode(extra, validate=True)
        index = _number(_after(lines.pop(0), "index "))
        path = tuple(map(_hash, lines))
    except (ValueError, IndexError):
        raise InputError("is not a proof of a record", where=where, hint="kulla ledger prove SEQ -o FILE") from None
    return Inclusion(index=index, path=path, checkpoint=read_checkpoint(note, where), record=record)


def read_consistency(words: str, where: str = "the proof") -> Consistency:
    """Return the consistency proof in a text; raise `InputError` where it is none."""
    try:
        lines, note = _split(words, _CONSISTENCY)
        old = _number(_after(lines.pop(0), "old "))
        path = tuple(map(_hash, lines))
    except (ValueError, IndexError):
        hint = "kulla ledger prove --since FILE -o FILE"
        raise InputError("is not a proof that the ledger only grew", where=where, hint=hint) from None
    return Consistency(old=old, path=path, checkpoint=read_checkpoint(note, where))


def is_consistency(words: str) -> bool:
    """Tell which of the two proofs a text says it is."""
    return words.startswith(_CONSISTENCY)


def require_signer(checkpoint: Checkpoint, trusted: Sequence[VerifierKey], where: str) -> VerifierKey:
    """Return the trusted key that signed a checkpoint; raise `LedgerError` where none did."""
    found = checkpoint.signer(trusted)
    if found is None:
        raise LedgerError(
            "the checkpoint is not signed by a key that is trusted here",
            where=where,
            hint="--key with the ledger's public key (kulla ledger keys), got on another way than the proof",
        )
    return found


def _split(words: str, kind: str) -> tuple[list[str], str]:
    """Return a proof's lines after its first one, and the note that follows them."""
    if len(words) > LARGEST_NOTE:
        raise ValueError
    head, blank, note = words.partition("\n\n")
    lines = head.split("\n")
    if lines.pop(0) != kind or not blank or len(lines) > _LONGEST_PATH:
        raise ValueError
    return lines, note


def _parts(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return a note's text and its signatures (key name, id and signature); raise `ValueError` where it is none."""
    text, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n") or len(note) > LARGEST_NOTE:
        raise ValueError
    if any(ord(character) < 0x20 and character != "\n" for character in note):
        raise ValueError
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise ValueError
    return f"{text}\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    name, space, encoded = _after(line, _DASH).partition(" ")
    raw = b64decode(encoded, validate=True)
    if not (name and space) or len(raw) < 5:
        raise ValueError
    return name, raw


def _after(line: str, prefix: str) -> str:
    if not line.startswith(prefix):
        raise ValueError
    return line.removeprefix(prefix)


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit()) or len(word) > 18 or (word[0] == "0" and word != "0"):
        raise ValueError
    return int(word)


def _hash(word: str) -> bytes:
    try:
        raw = b64decode(word, validate=True)
    except binascii.Error:
        raise ValueError from None
    if len(raw) != 32 or b64encode(raw).decode() != word:
        raise ValueError
    return raw
