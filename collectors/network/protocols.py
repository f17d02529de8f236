"""Transport protocols by name and number (https://www.iana.org/assignments/protocol-numbers)."""

from __future__ import annotations

from engine.events import Fields

_NUMBERS = {
    "hopopt": 0,
    "icmp": 1,
    "igmp": 2,
    "ggp": 3,
    "ipv4": 4,
    "st": 5,
    "tcp": 6,
    "egp": 8,
    "igp": 9,
    "udp": 17,
    "rdp": 27,
    "dccp": 33,
    "ipv6": 41,
    "ipv6-route": 43,
    "ipv6-frag": 44,
    "rsvp": 46,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "ipv6-icmp": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "eigrp": 88,
    "ospf": 89,
    "ipip": 94,
    "pim": 103,
    "ipcomp": 108,
    "vrrp": 112,
    "l2tp": 115,
    "sctp": 132,
    "udplite": 136,
}
_NAMES = {number: name for name, number in _NUMBERS.items()}
_OTHER_NAMES = {"icmp6": "ipv6-icmp", "icmpv6": "ipv6-icmp", "ospfigp": "ospf", "ip-in-ip": "ipip"}
_LONGEST = 32  # characters of a protocol's name


def transport_fields(text: str) -> Fields:
    """Return `network.transport` and `network.iana_number` for a protocol's name or number; nothing for no protocol."""
    text = text.strip().lower()
    if text.isascii() and text.isdecimal():
        number = int(text) if len(text) <= 3 else 256
        if number > 255:
            return {}
        name = _NAMES.get(number)
        found: Fields = {"network.iana_number": str(number)}
        if name:
            found["network.transport"] = name
        return found
    if not text or len(text) > _LONGEST:
        return {}
    name = _OTHER_NAMES.get(text, text)
    number_of = _NUMBERS.get(name)
    named: Fields = {"network.transport": name}
    if number_of is not None:
        named["network.iana_number"] = str(number_of)
    return named
