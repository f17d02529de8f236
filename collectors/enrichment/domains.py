"""The registered part of a host name, by the Public Suffix List that comes with the package `publicsuffixlist`."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

from publicsuffixlist import PublicSuffixList

_LONGEST: Final = 253  # characters of a host name (RFC 1035)


class Domains:
    """Parts host names. The list is loaded with the first one."""

    def __init__(self) -> None:
        self._list: PublicSuffixList | None = None

    def describe(self, name: str) -> Mapping[str, str]:
        """Return `registered_domain`, `top_level_domain` (the public suffix) and `subdomain` of a host name.

        A name without a dot, an address and a public suffix have none. Names are given in lower case; a suffix that
        nobody listed is the last label, as the list's own rules say.
        """
        plain = name.rstrip(".").lower()
        if "." not in plain or len(plain) > _LONGEST or _is_address(plain) or ".." in plain or plain[0] == ".":
            return {}
        if self._list is None:
            self._list = PublicSuffixList()
        registered = self._list.privatesuffix(plain)
        if not registered:
            return {}
        found = {"registered_domain": registered, "top_level_domain": registered.partition(".")[2]}
        if len(registered) < len(plain):
            found["subdomain"] = plain[: -len(registered) - 1]
        return found


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
