"""A Merkle tree over the ledger's records: its root, and proofs that a record is in it or that it only ever grew.

Source: RFC 6962, section 2.1 (Certificate Transparency). Hashes are SHA-256, 32 bytes; a leaf is hashed with the prefix
0x00, a node with 0x01, so that neither can stand for the other. Indices count from 0, sizes are numbers of leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: enough to add leaves and to tell the root, in logarithmic space.

    `hashes` are the roots of the perfect subtrees from left to right; there is one for each bit set in `size`.
    """

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)

    def add(self, data: bytes) -> None:
        """Add one leaf."""
        found = leaf_hash(data)
        size = self.size
        while size & 1:
            found = node_hash(self.hashes.pop(), found)
            size >>= 1
        self.hashes.append(found)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        if not self.hashes:
            return EMPTY_ROOT
        found = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            found = node_hash(left, found)
        return found

    def copy(self) -> Frontier:
        """Return a frontier that grows on its own."""
        return Frontier(self.size, self.hashes)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of the tree with these leaf hashes (MTH)."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        paired = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = [*paired, level[-1]] if len(level) % 2 else paired
    return level[0]


def inclusion(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the audit path of leaf `index` (PATH), the leaf's sibling first; raise `IndexError` where it has none."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    path: list[bytes] = []
    while len(leaves) > 1:
        split = _split(len(leaves))
        if index < split:
            path.append(root_of(leaves[split:]))
            leaves = leaves[:split]
        else:
            path.append(root_of(leaves[:split]))
            leaves, index = leaves[split:], index - split
    return tuple(reversed(path))


def consistency(leaves: Sequence[bytes], old: int) -> tuple[bytes, ...]:
    """Return the proof that the first `old` leaves are what they were (PROOF); empty where `old` is 0 or all of them.

    Raise `IndexError` where there are fewer leaves.
    """
    if not 0 <= old <= len(leaves):
        raise IndexError(old)
    if old in {0, len(leaves)}:
        return ()
    path: list[bytes] = []
    whole = True  # the subtree looked at is one that the old root was made of
    while old < len(leaves):
        split = _split(len(leaves))
        if old <= split:
            path.append(root_of(leaves[split:]))
            leaves = leaves[:split]
        else:
            path.append(root_of(leaves[:split]))
            leaves, old, whole = leaves[split:], old - split, False
    if not whole:
        path.append(root_of(leaves))
    return tuple(reversed(path))


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `path` proves that the tree of `size` leaves under `root` has `leaf` at `index`."""
    if not 0 <= index < size:
        return False
    found, place, last = leaf, index, size - 1
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether `path` proves that the tree of `old` leaves under `old_root` grew into that of `new` leaves."""
    if not 0 <= old <= new:
        return False
    if old in {0, new}:
        return not path and old_root == (EMPTY_ROOT if old == 0 else new_root)
    hashes = list(path)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = hashes.pop(0) if place and hashes else old_root
    as_old = as_new = first
    for sibling in hashes:
        if last == 0:
            return False
        if place & 1 or place == last:
            as_old, as_new = node_hash(sibling, as_old), node_hash(sibling, as_new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            as_new = node_hash(as_new, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and as_old == old_root and as_new == new_root


def _split(size: int) -> int:
    """Return the largest power of two below `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)
