"""What of an incident is the attacker's: one rule for what is blocked, told in papers, and exported as an indicator."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from engine.alerts import Alert
from engine.entities import Entity
from engine.events import texts
from engine.incidents.model import Incident
from playbooks.house import House
from playbooks.placeholders import PLACEHOLDERS, Facts
from playbooks.values import fits

HASHES: Final[Mapping[int, str]] = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}
# Files that are run or loaded: other ones that an incident names are mostly the victim's own documents.
_RUN: Final = frozenset((
    "exe", "dll", "sys", "scr", "com", "cpl", "msi", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "js", "jse", "wsf",
    "hta", "lnk", "jar", "py", "pl", "sh", "elf", "so", "ko", "php", "phtml", "asp", "aspx", "ashx", "asmx", "jsp",
    "jspx", "war", "cgi", "iso", "img", "vhd", "docm", "xlsm", "one", "chm", "xll", "apk", "dylib",
))  # fmt: skip
# Folders of the system's own tools, which attackers use and did not bring.
_SYSTEM_TOOLS: Final = (
    "c:\\windows\\system32\\windowspowershell\\", "c:\\windows\\syswow64\\windowspowershell\\",
    "c:\\windows\\system32\\wbem\\", "c:\\windows\\syswow64\\wbem\\", "c:\\windows\\microsoft.net\\",
    "c:\\windows\\system32\\inetsrv\\", "c:\\windows\\system32\\openssh\\", "c:\\program files\\powershell\\",
)  # fmt: skip
_WEB: Final = ("http://", "https://", "ftp://")


def suspects(
    incident: Incident, alerts: Iterable[Alert], house: House, entities: Sequence[Entity] | None = None
) -> tuple[Entity, ...]:
    """Return outside addresses and domains, URLs, hashes, and programs that are not the system's, each once.

    Programs are told as files. `entities` are looked at in place of the incident's own.
    """
    seen = incident.entities if entities is None else tuple(entities)
    facts = Facts(incident=replace(incident, entities=seen), given={}, house=house)
    files = {*_usable(facts, "suspect_file"), *_usable(facts, "suspect_process")}
    files = {path for path in files if not path.lower().startswith(_SYSTEM_TOOLS)}
    known = _hashes_of_others(alerts, files)
    usable: dict[str, Collection[str]] = {
        "ip": _usable(facts, "external_ip"),
        "domain": _usable(facts, "external_domain"),
        "file": {path for path in files if _is_run(path)},
        "process": files,
    }
    found: dict[Entity, None] = {}
    for item in seen:
        value = item.value.lower() if item.kind == "domain" else item.value
        if (
            value in usable.get(item.kind, ())
            or (item.kind == "url" and value.lower().startswith(_WEB))
            or (item.kind == "hash" and fits("hash", value) and len(value) in HASHES and value not in known)
        ):
            found[Entity("file", value) if item.kind == "process" else item] = None
    return tuple(found)


def _usable(facts: Facts, placeholder: str) -> frozenset[str]:
    return frozenset(facts.values(PLACEHOLDERS[placeholder], "manual").usable)


def _hashes_of_others(alerts: Iterable[Alert], files: Collection[str]) -> frozenset[str]:
    """Return the hashes of programs of the system: whoever looked for them would find every machine."""
    return frozenset(
        number
        for alert in alerts
        if "process.executable" in alert.fields and not set(texts(alert.fields["process.executable"])) & set(files)
        for number in texts(alert.fields.get("process.hash.sha256"))
    )


def _is_run(path: str) -> bool:
    name, dot, suffix = path.replace("\\", "/").rpartition("/")[2].lower().rpartition(".")
    return bool(name and dot) and suffix in _RUN
