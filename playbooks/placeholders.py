"""Placeholders: which words a command template may hold, and which values of the incident they stand for.

`{{host}}` repeats the command for each host; `{{host+}}` puts all hosts into one command, separated as the shell
separates a list. A value of the wrong type is refused with its reason; one that fits but must not be acted on without
thought (a program of the operating system, a computer's own account) is left out and named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from engine.entities import Kind
from engine.incidents.model import Incident
from playbooks.house import House, is_nobodys, is_public_suffix
from playbooks.model import Platform
from playbooks.system_files import is_of_the_system
from playbooks.texts import Text
from playbooks.values import ValueRefusedError, ValueType, check, fits

PATTERN = re.compile(r"\{\{([a-z_]{1,32})(\+?)\}\}")
ANY_BRACES = re.compile(r"\{\{[^{}\n]{0,64}\}\}")

# Where Unix has no files that a command could act on.
_NO_FILES = ("/proc/", "/sys/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """One word of the templates: the entity kinds it draws on, its type, and which fitting values it keeps.

    `keep` returns None for a value to use, or the reason to leave it out.
    """

    name: str
    kinds: tuple[Kind, ...]
    type: ValueType | None
    meaning: Text
    keep: Callable[[str, Facts], Text | None] | None = None


def _outside(value: str, facts: Facts) -> Text | None:
    if facts.house.is_outside(value):
        return None
    if is_nobodys(value):
        return Text(en="is not the address of one machine", sq="nuk është adresa e një makine")
    return Text(en="is an address of the own network", sq="është adresë e rrjetit tonë")


def _inside(value: str, facts: Facts) -> Text | None:
    if facts.house.is_inside(value):
        return None
    if is_nobodys(value):
        return Text(en="is not the address of one machine", sq="nuk është adresa e një makine")
    return Text(en="is an address outside of the own network", sq="është adresë jashtë rrjetit tonë")


def _foreign(value: str, facts: Facts) -> Text | None:
    return None if facts.is_foreign(value) else Text(en="is a domain of the house", sq="është domeni ynë")


def _upwards(name: str) -> Iterator[str]:
    """Return a name in small letters, and the domains that it is in, one after the other."""
    name = name.lower().rstrip(".")
    while name:
        yield name
        name = name.partition(".")[2]


def _not_of_the_system(value: str, _facts: Facts) -> Text | None:
    if not (is_of_the_system(value) or value.startswith(_NO_FILES)):
        return None
    return Text(
        en="belongs to the operating system: check its signature by hand",
        sq="i përket sistemit operativ: kontrollojeni nënshkrimin e tij me dorë",
    )


def _all() -> list[Placeholder]:
    """Return the vocabulary. The kinds are those of `engine.entities`; a type of None is a path of either family."""
    rows: tuple[tuple[str, tuple[Kind, ...], ValueType | None, str, str], ...] = (
        ("host", ("host",), "host", "affected host", "kompjuteri i prekur"),
        ("user", ("user",), "user", "affected user", "përdoruesi i prekur"),
        ("account", ("user",), "account", "name of the affected account", "emri i llogarisë së prekur"),
        ("mailbox", ("mailbox", "user"), "mailbox", "affected mailbox", "kutia postare e prekur"),
        ("ip", ("ip",), "ip", "address", "adresa IP"),
        ("external_ip", ("ip",), "ip", "outside address", "adresa IP e jashtme"),
        ("internal_ip", ("ip",), "ip", "inside address", "adresa IP e brendshme"),
        ("domain", ("domain",), "domain", "domain", "domeni"),
        ("external_domain", ("domain",), "domain", "outside domain", "domeni i jashtëm"),
        ("url", ("url",), "url", "URL", "URL-ja"),
        ("file", ("file",), None, "file path", "shtegu i skedarit"),
        ("suspect_file", ("file",), None, "suspect file", "skedari i dyshimtë"),
        ("process", ("process",), None, "program path", "shtegu i programit"),
        ("suspect_process", ("process",), None, "suspect program", "programi i dyshimtë"),
        ("hash", ("hash",), "hash", "file hash", "hash-i i skedarit"),
        ("service", ("service",), "service", "service name", "emri i shërbimit"),
        ("incident", (), "id", "incident number", "numri i incidentit"),
        ("first_seen", (), "instant", "first alert", "alarmi i parë"),
        ("last_seen", (), "instant", "last alert", "alarmi i fundit"),
        ("first_seen_unix", (), "seconds", "first alert, in seconds", "alarmi i parë, në sekonda"),
        ("last_seen_unix", (), "seconds", "last alert, in seconds", "alarmi i fundit, në sekonda"),
    )
    keep = {
        "external_ip": _outside,
        "internal_ip": _inside,
        "external_domain": _foreign,
        "suspect_file": _not_of_the_system,
        "suspect_process": _not_of_the_system,
    }
    return [
        Placeholder(name=name, kinds=kinds, type=kind, meaning=Text(en=en, sq=sq), keep=keep.get(name))
        for name, kinds, kind, en, sq in rows
    ]


PLACEHOLDERS: dict[str, Placeholder] = {item.name: item for item in _all()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """A value that does not enter a command, with the placeholder it was meant for and the reason."""

    placeholder: str
    value: str
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The values of one placeholder on one platform: usable, refused (wrong type), left out (fits, but must not act).

    `elsewhere` counts values that belong to another platform (a Windows path in a bash command).
    """

    usable: tuple[str, ...]
    refused: tuple[Unused, ...]
    left_out: tuple[Unused, ...]
    elsewhere: int


