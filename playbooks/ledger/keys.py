"""The keys that sign the ledger (Ed25519): made once per home, readable by their owner alone, replaced on purpose.

A public key is written as the Go module proxies and transparency logs write theirs: `NAME+ID+KEY`, where ID is 8 hex
digits and KEY the base64 of the byte 0x01 and the key's 32 bytes. Sources: RFC 8032 (Ed25519); C2SP signed-note.
"""

from __future__ import annotations

import binascii
import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from engine.errors import LedgerError
from playbooks.ledger.files import read_small, replace_file

NAME = "kulla/ledger"
_ED25519 = b"\1"
_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A public key: `raw` is its 32 bytes, `id` 8 hex digits."""

    name: str
    raw: bytes

    @property
    def id(self) -> str:
        """Return the key's id."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.raw).hexdigest()[:8]

    @property
    def words(self) -> str:
        """Return the key as one line of text."""
        return f"{self.name}+{self.id}+{b64encode(_ED25519 + self.raw).decode()}"

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Tell whether `signature` is this key's over `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def read_verifier(words: str) -> VerifierKey:
    """Return the public key in a line of text; raise `LedgerError` where it is none, or its id is another's."""
    name, plus, rest = words.strip().partition("+")
    known, second, encoded = rest.partition("+")
    try:
        raw = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    key = VerifierKey(name=name, raw=raw[1:])
    clean = name.isprintable() and not any(c.isspace() for c in name)
    if not (name and clean and plus and second and len(raw) == 33 and raw[:1] == _ED25519 and known == key.id):
        raise LedgerError("is not a public key of a ledger", where=words[:120], hint="kulla ledger keys")
    return key


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key. It never shows in a text."""

    private: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"SigningKey({self.verifier.id})"

    @property
    def verifier(self) -> VerifierKey:
        """Return its public half."""
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return VerifierKey(name=NAME, raw=raw)

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature over `message`."""
        return self.private.sign(message)


class Keyring:
    """The keys of one home, in a folder: `ledger.key` (private), `ledger.trusted` (public ones, one a line).

    `generate` makes a new private key. The folder is made at the first use, for its owner alone.
    """

    def __init__(self, folder: Path, generate: Callable[[], Ed25519PrivateKey] = Ed25519PrivateKey.generate) -> None:
        self.folder = folder
        self._generate = generate
        self._signing: SigningKey | None = None

    @property
    def path(self) -> Path:
        """Return the file of the private key."""
        return self.folder / "ledger.key"

    def existing(self) -> SigningKey | None:
        """Return the private key, None where none was made; raise `LedgerError` where it cannot be used."""
        if self._signing is None:
            self._signing = _read_private(self.path)
        return self._signing

    def signing(self) -> SigningKey:
        """Return the private key; it is made, and its public half trusted, where there is none."""
        found = self.existing()
        if found is None:
            if self.was_made:
                raise LedgerError(
                    "the private key that signs the ledger is gone",
                    where=str(self.path),
                    hint="put it back from a backup, or use a new home and let it join with kulla ledger trust",
                )
            found = SigningKey(self._generate())
            _write_private(self.path, found)
            self._publish(found.verifier)
            self._signing = found
        return found

    @property
    def was_made(self) -> bool:
        """Tell whether this home ever had a private key (`ledger.pub` is its public half, to hand out)."""
        return (self.folder / "ledger.pub").exists()

    @property
    def own(self) -> VerifierKey | None:
        """Return this home's public key, None where it has none yet."""
        content = read_small(self.folder / "ledger.pub", _LARGEST)
        return None if content is None else read_verifier(content.decode("utf-8", "replace"))

    def _publish(self, key: VerifierKey) -> None:
        self.trust(key)
        replace_file(self.folder / "ledger.pub", f"{key.words}\n".encode())

    def trusted(self) -> tuple[VerifierKey, ...]:
        """Return the public keys that this home trusts."""
        content = read_small(self.folder / "ledger.trusted", _LARGEST)
        lines = content.decode("utf-8", "replace").splitlines() if content else []
        return tuple(read_verifier(line) for line in lines if line.strip())

    def trust(self, key: VerifierKey) -> None:
        """Trust a public key from now on."""
        known = self.trusted()
        if key not in known:
            lines = "".join(f"{item.words}\n" for item in (*known, key))
            replace_file(self.folder / "ledger.trusted", lines.encode())

    def next_key(self) -> SigningKey:
        """Return the key that will follow (made and kept beside the present one until `promote`)."""
        path = self.folder / "ledger.key.next"
        found = _read_private(path)
        if found is None:
            found = SigningKey(self._generate())
            _write_private(path, found)
        return found

    def promote(self) -> SigningKey | None:
        """Let the next key take the present one's place, which is deleted; None where there is no next one."""
        path = self.folder / "ledger.key.next"
        found = _read_private(path)
        if found is not None:
            self._publish(found.verifier)
            os.replace(path, self.path)  # noqa: PTH105 - Path.replace has no other meaning, the two names stand out
            self._signing = found
        return found


def _read_private(path: Path) -> SigningKey | None:
    content = read_small(path, _LARGEST)
    if content is None:
        return None
    if path.stat().st_mode & 0o077:
        raise LedgerError("others than its owner may read the ledger's key", where=str(path), hint=f"chmod 600 {path}")
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise LedgerError("is not a private Ed25519 key", where=str(path), hint="put the key back from a backup")
    return SigningKey(key)


def _write_private(path: Path, key: SigningKey) -> None:
    replace_file(path, key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
