"""Pseudonyms: the same person is the same word in every source, and only who has the key can tell which.

HMAC-SHA256 (RFC 2104) over the kind and the value's normal form, under a key of its own for each purpose (HKDF,
RFC 5869, of the one secret). A pseudonym reads `person-3f2a1c-` and 26 letters and digits (128 bits in base 32); the
middle part names the key, so that keys can be changed and pseudonyms of both are told apart.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from collectors.personal import Kind
from collectors.privacy.addresses import KEY_BYTES, PrefixPreserving

SECRET_BYTES: Final = 32
KINDS: Final[tuple[Kind, ...]] = ("person", "phone", "name", "email", "session", "content")
PSEUDONYM: Final = re.compile(r"(?:" + "|".join(KINDS) + r")-[0-9a-f]{6}-[a-z2-7]{26}")
_REMEMBERED: Final = 65536
# Whose codes a two-letter prefix can mean: the countries of eIDAS and of the Western Balkans (ISO 3166-1).
_COUNTRIES: Final = frozenset(
    (
        *("AL", "AT", "BA", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "GB", "GR", "HR"),
        *("HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MD", "ME", "MK", "MT", "NL", "NO", "PL", "PT", "RO", "RS"),
        *("SE", "SI", "SK", "TR", "UA", "XK"),
    )
)
_SEMANTIC = re.compile(r"(?:PNO|IDC|PAS|TAX|TIN)([A-Z]{2})-(.+)")  # ETSI EN 319 412-1, 5.1.3
_EIDAS = re.compile(r"([A-Z]{2})/[A-Z]{2}/(.+)")  # eIDAS SAML attribute profile: whose, for whom, which


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A secret and the instant (ISO 8601) since which it is used. `id` is six hexadecimal digits of its digest."""

    secret: bytes
    since: str

    @property
    def id(self) -> str:
        """The name of the key, which tells nothing of it."""
        return sha256(b"kulla privacy key id v1\0" + self.secret).hexdigest()[:6]

    def derived(self, purpose: str, size: int = 32) -> bytes:
        """Return the key for one purpose."""
        info = f"kulla privacy v1 {purpose}".encode()
        return HKDF(algorithm=SHA256(), length=size, salt=None, info=info).derive(self.secret)


class Pseudonyms:
    """Makes pseudonyms under the newest of some keys; ids and digests under the oldest, so that they never change.

    `country` is whose personal codes are meant that name no country.
    """

    def __init__(self, keys: Sequence[Key], country: str) -> None:
        self._keys = tuple(keys)
        self._country = country
        self._of = {key.id: key.derived("pseudonyms") for key in keys}
        self._ids, self._digests = (keys[0].derived(purpose) for purpose in ("event ids", "digests"))
        self.addresses = PrefixPreserving(keys[-1].derived("addresses", KEY_BYTES))
        self.of = lru_cache(maxsize=_REMEMBERED)(self._newest)

    def _newest(self, kind: Kind, value: str) -> str:
        """Return the value's pseudonym."""
        return self._under(self._keys[-1], kind, normal(kind, value, self._country))

    def every(self, value: str) -> list[str]:
        """Return every pseudonym that the value may have got: of every kind, under every key.

        A personal code that names no country may have been written with any, one that names it without.
        """
        forms = [(kind, normal(kind, value, self._country)) for kind in KINDS]
        code = normal("person", value, "")
        named = country_of(value)
        others = [self._country] if named else sorted(_COUNTRIES)
        forms += [("person", country + code.removeprefix(named)) for country in others]
        return [self._under(key, kind, form) for key in self._keys for kind, form in dict.fromkeys(forms)]

    def _under(self, key: Key, kind: Kind, form: str) -> str:
        message = f"{kind}\0{form}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._of[key.id], message, "sha256")[:16]
        return f"{kind}-{key.id}-{b32encode(digest).decode('ascii').rstrip('=').lower()}"

    @property
    def mark(self) -> str:
        """A word by which a store knows the key again: the same as long as ids are."""
        return self.digest("kulla privacy: the key of this store")[:32]

    def event_id(self, plain_id: str) -> str:
        """Return the id of an event whose text is changed: who guesses the text cannot prove it by the id."""
        return hmac.digest(self._ids, plain_id.encode("ascii", "backslashreplace"), "sha256").hex()[:32]

    def digest(self, text: str) -> str:
        """Return a keyed digest (64 hexadecimal digits): the same text has the same one, and it proves no guess."""
        return hmac.digest(self._digests, text.encode("utf-8", "surrogatepass"), "sha256").hex()


def normal(kind: Kind, value: str, country: str) -> str:
    """Return the form of a value that does not depend on which source wrote it.

    A personal code becomes `EE47101010033`, a telephone number its digits with the country's, names and mail addresses
    lose their case.
    """
    if kind == "person":
        return _personal_code(value, country)
    if kind == "phone":
        return re.sub(r"[^0-9]", "", value).removeprefix("00")
    text = unicodedata.normalize("NFKC", value).strip()
    return " ".join(text.casefold().split()) if kind in {"name", "email"} else text


def _personal_code(value: str, country: str) -> str:
    text = unicodedata.normalize("NFKC", value).strip().upper()
    if found := _SEMANTIC.fullmatch(text) or _EIDAS.fullmatch(text):
        country, text = found[1], found[2]
    elif text[:2] in _COUNTRIES and text[2:3].isdigit():
        country, text = text[:2], text[2:]
    return country + "".join(each for each in text if each.isalnum())


def country_of(value: str) -> str:
    """Return the country that a personal code names, empty where it names none."""
    return _personal_code(value, "  ")[:2].strip()
