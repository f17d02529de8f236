"""One operational monitoring record of X-Road as ECS fields.

Format: X-Road "Operational Monitoring Protocol" (PR-OPMON), annex B: 39 fields, and `xRequestId` of real records. The
database of the monitoring daemon has the same fields in snake case (`operational_data`); older security servers write
`requestSoapSize` and `requestRestSize` for what is `requestSize` today.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from collectors.json_fields import Json, to_instant
from collectors.web.address import endpoint
from engine.events import Fields, Value

FIELDS: Final[tuple[str, ...]] = (
    *("monitoringDataTs", "securityServerInternalIp", "securityServerType", "requestInTs", "requestOutTs"),
    *("responseInTs", "responseOutTs", "clientXRoadInstance", "clientMemberClass", "clientMemberCode"),
    *("clientSubsystemCode", "serviceXRoadInstance", "serviceMemberClass", "serviceMemberCode"),
    *("serviceSubsystemCode", "serviceCode", "restMethod", "restPath", "serviceVersion", "representedPartyClass"),
    *("representedPartyCode", "messageId", "messageUserId", "messageIssue", "messageProtocolVersion"),
    *("clientSecurityServerAddress", "serviceSecurityServerAddress", "requestSize", "requestMimeSize"),
    *("requestAttachmentCount", "responseSize", "responseMimeSize", "responseAttachmentCount", "succeeded"),
    *("serviceType", "faultCode", "faultString", "statusCode", "xRoadVersion", "xRequestId"),
    *("requestSoapSize", "requestRestSize", "responseSoapSize", "responseRestSize"),
)
_TEXTS: Final[Mapping[str, str]] = {
    "securityServerType": "xroad.role",
    "clientXRoadInstance": "xroad.client.instance",
    "clientMemberClass": "xroad.client.member_class",
    "clientMemberCode": "xroad.client.member_code",
    "clientSubsystemCode": "xroad.client.subsystem",
    "serviceXRoadInstance": "xroad.service.instance",
    "serviceMemberClass": "xroad.service.member_class",
    "serviceMemberCode": "xroad.service.member_code",
    "serviceSubsystemCode": "xroad.service.subsystem",
    "serviceCode": "xroad.service.code",
    "serviceVersion": "service.version",
    "serviceType": "xroad.service.type",
    "restMethod": "http.request.method",
    "restPath": "url.path",
    "representedPartyClass": "xroad.represented_party.class",
    "representedPartyCode": "xroad.represented_party.code",
    "messageId": "xroad.message_id",
    "messageUserId": "user.id",
    "messageIssue": "xroad.issue",
    "messageProtocolVersion": "xroad.message_protocol_version",
    "xRoadVersion": "xroad.version",
    "xRequestId": "trace.id",
    "faultCode": "error.code",
    "faultString": "error.message",
}
_NUMBERS: Final[Mapping[str, str]] = {
    "requestSize": "http.request.bytes",
    "requestSoapSize": "http.request.bytes",
    "requestRestSize": "http.request.bytes",
    "responseSize": "http.response.bytes",
    "responseSoapSize": "http.response.bytes",
    "responseRestSize": "http.response.bytes",
    "requestMimeSize": "xroad.request_mime_size",
    "responseMimeSize": "xroad.response_mime_size",
    "requestAttachmentCount": "xroad.request_attachment_count",
    "responseAttachmentCount": "xroad.response_attachment_count",
    "statusCode": "http.response.status_code",
}
_INSTANTS: Final = (
    ("requestOutTs", "xroad.request_out"),
    ("responseInTs", "xroad.response_in"),
    ("monitoringDataTs", "event.created"),
)
_ADDRESSES: Final = ("source.ip", "destination.ip", "observer.ip")
_HOSTS: Final = ("source.domain", "destination.domain", "host.name")
_MEMBER: Final = ("instance", "member_class", "member_code")
_TRUE = frozenset({"true", "t", "1", "yes"})
_FALSE = frozenset({"false", "f", "0", "no"})
_DENIED = ("accessdenied", "authenticationfailed", "invalidclientidentifier", "unknownmember")


def read_record(record: Mapping[str, Json], fields: Fields) -> None:
    """Put one record's fields; what is absent, empty or of another type than the protocol's puts nothing."""
    for name, value in record.items():
        if (field := _TEXTS.get(name)) is not None:
            text = value if value.__class__ is str else _text(value)
            if text:
                fields[field] = text
        elif (field := _NUMBERS.get(name)) is not None:
            number = _number(value)
            if number is not None:
                fields.setdefault(field, number)
    _read_times(record, fields)
    _read_ends(record, fields)
    _read_names(fields)
    _read_outcome(record, fields)


def _read_times(record: Mapping[str, Json], fields: Fields) -> None:
    for name, field in _INSTANTS:
        moment = _instant(record.get(name))
        if moment is not None:
            fields[field] = moment
    start, end = _number(record.get("requestInTs")), _number(record.get("responseOutTs"))
    begun, ended = _instant(start), _instant(end)
    stamp = begun or ended or fields.get("event.created")
    if isinstance(stamp, datetime):
        fields["@timestamp"] = stamp
    if begun is not None:
        fields["event.start"] = begun
    if ended is not None:
        fields["event.end"] = ended
    if start is not None and end is not None and begun is not None and 0 <= end - start < 10**12:
        fields["event.duration"] = (end - start) * 1_000_000  # nanoseconds


def _read_ends(record: Mapping[str, Json], fields: Fields) -> None:
    """Read the two security servers that speak with one another, and the one that wrote the record."""
    for name, side in (("clientSecurityServerAddress", "source"), ("serviceSecurityServerAddress", "destination")):
        address = _text(record.get(name))
        if not address:
            continue
        fields[f"{side}.address"] = address
        found = endpoint(address)
        if found.ip is not None:
            fields[f"{side}.ip"] = found.ip
        elif found.domain is not None:
            fields[f"{side}.domain"] = found.domain
    if caller := fields.get("source.address"):
        fields["client.address"] = caller
    observer = endpoint(_text(record.get("securityServerInternalIp")))
    if observer.ip is not None:
        fields["observer.ip"] = observer.ip
    fields["observer.type"] = "security-server"
    fields["observer.product"] = "X-Road"
    role = str(fields.get("xroad.role", "")).lower()
    if role in {"client", "producer"}:
        fields["network.direction"] = "outbound" if role == "client" else "inbound"


@lru_cache(maxsize=8192)
def _joined(*parts: Value | None) -> str:
    """Return `instance/class/code` of a member, the parts that are known."""
    return "/".join(str(part) for part in parts if part)


def _read_names(fields: Fields) -> None:
    if caller := _joined(*(fields.get(f"xroad.client.{part}") for part in _MEMBER)):
        fields["organization.id"] = caller
    code = fields.get("xroad.service.code")
    if code is not None:
        subsystem = fields.get("xroad.service.subsystem")
        fields["service.name"] = f"{subsystem}/{code}" if subsystem else code
        fields["event.action"] = code
    version = str(fields.get("xroad.message_protocol_version", ""))
    if kind := fields.get("xroad.service.type"):
        fields["network.protocol"] = "soap" if str(kind).upper() == "WSDL" else "http"
    elif version:
        fields["network.protocol"] = "soap" if version.startswith("4") else "http"  # PR-MESS is at 4.0, PR-REST at 1


def complete(fields: Fields) -> Fields:
    """Add `related.*` and the network's type; changes and returns its argument."""
    ips = [address for name in _ADDRESSES if (address := fields.get(name))]
    if ips:
        fields["related.ip"] = list(dict.fromkeys(str(address) for address in ips))
        fields["network.type"] = "ipv6" if ":" in str(ips[0]) else "ipv4"
    hosts = [host for name in _HOSTS if (host := fields.get(name))]
    if hosts:
        fields["related.hosts"] = list(dict.fromkeys(str(host) for host in hosts))
    return fields


