"""Imperva Cloud WAF (Incapsula) access and security events, Attack Analytics, and SecureSphere, as CEF.

Format: https://docs.imperva.com/bundle/cloud-application-security/page/more/log-file-structure.htm (`act`, `cpt`,
`xff`, `qstr`, `ver`, custom strings with labels); `sip` and `spt` are the origin server's.
"""

from __future__ import annotations

import re

from collectors.network.cef import find_cef, read_cef
from collectors.network.device import DeviceSource
from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.securesphere import securesphere_fields
from collectors.network.times import instant_of
from collectors.network.tls import put_tls
from collectors.network.values import keep, put
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_OWN = re.compile(r"CEF: ?\d\|(?:Incapsula\|SIEMintegration|Imperva Inc\.?\|)", re.ASCII)
# What the WAF did -> ECS' event.type and why, as Imperva's documentation tells it
_ACTIONS: dict[str, tuple[str, str]] = {
    "REQ_PASSED": ("allowed", ""),
    "REQ_CACHED_FRESH": ("allowed", "The response was returned from the cache"),
    "REQ_CACHED_VALIDATED": ("allowed", "The response was returned from the validated cache"),
    "REQ_BLOCKED_SESSION": ("denied", "The session was blocked"),
    "REQ_BLOCKED_VISITOR": ("denied", "The visitor was blocked"),
    "REQ_BLOCKED_IP": ("denied", "The address was blocked"),
    "REQ_BLOCKED_SECURITY": ("denied", "A security rule blocked the request"),
    "REQ_CHALLENGED_CAPTCHA": ("denied", "A challenge was submitted to the client"),
    "REQ_CHALLENGED_JS": ("denied", "A JavaScript challenge was submitted to the client"),
    "REQ_CHALLENGED_COOKIE": ("denied", "A cookie challenge was submitted to the client"),
    "REQ_DOMAIN_BLACKLISTED": ("denied", "The destination was blacklisted"),
    "REQ_BAD_PARSE_ERROR": ("error", "The HTTP request was malformated"),
}
_DIRECT = {
    "act": "event.action", "src": "source.address", "cpt": "source.port", "sip": "destination.ip",
    "spt": "destination.port", "requestMethod": "http.request.method", "requestmethod": "http.request.method",
    "requestClientApplication": "user_agent.original", "cn1": "http.response.status_code", "in": "http.request.bytes",
    "ref": "http.request.referrer", "xff": "network.forwarded_ip", "Customer": "organization.name",
    "deviceExternalId": "http.request.id", "deviceExternalID": "http.request.id", "request": "url.original",
    "qstr": "url.query", "suser": "user.name",
}  # fmt: skip


def _read(line: str, options: Options) -> Fields:
    start = find_cef(line)
    cef = read_cef(line[start:]) if start is not None else None
    if start is None or cef is None:
        raise MalformedRecordError("no CEF message of Imperva")
    values = cef.extension
    fields: Fields = {
        "event.dataset": "imperva_cloud_waf.event",
        "event.module": "imperva_cloud_waf",
        "event.category": ["network"],
        "imperva.event.name": cef.name,
        "observer.vendor": "Imperva",
        "observer.product": "Web Application Firewall",
        "observer.type": "firewall",
    }
    prefix_fields(prefix_header(line, start, options), fields, options)
    if cef.product.startswith("SecureSphere"):
        return fields | securesphere_fields(cef, options)
    for key, name in _DIRECT.items():
        if key in values:
            put(fields, name, values[key], options.zone)
    put(fields, "event.severity", cef.severity, options.zone)
    if fields.get("network.protocol") is None:
        put(fields, "network.protocol", values.get("app", "").lower(), options.zone)
    _times(values.get("start", ""), values.get("end", ""), fields, options)
    _host(values.get("sourceServiceName", ""), values.get("dhost", ""), fields)
    _action(values.get("act", ""), fields)
    _tls(values.get("ver", ""), fields)
    labelled = cef.labelled
    rules = labelled.get("Rule name") or labelled.get("ImpervaAACves")
    if rules:
        fields["rule.name"] = rules
    if cef.event_class and not rules and cef.product != "SIEMintegration":
        fields["imperva.event.class"] = cef.event_class
    keep(fields, "imperva.extension.", values.items())
    keep(fields, "imperva.labelled.", labelled.items())
    return fields


def _times(start: str, end: str, fields: Fields, options: Options) -> None:
    begun, ended = instant_of(start, options.zone), instant_of(end, options.zone)
    if begun is not None:
        fields["event.start"] = fields["@timestamp"] = begun
    if ended is not None:
        fields["event.end"] = ended
    if begun is not None and ended is not None and ended >= begun:
        fields["event.duration"] = (ended - begun).microseconds * 1000 + int((ended - begun).total_seconds()) * 10**9


def _host(service: str, destination: str, fields: Fields) -> None:
    host = service or destination
    if host and len(host) <= 255:
        fields["destination.domain"] = host
        fields["url.domain"] = host.partition(":")[0]


def _action(action: str, fields: Fields) -> None:
    kind, reason = _ACTIONS.get(action, ("", ""))
    if not kind:
        kind = (
            "denied"
            if action.startswith(("REQ_BLOCKED", "REQ_CHALLENGED"))
            else "error"
            if "BAD" in action
            else "access"
        )
    fields["event.type"] = ["connection", kind]
    if reason:
        fields["event.reason"] = reason
    if kind == "denied":
        fields["event.kind"] = "alert"


def _tls(text: str, fields: Fields) -> None:
    version, _, rest = text.partition(" ")
    if put_tls(version, fields) and (cipher := rest.partition(" ")[0]) and len(cipher) <= 80:
        fields["tls.cipher"] = cipher


def _own(line: str) -> bool:
    return _OWN.search(line[:600]) is not None


SOURCE = DeviceSource(
    name="imperva_waf",
    aliases=("imperva", "incapsula", "imperva_cloud_waf", "imperva_cloud_waf.event"),
    title="Imperva Cloud WAF (Incapsula) and Attack Analytics (CEF)",
    own=_own,
    read=_read,
    weight=99,
)
