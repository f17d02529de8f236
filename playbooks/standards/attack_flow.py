"""An incident as an ATT&CK Flow: techniques in the order in which they were first seen, and the machines they met.

Source: MITRE Center for Threat-Informed Defense, Attack Flow 2.0, an extension of STIX 2.1. That one action follows
another in time is all that is claimed; whether it was caused by it, an analyst says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.indicators.model import Tlp
from playbooks.standards.case import Case, Observation, technique_name, technique_tactics
from playbooks.standards.documents import Document, stamp
from playbooks.standards.stix import Bundle, add_host, add_technique

EXTENSION: Final = "extension-definition--fb9c968a-745b-4ade-9b25-c324172197f4"
_MAKER: Final = "identity--d673f8cb-c168-42da-8ed4-0cb26725f86c"
_SINCE: Final = "2022-08-02T19:34:35.143Z"
_SAID: Final[Document] = {EXTENSION: {"extension_type": "new-sdo"}}
_TOLD: Final = 10  # rules named in an action's description


def incident_to_flow(case: Case, tlp: Tlp) -> Document:
    """Return the bundle of an incident's flow."""
    bundle, incident = Bundle(case=case, tlp=tlp), case.incident
    _definition(bundle)
    producer = bundle.add_shared(
        "identity", "producer", case.producer, name=case.producer, identity_class="organization"
    )
    order = list(case.first_of)
    following: list[str] = []
    met: dict[str, list[Observation]] = {}
    for item in case.observations:
        for number in dict.fromkeys(name.upper() for name in item.moment.techniques):
            met.setdefault(number, []).append(item)
    for number in reversed(order):
        following = [_action(bundle, number, met.get(number, []), following)]
    bundle.add(
        "attack-flow",
        name=incident.title,
        description=f"{len(incident.alerts)} alerts, {stamp(incident.first_seen)} to {stamp(incident.last_seen)}",
        scope="incident",
        start_refs=following or [_unknown(bundle)],
        extensions=_SAID,
    )
    bundle.objects = {producer: bundle.objects.pop(producer), **bundle.objects}
    return bundle.document()


def _definition(bundle: Bundle) -> None:
    """Add Attack Flow's own definition, with the ids and dates that it is published under."""
    bundle.objects[_MAKER] = {
        "type": "identity",
        "spec_version": "2.1",
        "id": _MAKER,
        "created": _SINCE,
        "modified": _SINCE,
        "name": "MITRE Center for Threat-Informed Defense",
        "identity_class": "organization",
    }
    site = "https://center-for-threat-informed-defense.github.io/attack-flow"
    bundle.objects[EXTENSION] = {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": EXTENSION,
        "created": _SINCE,
        "modified": _SINCE,
        "created_by_ref": _MAKER,
        "name": "Attack Flow",
        "schema": f"{site}/stix/attack-flow-schema-2.0.0.json",
        "version": "2.0.0",
        "extension_types": ["new-sdo"],
    }


def _unknown(bundle: Bundle) -> str:
    """Add the start of a flow without a technique: a flow starts at an action or a condition, never at nothing."""
    told = "No technique of ATT&CK is known for what was seen"
    return bundle.add("attack-condition", "no technique", description=told, extensions=_SAID)


def _action(bundle: Bundle, number: str, met: Sequence[Observation], following: list[str]) -> str:
    hosts = dict.fromkeys(item.moment.host for item in met if item.moment.host)
    rules = list(dict.fromkeys(item.moment.rule_name for item in met))
    times = [item.moment.timestamp for item in met]
    fields: dict[str, object] = {
        "name": technique_name(number),
        "technique_id": number,
        "technique_ref": add_technique(bundle, number),
        "description": f"Seen by: {'; '.join(rules[:_TOLD])}" if rules else "Named by the incident",
        "confidence": 75,
    }
    if len(tactics := technique_tactics(number)) == 1:  # which one was meant, where there are more, nobody has said
        fields["tactic_id"] = tactics[0]
    if times:
        fields |= {"execution_start": stamp(min(times)), "execution_end": stamp(max(times))}
    if hosts:
        fields["asset_refs"] = [_asset(bundle, host) for host in hosts]
    if following:
        fields["effect_refs"] = following
    return bundle.add("attack-action", number, **fields, extensions=_SAID)


def _asset(bundle: Bundle, host: str) -> str:
    return bundle.add("attack-asset", host, name=host, object_ref=add_host(bundle, host), extensions=_SAID)
