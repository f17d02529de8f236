"""CEF's keys in ECS, as Elastic's CEF integration has them; `cef.extensions.*` keeps every key under its full name.

Backslashes that CEF wants escaped are unescaped (specification 26, "Character Encoding"),
and `DOMAIN\\name` is divided.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address

from collectors.network.cef import Cef
from collectors.network.times import instant_of, with_year, zone_named
from collectors.network.values import Table, keep, put, put_all
from collectors.source import Options
from collectors.web.address import is_ip
from engine.events import Fields

TABLE: Table = {
    "sourceAddress": ("source.address",),
    "sourcePort": ("source.port",),
    "sourceHostName": ("source.domain",),
    "sourceNtDomain": ("source.domain",),
    "sourceDnsDomain": ("source.registered_domain",),
    "sourceMacAddress": ("source.mac",),
    "sourceTranslatedAddress": ("source.nat.ip",),
    "sourceTranslatedPort": ("source.nat.port",),
    "sourceUserName": ("source.user.name",),
    "sourceUserId": ("source.user.id",),
    "sourceUserPrivileges": ("source.user.roles",),
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
    "destinationUserPrivileges": ("destination.user.roles",),
    "destinationServiceName": ("destination.service.name",),
    "destinationProcessName": ("process.name",),
    "destinationProcessId": ("process.pid",),
    "deviceProcessName": ("process.name",),
    "deviceProcessId": ("process.pid",),
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
    "fileCreateTime": ("file.created",),
    "fileModificationTime": ("file.mtime",),
    "bytesIn": ("source.bytes", "host.network.ingress.bytes"),
    "bytesOut": ("destination.bytes", "host.network.egress.bytes"),
    "customerExternalID": ("organization.id",),
    "customerURI": ("organization.name",),
    "message": ("message", "event.reason"),
    "reason": ("event.reason",),
    "externalId": ("event.id",),
    "eventId": ("event.id",),
}
_STAMPS = ("startTime", "start", "deviceReceiptTime", "endTime", "end", "managerReceiptTime")
_OUTCOMES = {"success": "success", "failure": "failure", "failed": "failure", "fail": "failure", "succeeded": "success"}
_VERDICTS = dict.fromkeys(("drop", "dropped", "block", "blocked", "deny", "denied", "reject", "rejected"), "denied")
_VERDICTS |= dict.fromkeys(
    ("accept", "accepted", "allow", "allowed", "permit", "permitted", "pass", "passed"), "allowed"
)
_DIRECTIONS = {"0": "inbound", "1": "outbound"}
_HASHES = {32: "md5", 40: "sha1", 64: "sha256"}
_HASH_LABEL = re.compile(r"(?P<whose>process|file)?[ _\-]?(?:md5|sha-?1|sha-?256|hash)", re.IGNORECASE)
_HEX = re.compile(r"[0-9A-Fa-f]{32,64}", re.ASCII)
# Custom addresses have no meaning but their label's; these two the specification itself gives.
_IPV6_LABELS = {"source ipv6 address": "source.ip", "destination ipv6 address": "destination.ip"}
_NOWHERE = 2**64  # below are `::`, `::1` and what devices fill in for an IPv4 address


def cef_fields(cef: Cef, options: Options) -> Fields:
    """Return the fields of a message of whatever product. Stamps without a zone are in the device's (`dtz`)."""
    values = cef.full()
    zone = zone_named(values.get("deviceTimeZone", "")) or options.zone
    fields: Fields = {
        "observer.vendor": cef.vendor,
        "observer.product": cef.product,
        "observer.version": cef.version,
        "event.code": cef.event_class,
        "rule.id": cef.event_class,
        "rule.name": cef.name,
    }
    fields = {name: value for name, value in fields.items() if value}
    dated = values | {name: with_year(values[name], options) for name in _STAMPS if name in values}
    for name in _STAMPS:
        if (moment := instant_of(dated.get(name, ""), zone)) is not None:
            fields["@timestamp"] = moment
            break
    put_all(fields, dated, TABLE, zone)
    put(fields, "event.timezone", values.get("deviceTimeZone", ""), zone)
    _labelled(cef, fields)
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
    _hash("file", values.get("fileHash", ""), fields)
    counts = [
        int(text) for key in ("bytesIn", "bytesOut") if (text := values.get(key, "")).isdecimal() and len(text) < 19
    ]
    if counts:
        fields["network.bytes"] = sum(counts)
    for side in ("source", "destination"):  # many products know a machine by its address alone
        if isinstance(name := fields.get(f"{side}.domain"), str) and is_ip(name):
            del fields[f"{side}.domain"]
            fields.setdefault(f"{side}.ip", name)
    if "source.ip" in fields or "destination.ip" in fields:
        fields["event.category"], fields["event.type"] = ["network"], ["info"]
        if "source.ip" in fields and "destination.ip" in fields:
            verdict = _VERDICTS.get(values.get("deviceAction", "").lower())
            fields["event.type"] = ["connection", verdict] if verdict is not None else ["info"]


def _labelled(cef: Cef, fields: Fields) -> None:
    """Set addresses and hashes that stand in custom keys, by the labels that the message gives these."""
    for label, text in cef.labelled.items():
        side = _IPV6_LABELS.get(label.lower())
        if side is not None and is_ip(text) and ":" in text and int(IPv6Address(text)) >= _NOWHERE:
            fields.setdefault(side, text)
        elif (found := _HASH_LABEL.fullmatch(label)) is not None:
            _hash((found["whose"] or "file").lower(), text, fields)


def _hash(whose: str, text: str, fields: Fields) -> None:
    """Set a hash of a file or a process, of the kind that its length tells."""
    kind = _HASHES.get(len(text))
    if kind is not None and _HEX.fullmatch(text):
        fields.setdefault(f"{whose}.hash.{kind}", text)
