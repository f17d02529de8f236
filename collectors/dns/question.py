"""The question of a DNS event, its answers and its header flags, under their ECS names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from collectors.sensors.addresses import known_ip
from engine.events import Fields

_CLASSES = frozenset(("IN", "CH", "HS", "CS", "ANY", "NONE"))
_CLASS_CODE = re.compile(r"CLASS\d{1,5}", re.ASCII)
_TYPE = re.compile(r"[A-Z][A-Z0-9\-]{0,15}|TYPE\d{1,5}|\*", re.ASCII)
_HEADER_BITS = ("AA", "TC", "RD", "RA", "AD", "CD")
_BITS = ((0x400, "AA"), (0x200, "TC"), (0x100, "RD"), (0x80, "RA"), (0x20, "AD"), (0x10, "CD"))
_LONGEST = 1024  # characters of a name with every byte escaped (RFC 1035: 255 bytes)

# RFC 1035, 2136, 2845, 6895
RESPONSE_CODES = {
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET",
    8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 16: "BADVERS", 17: "BADKEY", 18: "BADTIME", 22: "BADTRUNC",
    23: "BADCOOKIE",
}  # fmt: skip
_OPCODES = {0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE"}


def is_class(text: str) -> bool:
    """Tell whether a word is the name of a DNS class (`IN`, `CH`, `CLASS255`)."""
    return text in _CLASSES or _CLASS_CODE.fullmatch(text) is not None


def is_type(text: str) -> bool:
    """Tell whether a word can be the name of a record type: capital letters and digits."""
    return _TYPE.fullmatch(text) is not None


def bare_name(text: str) -> str:
    """Return a domain name without the dot at its end; the root keeps its dot."""
    return text[:_LONGEST].rstrip(".") or ("." if text.startswith(".") else "")


def ask(fields: Fields, name: str, record_type: str = "", record_class: str = "") -> None:
    """Set the question; parts that are empty are left out."""
    if found := bare_name(name):
        fields["dns.question.name"] = found
    if record_type:
        fields["dns.question.type"] = record_type
    if record_class:
        fields["dns.question.class"] = record_class


def ask_slashed(fields: Fields, text: str) -> None:
    """Set the question from `name/A/IN`, `name/IN/A`, `name/A` or `name/IN`: what is a class says so itself."""
    name, *rest = text.rsplit("/", 2) if text.count("/") > 1 else text.split("/")
    at = next((at for at in range(len(rest) - 1, -1, -1) if is_class(rest[at]) and rest[at] != "ANY"), None)
    if at is None and len(rest) == 2 and "ANY" in rest:  # `ANY` is a class and a type; alone, or first, it is a type
        at = 1 if rest[1] == "ANY" else 0
    types = [word for number, word in enumerate(rest) if number != at]
    ask(fields, name, types[0] if types else "", rest[at] if at is not None else "")


def zone_parts(text: str) -> tuple[str, str, str]:
    """Return name, class and view of a zone as BIND writes it: `example.org/IN`, `example.org/IN/internal`.

    Names may hold slashes (RFC 2317: `0/25.2.0.192.in-addr.arpa/IN`): the last part that is a class ends the name.
    """
    parts = text.split("/")
    at = next((at for at in range(len(parts) - 1, 0, -1) if is_class(parts[at])), None)
    if at is None:
        return text, "", ""
    return "/".join(parts[:at]), parts[at], "/".join(parts[at + 1 :])


def answer(fields: Fields, *, name: str, record_type: str, data: str, ttl: int | None = None, kind: str = "") -> None:
    """Add one resource record to `dns.answers.*`; an address also to `dns.resolved_ip`."""
    for part, value in (("name", bare_name(name)), ("type", record_type), ("data", data), ("class", kind)):
        if value:
            _add(fields, f"dns.answers.{part}", value)
    if ttl is not None:
        there = fields.setdefault("dns.answers.ttl", [])
        if isinstance(there, list):
            there.append(ttl)
    if data and known_ip(data):
        _add(fields, "dns.resolved_ip", data)


def _add(fields: Fields, name: str, value: str) -> None:
    there = fields.setdefault(name, [])
    if isinstance(there, list):
        there.append(value)


def header_flags(names: Iterable[str]) -> list[str]:
    """Return the DNS header's flags among the names, in the order of ECS."""
    found = {name.upper() for name in names}
    return [name for name in _HEADER_BITS if name in found]


def flag_bits(value: int) -> list[str]:
    """Return the flags of a header's 16 bits (RFC 1035, 4.1.1; RFC 4035, 3.1.6 for AD and CD)."""
    return [name for bit, name in _BITS if value & bit]


def opcode_of(value: int) -> str | None:
    """Return the opcode's name in a header's 16 bits."""
    return _OPCODES.get((value >> 11) & 15)
