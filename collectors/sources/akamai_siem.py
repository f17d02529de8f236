"""Akamai's security events: requests that the web application firewall, bot or account protector acted on.

Format: Akamai TechDocs, "SIEM integration" (`attackData`, `httpMessage`, `botData`, `userRiskData`), one JSON object an
event. Texts of rules are Base64 between semicolons, headers percent-encoded. Field names: Elastic's `akamai.siem`.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, number, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.tls import put_tls
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from collectors.web.address import endpoint
from engine.events import Fields

_P: Final = "akamai.siem."
_LISTS: Final = (  # field, key of `attackData`
    ("rules", "rules"),
    ("rule_actions", "ruleActions"),
    ("rule_data", "ruleData"),
    ("rule_messages", "ruleMessages"),
    ("rule_selectors", "ruleSelectors"),
    ("rule_tags", "ruleTags"),
    ("rule_versions", "ruleVersions"),
)
_TEXTS: Final = (  # field, object, key
    ("config_id", "attackData", "configId"),
    ("policy_id", "attackData", "policyId"),
    ("slow_post.action", "attackData", "slowPostAction"),
    ("slow_post.rate", "attackData", "slowPostRate"),
    ("api.id", "attackData", "apiId"),
    ("bot.score", "botData", "botScore"),
    ("bot.response_segment", "botData", "responseSegment"),
    ("client_data.app_bundle_id", "clientData", "appBundleId"),
    ("client_data.app_version", "clientData", "appVersion"),
    ("client_data.sdk_version", "clientData", "sdkVersion"),
    ("user_risk.score", "userRiskData", "score"),
    ("user_risk.status", "userRiskData", "status"),
    ("user_risk.allow", "userRiskData", "allow"),
    ("user_risk.general", "userRiskData", "general"),
    ("user_risk.risk", "userRiskData", "risk"),
    ("user_risk.trust", "userRiskData", "trust"),
    ("user_risk.uuid", "userRiskData", "uuid"),
)
_DENIALS: Final = ("deny", "abort", "tarpit", "slow")
_MOST: Final = 256  # rules of one event that are told
_SCHEMES: Final = {"80": "http", "443": "https"}


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one event."""
    message, attack = inner(document, "httpMessage"), inner(document, "attackData")
    moment = to_instant(message.get("start"), options.zone)
    if moment is not None:
        fields["@timestamp"] = fields["event.start"] = moment
    fields["event.category"] = ("network", "web")
    fields["observer.vendor"], fields["observer.type"] = "akamai", "proxy"
    for side in ("source", "client"):
        put_end(fields, side, _address(attack))
    for name in ("event.id", "http.request.id"):
        put_text(name, message.get("requestId"), fields)
    _read_request(message, fields)
    _read_rules(attack, fields)
    for name, key, member in _TEXTS:
        put_text(_P + name, inner(document, key).get(member), fields)


def _address(attack: Document) -> str:
    """Return the client's address; newer events have `clientIP`, some only that of the connection."""
    return next((found for key in ("clientIP", "clientIp") if known_ip(found := text(attack.get(key)))), "")


def _read_request(message: Document, fields: Fields) -> None:
    put_text("http.request.method", message.get("method"), fields)
    protocol, _, version = text(message.get("protocol")).partition("/")
    if protocol:
        fields["network.protocol"], fields["network.transport"] = protocol.lower(), "tcp"
    put_text("http.version", version, fields)
    status = number(message.get("status"))
    if status is not None and 100 <= status <= 599:
        fields["http.response.status_code"] = status
    put_count(fields, "http.response.bytes", message.get("bytes"))
    put_tls(text(message.get("tls")), fields)
    host = endpoint(text(message.get("host")))
    put_text("url.domain", host.ip or host.domain, fields)
    port = text(message.get("port"))
    at = number(port)
    if at is not None and 0 < at < 65536:
        fields["url.port"] = at
    path, query = text(message.get("path")), text(message.get("query"))
    put_text("url.path", path, fields)
    put_text("url.query", unquote(query), fields)
    target = f"{path}?{query}" if query else path
    put_text("url.original", target, fields)
    scheme = _SCHEMES.get(port, "")
    put_text("url.scheme", scheme, fields)
    if scheme and target.startswith("/") and text(message.get("host")):
        fields["url.full"] = f"{scheme}://{text(message.get('host'))}{target}"
    headers = _headers(text(message.get("requestHeaders")))
    put_text("user_agent.original", headers.get("user-agent"), fields)
    put_text("http.request.referrer", headers.get("referer"), fields)


def _headers(encoded: str) -> Mapping[str, str]:
    """Return the first value of each header, by its name in small letters."""
    found: dict[str, str] = {}
    for line in unquote(encoded).splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def _read_rules(attack: Document, fields: Fields) -> None:
    """Read the rules that fired, and what was done to the request: `alert` lets it pass."""
    for name, key in _LISTS:
        members = _members(text(attack.get(key)))
        if any(members):
            fields[_P + name] = [member for member in members if member]
    applied = text(attack.get("appliedAction")).lower()
    actions = [action.lower() for action in _members(text(attack.get("ruleActions")))]
    done = applied or next((action for action in actions if action.startswith(_DENIALS)), next(iter(actions), ""))
    put_text("event.action", done, fields)
    denied = done.startswith(_DENIALS)
    fields["event.type"] = ("access", "denied") if denied else ("access",)
    for name, key in (("rule.id", "rules"), ("rule.name", "ruleMessages"), ("rule.category", "ruleTags")):
        if members := [member for member in _members(text(attack.get(key))) if member]:
            fields[name] = members if len(members) > 1 else members[0]


def _members(encoded: str) -> list[str]:
    """Return a list's members, which are Base64 of text (or, in old events, the text) between semicolons."""
    plain = unquote(encoded) if "%" in encoded else encoded
    return [_plain(part) for part in plain.split(";")[:_MOST]]


def _plain(part: str) -> str:
    try:
        return binascii.a2b_base64("".join(part.split()).encode("ascii"), strict_mode=True).decode()
    except (ValueError, binascii.Error):  # of which wrong UTF-8 is one
        return part.strip()


def _owns(document: Mapping[str, Json]) -> bool:
    message, attack = document.get("httpMessage"), document.get("attackData")
    if not isinstance(message, dict) or not isinstance(attack, dict):
        return False
    return bool(first(message, ("requestId", "host"))) and not attack.keys().isdisjoint({"configId", "clientIP"})


SOURCE: Final = JsonSource(
    name="akamai_siem",
    aliases=("akamai", "akamai.siem"),
    title="Akamai security events (web application firewall, bots, accounts)",
    dataset="akamai.siem",
    owns=_owns,
    marks=((b'"attackData"', b'"httpMessage"', b'"policyId"'),),
    read=read,
    finish=finish,
)