@dataclass(frozen=True, kw_only=True)  # without slots: what is the house's own is worked out once
class Facts:
    """What commands are filled from: the incident, values given by the responder, and what is the house's own.

    `given` maps a placeholder's name to values; they are checked like those of the incident and come first.
    """

    incident: Incident
    given: Mapping[str, Sequence[str]]
    house: House = field(default_factory=House)

    @cached_property
    def own_domains(self) -> frozenset[str]:
        """Return the house's domains, the incident's hosts, and the domains that the hosts are in, in small letters."""
        hosts = [item.value.rstrip(".").lower() for item in self.incident.entities if item.kind == "host"]
        full = [name for name in hosts if "." in name and fits("host", name) and not fits("ip", name)]
        parents = {name.partition(".")[2] for name in full}
        registered = {name for name in parents if "." in name and not is_public_suffix(name)}
        return frozenset((*(name.lower().strip(".") for name in self.house.domains), *full, *registered))

    @cached_property
    def above_own(self) -> frozenset[str]:
        """Return every domain that one of the own ones is in."""
        return frozenset(name for own in self.own_domains for name in _upwards(own))

    def is_foreign(self, domain: str) -> bool:
        """Tell whether a checked domain is neither the house's nor one that a domain of the house is in."""
        return domain not in self.above_own and self.own_domains.isdisjoint(_upwards(domain))

    def values(self, placeholder: Placeholder, platform: Platform) -> Values:
        """Return the checked values of `placeholder` for `platform`, each once, in the incident's order."""
        usable: dict[str, None] = {}
        refused: list[Unused] = []
        left_out: list[Unused] = []
        elsewhere = 0
        for raw in self._raw(placeholder):
            kind = _type_for(placeholder, platform, raw)
            if kind is None:
                elsewhere += 1
                continue
            try:
                value = check(kind, raw)
            except ValueRefusedError as error:
                refused.append(Unused(placeholder=placeholder.name, value=raw, reason=error.reason))
                continue
            reason = placeholder.keep(value, self) if placeholder.keep else None
            if reason is None:
                usable[value] = None
            else:
                left_out.append(Unused(placeholder=placeholder.name, value=value, reason=reason))
        return Values(usable=tuple(usable), refused=tuple(refused), left_out=tuple(left_out), elsewhere=elsewhere)

    def _raw(self, placeholder: Placeholder) -> list[str]:
        given = list(self.given.get(placeholder.name, ()))
        if not placeholder.kinds:
            return [*given, *_of_the_incident(self.incident, placeholder.name)][:1]
        found = [entity.value for entity in self.incident.entities if entity.kind in placeholder.kinds]
        if placeholder.name == "mailbox":
            found = [value for value in found if "@" in value]
        return list(dict.fromkeys((*given, *found)))


def _of_the_incident(incident: Incident, name: str) -> list[str]:
    match name:
        case "incident":
            return [incident.id]
        case "first_seen":
            return [_second(incident.first_seen)]
        case "last_seen":
            return [_second(incident.last_seen)]
        case "first_seen_unix":
            return [str(int(incident.first_seen.timestamp()))]
        case _:
            return [str(int(incident.last_seen.timestamp()))]


def _second(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _type_for(placeholder: Placeholder, platform: Platform, value: str) -> ValueType | None:
    """Return the type to check against; None where the value is a path of the other family of systems."""
    if placeholder.type is not None:
        return placeholder.type
    if platform == "bash":
        return None if fits("windows-path", value) else "unix-path"
    if platform == "manual":
        return "unix-path" if value.startswith("/") else "windows-path"
    return None if value.startswith("/") else "windows-path"
