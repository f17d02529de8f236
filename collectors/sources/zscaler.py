"""Zscaler: Internet Access (web, firewall, DNS, tunnels) and Private Access (people, applications, connectors, audit).

Formats: Zscaler help, "NSS feed output format" as JSON (with or without `sourcetype` and `event` around it) and "About
the log streaming content format" of Private Access. Which log a record is of follows from its fields. Values of
Internet Access are percent-encoded. Field names: Elastic's `zscaler_zia.*`, `zscaler_zpa.*`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, number, put_text, split_account, text, texts
from collectors.dns.question import RESPONSE_CODES, ask
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from collectors.web.request import read_target
from engine.events import Fields

_KINDS: Final = (  # dataset, the fields that its records have, and of which they have one at least
    ("zscaler_zia.web", {"datetime", "action", "url"}, {"urlcategory", "pagerisk", "urlsupercategory"}),
    ("zscaler_zia.dns", {"datetime", "reqaction", "req"}, {"resaction", "reqtype", "clt_sip"}),
    ("zscaler_zia.firewall", {"datetime", "action", "nwsvc"}, {"csip", "cdip", "sdip", "rulelabel"}),
    ("zscaler_zia.tunnel", {"datetime", "tunneltype"}, {"Recordtype", "sourceip", "event"}),
    ("zscaler_zpa.audit", {"AuditOperationType", "ObjectType"}, {"User", "ModifiedBy", "CustomerID"}),
    ("zscaler_zpa.browser_access", {"LogTimestamp", "Exporter", "Method"}, {"NameID", "StatusCode", "URL"}),
    (
        "zscaler_zpa.app_connector_status",
        {"LogTimestamp", "Connector", "SessionStatus"},
        {"SessionType", "CPUUtilization"},
    ),
    ("zscaler_zpa.user_activity", {"LogTimestamp", "ConnectionStatus", "Application"}, {"Username", "AppGroup"}),
    ("zscaler_zpa.user_status", {"LogTimestamp", "SessionStatus", "Username"}, {"CertificateCN", "ClientType"}),
)
_MONTHLY = "%a %b %d %H:%M:%S %Y"
_ABSENT: Final = frozenset(("None", "N/A", "NA", "Unknown", "-"))
_NOWHERE: Final = frozenset(("0.0.0.0", "::"))  # noqa: S104 - compared with, not bound to
_DENIALS: Final = ("block", "drop", "deny", "reset", "icmp_drop")
_OPERATIONS: Final = {
    "create": "creation",
    "delete": "deletion",
    "update": "change",
    "sign in": "start",
    "sign out": "end",
}
_SESSIONS: Final = {
    "ZPN_STATUS_AUTHENTICATED": ("start", "success"),
    "ZPN_STATUS_AUTH_FAILED": ("start", "failure"),
    "ZPN_STATUS_DISCONNECTED": ("end", "success"),
}


def _kind(document: Mapping[str, Json]) -> str:
    keys = document.keys()
    return next((kind for kind, all_of, any_of in _KINDS if all_of <= keys and not keys.isdisjoint(any_of)), "")


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def _said(value: Json) -> str:
    found = text(value)
    found = unquote(found) if "%" in found else found
    return "" if found in _ABSENT else found


def _put(name: str, value: Json, fields: Fields) -> None:
    put_text(name, _said(value), fields)


def _put_side(fields: Fields, side: str, address: Json, port: Json = None) -> None:
    """Put an address, unless it is the one that stands for none, and its port; a port of 0 is none."""
    if text(address) not in _NOWHERE:
        put_end(fields, side, address, port if number(port) else None)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any of the logs."""
    kind = _kind(document)
    fields["event.dataset"], fields["event.module"] = kind, kind.partition(".")[0]
    fields["observer.vendor"] = "Zscaler"
    moment = _moment(document, options)
    if moment is not None:
        fields["@timestamp"] = moment
    _READERS[kind](document, fields)
    spread(f"{kind}.", document, fields, snaked=True)


def _moment(document: Document, options: Options) -> datetime | None:
    stamp = first(document, ("datetime", "LogTimestamp", "ModifiedTime", "CreationTime"))
    try:
        moment = datetime.strptime(" ".join(stamp.split()), _MONTHLY)  # noqa: DTZ007 - the zone follows
    except ValueError:
        return to_instant(stamp, options.zone)
    return to_instant(moment.isoformat(sep="T"), options.zone)


def _read_device(document: Document, fields: Fields) -> None:
    """Read who it was: `user` is an address of mail, or the place where nobody logged in."""
    mail = _said(document.get("user"))
    put_text("user.email", mail if "@" in mail else None, fields)
    put_text("user.name", _said(document.get("deviceowner")) or (split_account(mail)[0] if "@" in mail else ""), fields)
    for name in ("host.hostname", "host.name"):
        _put(name, document.get("devicehostname"), fields)


