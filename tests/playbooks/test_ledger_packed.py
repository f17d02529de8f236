"""Packed proofs: the same proof as the text, under 1 kB for ledgers far larger than any."""

from __future__ import annotations

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.errors import InputError
from playbooks.ledger.keys import SigningKey
from playbooks.ledger.log import Tree
from playbooks.ledger.merkle import leaf_hash, root_of
from playbooks.ledger.notes import Consistency, Inclusion, checkpoint_of, read_checkpoint
from playbooks.ledger.packed import pack, read_proof

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))


def tree_of(size: int) -> Tree:
    leaves = [leaf_hash(b"%d" % number) for number in range(size)]
    return Tree(leaves=leaves, checkpoint=checkpoint_of(size, root_of(leaves), KEY))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100])
def test_every_proof_of_a_small_ledger_comes_back_as_it_was(size: int) -> None:
    tree = tree_of(size)
    proofs = [*(tree.inclusion(number + 1) for number in range(size)), *map(tree.consistency, range(size + 1))]
    for proof in proofs:
        found = read_proof(pack(proof))
        assert found == proof == read_proof(proof.text().encode())
        assert found.checkpoint.signer([KEY.verifier]) == KEY.verifier


def test_proofs_of_a_large_ledger_hold_and_are_as_long_as_computed() -> None:
    tree = tree_of(2**16 + 3)
    packed = pack(tree.inclusion(7_778))
    found = read_proof(packed)
    assert isinstance(found, Inclusion)
    assert found.holds(b"7777")
    assert not found.holds(b"7778")
    assert len(packed) == 121 + 32 * 17
    old = checkpoint_of(40_001, root_of(tree.leaves[:40_001]), KEY)
    packed = pack(tree.consistency(40_001))
    grown = read_proof(packed)
    assert isinstance(grown, Consistency)
    assert grown.holds(old)
    assert len(packed) == 121 + 32 * 18


@pytest.mark.parametrize("size", [1_000_000, 10_000_000, 60_000_000])
def test_the_longest_proofs_of_larger_ledgers_stay_under_a_kilobyte(size: int) -> None:
    head = checkpoint_of(size, bytes(32), KEY)
    longest = (size - 1).bit_length()  # RFC 6962, 2.1: a path has ceil(log2(n)) hashes at most, growth one more
    path = tuple(sha256(b"%d" % number).digest() for number in range(longest + 1))
    assert len(pack(Inclusion(index=size - 1, path=path[:-1], checkpoint=head, record=None))) < 1000
    assert len(pack(Consistency(old=size // 2 + 1, path=path, checkpoint=head))) < 1000


def test_what_a_packed_proof_cannot_hold_is_refused() -> None:
    tree = tree_of(5)
    second = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes([1] * 32)))
    signed_twice = tree.checkpoint.note + checkpoint_of(5, tree.checkpoint.root, second).note.rpartition("\n\n")[2]
    proof = Inclusion(index=0, path=(), checkpoint=read_checkpoint(signed_twice), record=None)
    with pytest.raises(InputError):
        pack(proof)


@pytest.mark.parametrize("content", [b"KLP1", b"KLP1x" + bytes(116), b"KLP1i" + bytes(117), b"KLP1i" + bytes(32 * 200)])
def test_torn_bytes_are_no_proof(content: bytes) -> None:
    with pytest.raises(InputError):
        read_proof(content)
