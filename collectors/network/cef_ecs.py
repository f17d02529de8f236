"""CEF's keys in ECS, as Elastic's CEF integration has them; `cef.extensions.*` keeps every key under its full name.

Backslashes that CEF wants escaped are unescaped (specification 26, "Character Encoding"),
and `DOMAIN\\name` is divided.
"""

from __future__ import annotations

from datetime import tzinfo

from collectors.network.cef import Cef
from collectors.network.times import instant_of
from collectors.network.values import Table, keep, put, put_all
from engine.events import Fields

TABLE: Table = {
    "sourceAddress": ("source.address",),
    "sourcePort": ("source.port",),
    "sourceHostName": ("source.domain",),
    "sourceNtDomain": ("source.domain",),
    "sourceMacAddress": ("source.mac",),
    "sourceTranslatedAddress": ("source.nat.ip",),
    "sourceTranslatedPort": ("source.nat.port",),
    "sourceUserName": ("source.user.name",),
    "sourceUserId": ("source.user.id",),
    "sourceServiceName": ("source.service.name",),
    "sourceProcessId": ("source.process.pid",),
    "sourceProcessName": ("source.process.name",),
    "destinationAddress": ("destination.address",),
    "destinationPort": ("destination.port",),
    "destinationHostName": ("destination.domain",),
    "destinationDnsDomain": ("destination.registered_domain",),
    "destinationNtDomain": ("destination.domain",),
    "destinationMacAddress": ("destination.mac",),
    "destinationTranslatedAddress": ("destination.nat.ip",),
    "destinationTranslatedPort": ("destination.nat.port",),
    "destinationUserName": ("destination.user.name",),
    "destinationUserId": ("destination.user.id",),
    "destinationServiceName": ("destination.service.name",),
    "destinationProcessName": ("process.name",),
    "destinationProcessId": ("process.pid",),
    "transportProtocol": ("network.transport",),
    "applicationProtocol": ("network.protocol",),
    "deviceAction": ("event.action",),
    "deviceAddress": ("observer.ip",),
    "deviceHostName": ("observer.hostname", "host.name"),
    "deviceMacAddress": ("observer.mac",),
    "deviceInboundInterface": ("observer.ingress.interface.name",),
    "deviceOutboundInterface": ("observer.egress.interface.name",),
    "deviceExternalId": ("observer.serial_number",),
    "deviceReceiptTime": ("event.created",),
    "startTime": ("event.start",),
    "endTime": ("event.end",),
    "requestUrl": ("url.original",),
    "requestMethod": ("http.request.method",),
    "requestContext": ("http.request.referrer",),
    "requestClientApplication": ("user_agent.original",),
    "filename": ("file.name",),
    "filePath": ("file.path",),
    "fileSize": ("file.size",),
    "fileId": ("file.inode",),
    "fileType": ("file.type",),
    "bytesIn": ("host.network.ingress.bytes",),
    "bytesOut": ("host.network.egress.bytes",),
    "message": ("message", "event.reason"),
    "reason": ("event.reason",),
    "externalId": ("event.id",),
    "eventId": ("event.id",),
}
_STAMPS = ("startTime", "start", "deviceReceiptTime", "endTime", "end", "managerReceiptTime")
_OUTCOMES = {"success": "success", "failure": "failure", "failed": "failure", "fail": "failure", "succeeded": "success"}
_DIRECTIONS = {"0": "inbound", "1": "outbound"}
_HASHES = {32: "md5", 40: "sha1", 64: "sha256"}


def cef_fields(cef: Cef, zone: tzinfo) -> Fields:
    """Return the fields of a message of whatever product."""
    values = cef.full()
    fields: Fields = {
        "observer.vendor": cef.vendor,
        "observer.product": cef.product,
        "observer.version": cef.version,
        "event.code": cef.event_class,
        "rule.id": cef.event_class,
        "rule.name": cef.name,
    }
    fields = {name: value for name, value in fields.items() if value}
    for name in _STAMPS:
        if (moment := instant_of(values.get(name, ""), zone)) is not None:
            fields["@timestamp"] = moment
            break
    put_all(fields, values, TABLE, zone)
    put(fields, "event.severity", cef.severity, zone)
    _results(values, fields)
    keep(fields, "cef.extensions.", values.items())
    keep(fields, "cef.labelled.", cef.labelled.items())
    keep(fields, "cef.", (("name", cef.name), ("severity", cef.severity), ("device.event_class_id", cef.event_class)))
    return fields


def _results(values: dict[str, str], fields: Fields) -> None:
    outcome = _OUTCOMES.get(values.get("eventOutcome", "").lower())
    if outcome is not None:
        fields["event.outcome"] = outcome
    direction = _DIRECTIONS.get(values.get("deviceDirection", ""))
    if direction is not None:
        fields["network.direction"] = direction
    digest = values.get("fileHash", "")
    if (kind := _HASHES.get(len(digest))) is not None:
        fields[f"file.hash.{kind}"] = digest
    counts = [
        int(text) for key in ("bytesIn", "bytesOut") if (text := values.get(key, "")).isdecimal() and len(text) < 19
    ]
    if counts:
        fields["network.bytes"] = sum(counts)
    if "source.ip" in fields or "destination.ip" in fields:
        fields["event.category"], fields["event.type"] = ["network"], ["info"]
