"""Ed25519 signatures of model manifests (RFC 8032): who made a version, and that nobody changed it since."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engine.errors import ConfigurationError, InputError

_PRIVATE, _PUBLIC = "models.key", "models.pub"
_SIZE = 32  # bytes of either key


def sign(content: bytes, keys: Path) -> bytes:
    """Return the signature of `content` (64 bytes); a pair of keys is made in the folder `keys` at the first use."""
    return _private(keys).sign(content)


def verify(content: bytes, signature: bytes, keys: Path) -> None:
    """Raise `InputError` where the signature is not of this content by the key in the folder."""
    path = keys / _PUBLIC
    try:
        Ed25519PublicKey.from_public_bytes(path.read_bytes()).verify(signature, content)
    except OSError as error:
        raise ConfigurationError(
            "there is no key to check models with", where=str(path), hint="kulla models train"
        ) from error
    except (InvalidSignature, ValueError) as error:
        raise InputError(
            "the signature does not hold: the model was changed, or made elsewhere", hint="kulla models train"
        ) from error


def _private(keys: Path) -> Ed25519PrivateKey:
    path = keys / _PRIVATE
    try:
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    except FileNotFoundError:
        return _made(keys)
    except ValueError as error:
        raise ConfigurationError(
            f"this is no key of {_SIZE} bytes", where=str(path), hint="restore it from a backup"
        ) from error


def _made(keys: Path) -> Ed25519PrivateKey:
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = Ed25519PrivateKey.generate()
    descriptor = os.open(keys / _PRIVATE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(key.private_bytes_raw())
    (keys / _PUBLIC).write_bytes(key.public_key().public_bytes_raw())
    return key
