"""Prefix-preserving pseudonyms of IP addresses: two addresses of one network stay in one network, whichever it is.

Crypto-PAn: J. Xu, J. Fan, M. Ammar, S. Moon, "Prefix-Preserving IP Address Anonymization", ICNP 2002, with AES-128 as
the block cipher, over the 32 bits of IPv4 and, in the same way, the 128 bits of IPv6.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

KEY_BYTES: Final = 32
_BLOCK: Final = 16
_REMEMBERED: Final = 65536  # addresses


class PrefixPreserving:
    """Maps addresses to addresses under a key of 32 bytes: half of it for the cipher, half for the padding."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"{KEY_BYTES} bytes are wanted, not {len(key)}")
        self._cipher = Cipher(AES(key[:_BLOCK]), ECB())  # noqa: S305 # single blocks: Crypto-PAn uses the cipher as a PRF
        self._padding = int.from_bytes(self._encrypted(key[_BLOCK:]), "big")
        self.address = lru_cache(maxsize=_REMEMBERED)(self._address)

    def _encrypted(self, blocks: bytes) -> bytes:
        encryptor = self._cipher.encryptor()
        return encryptor.update(blocks) + encryptor.finalize()

    def _address(self, text: str) -> str | None:
        """Return the pseudonym of an address, itself an address; None where the text is none."""
        try:
            found = ip_address(text.partition("%")[0].strip())
        except ValueError:
            return None
        width = found.max_prefixlen
        changed = int(found) ^ self._mask(int(found) << (128 - width), width)
        return str(IPv4Address(changed) if width == 32 else IPv6Address(changed))

    def _mask(self, address: int, width: int) -> int:
        """Return the bits that change: for each of the address's bits, one that rests on all bits before it."""
        blocks = bytearray()
        for place in range(width):
            rest = (1 << (128 - place)) - 1
            blocks += ((address & ~rest) | (self._padding & rest)).to_bytes(_BLOCK, "big")
        mask = 0
        for first in self._encrypted(bytes(blocks))[::_BLOCK]:
            mask = mask << 1 | first >> 7
        return mask


def truncated(text: str, bits: int) -> str | None:
    """Return an address with all but its first `bits` bits zero, None where the text is no address.

    Of IPv6 twice as many are kept, for its networks are larger: 24 bits make `192.0.2.77` to `192.0.2.0`, and
    `2001:db8:1:2::77` to `2001:db8:1::` (48 bits).
    """
    try:
        found = ip_address(text.partition("%")[0].strip())
    except ValueError:
        return None
    gone = 32 - min(bits, 32) if found.version == 4 else 128 - 2 * min(bits, 64)
    kept = int(found) >> gone << gone
    return str(IPv4Address(kept) if found.version == 4 else IPv6Address(kept))
