"""From the text that a device writes to a value of the type that ECS asks for.

`put` is what every device source uses: it takes a name of ECS (or of the vendor) and a text, and sets what the text
really is. A first value stays: devices that repeat a key put the one that matters first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import tzinfo

from collectors.network.protocols import transport_fields
from collectors.network.times import instant_of
from collectors.web.address import endpoint, is_ip
from engine.ecs_types import kind_of
from engine.events import Fields

ABSENT = frozenset(("", "-", "N/A", "n/a", "null", "(null)", "(empty)", "undefined", "<null>", "unknown"))
_HEX = re.compile(r"[0-9A-Fa-f]{12}", re.ASCII)
_NOT_HEX = re.compile(r"[:.\-]")
_NUMBER = re.compile(r"-?\d{1,19}", re.ASCII)
_PORT = re.compile(r"\d{1,5}", re.ASCII)
_FLOAT = re.compile(r"-?\d{1,15}(?:\.\d{0,9})?", re.ASCII)
_LONGEST_NAME = 253

Table = Mapping[str, tuple[str, ...]]


def put(fields: Fields, name: str, text: str, zone: tzinfo) -> None:
    """Set a field from a text, unless it is set or the text stands for nothing.

    `X.address` sets `X.ip` or `X.domain`, by what the text is; `X.user.name` or `user.name` also takes the domain off
    `DOMAIN\\name`; `network.transport` takes names and IANA numbers. Texts that are not of the field's type are left
    out: the vendor's own field keeps them.
    """
    text = text.strip()
    if text in ABSENT or name in fields:
        return
    special = _SPECIAL.get(name.rpartition(".")[2])
    if special is not None:
        special(fields, name, text)
        return
    kind = kind_of(name)
    if kind == "long":
        _put_long(fields, name, text)
    elif kind == "date":
        moment = instant_of(text, zone)
        if moment is not None:
            fields[name] = moment
    else:
        fields[name] = text


def put_all(fields: Fields, values: Mapping[str, str], table: Table, zone: tzinfo) -> None:
    """Set the fields that a table names for the device's keys; in the table's order, so that its first wins."""
    for key, names in table.items():
        text = values.get(key)
        if text is not None:
            for name in names:
                put(fields, name, text, zone)


def keep(fields: Fields, prefix: str, values: Iterable[tuple[str, str]]) -> None:
    """Keep the device's own keys under its prefix (`fortinet.firewall.`), as text, without those that say nothing."""
    for key, text in values:
        bare = text.strip()
        if bare and bare not in ABSENT:
            fields.setdefault(prefix + key, bare)


def mac_of(text: str) -> str | None:
    """Return a hardware address in the form of RFC 7042 (`00-00-5E-00-53-23`), None where it is none."""
    digits = _NOT_HEX.sub("", text) if len(text) <= 17 else ""
    if not _HEX.fullmatch(digits):
        return None
    return "-".join(digits[at : at + 2] for at in range(0, 12, 2)).upper()


def split_account(text: str) -> tuple[str | None, str]:
    """Return the domain and the name of `DOMAIN\\name`, however often the backslash was escaped."""
    domain, mark, name = text.partition("\\")
    name = name.lstrip("\\")
    return (domain, name) if mark and name and domain else (None, name or text)


def put_port(fields: Fields, name: str, text: str) -> None:
    """Set a port where the text is one (0 to 65535), in ASCII digits; a first value is replaced."""
    if _PORT.fullmatch(text) and int(text) < 65536:
        fields[name] = int(text)


def _put_long(fields: Fields, name: str, text: str) -> None:
    if _NUMBER.fullmatch(text):
        fields[name] = int(text)
    elif _FLOAT.fullmatch(text):
        fields[name] = int(float(text))


def _put_address(fields: Fields, name: str, text: str) -> None:
    side = name.removesuffix(".address")
    if f"{side}.ip" in fields or f"{side}.domain" in fields:
        return
    end = endpoint(text)
    if end.ip is not None:
        fields[f"{side}.ip"] = end.ip
    elif end.domain is not None:
        fields[f"{side}.domain"] = end.domain
    else:
        fields[name] = text
    if end.port is not None:
        fields.setdefault(f"{side}.port", end.port)


def _put_ip(fields: Fields, name: str, text: str) -> None:
    bare = text.strip("[]<>").partition("%")[0]
    if len(bare) <= 45 and is_ip(bare):
        fields[name] = bare


def _put_forwarded(fields: Fields, name: str, text: str) -> None:
    """Set the first address of a forwarding chain, whose members may have ports."""
    end = endpoint(text.partition(",")[0].strip())
    if end.ip is not None:
        fields[name] = end.ip


def _put_mac(fields: Fields, name: str, text: str) -> None:
    mac = mac_of(text)
    if mac is not None:
        fields[name] = mac


def _put_name(fields: Fields, name: str, text: str) -> None:
    if not name.endswith("user.name"):
        fields[name] = text
        return
    domain, account = split_account(text)
    fields[name] = account
    if domain is not None:
        fields.setdefault(name.removesuffix("name") + "domain", domain)


def _put_domain(fields: Fields, name: str, text: str) -> None:
    if len(text) <= _LONGEST_NAME:
        fields[name] = text.rstrip(".")


def _put_transport(fields: Fields, _: str, text: str) -> None:
    fields.update(transport_fields(text))


_SPECIAL = {
    "address": _put_address,
    "ip": _put_ip,
    "mac": _put_mac,
    "name": _put_name,
    "domain": _put_domain,
    "transport": _put_transport,
    "forwarded_ip": _put_forwarded,
}
