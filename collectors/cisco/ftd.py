"""The security events of Cisco FTD (430001 to 430005): `Name: value, Name: value`.

Fields: "Cisco Secure Firewall Threat Defense Syslog Messages", chapter "Security Event Syslog Messages".
"""

from __future__ import annotations

import re

from collectors.network.tls import put_tls
from collectors.network.values import Table, put_all
from collectors.source import Options
from engine.events import Fields

CODES = frozenset(("430001", "430002", "430003", "430004", "430005"))
_NAME = re.compile(
    r"(?:^|(?<=,\s)|(?<=,))(?P<name>[A-Z][A-Za-z0-9_]{1,40}(?:\s(?:Policy|Count|Name|Type|ID))?):(?:\s|$)"
)
_SHA1 = re.compile(r"[0-9A-Fa-f]{40}", re.ASCII)
_BLOCKED = re.compile(r"(?:Interactive |Malware |Custom Detection )?Block|Dropped|Drop\b|Reject", re.IGNORECASE)
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\s")

_TABLE: Table = {
    "SrcIP": ("source.ip",),
    "DstIP": ("destination.ip",),
    "SrcPort": ("source.port",),
    "DstPort": ("destination.port",),
    "Protocol": ("network.transport",),
    "InitiatorBytes": ("source.bytes",),
    "ResponderBytes": ("destination.bytes",),
    "InitiatorPackets": ("source.packets",),
    "ResponderPackets": ("destination.packets",),
    "NAT_InitiatorIP": ("source.nat.ip",),
    "NAT_ResponderIP": ("destination.nat.ip",),
    "NAT_InitiatorPort": ("source.nat.port",),
    "NAT_ResponderPort": ("destination.nat.port",),
    "User": ("user.name",),
    "URL": ("url.original",),
    "URI": ("url.original",),
    "HTTPReferer": ("http.request.referrer",),
    "UserAgent": ("user_agent.original",),
    "HTTPResponse": ("http.response.status_code",),
    "HTTPMethod": ("http.request.method",),
    "ReferencedHost": ("url.domain",),
    "DNSQuery": ("dns.question.name",),
    "DNSRecordType": ("dns.question.type",),
    "DNSResponseType": ("dns.response_code",),
    "FileName": ("file.name",),
    "FileSize": ("file.size",),
    "FileSHA256": ("file.hash.sha256",),
    "AccessControlRuleName": ("rule.name",),
    "ACPolicy": ("rule.ruleset",),
    "FilePolicy": ("cisco.ftd.rule_name",),
    "IntrusionPolicy": ("cisco.ftd.rule_name",),
    "SID": ("rule.id",),
    "Message": ("rule.description",),
    "Classification": ("rule.category",),
    "ThreatName": ("cisco.ftd.threat_category",),
    "ApplicationProtocol": ("network.protocol",),
    "Client": ("network.application",),
    "WebApplication": ("network.application",),
    "IngressInterface": ("observer.ingress.interface.name",),
    "EgressInterface": ("observer.egress.interface.name",),
    "IngressZone": ("observer.ingress.zone",),
    "EgressZone": ("observer.egress.zone",),
    "FirstPacketSecond": ("event.start",),
    "SSLVersion": ("cisco.ftd.tls_version",),
    "SSLServerName": ("tls.client.server_name",),
    "VLAN_ID": ("network.vlan.id",),
    "DE": ("cisco.ftd.detection_engine",),
}
_RECORDS = {
    "a host address": "A",
    "ip6 address": "AAAA",
    "an ipv6 address": "AAAA",
    "text strings": "TXT",
    "a domain name pointer": "PTR",
    "an authoritative name server": "NS",
    "the canonical name for an alias": "CNAME",
    "marks the start of a zone of authority": "SOA",
    "mail exchange": "MX",
    "server selection": "SRV",
    "naming authority pointer": "NAPTR",
}
"""The device writes out what IANA's list of DNS parameters says of a record type, and of a response code."""

_RESPONSES = {
    "no error": "NOERROR",
    "format error": "FORMERR",
    "server failure": "SERVFAIL",
    "non-existent domain": "NXDOMAIN",
    "not implemented": "NOTIMP",
    "query refused": "REFUSED",
    "name exists when it should not": "YXDOMAIN",
    "server not authoritative for zone": "NOTAUTH",
    "not authorized": "NOTAUTH",
}


def security_fields(text: str, options: Options) -> Fields:
    """Return the fields of a security event; every pair is also kept under `cisco.ftd.security.`."""
    values = _values(text)
    fields: Fields = {}
    put_all(fields, values, _TABLE, options.zone)
    for key in ("network.protocol", "network.application"):
        if isinstance(value := fields.get(key), str):
            fields[key] = value.lower()
    for key, words in (("dns.question.type", _RECORDS), ("dns.response_code", _RESPONSES)):
        if isinstance(value := fields.get(key), str):
            fields[key] = words.get(value.lower(), value)
    if isinstance(value := fields.get("rule.description"), str):
        fields["rule.description"] = value.strip('"')
    _tls(values, fields)
    duration = values.get("ConnectionDuration", "")
    if duration.isdecimal() and len(duration) < 10:
        fields["event.duration"] = int(duration) * 1_000_000_000
    if (user := values.get("User")) and "user.name" in fields:
        fields["user.id"] = user
    for name, value in values.items():
        key = _WORD.sub("_", name).lower().replace("__", "_")
        fields[f"cisco.ftd.security.{key}"] = value
    return fields


def was_blocked(fields: Fields) -> bool:
    """Tell whether the device let the connection, packet or file of a security event not pass."""
    return any(
        (value := fields.get(f"cisco.ftd.security.{key}")) is not None and _BLOCKED.match(str(value)) is not None
        for key in ("access_control_rule_action", "inline_result", "file_action")
    )


def _tls(values: dict[str, str], fields: Fields) -> None:
    """Set version, cipher and the certificate's hash of an encrypted connection, where the device knows them."""
    put_tls(values.get("SSLVersion", ""), fields)
    cipher = values.get("SSLCipherSuite", "")
    if cipher.lower() not in {"", "unknown", "none"}:
        fields["tls.cipher"] = cipher
    if _SHA1.fullmatch(certificate := values.get("SSLCertificate", "")):
        fields["tls.server.hash.sha1"] = certificate.upper()


def _values(text: str) -> dict[str, str]:
    """Cut the text at the names; a value may hold commas and colons, a name begins behind a comma."""
    found = list(_NAME.finditer(text))
    values: dict[str, str] = {}
    for at, name in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(text)
        values.setdefault(name["name"], text[name.end() : end].strip().rstrip(","))
    return {name: value for name, value in values.items() if value}
