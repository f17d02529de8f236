"""Cloudflare: web requests, what its firewall made of them, DNS, Spectrum, packets, Zero Trust, and who changed what.

Format: Cloudflare docs, "Logs: log fields" (Logpush, one JSON object a record; which fields it has is the customer's
choice), the requests that Logpull gives, audit logs of the API and firewall events of the analytics API. Field names:
Elastic's `cloudflare_logpush.*` and `cloudflare.*`. Hosts, paths and headers are what the client wrote: names of what
was asked for, never addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end, put_span
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, number, put_text, text
from collectors.dns.question import RESPONSE_CODES, ask
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.network.tls import put_tls
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from collectors.web.address import endpoint
from collectors.web.request import read_host, read_target
from engine.events import Fields

_KINDS: Final = (  # dataset, the fields that its records have, and of which they have one at least
    ("access_request", {"Allowed", "CreatedAt"}, {"AppUUID", "AppDomain", "UserUID"}),
    ("audit", {"ActionResult", "ActionType"}, {"ActorID", "ActorIP", "ActorIPAddress", "ActorEmail"}),
    ("gateway_dns", {"QueryName", "ResolverDecision"}, {"SrcIP", "DeviceID", "Policy", "Location", "Datetime"}),
    ("dns_firewall", {"ClusterID", "QueryName"}, {"UpstreamIP", "ResponseCode", "ResponseReason"}),
    ("dns", {"QueryName", "SourceIP"}, {"EDNSSubnet", "ResponseCached", "ColoCode"}),
    ("gateway_http", {"HTTPMethod", "URL", "SourceIP"}, {"HTTPHost", "HTTPStatusCode", "PolicyID"}),
    ("network_session", {"SessionStartTime", "OriginIP"}, {"SourceIP", "Email", "DeviceID"}),
    ("gateway_network", {"SessionID", "SourceIP", "DestinationIP"}, {"SNI", "OverrideIP", "PolicyID", "Transport"}),
    ("network_analytics", {"IPSourceAddress", "IPDestinationAddress"}, {"Verdict", "Outcome", "MitigationSystem"}),
    ("spectrum_event", {"Application", "ClientIP", "Event"}, {"OriginIP", "ConnectTimestamp", "ClientProto"}),
    ("nel_report", {"LastKnownGoodColoCode", "Phase"}, {"Type", "ClientIPASN", "Timestamp"}),
    ("firewall_event", {"Action", "RayID"}, {"RuleID", "MatchIndex", "Kind", "ClientIPClass"}),
    ("firewall_event", {"action", "rayName"}, {"ruleId", "clientIP", "clientRequestHTTPHost"}),
)
_REQUEST: Final = frozenset(  # a request has two of these, whichever fields a customer chooses
    (
        "BotScoreSrc", "CacheCacheStatus", "CacheResponseStatus", "CacheTieredFill", "ClientIPClass",
        "ClientMTLSAuthStatus", "ClientRequestHost", "ClientRequestMethod", "ClientRequestProtocol",
        "ClientRequestURI", "ClientSSLProtocol", "ClientRequestUserAgent", "EdgeColoCode", "EdgeColoID",
        "EdgeEndTimestamp", "EdgePathingOp", "EdgePathingSrc", "EdgeResponseBytes", "EdgeResponseStatus",
        "EdgeServerIP", "EdgeStartTimestamp", "FirewallMatchesActions", "OriginResponseStatus", "OriginSSLProtocol",
        "ParentRayID", "RayID", "SecurityRuleID", "SmartRouteColoID", "WAFMatchedVar", "WAFProfile",
        "WAFRuleMessage", "WorkerCPUTime", "WorkerSubrequest", "WorkerSubrequestCount",
    )
)  # fmt: skip
_PUSHED = frozenset(("ClientRequestScheme", "ClientRequestSource", "EdgeColoCode", "ZoneName"))  # not in Logpull's days
_STAMPS = (
    *("EdgeStartTimestamp", "EdgeEndTimestamp", "Datetime", "datetime", "CreatedAt", "ActionTimestamp", "When", "when"),
    *("SessionStartTime", "Timestamp"),
)
_GRANTED = ("allow", "bypass", "skip", "pass")
_SOLVED = ("solved", "bypassed", "skipped")
_ABSENT = frozenset(("", "none", "unk", "unknown"))
_TYPES: Final = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA",
    33: "SRV", 35: "NAPTR", 43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 52: "TLSA", 64: "SVCB",
    65: "HTTPS", 251: "IXFR", 252: "AXFR", 255: "ANY", 257: "CAA",
}  # fmt: skip
_ACCOUNTS = ("token", "api_key", "member", "user", "twofactor", "two_factor", "password", "role", "login", "invite")
_VERBS: Final = (  # in an action's name, and the type of ECS
    ("delete", "deletion"),
    ("remove", "deletion"),
    ("revoke", "deletion"),
    ("purge", "deletion"),
    ("_del", "deletion"),
    ("add", "creation"),
    ("create", "creation"),
    ("invite", "creation"),
    ("view", "info"),
    ("pending", "info"),
    ("deployed", "info"),
)


def _kind(document: Mapping[str, Json]) -> str:
    """Return which log a record is of, an empty text where it is of none of Cloudflare's."""
    keys = document.keys()
    for kind, all_of, any_of in _KINDS:
        if all_of <= keys and not keys.isdisjoint(any_of):
            return kind
    if keys >= {"action", "actor", "when", "resource"} and inner(document, "action") and inner(document, "actor"):
        return "api_audit"
    return "http_request" if len(_REQUEST & keys) > 1 else ""


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any of the logs."""
    kind = _kind(document)
    dataset = f"cloudflare_logpush.{kind}"
    if kind == "api_audit":
        dataset = "cloudflare.audit"
    elif kind == "http_request" and _PUSHED.isdisjoint(document):
        dataset = "cloudflare.logpull"
    fields["event.dataset"], fields["event.module"] = dataset, dataset.partition(".")[0]
    fields["observer.vendor"] = "Cloudflare"
    moment = next((found for name in _STAMPS if (found := to_instant(document.get(name), options.zone))), None)
    if moment is not None:
        fields["@timestamp"] = moment
    _READERS[kind](document, fields)
    spread(f"{dataset}.", document, fields, snaked=True)
    if dataset == "cloudflare.logpull":
        _copy_ends(fields)
    elif kind == "http_request":
        put_text("http.response.mime_type", document.get("EdgeResponseContentType"), fields)


def _read_request(document: Document, fields: Fields) -> None:
    fields["observer.type"] = "proxy"
    fields["event.category"] = ("network", "web")
    _put_verdict(document.get("SecurityAction") or document.get("WAFAction"), fields, "access")
    put_span(fields, document.get("EdgeStartTimestamp"), document.get("EdgeEndTimestamp"))
    _read_client(document, fields)
    put_end(fields, "source", None, document.get("ClientSrcPort") or None)
    put_end(fields, "destination", document.get("OriginIP"))
    _put_scheme(document, fields)
    host = text(document.get("ClientRequestHost"))
    read_host(host, fields)
    if target := first(document, ("ClientRequestURI", "ClientRequestPath")):
        read_target(target, fields)
        if target.startswith("/") and "url.scheme" in fields and "url.domain" in fields:
            fields["url.full"] = f"{fields['url.scheme']}://{host}{target}"
    put_text("http.request.referrer", document.get("ClientRequestReferer"), fields)
    put_count(fields, "http.request.bytes", document.get("ClientRequestBytes"))
    put_count(fields, "http.response.bytes", document.get("EdgeResponseBytes"))
    put_text("rule.id", document.get("SecurityRuleID") or document.get("WAFRuleID"), fields)
    put_text("rule.description", document.get("SecurityRuleDescription") or document.get("WAFRuleMessage"), fields)
    put_tls(text(document.get("ClientSSLProtocol")), fields)
    _put_told("tls.cipher", document.get("ClientSSLCipher"), fields)
    put_text("tls.client.ja3", document.get("JA3Hash"), fields)


def _copy_ends(fields: Fields) -> None:
    """Fill what Elastic has for Logpull besides: the ends as client and server, with the bytes that they sent."""
    fields["network.transport"] = "udp" if fields.get("http.version") in {"3", "3.0"} else "tcp"  # HTTP/3 is on QUIC
    for name, side in (("request", "source"), ("response", "destination")):
        sent = fields.get(f"http.{name}.bytes")
        if sent is not None:
            fields[f"{side}.bytes"] = sent
    for side, other in (("source", "client"), ("destination", "server")):
        for part in ("ip", "port", "bytes"):
            value = fields.get(f"{side}.{part}")
            if value is not None:
                fields[f"{other}.{part}"] = value


def _read_firewall(document: Document, fields: Fields) -> None:
    fields["observer.type"] = "firewall"
    fields["event.category"] = ("network",)
    _put_verdict(first(document, ("Action", "action")), fields)
    _read_client(document, fields)
    put_text("url.scheme", first(document, ("ClientRequestScheme", "clientRequestScheme")).lower(), fields)
    if host := first(document, ("ClientRequestHost", "clientRequestHTTPHost")):
        read_host(host, fields)
        put_text("destination.domain", endpoint(host).domain, fields)
    put_text("url.path", first(document, ("ClientRequestPath", "clientRequestPath")), fields)
    put_text("url.query", first(document, ("ClientRequestQuery", "clientRequestQuery")).removeprefix("?"), fields)
    put_text("rule.id", first(document, ("RuleID", "ruleId")), fields)
    put_text("rule.ruleset", document.get("rulesetId"), fields)
    said = first(document, ("Description", "description"))
    put_text("rule.description", said or inner(document, "Metadata").get("rule_message"), fields)
    if hosts := [found for name in ("ClientRefererHost", "ClientRequestHost") if (found := text(document.get(name)))]:
        fields["related.hosts"] = hosts


def _read_client(document: Document, fields: Fields) -> None:
    """Read who asked for what, as requests and firewall events have it."""
    put_end(fields, "source", first(document, ("ClientIP", "clientIP")))
    put_count(fields, "source.as.number", first(document, ("ClientASN", "clientAsn")))
    put_text("source.as.organization.name", first(document, ("ClientASNDescription", "clientASNDescription")), fields)
    put_text("source.geo.country_iso_code", first(document, ("ClientCountry", "clientCountryName")), fields)
    put_text("http.request.method", first(document, ("ClientRequestMethod", "clientRequestHTTPMethodName")), fields)
    put_text("user_agent.original", first(document, ("ClientRequestUserAgent", "userAgent")), fields)
    protocol, slash, version = first(document, ("ClientRequestProtocol", "clientRequestHTTPProtocol")).partition("/")
    if slash and version:
        fields["network.protocol"], fields["http.version"] = protocol.lower(), version
    _put_status(first(document, ("EdgeResponseStatus", "edgeResponseStatus")), fields)


def _put_scheme(document: Document, fields: Fields) -> None:
    scheme, tls = text(document.get("ClientRequestScheme")).lower(), text(document.get("ClientSSLProtocol")).lower()
    if not scheme and tls:
        scheme = "http" if tls in _ABSENT else "https"
    put_text("url.scheme", scheme, fields)


def _read_audit(document: Document, fields: Fields) -> None:
    _change(document.get("ActionType"), document.get("ActionResult"), fields)
    put_end(fields, "source", first(document, ("ActorIP", "ActorIPAddress")))
    put_text("event.id", first(document, ("ID", "AuditLogID")), fields)
    put_text("event.provider", first(document, ("Interface", "ActorContext")), fields)
    _put_person(first(document, ("ActorID",)), document.get("ActorEmail"), fields)


def _read_api_audit(document: Document, fields: Fields) -> None:
    action, actor = inner(document, "action"), inner(document, "actor")
    fields["cloud.provider"] = "cloudflare"
    _change(action.get("type"), action.get("result"), fields)
    put_end(fields, "source", actor.get("ip"))
    put_text("event.id", document.get("id"), fields)
    put_text("event.provider", document.get("interface"), fields)
    _put_person(text(actor.get("id")), actor.get("email"), fields)


def _change(name: Json, result: Json, fields: Fields) -> None:
    """Tell what an action is: a log-in, a change of accounts and their keys, or of the configuration."""
    action, told = text(name).lower(), str(result).lower()
    put_text("event.action", action, fields)
    if told in {"true", "success"}:
        fields["event.outcome"] = "success"
    elif told in {"false", "failure"}:
        fields["event.outcome"] = "failure"
    if action in {"login", "logout"}:
        fields["event.category"] = ("authentication",)
        fields["event.type"] = ("start", "info") if action == "login" else ("end", "info")
        return
    fields["event.category"] = ("iam",) if any(word in action for word in _ACCOUNTS) else ("configuration",)
    fields["event.type"] = (next((kind for verb, kind in _VERBS if verb in action), "change"),)


def _read_access(document: Document, fields: Fields) -> None:
    action, allowed = text(document.get("Action")).lower(), str(document.get("Allowed")).lower() == "true"
    put_text("event.action", action, fields)
    verdict = "allowed" if allowed else "denied"
    fields["event.category"] = ("authentication", "network")
    fields["event.type"] = ("access", "end" if action == "logout" else "start", verdict)
    fields["event.outcome"] = "success" if allowed else "failure"
    for side in ("client", "source"):
        put_end(fields, side, document.get("IPAddress"))
    put_text("client.geo.country_iso_code", text(document.get("Country")).upper(), fields)
    put_text("url.domain", endpoint(text(document.get("AppDomain")).partition("/")[0]).domain, fields)
    put_text("event.id", document.get("RayID"), fields)
    _put_person(text(document.get("UserUID")), document.get("Email"), fields)


def _put_person(identity: str, email: Json, fields: Fields) -> None:
    """Put who did it; an address of mail is the account's name where somebody logs in with it."""
    put_text("user.id", identity, fields)
    put_text("user.email", email, fields)
    category = fields.get("event.category")
    if isinstance(category, tuple) and "authentication" in category:
        put_text("user.name", email, fields)
    if known := [name for name in dict.fromkeys((identity, text(email))) if name]:
        fields["related.user"] = known


