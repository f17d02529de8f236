"""An incident as a MISP event (core format): attributes of what is the attacker's, tags for TLP and ATT&CK.

Source: MISP core format (IETF draft-dulaunoy-misp-core-format). An attribute is one line: a value with control
characters goes out as a `text` that is not for detection, spelled as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from engine.alerts import Level
from engine.entities import Entity
from engine.indicators.model import Tlp
from playbooks.standards.case import Case, technique_name
from playbooks.standards.documents import Document, clean, identifier

_THREAT: Final[Mapping[Level, str]] = {Level.CRITICAL: "1", Level.HIGH: "1", Level.MEDIUM: "2"}
_LOW_THREAT: Final = "3"
# Who in MISP may see it: 0 this organisation, 1 this community, 2 connected communities, 3 all.
_DISTRIBUTION: Final[Mapping[Tlp, str]] = {"red": "0", "amber+strict": "0", "amber": "1", "green": "2", "clear": "3"}
_INHERIT: Final = "5"
_HASH_TYPES: Final = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}


def incident_to_misp(case: Case, tlp: Tlp) -> Document:
    """Return the event, unpublished: a person publishes it in MISP."""
    incident = case.incident
    tags = [f"tlp:{tlp}", *(_technique_tag(number) for number in case.first_of)]
    destinations = case.destinations
    moment = str(int(max(incident.opened, incident.last_seen).timestamp()))
    event: dict[str, object] = {
        "uuid": _uuid("event", incident.id),
        "info": _line(incident.title),
        "date": incident.first_seen.strftime("%Y-%m-%d"),
        "timestamp": moment,
        "threat_level_id": _THREAT.get(incident.severity, _LOW_THREAT),
        "analysis": "2" if incident.status == "closed" else "1",
        "distribution": _DISTRIBUTION[tlp],
        "published": False,
        "Orgc": {"name": _line(case.producer), "uuid": _uuid("organisation", case.producer)},
        "Tag": [{"name": name} for name in tags],
        "Attribute": [
            *(_suspect(case, item, moment, destinations) for item in case.suspects),
            *(
                _attribute(case, "target-machine", "Targeting data", item, moment, for_detection=False)
                for item in incident.entities
                if item.kind == "host"
            ),
        ],
    }
    return {"Event": event}


def _uuid(kind: str, *parts: str) -> str:
    return identifier(kind, "misp", *parts).partition("--")[2]


def _technique_tag(number: str) -> str:
    name = technique_name(number).replace('"', "")
    return f'misp-galaxy:mitre-attack-pattern="{name} - {number}"'


def _suspect(case: Case, entity: Entity, moment: str, destinations: frozenset[str]) -> Document:
    match entity.kind:
        case "ip":
            kind = "ip-dst" if entity.value in destinations else "ip-src"
            return _attribute(case, kind, "Network activity", entity, moment, for_detection=True)
        case "hash":
            return _attribute(
                case, _HASH_TYPES[len(entity.value)], "Payload delivery", entity, moment, for_detection=True
            )
        case "file":
            return _attribute(case, "filename", "Artifacts dropped", entity, moment, for_detection=False)
        case _:
            return _attribute(case, str(entity.kind), "Network activity", entity, moment, for_detection=True)


def _attribute(case: Case, kind: str, category: str, entity: Entity, moment: str, *, for_detection: bool) -> Document:
    value, is_line = clean(entity.value), entity.value == _line(entity.value)
    if not is_line:
        kind, category, value, for_detection = "text", "Other", json.dumps(value), False
    return {
        "uuid": _uuid("attribute", case.incident.id, entity.kind, entity.value),
        "type": kind,
        "category": category,
        "value": value,
        "to_ids": for_detection,
        "timestamp": moment,
        "distribution": _INHERIT,
        "comment": f"{entity.kind} of incident {case.incident.id}",
        "disable_correlation": False,
    }


def _line(text: str) -> str:
    """Return the text as MISP stores it: one line without control characters, trimmed."""
    return " ".join("".join(char if char.isprintable() else " " for char in clean(text)).split())