def _verdict(action: str) -> str:
    return "denied" if action.lower().startswith(_DENIALS) else "allowed"


def _read_firewall(document: Document, fields: Fields) -> None:
    action = _said(document.get("action")).lower()
    put_text("event.action", action, fields)
    fields["event.category"], fields["event.type"] = ("network",), ("info", _verdict(action))
    _read_device(document, fields)
    _put_side(fields, "source", document.get("csip"), document.get("csport"))
    _put_side(fields, "destination", document.get("cdip"), document.get("cdport"))
    _put_side(fields, "source.nat", document.get("ssip"), document.get("ssport"))
    _put_side(fields, "destination.nat", document.get("sdip"), document.get("sdport"))
    fields.update(transport_fields(text(document.get("proto"))))
    put_text("network.protocol", _said(document.get("nwsvc")).lower(), fields)
    put_text("network.application", _said(document.get("nwapp")).lower(), fields)
    for names, key in ((("source", "client"), "outbytes"), (("destination", "server"), "inbytes")):
        for side in names:
            put_count(fields, f"{side}.bytes", document.get(key))
    if rules := [rule for key in ("rulelabel", "ipsrulelabel") if (rule := _said(document.get(key)))]:
        fields["rule.name"] = rules
    if (took := number(document.get("durationms"))) is not None and took >= 0:
        fields["event.duration"] = took * 1_000_000
    _put("threat.indicator.name", document.get("threatname"), fields)


def _read_web(document: Document, fields: Fields) -> None:
    action = _said(document.get("action")).lower()
    put_text("event.action", action, fields)
    fields["event.category"], fields["event.type"] = ("network", "web"), ("access", _verdict(action))
    _put("event.reason", document.get("reason"), fields)
    _put("event.id", document.get("event_id"), fields)
    _read_device(document, fields)
    _put_side(fields, "source", document.get("ClientIP"))
    _put_side(fields, "source.nat", document.get("clientpublicIP"))
    _put_side(fields, "destination", document.get("serverip"))
    put_text("http.request.method", _said(document.get("requestmethod")), fields)
    _put("http.request.referrer", document.get("refererURL"), fields)
    _put("user_agent.original", document.get("useragent"), fields)
    put_text("network.protocol", _said(document.get("protocol")).lower(), fields)
    status = number(document.get("status"))
    if status is not None and 100 <= status <= 599:
        fields["http.response.status_code"] = status
    put_count(fields, "http.request.bytes", document.get("requestsize"))
    put_count(fields, "http.response.bytes", document.get("responsesize"))
    if url := text(document.get("url")):
        fields["url.original"] = url
        scheme = _said(document.get("protocol")).lower()
        read_target(url if "://" in url else f"{scheme if scheme in {'http', 'https'} else 'http'}://{url}", fields)
    threat = _said(document.get("threatname"))
    if threat:
        fields["event.kind"] = "alert"
        put_text("rule.name", threat, fields)
        _put("rule.category", document.get("threatcategory"), fields)
    _put("file.name", document.get("filename"), fields)


def _read_names(document: Document, fields: Fields) -> None:
    action = _said(document.get("reqaction")).lower()
    put_text("event.action", action, fields)
    fields["event.category"], fields["event.type"] = ("network",), ("protocol", _verdict(action))
    _read_device(document, fields)
    fields["network.protocol"] = "dns"
    _put_side(fields, "source", document.get("clt_sip"), document.get("sport"))
    _put_side(fields, "destination", document.get("srv_dip"), document.get("srv_dport"))
    ask(fields, _said(document.get("req")), _said(document.get("reqtype")).upper())
    answer = _said(document.get("res"))
    if known_ip(answer):
        fields["dns.resolved_ip"] = [answer]
    elif answer.upper() in RESPONSE_CODES.values():
        fields["dns.response_code"] = answer.upper()
    if rules := [rule for key in ("reqrulelabel", "resrulelabel") if (rule := _said(document.get(key)))]:
        fields["rule.name"] = rules


