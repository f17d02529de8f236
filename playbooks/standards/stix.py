"""An incident as a STIX 2.1 bundle: who, what was observed, what to look for, which techniques, what to do.

Source: OASIS, STIX Version 2.1. Ids are of version 5: the same incident gives the same objects, and a receiver
updates them. Observables have the ids that the standard prescribes (section 2.9), so that they meet those of others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final
from uuid import UUID, uuid5

from engine.entities import Entity
from engine.indicators.model import Tlp
from playbooks.model import Playbook
from playbooks.standards.case import (
    Case,
    technique_name,
    technique_reference,
    technique_tactics,
)
from playbooks.standards.documents import Document, clean, identifier, stamp
from playbooks.standards.marking import stix_marking
from playbooks.standards.stix_patterns import pattern, split_path
from playbooks.suspects import HASHES, as_told

SHARED_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
OBSERVABLES: Final = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
_CONFIDENCE: Final = 75  # rules matched, and the alerts joined; no person has confirmed the single object
_LISTED: Final = 200  # objects of one observation


@dataclass(slots=True, kw_only=True)
class Bundle:
    """The objects of one incident, each once, in the order in which they are added."""

    case: Case
    tlp: Tlp
    objects: dict[str, Document] = field(default_factory=dict)

    @property
    def marking(self) -> str:
        """Return the id of the bundle's marking."""
        return str(stix_marking(self.tlp)["id"])

    @property
    def producer(self) -> str:
        """Return the id of who exports."""
        return identifier("identity", "producer", self.case.producer)

    def add(self, kind: str, *parts: str, **fields: object) -> str:
        """Add an object of this incident and return its id, which follows from the kind, the incident and `parts`."""
        incident = self.case.incident
        times = (incident.opened, max(incident.opened, incident.last_seen))
        return self._add(identifier(kind, "incident", incident.id, *parts), times, fields)

    def add_shared(self, kind: str, *parts: str, **fields: object) -> str:
        """Add an object that other incidents name, too: it has no date of this one, so that all tell it alike."""
        return self._add(identifier(kind, *parts), (SHARED_SINCE, SHARED_SINCE), fields)

    def _add(self, number: str, times: tuple[datetime, datetime], fields: Document) -> str:
        self.objects[number] = {
            "type": number.partition("--")[0],
            "spec_version": "2.1",
            "id": number,
            **({} if number == self.producer else {"created_by_ref": self.producer}),
            "created": stamp(times[0]),
            "modified": stamp(times[1]),
            **fields,
            "object_marking_refs": [self.marking],
        }
        return number

    def relate(self, source: str, kind: str, target: str) -> str:
        """Add a relationship between two objects."""
        return self.add(
            "relationship", source, kind, target, relationship_type=kind, source_ref=source, target_ref=target
        )

    def observable(self, kind: str, contributing: Document, **fields: object) -> str:
        """Add an observable and return its id: UUID 5 over the contributing properties as canonical JSON."""
        name = json.dumps(_cleaned(contributing), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        number = f"{kind}--{uuid5(OBSERVABLES, name)}"
        content = {"type": kind, "spec_version": "2.1", "id": number, **contributing, **fields}
        self.objects[number] = {**content, "object_marking_refs": [self.marking]}
        return number

    def document(self) -> Document:
        """Return the bundle."""
        marking = stix_marking(self.tlp)
        objects = [marking, *self.objects.values()]
        inside = ",".join(str(item["id"]) for item in objects)
        return {"type": "bundle", "id": identifier("bundle", self.case.incident.id, inside), "objects": objects}


def _cleaned(value: Document) -> dict[str, object]:
    return {key: clean(item) if isinstance(item, str) else item for key, item in value.items()}


def incident_to_stix(case: Case, playbooks: Sequence[Playbook], tlp: Tlp) -> Document:
    """Return the bundle of an incident; `playbooks` are those that answer it."""
    bundle, incident = Bundle(case=case, tlp=tlp), case.incident
    bundle.add_shared("identity", "producer", case.producer, name=case.producer, identity_class="organization")
    about = f"{incident.severity.label}, {incident.status}; {len(incident.alerts)} alerts"
    number = bundle.add("incident", name=incident.title, description=about, labels=[incident.status])
    techniques = {item: add_technique(bundle, item) for item in case.first_of}
    indicators = {item: _indicator(bundle, item) for item in case.suspects}
    for target in (*techniques.values(), *indicators.values()):
        bundle.relate(number, "related-to", target)
    _observe(bundle, techniques, indicators)
    _answer(bundle, playbooks, techniques)
    references = list(bundle.objects)
    bundle.add(
        "report",
        name=incident.title,
        description=about,
        report_types=["threat-report"],
        published=stamp(max(incident.opened, incident.last_seen)),
        object_refs=references,
    )
    return bundle.document()


def add_technique(bundle: Bundle, number: str) -> str:
    """Add an attack pattern for a technique of ATT&CK."""
    phases = [{"kill_chain_name": "mitre-attack", "phase_name": name} for name in technique_tactics(number)]
    return bundle.add_shared(
        "attack-pattern",
        "mitre-attack",
        number,
        name=technique_name(number),
        external_references=[technique_reference(number)],
        **({"kill_chain_phases": phases} if phases else {}),
    )


def _indicator(bundle: Bundle, entity: Entity) -> str:
    incident = bundle.case.incident
    return bundle.add(
        "indicator",
        entity.kind,
        entity.value,
        name=f"{entity.kind}: {entity.value}",
        indicator_types=["malicious-activity"],
        pattern=pattern(entity),
        pattern_type="stix",
        pattern_version="2.1",
        valid_from=stamp(incident.first_seen),
        confidence=_CONFIDENCE,
    )


def _observe(bundle: Bundle, techniques: dict[str, str], indicators: dict[Entity, str]) -> None:
    """Add what each alert observed, and the sightings of techniques and indicators in it."""
    for item in bundle.case.observations:
        moment = item.moment
        found = [number for entity in item.entities[:_LISTED] for number in observables(bundle, entity)]
        if not found:
            continue
        seen = stamp(moment.timestamp)
        data = bundle.add(
            "observed-data",
            moment.alert_id,
            first_observed=seen,
            last_observed=seen,
            number_observed=min(item.events, 999_999_999),
            object_refs=list(dict.fromkeys(found)),
            labels=[moment.rule_name],
        )
        where = {"where_sighted_refs": [add_host(bundle, moment.host)]} if moment.host else {}
        told = dict.fromkeys(as_told(entity) for entity in item.entities)
        suspects = [indicators[entity] for entity in told if entity in indicators]
        patterns = [techniques[name.upper()] for name in moment.techniques]
        for target in dict.fromkeys((*patterns, *suspects)):
            bundle.add(
                "sighting",
                moment.alert_id,
                target,
                sighting_of_ref=target,
                observed_data_refs=[data],
                first_seen=seen,
                last_seen=seen,
                count=min(item.events, 999_999_999),
                description=moment.summary or moment.rule_name,
                **where,
            )
        for source in suspects:
            for target in dict.fromkeys(patterns):
                bundle.relate(source, "indicates", target)


def add_host(bundle: Bundle, host: str) -> str:
    """Add a machine, as the identity of a system."""
    return bundle.add_shared("identity", "system", bundle.case.producer, host, name=host, identity_class="system")


def observables(bundle: Bundle, entity: Entity) -> list[str]:
    """Add the observables of an entity and return their ids; a host is no observable of STIX."""
    value = entity.value
    match entity.kind:
        case "ip":
            try:
                version = ip_address(value).version
            except ValueError:
                return []
            return [bundle.observable(f"ipv{version}-addr", {"value": value})]
        case "domain":
            return [bundle.observable("domain-name", {"value": value})]
        case "url":
            return [bundle.observable("url", {"value": value})]
        case "mailbox":
            return [bundle.observable("email-addr", {"value": value})] if "@" in value else []
        case "user":
            return [bundle.observable("user-account", {"account_login": value})]
        case "hash":
            kind = HASHES.get(len(value))
            return [bundle.observable("file", {"hashes": {kind: value.lower()}})] if kind else []
        case "file" | "process":
            return _file(bundle, value)
        case _:
            return []


def _file(bundle: Bundle, path: str) -> list[str]:
    folder, name = split_path(path)
    if not folder:
        return [bundle.observable("file", {"name": name})]
    parent = bundle.observable("directory", {"path": folder})
    return [bundle.observable("file", {"name": name, "parent_directory_ref": parent}), parent]


def _answer(bundle: Bundle, playbooks: Sequence[Playbook], techniques: dict[str, str]) -> None:
    """Add a course of action for each playbook, and what it mitigates."""
    for playbook in playbooks:
        action = bundle.add_shared(
            "course-of-action",
            "playbook",
            playbook.id,
            playbook.version,
            name=playbook.title.en,
            description=playbook.summary.en,
            external_references=[
                {"source_name": "kulla", "external_id": playbook.id, "description": f"version {playbook.version}"}
            ],
        )
        for number, target in techniques.items():
            if any(number == fit or number.startswith(f"{fit}.") for fit in playbook.fits.techniques):
                bundle.relate(action, "mitigates", target)
