"""The ids of a log's records: the same whether records are read one by one or by columns.

An id is 32 hex digits: 16 for the record's place (the log's identity and the record's offset) and 16 for its bytes.
Different places of one log never share an id; the bytes tell records apart that stood at the same place of a log that
was rewritten. Any change within one word of eight bytes changes the id; that any other change leaves it as it was has a
chance of 1 in 2**40 at most, and of 1 in 2**64 for most. The digest is not a cryptographic one: who can choose both
texts at one place of one log writes the log himself, and needs no collision.

Version 2 (2026-11). Version 1, keyed BLAKE2b over identity, offset and bytes, cost more than everything else that
reading by columns does; `engine.events.event_id` still makes it for what has no place in a log.

The bytes stand, little-endian, at their offset in a stream of words of eight bytes, which is zero everywhere else. Each
word that they touch is folded (its upper half into its lower) and multiplied by a key that follows from the word's
number; the products are added up. So many records of one piece of a log are digested by a few passes over the piece.
"""

from __future__ import annotations

from functools import cache, lru_cache
from hashlib import blake2b
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Words: TypeAlias = NDArray[np.uint64]
Places: TypeAlias = NDArray[np.int64]

WORD: Final = 8  # bytes
DIGITS: Final = 32  # of an id
_KEYS: Final = 4096  # keys, used in turn; a power of two
_MASK: Final = 2**64 - 1
# Odd constants of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
_GAMMA: Final = 0x9E3779B97F4A7C15
_FIRST: Final = 0xBF58476D1CE4E5B9
_SECOND: Final = 0x94D049BB133111EB
_FULL, _HALF = np.uint64(_MASK), np.uint64(32)
_HEX: Final = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype=np.uint16)


def record_id(identity: str, offset: int, raw: bytes) -> str:
    """Return the stable id of one record: `raw` at `offset` of the log whose identity this is."""
    lead = offset % WORD
    words = np.frombuffer(b"".join((bytes(lead), raw, bytes(-(lead + len(raw)) % WORD))), dtype="<u8")
    keys = _keys()[(first := offset // WORD % _KEYS) : first + len(words)]
    if len(keys) < len(words):
        keys = np.resize(np.roll(_keys(), -first), len(words))
    total = int((words ^ (words >> _HALF)).dot(keys))
    place, content = _seeds(identity)
    total = _finished((total + len(raw) * _GAMMA + content) & _MASK)
    return f"{_finished((offset + place) & _MASK):016x}{total:016x}"


class Digester:
    """Digests the records of one log by pieces of at most `capacity` bytes."""

    def __init__(self, identity: str, capacity: int) -> None:
        self._place, self._content = _seeds(identity)
        size = -(-capacity // WORD)
        self._keys = np.resize(_keys(), size + _KEYS)
        self._space = np.empty(size, dtype=np.uint64)  # used again, for new memory costs more than the sums

    def digests(self, piece: NDArray[np.uint8], offset: int, starts: Places, ends: Places) -> Words:
        """Return two words for each record of a piece; `hexadecimal` writes them as ids. Shape (records, 2).

        `piece` holds the log's bytes from `offset` on; both `offset` and the piece's size are multiples of eight.
        Records, none empty, lie at `starts` to `ends` in it.
        """
        words = piece.view("<u8")
        keys = self._keys[(turn := offset // WORD % _KEYS) : turn + len(words)]
        first, last = starts >> 3, (ends - 1) >> 3
        upper = _FULL << ((starts & 7) << 3).astype(np.uint64)  # the bits of the first word that are the record's
        lower = _FULL >> ((-ends & 7) << 3).astype(np.uint64)  # and those of the last
        heads, tails = words[first] & upper, words[last] & lower
        total = _between(self._products(words, keys), first, last)
        alone = np.flatnonzero(first == last)
        if len(alone):
            heads[alone] &= lower[alone]
            tails[alone] = 0
        total += (heads ^ (heads >> _HALF)) * keys[first]
        total += (tails ^ (tails >> _HALF)) * keys[last]
        total += (ends - starts).astype(np.uint64) * np.uint64(_GAMMA) + np.uint64(self._content)
        found = np.empty((len(starts), 2), dtype=np.uint64)
        found[:, 0] = _all_finished(starts.astype(np.uint64) + np.uint64((offset + self._place) & _MASK))
        found[:, 1] = _all_finished(total)
        return found

    def _products(self, words: Words, keys: Words) -> Words:
        space = self._space[: len(words)]
        np.right_shift(words, _HALF, out=space)
        np.bitwise_xor(words, space, out=space)
        np.multiply(space, keys, out=space)
        return space


def hexadecimal(digests: Words) -> NDArray[np.uint8]:
    """Return the ids that digests stand for, one behind the other, as ASCII. Shape (records * 32,)."""
    digits: NDArray[np.uint8] = _HEX[digests.astype(">u8").view(np.uint8)].view(np.uint8)
    return digits.reshape(-1)


def _between(products: Words, first: Places, last: Places) -> Words:
    """Add up the products between each record's first word and its last, both left out."""
    bounds = np.empty(2 * len(first), dtype=np.int64)
    bounds[::2], bounds[1::2] = np.minimum(first + 1, last), last
    total: Words = np.add.reduceat(products, bounds)[::2]
    total[first + 1 >= last] = 0
    return total


def _all_finished(words: Words) -> Words:
    """Scatter words over all words, each to another one (the finaliser of SplitMix64)."""
    words ^= words >> np.uint64(30)
    words *= np.uint64(_FIRST)
    words ^= words >> np.uint64(27)
    words *= np.uint64(_SECOND)
    words ^= words >> np.uint64(31)
    return words


def _finished(number: int) -> int:
    number = ((number ^ (number >> 30)) * _FIRST) & _MASK
    number = ((number ^ (number >> 27)) * _SECOND) & _MASK
    return number ^ (number >> 31)


@cache
def _keys() -> Words:
    """Return the keys: SplitMix64 from 0, made odd."""
    return _all_finished(np.arange(1, _KEYS + 1, dtype=np.uint64) * np.uint64(_GAMMA)) | np.uint64(1)


@lru_cache(maxsize=1024)
def _seeds(identity: str) -> tuple[int, int]:
    digest = blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest[:8]), int.from_bytes(digest[8:])
