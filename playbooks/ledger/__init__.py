"""The ledger: every decision on record, chained, signed and provable (see docs/ledger.md)."""

from playbooks.ledger.log import ConcurrentWriteError, Ledger, LedgerStore
from playbooks.ledger.record import GENESIS, Json, Record, decode, digest_of, encode
from playbooks.ledger.walk import Problem, verify

__all__ = [
    "GENESIS",
    "ConcurrentWriteError",
    "Json",
    "Ledger",
    "LedgerStore",
    "Problem",
    "Record",
    "decode",
    "digest_of",
    "encode",
    "verify",
]
