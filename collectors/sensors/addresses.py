"""Whether a text is an address, remembered: sensors see the same few thousand hosts again and again."""

from __future__ import annotations

from functools import lru_cache

from collectors.web.address import is_ip

_LONGEST = 45  # characters of an IPv6 address with an IPv4 address at its end


@lru_cache(maxsize=65536)
def _remembered(text: str) -> bool:
    return is_ip(text)


def known_ip(text: str) -> bool:
    """Tell whether the text is an IPv4 or IPv6 address; longer texts are none and are not remembered."""
    return len(text) <= _LONGEST and _remembered(text)
