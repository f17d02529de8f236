"""Palo Alto Networks PAN-OS: traffic, threat, system, configuration, GlobalProtect, User-ID, decryption and other logs.

Format: "PAN-OS Administrator's Guide",
    Syslog Field Descriptions (comma-separated), its CEF and LEEF profiles, and the JSON of
Strata Logging Service. Stamps without a zone are in `Options.zone`; newer lines carry one with a zone, which then
counts.
"""

from __future__ import annotations

from collectors.network.device import DeviceSource
from collectors.paloalto.columns import type_of
from collectors.paloalto.ecs import panos_fields
from collectors.paloalto.forms import read_forms, recognised
from collectors.paloalto.meaning import classify
from collectors.paloalto.system import system_fields
from collectors.source import Options
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields


def _read(line: str, options: Options) -> Fields:
    values, start, form = read_forms(line)
    if "type" not in values or len(values) < 4:
        raise MalformedRecordError("no record of PAN-OS: neither its columns nor its CEF, LEEF or JSON")
    values["type"] = type_of(values["type"])
    fields: Fields = {
        "event.dataset": "panw.panos",
        "event.module": "panw",
        "observer.vendor": "Palo Alto Networks",
        "observer.product": "PAN-OS",
        "observer.type": "firewall",
    }
    fields |= panos_fields(values, form, options)
    if values["type"] == "SYSTEM" and "opaque" in values:
        for name, value in system_fields(values["opaque"], options.zone).items():
            fields.setdefault(name, value)
    elif "desc" in values or "opaque" in values:
        fields.setdefault("event.reason", values.get("desc") or values["opaque"])
    classify(values, fields)
    if start > 3:
        header = parse_header(line[:start].rstrip() + " x", options)
        fields.update(syslog_fields(header))
        if header.host and header.kind != "bare":
            fields["log.syslog.hostname"] = header.host
            fields.setdefault("host.name", header.host)
    if options.host:
        fields.setdefault("host.name", options.host)
    return fields


SOURCE = DeviceSource(
    name="panw",
    aliases=("pan-os", "panos", "panw.panos", "panw_panos", "paloalto", "palo_alto"),
    title="Palo Alto Networks PAN-OS (CSV, CEF, LEEF, JSON)",
    own=recognised,
    read=_read,
    weight=99,
)
