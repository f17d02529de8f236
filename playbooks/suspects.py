"""What of an incident is the attacker's: one rule for what is blocked, told in papers, and exported as an indicator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from socket import inet_aton, inet_ntoa
from typing import Final
from urllib.parse import urlsplit

from engine.alerts import Alert
from engine.entities import Entity, Kind
from engine.events import texts
from engine.incidents.model import Incident
from playbooks.house import House
from playbooks.placeholders import Facts
from playbooks.system_files import is_full, is_of_the_system
from playbooks.values import ValueRefusedError, check, fits

HASHES: Final[Mapping[int, str]] = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}
# Files that are run or loaded: other ones that an incident names are mostly the victim's own documents.
_RUN: Final = frozenset((
    "exe", "dll", "sys", "scr", "com", "cpl", "msi", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "js", "jse", "wsf",
    "hta", "lnk", "jar", "py", "pl", "sh", "elf", "so", "ko", "php", "phtml", "asp", "aspx", "ashx", "asmx", "jsp",
    "jspx", "war", "cgi", "iso", "img", "vhd", "docm", "xlsm", "one", "chm", "xll", "apk", "dylib",
))  # fmt: skip
_WEB: Final = ("http://", "https://", "ftp://")


def suspects(
    incident: Incident, alerts: Iterable[Alert], house: House, entities: Sequence[Entity] | None = None
) -> tuple[Entity, ...]:
    """Return outside addresses and domains, URLs, hashes, and programs that are not the system's, each once.

    They are spelled as `as_told` spells them. `entities` are looked at in place of the incident's own.
    """
    seen = incident.entities if entities is None else tuple(entities)
    facts = Facts(incident=replace(incident, entities=seen), given={}, house=house)
    common = _hashes_of_the_system(alerts)
    found = dict.fromkeys(as_told(item) for item in seen if _is_the_attackers(item, facts))
    return tuple(item for item in found if item.kind != "hash" or item.value not in common)


def as_told(entity: Entity) -> Entity:
    """Return an entity as others would look for it: programs as files, addresses, names and hashes spelled one way."""
    kind: Kind = "file" if entity.kind == "process" else entity.kind
    try:
        return Entity(kind, _spelled(kind, entity.value))
    except ValueRefusedError:
        return Entity(kind, entity.value)


def _spelled(kind: Kind, value: str) -> str:
    """Return a value in the spelling of its kind; raise `ValueRefusedError` where it has none."""
    match kind:
        case "ip" | "hash":
            return check(kind, value)
        case "domain":
            return _domain(value)
        case "file":
            return value if value.startswith("/") else check("windows-path", value)
        case _:
            return value


def _domain(value: str) -> str:
    """Return a domain in letters of ASCII (RFC 5890); raise `ValueRefusedError` for anything else."""
    try:
        return check("domain", value if value.isascii() else value.encode("idna").decode("ascii"))
    except UnicodeError:
        raise ValueRefusedError("is not a domain name", "nuk është emër domeni") from None


def _is_the_attackers(item: Entity, facts: Facts) -> bool:
    match item.kind:
        case "ip" | "domain":
            return _is_elsewhere(item.value, facts)
        case "url":
            return item.value.lower().startswith(_WEB) and _is_elsewhere(_host(item.value), facts)
        case "process":
            return is_full(item.value) and not is_of_the_system(item.value)
        case "file":
            return is_full(item.value) and not is_of_the_system(item.value) and _is_run(item.value)
        case "hash":
            return fits("hash", item.value) and len(item.value) in HASHES
        case _:
            return False


def _is_elsewhere(host: str, facts: Facts) -> bool:
    """Tell whether an address or a domain, however spelled, is somebody else's."""
    if fits("ip", host):
        return facts.house.is_outside(host)
    try:
        return facts.is_foreign(_domain(host))
    except ValueRefusedError:
        return False


def _host(url: str) -> str:
    """Return the host that a browser would ask: to it `\\` is `/`, and a number is an address (empty where none)."""
    try:
        host = urlsplit(url.replace("\\", "/")).hostname or ""
    except ValueError:
        return ""
    if not host[:1].isdigit() or not host.isascii():
        return host
    try:
        return inet_ntoa(inet_aton(host))
    except OSError:
        return host


def _hashes_of_the_system(alerts: Iterable[Alert]) -> frozenset[str]:
    """Return the hashes of programs of the system: whoever looked for them would find every machine."""
    return frozenset(
        number.lower()
        for alert in alerts
        if (programs := texts(alert.fields.get("process.executable"))) and all(map(is_of_the_system, programs))
        for number in texts(alert.fields.get("process.hash.sha256"))
    )


def _is_run(path: str) -> bool:
    """Tell whether a file, or a stream behind its colon, is one that is run, by its suffix."""
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    parts = [part.rstrip(". ").rpartition(".") for part in name.split(":")]
    return any(stem and dot and suffix in _RUN for stem, dot, suffix in parts)
