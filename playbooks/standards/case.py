"""An incident as the exports see it: what was observed when, which things are the attacker's, which techniques."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from engine.alerts import Alert
from engine.attack.table import table
from engine.entities import Entity, entities_of
from engine.events import texts
from engine.incidents.model import Incident, Moment
from playbooks.placeholders import PLACEHOLDERS, Facts
from playbooks.values import Network, fits

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
_DIRECTED: Final = ("source.ip", "destination.ip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One alert of the incident: its line of the timeline, and the things in it (none where the alert is gone)."""

    moment: Moment
    entities: tuple[Entity, ...]
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An incident with its alerts. `producer` is who exports it, `own_networks` its public networks."""

    incident: Incident
    alerts: Sequence[Alert]
    producer: str
    own_networks: Sequence[Network] = ()

    @property
    def observations(self) -> tuple[Observation, ...]:
        """Return what was observed, oldest first."""
        known = {alert.id: alert for alert in self.alerts}
        found = []
        for moment in sorted(self.incident.timeline, key=lambda item: (item.timestamp, item.alert_id)):
            alert = known.get(moment.alert_id)
            things = entities_of(alert.fields) if alert else ()
            found.append(Observation(moment=moment, entities=things, events=max(1, len(alert.events) if alert else 1)))
        return tuple(found)

    @property
    def suspects(self) -> tuple[Entity, ...]:
        """Return what is the attacker's: outside addresses and domains, URLs, hashes and programs not of the system."""
        outside = self._usable("external_ip")
        files = {*self._usable("suspect_file"), *self._usable("suspect_process")}
        files = {path for path in files if not path.lower().startswith(_SYSTEM_TOOLS)}
        known = self._hashes_of_others(files)
        found: dict[Entity, None] = {}
        for item in self.incident.entities:
            if (
                (item.kind == "ip" and fits("ip", item.value) and item.value in outside)
                or (item.kind == "domain" and fits("domain", item.value) and not self._is_own(item.value))
                or (item.kind == "url" and item.value.lower().startswith(("http://", "https://", "ftp://")))
                or (item.kind == "hash" and fits("hash", item.value) and self._is_foreign(item.value, known))
                or (item.value in files and (item.kind == "process" or (item.kind == "file" and _is_run(item.value))))
            ):
                found[Entity("file", item.value) if item.kind == "process" else item] = None
        return tuple(found)

    def _usable(self, placeholder: str) -> frozenset[str]:
        facts = Facts(incident=self.incident, given={}, own_networks=self.own_networks)
        return frozenset(facts.values(PLACEHOLDERS[placeholder], "manual").usable)

    def _hashes_of_others(self, files: Collection[str]) -> frozenset[str]:
        """Return the hashes of programs of the system: whoever looked for them would find every machine."""
        return frozenset(
            number
            for alert in self.alerts
            if not set(texts(alert.fields.get("process.executable"))) & set(files)
            for number in texts(alert.fields.get("process.hash.sha256"))
            if "process.executable" in alert.fields
        )

    @staticmethod
    def _is_foreign(number: str, known: frozenset[str]) -> bool:
        return len(number) in HASHES and number not in known

    def _is_own(self, domain: str) -> bool:
        hosts = [item.value.lower() for item in self.incident.entities if item.kind == "host" and "." in item.value]
        own = {name for host in hosts for name in (host, host.partition(".")[2]) if "." in name}
        name = domain.lower()
        return any(name == known or name.endswith(f".{known}") or known.endswith(f".{name}") for known in own)

    @property
    def destinations(self) -> frozenset[str]:
        """Return the addresses that were only ever the destination of what was seen."""
        seen: dict[str, set[str]] = {field: set() for field in _DIRECTED}
        for alert in self.alerts:
            for field, addresses in seen.items():
                addresses.update(texts(alert.fields.get(field)))
        return frozenset(seen["destination.ip"] - seen["source.ip"])

    @property
    def first_of(self) -> Mapping[str, datetime]:
        """Return when each technique was first seen, in this order; techniques without an alert come last."""
        found: dict[str, datetime] = {}
        for item in self.observations:
            for technique in item.moment.techniques:
                found.setdefault(technique.upper(), item.moment.timestamp)
        for technique in self.incident.techniques:
            found.setdefault(technique.upper(), self.incident.first_seen)
        return found


def _is_run(path: str) -> bool:
    name, dot, suffix = path.replace("\\", "/").rpartition("/")[2].lower().rpartition(".")
    return bool(name and dot) and suffix in _RUN


def technique_name(number: str) -> str:
    """Return a technique's name in ATT&CK, its id where the table does not know it."""
    found = table().techniques.get(number)
    return found.name if found else number


def technique_tactics(number: str) -> tuple[str, ...]:
    """Return a technique's tactics (`initial-access`) in ATT&CK, none where the table does not know it."""
    found = table().techniques.get(number)
    return found.newest_tactics if found else ()


def technique_reference(number: str) -> dict[str, str]:
    """Return the reference to a technique as ATT&CK's own STIX content gives it."""
    return {
        "source_name": "mitre-attack",
        "external_id": number,
        "url": f"https://attack.mitre.org/techniques/{number.replace('.', '/')}",
    }
