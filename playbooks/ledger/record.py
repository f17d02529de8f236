"""One record of the ledger: its canonical body, its digest, and its signature.

A body is canonical JSON (sorted keys, no spaces, UTF-8) and carries its own sequence number and the digest of the
record before; its digest is SHA-256 over a domain prefix, the body's length and the body. The signature (Ed25519) is
made over a domain prefix and the body without its `signature`. Ledgers of before signatures hold bodies without
`account`, `key` and `signature`; they stay readable as they are.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TypeAlias, cast

import orjson

from engine.errors import LedgerError
from engine.store.protocol import LedgerEntry
from playbooks.ledger.keys import SigningKey, VerifierKey

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"

Fields: TypeAlias = "Mapping[str, object]"

DOMAIN = b"kulla ledger record v1\0"
SIGNED = b"kulla ledger signature v1\0"
GENESIS = "0" * 64
LARGEST_BODY = 1024 * 1024
_OLD_KEYS = frozenset(("sequence", "at", "actor", "kind", "subject", "details", "previous"))
_KEYS = _OLD_KEYS | {"account", "key", "signature"}
_WORDS = ("at", "actor", "kind", "subject", "previous")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of the ledger: what was decided (`kind`, `details`), about what (`subject`), by whom and when.

    `at` is ISO 8601 in UTC; `previous` the digest of the record before (64 zeros for the first). `actor` is the name
    that was given; `account` is what the system says of who was at the keyboard (`login@machine`). `key` is the id of
    the key that signed (8 hex digits); both are empty in records of before signatures.
    """

    sequence: int
    at: str
    actor: str
    kind: str
    subject: str
    details: Mapping[str, Json]
    previous: str
    digest: str
    account: str = ""
    key: str = ""
    signature: str = ""

    def signed(self, key: SigningKey) -> Record:
        """Return the record with its signature and digest."""
        unsigned = replace(self, key=key.verifier.id)
        signature = b64encode(key.sign(signed_part(unsigned))).decode()
        whole = replace(unsigned, signature=signature)
        return replace(whole, digest=digest_of(body_of(whole)))

    def is_signed_by(self, key: VerifierKey) -> bool:
        """Tell whether the signature is of this key."""
        try:
            raw = b64decode(self.signature, validate=True)
        except ValueError:
            return False
        return key.id == self.key and key.verifies(raw, signed_part(self))


def signed_part(record: Record) -> bytes:
    """Return the bytes that a record's signature is made over."""
    fields = {name: getattr(record, name) for name in _KEYS if name != "signature"}
    return SIGNED + encode(fields).encode()


def body_of(record: Record) -> str:
    """Return the body as it is stored."""
    names = _KEYS if record.signature else _OLD_KEYS
    return encode({name: getattr(record, name) for name in names})


def entry_of(record: Record) -> LedgerEntry:
    """Return the record as a store keeps it."""
    return LedgerEntry(sequence=record.sequence, body=body_of(record), digest=record.digest)


def encode(record: Mapping[str, Json]) -> str:
    """Return the canonical JSON of a record's body; raise `LedgerError` for what has no one form (floats, NaN)."""
    try:
        _refuse_floats(record)
        body = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        size = len(body.encode())
    except (TypeError, ValueError, RecursionError):
        raise LedgerError("a record that has no canonical form") from None
    if size > LARGEST_BODY:
        raise LedgerError(f"a record larger than {LARGEST_BODY} bytes", hint="keep the evidence in a file")
    return body


def raw_of(body: str) -> bytes:
    """Return the bytes of a stored body, also of one that somebody filled with what is no Unicode text."""
    return body.encode("utf-8", "surrogatepass")


def digest_of(body: str) -> str:
    """Return the digest of a body: 64 hex digits."""
    return digest_of_raw(raw_of(body))


def digest_of_raw(raw: bytes) -> str:
    """Return the digest of a body's bytes."""
    return sha256(DOMAIN + len(raw).to_bytes(8, "big") + raw).hexdigest()


def decode(entry: LedgerEntry) -> Record:
    """Return the record in a stored entry; raise `LedgerError` where it is not one in canonical form."""
    fields = fields_of(raw_of(entry.body))
    if fields is None:
        where = f"ledger record {entry.sequence}"
        raise LedgerError("is not a record in canonical form", where=where, hint="kulla ledger verify")
    return from_fields(entry, fields)


def from_fields(entry: LedgerEntry, fields: Mapping[str, object]) -> Record:
    """Return the record of a body that was read with `fields_of`."""
    return Record(digest=entry.digest, **fields)  # type: ignore[arg-type] # checked by fields_of


def fields_of(raw: bytes) -> Fields | None:
    """Return the fields of a body, None where it is not a record in canonical form."""
    try:
        body = orjson.loads(raw)
        # what orjson writes back byte by byte is canonical
        if orjson.dumps(body, option=orjson.OPT_SORT_KEYS) != raw:
            return None
    except (orjson.JSONDecodeError, TypeError, RecursionError):
        body = _fields_with_care(raw)
    return cast("Mapping[str, object]", body) if _is_record(body) else None


def _fields_with_care(raw: bytes) -> object:
    """Read what orjson does not: whole numbers beyond 64 bits."""
    try:
        body = json.loads(raw)
        return body if isinstance(body, dict) and encode(body).encode() == raw else None
    except (ValueError, RecursionError, LedgerError):
        return None


def _is_record(body: object) -> bool:
    if type(body) is not dict:
        return False
    found = body.get
    if len(body) == len(_KEYS):
        signed = type(found("account")) is type(found("key")) is type(found("signature")) is str
        if not (signed and body["signature"]):
            return False
    elif len(body) != len(_OLD_KEYS):
        return False
    words = type(found("at")) is type(found("actor")) is type(found("kind")) is type(found("subject")) is str
    return (
        words and type(found("previous")) is str and type(found("sequence")) is int and type(found("details")) is dict
    )


def _refuse_floats(value: Json) -> None:
    if isinstance(value, float):
        raise LedgerError("a record with a fraction, which has no one written form", hint="write it as text")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise LedgerError("a record with a key that is not text")
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            _refuse_floats(item)
