"""How fast the ledger is verified, how large its proofs are, and whether ten thousand tamperings are found.

Usage: `python tests/bench/ledger.py [--records N]`. CPU seconds of this process. Records are made of a real decision's
size; the second figure reads them from an embedded store on disk.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from engine.store.embedded import EmbeddedStore
from engine.store.protocol import LedgerEntry
from playbooks.ledger.head import Head
from playbooks.ledger.keys import Keyring, SigningKey
from playbooks.ledger.log import Tree
from playbooks.ledger.merkle import leaf_hash
from playbooks.ledger.notes import checkpoint_of
from playbooks.ledger.packed import pack
from playbooks.ledger.record import Record, entry_of, raw_of
from playbooks.ledger.walk import Walk, verify
from tests.playbooks.test_ledger_tampering import TAMPERINGS, Sealed

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DECISION = {
    "step": "isolate-host",
    "outcome": "done",
    "reason": "u izolua në portën e rrjetit",
    "evidence": [{"name": "nft-before.txt", "sha256": "ab" * 32, "place": "/evidence/inc-7"}],
    "commands": "cd" * 32,
    "channel": "terminal",
}


def records(count: int, key: SigningKey) -> Iterable[LedgerEntry]:
    """Yield a signed ledger."""
    previous = "0" * 64
    for number in range(1, count + 1):
        record = Record(
            sequence=number,
            at="2026-03-01T03:12:45.123456Z",
            actor="Ana Hoxha",
            kind="respond.decided",
            subject=f"incident/{number % 97}/playbook/web-shell",
            details=DECISION,
            previous=previous,
            digest="",
            account="ana@soc1",
        ).signed(key)
        previous = record.digest
        yield entry_of(record)


def rate(entries: Iterable[LedgerEntry], walk: Walk, count: int) -> float:
    """Return records verified per CPU second; the ledger must hold."""
    begun = time.process_time()
    walk.finish(entries)
    spent = time.process_time() - begun
    assert walk.problems == [], walk.problems[:3]
    return count / spent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=50_000)
    count = parser.parse_args().records
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = Keyring(folder / "keys")
        key = keys.signing()
        begun = time.process_time()
        entries = list(records(count, key))
        print(
            f"made and signed: {count / (time.process_time() - begun):,.0f} records/s, {len(entries[-1].body)} B each"
        )
        whole = Walk().finish(entries)
        checkpoint = checkpoint_of(count, whole.frontier.root(), key)
        head = Head(tip=whole.tip, frontier=whole.frontier, checkpoint=checkpoint)
        print(f"verify, in memory: {rate(entries, Walk(keys.trusted(), head), count):,.0f} records/s")
        with EmbeddedStore(folder / "store", lambda: NOW) as store:
            for start in range(0, count, 5000):
                store.append_ledger(entries[start : start + 5000])
            print(f"verify, from disk: {rate(store.ledger(), Walk(keys.trusted(), head), count):,.0f} records/s")
        print(f"verify, every signature: {rate(entries[:5000], Walk(keys.trusted()), 5000):,.0f} records/s")
        sizes(entries, key)
        tamper(folder)


def sizes(entries: list[LedgerEntry], key: SigningKey) -> None:
    """Print how large bare proofs are."""
    leaves = [leaf_hash(raw_of(entry.body)) for entry in entries]
    for size in (100, 10_000, 100_000, 1_000_000):
        many = (leaves * (size // len(leaves) + 1))[:size]
        tree = Tree(leaves=many, checkpoint=checkpoint_of(size, b"\1" * 32, key))
        begun = time.process_time()
        proof = tree.inclusion(size // 3 + 1)
        spent = time.process_time() - begun
        as_text, packed = len(proof.text().encode()), len(pack(proof))
        print(f"proof among {size:,} records: {as_text} B as text, {packed} B packed, {spent:.2f} s")


def tamper(folder: Path) -> None:
    """Tamper ten thousand times at random and print how often that was found."""
    sealed = Sealed(folder / "sealed")
    rounds = 10_000 // len(TAMPERINGS)
    total = 0
    for change in TAMPERINGS:
        dice = random.Random(f"bench {change.__name__}")
        found = sum(bool(verify(change(sealed.entries, dice), sealed.head, sealed.keys)) for _ in range(rounds))
        total += found
        print(f"tampering, {change.__name__}: {found} of {rounds} found")
    print(f"tampering: {total:,} of {rounds * len(TAMPERINGS):,} found")


if __name__ == "__main__":
    main()