def _read_tunnel(document: Document, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("network",), ("connection", "info")
    put_text("event.action", _said(document.get("event")).lower(), fields)
    _put("event.reason", document.get("eventreason"), fields)
    _put_side(fields, "source", document.get("sourceip"), document.get("sourceport"))
    _put_side(fields, "destination", document.get("destinationip"))
    put_count(fields, "source.bytes", document.get("txbytes"))
    put_count(fields, "destination.bytes", document.get("rxbytes"))
    _read_device(document, fields)


def _read_audit(document: Document, fields: Fields) -> None:
    """Read what an administrator of Private Access did."""
    operation, about = _said(document.get("AuditOperationType")).lower(), _said(document.get("ObjectType")).lower()
    put_text("event.action", operation, fields)
    kind = _OPERATIONS.get(operation, "info")
    if kind in {"start", "end"} or "authentication" in about:
        fields["event.category"] = ("authentication",)
    else:
        fields["event.category"] = ("iam",) if "user" in about or "role" in about else ("configuration",)
    fields["event.type"] = (kind,)
    account = _said(document.get("User"))
    put_text("user.name", account, fields)
    put_text("user.email", account if "@" in account else None, fields)
    _put("user.id", document.get("ModifiedBy"), fields)
    _put("event.id", document.get("RequestID"), fields)


def _read_access(document: Document, fields: Fields) -> None:
    """Read a request to an application that is published for browsers."""
    fields["event.category"], fields["event.type"] = ("network", "web"), ("access",)
    _put_side(fields, "source", document.get("ClientPublicIp"), document.get("ClientPublicPort"))
    put_text("http.request.method", document.get("Method"), fields)
    _put("user_agent.original", document.get("UserAgent"), fields)
    account = text(document.get("NameID"))
    put_text("user.name", account, fields)
    put_text("user.email", account if "@" in account else None, fields)
    status = number(document.get("StatusCode"))
    if status is not None and 100 <= status <= 599:
        fields["http.response.status_code"] = status
    put_count(fields, "http.request.bytes", document.get("RequestSize"))
    put_count(fields, "http.response.bytes", document.get("ResponseSize"))
    host, path = text(document.get("Host")), text(document.get("URL"))
    if host and path.startswith("/"):
        read_target(f"{text(document.get('Protocol')).lower() or 'https'}://{host}{path}", fields)


def _read_activity(document: Document, fields: Fields) -> None:
    """Read a connection of a person to an application."""
    status = text(document.get("ConnectionStatus")).lower()
    fields["event.category"] = ("network",)
    fields["event.type"] = ("connection", {"open": "start", "close": "end"}.get(status, "info"))
    put_text("event.action", status, fields)
    _read_person(document, fields)
    _put("event.reason", document.get("InternalReason"), fields)
    _put_side(fields, "source", document.get("ClientPublicIP"))
    _put_side(fields, "destination", document.get("ServerIP"), document.get("ServerPort"))
    put_text("destination.domain", document.get("Host"), fields)
    fields.update(transport_fields(text(document.get("IPProtocol"))))
    _put("service.name", document.get("Application"), fields)
    _put("rule.name", document.get("Policy"), fields)


def _read_status(document: Document, fields: Fields) -> None:
    """Read that a person's client came or went."""
    kind, outcome = _SESSIONS.get(text(document.get("SessionStatus")), ("info", ""))
    fields["event.category"], fields["event.type"] = ("authentication", "session"), (kind,)
    put_text("event.outcome", outcome, fields)
    put_text("event.action", text(document.get("SessionStatus")).removeprefix("ZPN_STATUS_").lower(), fields)
    _read_person(document, fields)
    _put_side(fields, "source", document.get("PublicIP"))
    if known := [address for address in texts(document.get("PrivateIP")) if known_ip(address)]:
        fields["host.ip"] = known
    for name in ("host.hostname", "host.name"):
        _put(name, document.get("Hostname"), fields)


def _read_person(document: Document, fields: Fields) -> None:
    account = text(document.get("Username"))
    put_text("user.name", account, fields)
    put_text("user.email", account if "@" in account else None, fields)
    _put("organization.name", document.get("Customer"), fields)


def _read_connector(document: Document, fields: Fields) -> None:
    """Read how a connector is."""
    fields["event.category"], fields["event.type"] = ("host",), ("info",)
    _put("organization.name", document.get("Customer"), fields)
    fields["observer.type"] = "forwarder"
    _put("observer.version", document.get("Version"), fields)
    _put("observer.os.platform", document.get("Platform"), fields)
    _put("observer.name", document.get("Connector"), fields)
    if known := [address for address in texts(document.get("PublicIP")) if known_ip(address)]:
        fields["observer.ip"] = known
    put_count(fields, "host.network.ingress.bytes", document.get("TotalBytesRx"))
    put_count(fields, "host.network.egress.bytes", document.get("TotalBytesTx"))


_READERS: Final[Mapping[str, Callable[[Document, Fields], None]]] = {
    "zscaler_zia.dns": _read_names,
    "zscaler_zia.firewall": _read_firewall,
    "zscaler_zia.tunnel": _read_tunnel,
    "zscaler_zia.web": _read_web,
    "zscaler_zpa.app_connector_status": _read_connector,
    "zscaler_zpa.audit": _read_audit,
    "zscaler_zpa.browser_access": _read_access,
    "zscaler_zpa.user_activity": _read_activity,
    "zscaler_zpa.user_status": _read_status,
}

SOURCE: Final = JsonSource(
    name="zscaler",
    aliases=("zscaler_zia", "zscaler_zpa"),
    title="Zscaler Internet Access and Private Access",
    dataset="zscaler_zia.web",
    owns=_owns,
    marks=((b'"sourcetype"', b'"zscalernss-'), (b'"LogTimestamp"', b'"Customer"', b'"SessionID"')),
    read=read,
    finish=finish,
)
