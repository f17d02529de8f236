"""What an indicator is: who says so, under which marking, until when, and what an event has to have for it to match."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from engine.alerts import Level
from engine.folding import fold

Kind = Literal["ip", "domain", "url", "hash", "filename", "path", "email", "subject", "agent", "registry", "port"]
# `under` is a domain or one below it; `like` has STIX's % and _; `matches` is a regular expression; `in net` is CIDR
Operator = Literal["equals", "under", "in net", "like", "matches"]
Tlp = Literal["clear", "green", "amber", "amber+strict", "red"]
TLPS: tuple[Tlp, ...] = ("clear", "green", "amber", "amber+strict", "red")
FOLDED = frozenset({"domain", "hash", "filename", "path", "email", "subject", "registry"})  # case says nothing


@dataclass(frozen=True, slots=True, order=True)
class Trait:
    """One thing that an event has to have. `side` narrows it to where it came from or went to (empty: either)."""

    kind: Kind
    operator: Operator
    value: str
    side: str = ""

    def __str__(self) -> str:
        return f"{f'{self.side} ' if self.side else ''}{self.kind} {self.operator} {self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator. `alternatives` are sets of traits; one event that has all traits of one set matches.

    `source` is whose it is, `name` what it says of itself; `until` ends its validity (event time), None is open.
    `tags` are Sigma tags (`attack.t1566.001`).
    """

    source: str
    name: str
    alternatives: tuple[tuple[Trait, ...], ...]
    level: Level = Level.HIGH
    tlp: Tlp = "clear"
    since: datetime | None = None
    until: datetime | None = None
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Return its id: 24 digits of a hash over whose it is and what it looks for."""
        text = "\n".join([self.source, *(" & ".join(map(str, traits)) for traits in self.alternatives)])
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]

    @property
    def text(self) -> str:
        """Return what it looks for, as people read it."""
        return " or ".join(" and ".join(map(str, traits)) for traits in self.alternatives)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Something in a file that was not taken: where it stands there, what it is, and why."""

    where: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file came to: indicators, and everything that was not taken, with the reason."""

    indicators: Sequence[Indicator]
    refused: Sequence[Refused]


class NotUnderstoodError(ValueError):
    """A pattern or a value that means nothing here; the message says why."""


_HASH_LENGTHS = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
_HEX = frozenset("0123456789abcdef")


def normal(kind: Kind, value: str) -> str:
    """Return a value in the one spelling in which values of its kind are compared; raise `NotUnderstoodError`."""
    text = value.strip()
    if kind == "ip":
        return normal_address(text)
    if kind == "domain":
        return normal_domain(text)
    if kind == "hash":
        digits = text.lower()
        if len(digits) not in _HASH_LENGTHS or not _HEX.issuperset(digits):
            raise NotUnderstoodError("not the hexadecimal digits of a hash that is known here")
        return digits
    if kind == "email" and ("@" not in text or " " in text):
        raise NotUnderstoodError("not an address of mail")
    if not text:
        raise NotUnderstoodError("an empty value")
    if kind == "url":
        return normal_url(text)
    return fold(text) if kind in FOLDED else text


def normal_address(text: str) -> str:
    """Return an address as Python writes it, IPv4 within IPv6 as IPv4; raise `NotUnderstoodError`."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError as error:
        raise NotUnderstoodError("not an address") from error
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def normal_domain(text: str) -> str:
    """Return a domain in small letters, without the dot at its end, in ASCII; raise `NotUnderstoodError`."""
    name = fold(text).rstrip(".")
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise NotUnderstoodError("not the name of a domain") from error
    good = all(label and len(label) <= 63 and not set(label) - _LABEL for label in name.split("."))
    if not name or len(name) > 253 or not good:
        raise NotUnderstoodError("not the name of a domain")
    return name


_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_PORTS = {"http": ":80", "https": ":443"}


def normal_url(text: str) -> str:
    """Return a URL with scheme and host in small letters, without the scheme's own port and an empty path's slash."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        return text
    cut = min((place for place in (rest.find(mark) for mark in "/?#") if place >= 0), default=len(rest))
    host, path = fold(rest[:cut]), rest[cut:]
    scheme = fold(scheme)
    host = host.removesuffix(_PORTS.get(scheme, "\0"))
    return f"{scheme}://{host}{'' if path == '/' else path}"


LEVELS: Mapping[str, Level] = {"1": Level.HIGH, "2": Level.MEDIUM, "3": Level.LOW, "4": Level.LOW}  # MISP threat levels
