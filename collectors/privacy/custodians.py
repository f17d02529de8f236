"""Two persons' key: what is sealed to it opens only with the passphrases of two custodians.

Values are sealed to an X25519 public key (RFC 7748), each under an ephemeral key of its own: HKDF-SHA256 (RFC 5869) of
the shared secret gives the key of AES-256-GCM. The private key is kept only wrapped, once for every pair of custodians,
under a key that needs scrypt (RFC 7914) of both passphrases. Neither a custodian alone, nor who has all files, can open
anything: there is no check to get around, there is no key.

    {"kulla privacy custodians": 1, "cost": 131072, "public": "...", "salts": {"ana": "..."},
     "pairs": [{"of": ["ana", "ben"], "wrapped": "..."}]}
"""

from __future__ import annotations

import json
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from collectors.privacy.keys import marked
from engine.durable import write_private
from engine.errors import ConfigurationError, UsageError

COST: Final = 2**17  # scrypt's N: 128 MiB and a good third of a second for each passphrase
LEAST: Final = 12  # characters of a passphrase
_MARK: Final = "kulla privacy custodians"
_KEY, _NONCE = 32, 12
_PAD: Final = 64  # sealed values are of lengths that are multiples of it
_ONCE: Final = bytes(_NONCE)  # a nonce for keys that are used once


class NotTwoPersonsError(UsageError):
    """Two custodians' passphrases are needed, and these are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Custodians:
    """Who can re-identify, two at a time. `salts` and `pairs` are of no use without the passphrases."""

    cost: int
    public: bytes
    salts: Mapping[str, bytes]
    pairs: Mapping[tuple[str, str], bytes]

    @property
    def names(self) -> tuple[str, ...]:
        """The custodians by name."""
        return tuple(sorted(self.salts))

    def sealed(self, value: str, label: str) -> bytes:
        """Seal a value to the two persons' key; it opens only under the same label."""
        own = X25519PrivateKey.generate()
        ephemeral = own.public_key().public_bytes_raw()
        key = _sealing_key(own.exchange(X25519PublicKey.from_public_bytes(self.public)), ephemeral, self.public)
        raw = value.encode("utf-8", "surrogatepass")
        padded = len(raw).to_bytes(4, "big") + raw + bytes(-(len(raw) + 4) % _PAD)
        return ephemeral + AESGCM(key).encrypt(_ONCE, padded, label.encode())

    def opened(self, sealed: bytes, label: str, passphrases: Mapping[str, str]) -> str:
        """Open what was sealed with the passphrases of two custodians, by their names.

        Raise `NotTwoPersonsError` where they are not two, or a passphrase is wrong; `ConfigurationError` where what was
        sealed is damaged.
        """
        private = self.unwrapped(passphrases)
        ephemeral = sealed[:_KEY]
        try:
            shared = private.exchange(X25519PublicKey.from_public_bytes(ephemeral))
            padded = AESGCM(_sealing_key(shared, ephemeral, self.public)).decrypt(_ONCE, sealed[_KEY:], label.encode())
        except (InvalidTag, ValueError) as error:
            raise ConfigurationError(
                "what was sealed is damaged, or sealed to another key", hint="restore the vault from a backup"
            ) from error
        return padded[4 : 4 + int.from_bytes(padded[:4], "big")].decode("utf-8", "surrogatepass")

    def unwrapped(self, passphrases: Mapping[str, str]) -> X25519PrivateKey:
        """Return the private key itself, with the passphrases of two custodians, for `appointed`; see `opened`."""
        pair = tuple(sorted(passphrases))
        unknown = [name for name in pair if name not in self.salts]
        if unknown or len(pair) != 2:
            told = f"{unknown[0]} is no custodian" if unknown else "two different custodians are needed"
            raise NotTwoPersonsError(told, hint=f"two of {', '.join(self.names)}")
        wrapped = self.pairs[pair[0], pair[1]]
        key = _pair_key(*((each, passphrases[each], self.salts[each]) for each in pair), cost=self.cost)
        try:
            raw = AESGCM(key).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], self.public)
        except InvalidTag as error:
            raise NotTwoPersonsError("at least one of the two passphrases is wrong") from error
        return X25519PrivateKey.from_private_bytes(raw)


def appointed(
    passphrases: Mapping[str, str],
    random: Callable[[int], bytes],
    *,
    cost: int | None = None,
    private: X25519PrivateKey | None = None,
) -> Custodians:
    """Make a key that any two of these persons can use; the key itself is forgotten at once.

    `private` is the key of the custodians before them: what was sealed to it opens for the new ones. Raise `UsageError`
    for fewer than two, for a short passphrase and for one that two share.
    """
    if len(passphrases) < 2:
        raise UsageError("at least two custodians are needed", hint="three, so that one may be away")
    for name, passphrase in passphrases.items():
        if len(passphrase) < LEAST:
            raise UsageError(f"the passphrase of {name} is shorter than {LEAST} characters", hint="take several words")
    if len(set(passphrases.values())) < len(passphrases):
        raise UsageError("two custodians have the same passphrase", hint="each has to be known to one person alone")
    cost = COST if cost is None else cost
    private = X25519PrivateKey.generate() if private is None else private
    public = private.public_key().public_bytes_raw()
    salts = {name: random(_KEY) for name in sorted(passphrases)}
    derived = {name: _stretched(passphrases[name], salts[name], cost) for name in salts}
    pairs: dict[tuple[str, str], bytes] = {}
    for one, other in combinations(salts, 2):
        nonce = random(_NONCE)
        key = _joined((one, derived[one]), (other, derived[other]))
        pairs[one, other] = nonce + AESGCM(key).encrypt(nonce, private.private_bytes_raw(), public)
    return Custodians(cost=cost, public=public, salts=salts, pairs=pairs)


def _pair_key(*persons: tuple[str, str, bytes], cost: int) -> bytes:
    return _joined(*((name, _stretched(passphrase, salt, cost)) for name, passphrase, salt in persons))


def _stretched(passphrase: str, salt: bytes, cost: int) -> bytes:
    text = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    return Scrypt(salt=salt, length=_KEY, n=cost, r=8, p=1).derive(text)


def _joined(*persons: tuple[str, bytes]) -> bytes:
    info = json.dumps(["kulla privacy pair v1", *(name for name, _ in persons)]).encode()
    return HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=info).derive(b"".join(key for _, key in persons))


def _sealing_key(shared: bytes, ephemeral: bytes, public: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY, salt=ephemeral + public, info=b"kulla privacy seal v1").derive(shared)


def write_custodians(path: Path, custodians: Custodians) -> None:
    """Write the custodians' file, for its owner alone."""
    document = {
        _MARK: 1,
        "cost": custodians.cost,
        "public": _text(custodians.public),
        "salts": {name: _text(salt) for name, salt in custodians.salts.items()},
        "pairs": [{"of": list(pair), "wrapped": _text(wrapped)} for pair, wrapped in custodians.pairs.items()],
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, json.dumps(document, indent=1).encode())


def read_custodians(path: Path) -> Custodians | None:
    """Return the custodians of a file, None where there is none; raise `ConfigurationError` where it is damaged."""
    try:
        document = marked(path.read_bytes(), _MARK)
        return Custodians(
            cost=int(document["cost"]),
            public=_bytes(document["public"]),
            salts={str(name): _bytes(salt) for name, salt in document["salts"].items()},
            pairs={(each["of"][0], each["of"][1]): _bytes(each["wrapped"]) for each in document["pairs"]},
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ConfigurationError(
            "the custodians' file cannot be used", where=str(path), hint="restore it from a backup"
        ) from error


def _text(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)