def _read_dns(document: Document, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("network",), ("info",)
    fields["network.protocol"] = "dns"
    put_end(fields, "source", first(document, ("SourceIP", "SrcIP")), document.get("SrcPort"))
    put_end(fields, "destination", first(document, ("DstIP", "DestIP")), document.get("DstPort"))
    kind = text(document.get("QueryTypeName")) or _TYPES.get(_whole(document.get("QueryType")), "")
    ask(fields, text(document.get("QueryName")), kind)
    code = _whole(document.get("RCode") if "RCode" in document else document.get("ResponseCode"))
    if code >= 0:
        fields["dns.response_code"] = RESPONSE_CODES.get(code, str(code))
    addresses = document.get("ResolvedIPs")
    if isinstance(addresses, list) and (known := [found for each in addresses if known_ip(found := text(each))]):
        fields["dns.resolved_ip"] = known
    if decision := text(document.get("ResolverDecision")):
        fields["event.action"] = decision
        fields["event.type"] = ("info", "denied" if decision.lower().startswith("block") else "allowed")
        fields["event.outcome"] = "success" if code in {0, 3} else "failure"
        _put_device(document, fields)


def _whole(value: Json) -> int:
    found = number(value)
    return -1 if found is None else found


def _read_gateway(document: Document, fields: Fields) -> None:
    """Read a request or a session that left through the gateway."""
    fields["event.category"] = ("network", "web") if "URL" in document else ("network",)
    _put_verdict(document.get("Action"), fields)
    for side in ("Source", "Destination"):
        put_end(fields, side.lower(), document.get(f"{side}IP"), document.get(f"{side}Port"))
    fields.update(transport_fields(first(document, ("TransportProtocol", "Transport"))))
    put_text("http.request.method", document.get("HTTPMethod"), fields)
    _put_status(document.get("HTTPStatusCode"), fields)
    put_text("http.version", text(document.get("HTTPVersion")).removeprefix("HTTP/"), fields)
    put_text("http.request.referrer", document.get("Referer"), fields)
    put_text("user_agent.original", document.get("UserAgent"), fields)
    if url := text(document.get("URL")):
        read_target(url, fields)
    put_text("rule.id", document.get("PolicyID"), fields)
    put_text("rule.name", document.get("PolicyName"), fields)
    put_text("tls.client.server_name", endpoint(text(document.get("SNI"))).domain, fields)
    put_text("file.name", document.get("BlockedFileName"), fields)
    _put_device(document, fields)


def _put_device(document: Document, fields: Fields) -> None:
    put_text("host.id", document.get("DeviceID"), fields)
    put_text("host.name", document.get("DeviceName"), fields)
    _put_person(text(document.get("UserID")), document.get("Email"), fields)


def _read_session(document: Document, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("network", "session"), ("info",)
    put_span(fields, document.get("SessionStartTime"), document.get("SessionEndTime"))
    put_end(fields, "source", document.get("SourceIP"), document.get("SourcePort"))
    put_end(fields, "destination", document.get("OriginIP"), document.get("OriginPort"))
    put_count(fields, "source.bytes", document.get("BytesSent"))
    put_count(fields, "destination.bytes", document.get("BytesReceived"))
    fields.update(transport_fields(text(document.get("Protocol"))))
    put_tls(text(document.get("ClientTLSVersion")), fields)
    _put_device(document, fields)


def _read_packet(document: Document, fields: Fields) -> None:
    fields["event.category"] = ("network",)
    put_end(fields, "source", document.get("IPSourceAddress"), document.get("SourcePort"))
    put_end(fields, "destination", document.get("IPDestinationAddress"), document.get("DestinationPort"))
    put_count(fields, "source.as.number", document.get("SourceASN"))
    put_count(fields, "destination.as.number", document.get("DestinationASN"))
    fields.update(transport_fields(first(document, ("IPProtocolName", "IPProtocol"))))
    put_text("network.direction", document.get("Direction"), fields)
    put_text("rule.id", document.get("RuleID"), fields)
    put_text("rule.name", document.get("RuleName"), fields)
    outcome = text(document.get("Outcome")).lower()
    _put_verdict(outcome, fields, named=False)
    if outcome in {"pass", "drop"}:
        fields["event.outcome"] = "success" if outcome == "pass" else "failure"


def _read_spectrum(document: Document, fields: Fields) -> None:
    event = text(document.get("Event")).lower()
    put_text("event.action", event, fields)
    blocked = text(document.get("ClientMatchedIpFirewall")).upper().startswith("BLOCK")
    kind = "denied" if blocked else {"connect": "start", "disconnect": "end"}.get(event, "connection")
    fields["event.category"], fields["event.type"] = ("network",), tuple(dict.fromkeys(("info", "connection", kind)))
    put_text("event.id", document.get("Application"), fields)
    put_span(fields, document.get("ConnectTimestamp"), _ended(document.get("DisconnectTimestamp")))
    for side, end in (("source", "Client"), ("destination", "Origin")):
        put_end(fields, side, document.get(f"{end}IP"), document.get(f"{end}Port"))
        put_count(fields, f"{side}.bytes", document.get(f"{end}Bytes"))
    put_count(fields, "source.as.number", document.get("ClientAsn"))
    put_text("source.geo.country_iso_code", document.get("ClientCountry"), fields)
    fields.update(transport_fields(text(document.get("ClientProto"))))
    _put_status(document.get("Status"), fields)
    put_tls(text(document.get("ClientTlsProtocol")), fields)
    _put_told("tls.cipher", document.get("ClientTlsCipher"), fields)
    put_text("tls.client.server_name", endpoint(text(document.get("ClientTlsClientHelloServerName"))).domain, fields)


def _ended(value: Json) -> Json:
    """Return when a connection ended; the epoch's first second stands for one that has not."""
    moment = to_instant(value)
    return value if moment is not None and moment.year > 1970 else None


def _read_network_error(document: Document, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("network",), ("info",)
    put_text("error.type", document.get("Type"), fields)
    put_count(fields, "source.as.number", document.get("ClientIPASN"))
    put_text("source.as.organization.name", document.get("ClientIPASNDescription"), fields)
    put_text("source.geo.country_iso_code", document.get("ClientIPCountry"), fields)


def _put_verdict(word: Json, fields: Fields, *more: str, named: bool = True) -> None:
    """Put an action and what it means: neither let through nor refused is for information, as a challenge is."""
    action = text(word).lower()
    if named:
        put_text("event.action", action, fields)
    verdict = "denied" if action.startswith(("block", "drop")) or action.endswith("failed") else ""
    if action.startswith(_GRANTED) or action.endswith(_SOLVED):
        verdict = "allowed"
    fields["event.type"] = (*more, "info", *((verdict,) if verdict else ()))


def _put_status(value: Json, fields: Fields) -> None:
    """Put a status of HTTP: 0 is none."""
    if 100 <= (status := _whole(value)) <= 599:
        fields["http.response.status_code"] = status


def _put_told(name: str, value: Json, fields: Fields) -> None:
    if (found := text(value)).lower() not in _ABSENT:
        fields[name] = found


_READERS: Final[Mapping[str, Callable[[Document, Fields], None]]] = {
    "access_request": _read_access,
    "api_audit": _read_api_audit,
    "audit": _read_audit,
    "dns": _read_dns,
    "dns_firewall": _read_dns,
    "firewall_event": _read_firewall,
    "gateway_dns": _read_dns,
    "gateway_http": _read_gateway,
    "gateway_network": _read_gateway,
    "http_request": _read_request,
    "nel_report": _read_network_error,
    "network_analytics": _read_packet,
    "network_session": _read_session,
    "spectrum_event": _read_spectrum,
}

SOURCE: Final = JsonSource(
    name="cloudflare",
    aliases=("cloudflare_logpush", "cloudflare_logpull", "cloudflare_http", "cloudflare_fw", "cloudflare_audit"),
    title="Cloudflare: web requests, firewall, DNS, Spectrum, packets, Zero Trust, audit",
    dataset="cloudflare_logpush.http_request",
    owns=_owns,
    marks=(
        (b'"ClientRequestMethod"', b'"RayID"', b'"Edge'),
        (b'"ClientRequestHost"', b'"ClientRequestURI"', b'"Client'),
        (b'"ActionType"', b'"ActorID"', b'"ResourceType"'),
        (b'"IPSourceAddress"', b'"IPDestinationAddress"', b'"ColoName"'),
    ),
    read=read,
    finish=finish,
)