def _read_outcome(record: Mapping[str, Json], fields: Fields) -> None:
    succeeded = _truth(record.get("succeeded"))
    if succeeded is not None:
        fields["event.outcome"] = "success" if succeeded else "failure"
    fields["event.category"] = ("network", "api")
    code = str(fields.get("error.code", "")).lower()
    if code and any(word in code for word in _DENIED):
        fields["event.type"] = ("connection", "denied")
    elif succeeded is False or code:
        fields["event.type"] = ("connection", "access", "error")
    else:
        fields["event.type"] = ("connection", "access")


def _text(value: Json) -> str:
    if isinstance(value, str):
        return "" if value in {"null", "NULL", "\\N"} else value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else ""


def _number(value: Json) -> int | None:
    if value.__class__ is int:
        return value if 0 <= value < 2**63 else None
    if isinstance(value, dict):  # a MongoDB export: {"$numberLong": "1603802102192"}
        value = value.get("$numberLong") or value.get("$numberInt")
    if isinstance(value, float) and value.is_integer() and 0 <= value < 2**53:
        return int(value)
    if isinstance(value, str) and value.isascii() and len(value) < 19 and value.strip().isdigit():
        return int(value)
    return None


def _instant(value: Json) -> datetime | None:
    number = _number(value)
    if number is not None and 10**11 <= number < 10**14:  # milliseconds, as all stamps but one are
        return datetime.fromtimestamp(number / 1000, UTC)
    return to_instant(number if number is not None else value, UTC)


def _truth(value: Json) -> bool | None:
    word = str(value).strip().lower() if isinstance(value, str | bool | int) else ""
    return True if word in _TRUE else False if word in _FALSE else None
