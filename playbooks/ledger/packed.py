"""Proofs packed into bytes, for a letter, a code to scan, or another log: the same proof as `notes` writes as text.

    "KLP1"  i or c  u64 number  u64 size  32 root  4 key id  64 signature  path of 32 each

`i` proves that a record is there (number: its index from 0), `c` that the ledger only grew (number: its older size).
Integers are big-endian. What every checkpoint of a ledger says in the same words is left out: its origin and the name
of its key. So 121 bytes and 32 for each hash of the path, of which 2**n records have n (n + 1 to prove growth): at most
921 bytes at ten million records, under 1,000 up to sixty million.
"""

from __future__ import annotations

from struct import Struct

from engine.errors import InputError
from playbooks.ledger.notes import Checkpoint, Consistency, Inclusion, checkpoint_from, read_consistency, read_inclusion
from playbooks.ledger.notes import is_consistency as is_consistency_text

_HEAD = Struct(">4scQQ32s68s")
_MARK = b"KLP1"
_INCLUSION, _CONSISTENCY = b"i", b"c"
_HASH = 32
_LONGEST_PATH = 128


def pack(proof: Inclusion | Consistency) -> bytes:
    """Return the bytes of a proof, without the record; raise `InputError` for a checkpoint of several signatures."""
    kind, number = (_INCLUSION, proof.index) if isinstance(proof, Inclusion) else (_CONSISTENCY, proof.old)
    head = proof.checkpoint
    packed = _HEAD.pack(_MARK, kind, number, head.size, head.root, head.first_signature) + b"".join(proof.path)
    if _unpacked(packed).checkpoint != head:
        raise InputError("this checkpoint says more than a packed proof can hold", hint="kulla ledger prove, as text")
    return packed


def read_proof(content: bytes, where: str = "the proof") -> Inclusion | Consistency:
    """Return the proof in a file, packed or text; raise `InputError` where it is none. No signature is checked."""
    if content.startswith(_MARK):
        try:
            return _unpacked(content)
        except ValueError:
            raise InputError("is not a whole packed proof", where=where, hint="kulla ledger prove --bare") from None
    try:
        words = content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("is no proof", where=where, hint="kulla ledger prove SEQ -o FILE") from None
    return read_consistency(words, where) if is_consistency_text(words) else read_inclusion(words, where)


def _unpacked(content: bytes) -> Inclusion | Consistency:
    rest = content[_HEAD.size :]
    if len(content) < _HEAD.size or len(rest) % _HASH or len(rest) > _HASH * _LONGEST_PATH:
        raise ValueError
    _, kind, number, size, root, signature = _HEAD.unpack(content[: _HEAD.size])
    path = tuple(rest[at : at + _HASH] for at in range(0, len(rest), _HASH))
    checkpoint: Checkpoint = checkpoint_from(size, root, signature)
    if kind == _INCLUSION:
        return Inclusion(index=number, path=path, checkpoint=checkpoint, record=None)
    if kind == _CONSISTENCY:
        return Consistency(old=number, path=path, checkpoint=checkpoint)
    raise ValueError
