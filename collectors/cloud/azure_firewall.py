"""Azure Firewall's records: rules as structured logs (`AZFW...`) and as the older texts, DNS, threat intelligence.

Format: Microsoft Learn, "Azure Firewall monitoring data reference" and "Azure structured firewall logs". A text's URL
and host are what the client asked for; its verdict stands behind them, so the last one counts.
"""

from __future__ import annotations

import re

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end, verdict_of
from collectors.cloud.values import put_text, text
from collectors.dns.question import ask
from collectors.network.protocols import transport_fields
from collectors.web.address import endpoint
from engine.events import Fields

_RULE = re.compile(
    r"(?P<protocol>[A-Za-z]{2,10})(?: Type=(?P<type>\d{1,3}))? request from (?P<source>\S{2,60})"
    r" to (?P<target>\S{2,300})",
    re.ASCII,
)
_DNAT = re.compile(r" was DNAT'ed to (?P<target>\S{2,60}?)(?:\.? |\.?$)", re.ASCII)
_ACTION = re.compile(r"Action: (?P<action>[A-Za-z]{2,16})", re.ASCII)
_NAME = re.compile(r"\bRule: (?P<name>[^.]{1,200})", re.ASCII)
_DNS = re.compile(
    r"DNS Request: (?P<source>\S{2,60}) - (?P<id>\d{1,6}) (?P<type>[A-Z0-9]{1,10}) (?P<class>[A-Z]{2})"
    r" (?P<name>\S{1,300}) (?P<protocol>udp|tcp) \d{1,6} (?:true|false) \d{1,6} (?P<code>[A-Z]{2,12})",
    re.ASCII,
)
_WEB = frozenset({"http", "https"})
_REFUSED = frozenset({"alert and deny", "alertanddeny", "deny", "drop"})


def read_firewall(details: Document, fields: Fields) -> None:
    """Read a record of any of the firewall's categories."""
    fields["event.category"], fields["event.type"] = ["network"], ["connection"]
    fields["observer.type"], fields["observer.product"] = "firewall", "Network Firewall"
    message = text(details.get("msg"))
    if message:
        _read_text(message, fields)
    else:
        _read_columns(details, fields)


def _verdict(action: str, fields: Fields) -> None:
    put_text("event.action", action.lower(), fields)
    verdict = "denied" if action.lower() in _REFUSED else verdict_of(action)
    if verdict is not None:
        fields["event.type"] = ["connection", verdict]


def _protocol(name: str, fields: Fields) -> None:
    if name.lower() in _WEB:
        fields["network.protocol"], fields["network.transport"] = name.lower(), "tcp"
    elif name.lower() == "icmp" or name.upper().startswith("ICMP"):
        fields["network.transport"] = "icmp"
    else:
        fields.update(transport_fields(name))


def _target(written: str, fields: Fields) -> None:
    found = endpoint(written.rstrip("."))
    put_end(fields, "destination", found.ip, found.port)
    put_text("destination.domain", found.domain, fields)


def _read_text(message: str, fields: Fields) -> None:
    asked = _DNS.search(message)
    if asked is not None:
        source = endpoint(asked["source"])
        put_end(fields, "source", source.ip, source.port)
        ask(fields, asked["name"], asked["type"], asked["class"])
        fields["dns.id"], fields["dns.response_code"] = asked["id"], asked["code"]
        fields["network.protocol"], fields["event.type"] = "dns", ["connection", "protocol"]
        fields.update(transport_fields(asked["protocol"]))
        return
    found = _RULE.match(message)
    if found is None:
        return
    source = endpoint(found["source"].rstrip("."))
    put_end(fields, "source", source.ip, source.port)
    _target(found["target"], fields)
    _protocol(found["protocol"], fields)
    put_text("azure.firewall.icmp.request.code", found["type"], fields)
    moved = _DNAT.search(message, found.end())
    if moved is not None:
        inside = endpoint(moved["target"].rstrip("."))
        put_end(fields, "destination.nat", inside.ip, inside.port)
        fields["event.action"] = "dnat"
    actions = list(_ACTION.finditer(message, found.end()))
    if actions:
        _verdict(actions[-1]["action"], fields)
        name = _NAME.search(message, actions[-1].end())
        put_text("rule.name", name["name"] if name else None, fields)


def _read_columns(details: Document, fields: Fields) -> None:
    put_end(fields, "source", details.get("SourceIp") or details.get("SourceIP"), details.get("SourcePort"))
    put_end(fields, "destination", details.get("DestinationIp"), details.get("DestinationPort"))
    put_end(fields, "destination.nat", details.get("TranslatedIp"), details.get("TranslatedPort"))
    put_text("destination.domain", details.get("Fqdn"), fields)
    put_text("url.original", details.get("TargetUrl"), fields)
    _protocol(text(details.get("Protocol")), fields)
    put_text("rule.name", details.get("Rule"), fields)
    put_text("rule.id", details.get("SignatureId"), fields)
    put_text("rule.ruleset", details.get("RuleCollection"), fields)
    put_text("event.reason", details.get("ActionReason") or details.get("ThreatDescription"), fields)
    _verdict(text(details.get("Action")), fields)
    if text(details.get("QueryName")):
        ask(fields, text(details.get("QueryName")), text(details.get("QueryType")), text(details.get("QueryClass")))
        put_text("dns.response_code", details.get("ResponseCode"), fields)
        put_text("dns.id", details.get("QueryId"), fields)
        fields["network.protocol"] = "dns"
    if text(details.get("ThreatDescription")) or text(details.get("SignatureId")):
        fields["event.kind"], fields["event.category"] = "alert", ["network", "intrusion_detection"]
