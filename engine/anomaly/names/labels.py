"""The label of a domain name that its owner chose: `kulla` of `www.kulla.gov.al`."""

from __future__ import annotations

from functools import lru_cache

# Second-level names under two-letter countries that are registries rather than owners, and names that many share.
_REGISTRIES = frozenset(
    {"ac", "asso", "co", "com", "edu", "go", "gob", "gouv", "gov", "ltd", "mil", "ne", "net", "nom", "or", "org"}
)
_SHARED = frozenset(
    {
        "ddns.net",
        "duckdns.org",
        "dyndns.org",
        "dynu.net",
        "hopto.org",
        "no-ip.biz",
        "no-ip.com",
        "no-ip.org",
        "yi.org",
        "zapto.org",
    }
)
LONGEST = 63  # octets of a label, RFC 1035


@lru_cache(maxsize=65536)
def owner_label(name: str) -> str:
    """Return the label that the owner of a name chose, in lower case; empty where there is none (an address)."""
    parts = name.strip().rstrip(".").lower().split(".")
    if (
        len(parts) < 2
        or parts[-1] in {"arpa", "local", "lan", "internal", "home", "localdomain"}
        or parts[-1].isdigit()
    ):
        return ""
    shared = len(parts) > 2 and (
        ".".join(parts[-2:]) in _SHARED or (len(parts[-1]) == 2 and (parts[-2] in _REGISTRIES))
    )
    return parts[-3 if shared else -2][:LONGEST]
