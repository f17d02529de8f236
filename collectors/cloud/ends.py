"""The two ends of a connection in a cloud's network log: addresses, ports, counts, and the verdict on it."""

from __future__ import annotations

from collectors.cloud.values import number, text
from collectors.json_fields import Json, to_instant
from collectors.network.verdicts import verdict_of_word
from collectors.sensors.addresses import known_ip
from engine.events import Fields


def put_end(fields: Fields, side: str, address: Json, port: Json = None) -> None:
    """Put an address that is one, and a port that is one, into `side` (`source`, `destination`)."""
    found = text(address)
    if known_ip(found):
        fields[f"{side}.ip"] = found
    at = number(port)
    if at is not None and 0 <= at < 65536:
        fields[f"{side}.port"] = at


def put_count(fields: Fields, name: str, value: Json) -> None:
    """Put a count that is not negative."""
    found = number(value)
    if found is not None and found >= 0:
        fields[name] = found


def put_span(fields: Fields, start: Json, end: Json) -> None:
    """Put when a connection began and ended, and how long it took (ns)."""
    first, last = to_instant(start), to_instant(end)
    if first is not None:
        fields["event.start"] = first
    if last is not None:
        fields["event.end"] = last
    if first is not None and last is not None and last >= first:
        gap = last - first
        fields["event.duration"] = ((gap.days * 86400 + gap.seconds) * 1_000_000 + gap.microseconds) * 1000


def verdict_of(value: Json) -> str | None:
    """Return `denied` or `allowed` for a vendor's word, None for any other."""
    return verdict_of_word(text(value))
