"""What a firewall's word for its verdict means."""

from __future__ import annotations

_REFUSED = frozenset({"deny", "denied", "drop", "dropped", "reject", "rejected", "block", "blocked", "d"})
_GRANTED = frozenset({"allow", "allowed", "accept", "accepted", "pass", "passed", "permit", "permitted", "a"})


def verdict_of_word(word: str) -> str | None:
    """Return `denied` or `allowed` for a vendor's word, in letters of either size; None for any other."""
    small = word.lower()
    return "denied" if small in _REFUSED else "allowed" if small in _GRANTED else None
