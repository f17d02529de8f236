"""The Merkle tree: RFC 6962's own figures, and every proof of every small tree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency,
    includes,
    inclusion,
    is_consistent,
    leaf_hash,
    root_of,
)

# The reference leaves of Certificate Transparency's own tests, with their roots and proofs.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIBLINGS_OF_0 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
SIBLINGS_OF_5 = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
FROM_6_TO_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
FROM_2_TO_5 = [
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
]
HASHES = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]
MANY = [leaf_hash(bytes([number])) for number in range(40)]


def hexed(path: tuple[bytes, ...]) -> list[str]:
    return [item.hex() for item in path]


def test_the_empty_tree_has_the_root_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Frontier().root() == root_of([]) == EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.add(bytes.fromhex(leaf))
    assert frontier.root().hex() == root_of(HASHES[:size]).hex() == ROOTS[size - 1]


def test_proofs_are_those_of_the_reference() -> None:
    assert hexed(inclusion(HASHES, 0)) == SIBLINGS_OF_0
    assert hexed(inclusion(HASHES, 5)) == SIBLINGS_OF_5
    assert hexed(inclusion(HASHES[:3], 2)) == [ROOTS[1]]
    assert hexed(inclusion(HASHES[:5], 1)) == [ROOTS[0], *FROM_2_TO_5]
    assert hexed(consistency(HASHES, 1)) == SIBLINGS_OF_0
    assert hexed(consistency(HASHES, 6)) == FROM_6_TO_8
    assert hexed(consistency(HASHES[:5], 2)) == FROM_2_TO_5


@pytest.mark.parametrize("size", range(1, 41))
def test_every_proof_of_a_tree_holds_and_no_other_does(size: int) -> None:
    leaves, root = MANY[:size], root_of(MANY[:size])
    for index in range(size):
        path = inclusion(leaves, index)
        assert includes(leaves[index], index, size, path, root)
        assert not includes(leaves[index], index, size, (*path, root), root)
        assert not includes(leaves[index], (index + 1) % size, size, path, root) or size == 1
        assert not includes(b"\0" * 32, index, size, path, root)
        assert not path or not includes(leaves[index], index, size, path[:-1], root)
    for old in range(size + 1):
        path = consistency(leaves, old)
        before = root_of(leaves[:old])
        assert is_consistent(old, size, before, root, path)
        assert not is_consistent(old, size, b"\0" * 32, root, path)
        if 0 < old < size:
            assert not is_consistent(old, size, before, b"\0" * 32, path)
            assert not is_consistent(old, size, before, root, path[:-1])
            assert not is_consistent(old, size, before, root, (*path, root))


@given(st.integers(-3, 50), st.integers(-3, 50), st.lists(st.binary(min_size=32, max_size=32), max_size=9))
@settings(max_examples=60)
def test_random_proofs_prove_nothing(index: int, size: int, path: list[bytes]) -> None:
    root = root_of(MANY[:7])
    assert not includes(MANY[0], index, size, path, b"\1" * 32)
    assert not is_consistent(7, size, root, b"\1" * 32, path) or size == 7


@pytest.mark.parametrize("index", [-1, 8, 10**30])
def test_what_is_not_there_has_no_proof(index: int) -> None:
    with pytest.raises(IndexError):
        inclusion(HASHES, index)
    with pytest.raises(IndexError):
        consistency(HASHES, index + (index == 8))
