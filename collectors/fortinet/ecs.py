"""FortiOS' fields in ECS, under the names that Elastic's integration `fortinet_fortigate` uses.

Keys: "FortiOS Log Message Reference". `fortinet.firewall.*` keeps every key of the device; ECS' fields are set beside.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from collectors.network.times import instant_of, zone_named
from collectors.network.tls import put_tls
from collectors.network.values import Table, keep, put, put_all
from collectors.source import Options
from collectors.web.address import endpoint
from engine.events import Fields

_INTERIM = "00020"  # the end of the log ids of statistics about sessions that go on; their deltas are what is new
TABLE: Table = {
    "srcip": ("source.address",),
    "src": ("source.address",),
    "srcport": ("source.port",),
    "src_port": ("source.port",),
    "srcname": ("source.domain",),
    "srcmac": ("source.mac",),
    "mastersrcmac": ("source.mac",),
    "mac": ("source.mac",),
    "dstip": ("destination.address",),
    "dst": ("destination.address",),
    "dstport": ("destination.port",),
    "dst_port": ("destination.port",),
    "dstmac": ("destination.mac",),
    "masterdstmac": ("destination.mac",),
    "sentbyte": ("source.bytes",),
    "rcvdbyte": ("destination.bytes",),
    "sentpkt": ("source.packets",),
    "rcvdpkt": ("destination.packets",),
    "tranip": ("destination.nat.ip",),
    "tranport": ("destination.nat.port",),
    "transip": ("source.nat.ip",),
    "transport": ("source.nat.port",),
    "remip": ("source.ip",),
    "userip": ("source.ip",),
    "ip": ("source.ip",),
    "locip": ("destination.ip",),
    "remport": ("source.port",),
    "locport": ("destination.port",),
    "proto": ("network.transport",),
    "dstuser": ("destination.user.name",),
    "group": ("group.name",),
    "forwardedfor": ("network.forwarded_ip",),
    "httpmethod": ("http.request.method",),
    "reqmethod": ("http.request.method",),
    "referralurl": ("http.request.referrer",),
    "http_refer": ("http.request.referrer",),
    "agent": ("user_agent.original",),
    "url": ("url.original",),
    "qname": ("dns.question.name",),
    "qtype": ("dns.question.type",),
    "qclass": ("dns.question.class",),
    "filename": ("file.name",),
    "fname": ("file.name",),
    "filesize": ("file.size",),
    "fsize": ("file.size",),
    "filetype": ("file.extension",),
    "policyid": ("rule.id",),
    "policyname": ("rule.name",),
    "profile": ("rule.name",),
    "applist": ("rule.ruleset",),
    "policytype": ("rule.ruleset",),
    "poluuid": ("rule.uuid",),
    "appcat": ("rule.category",),
    "catdesc": ("rule.category",),
    "attack": ("rule.description",),
    "app": ("network.application",),
    "service": ("network.protocol",),
    "srcintf": ("observer.ingress.interface.name",),
    "dstintf": ("observer.egress.interface.name",),
    "srcintfrole": ("observer.ingress.interface.alias",),
    "dstintfrole": ("observer.egress.interface.alias",),
    "devname": ("observer.name", "observer.hostname"),
    "devid": ("observer.serial_number",),
    "level": ("log.level",),
    "pri": ("log.level",),
    "msg": ("message", "event.reason"),
    "reason": ("event.reason",),
    "logid": ("event.code",),
    "log_id": ("event.code",),
    "tz": ("event.timezone",),
    "sni": ("tls.client.server_name",),
    "scertcname": ("tls.server.x509.subject.common_name",),
    "scertissuer": ("tls.server.issuer", "tls.server.x509.issuer.common_name"),
    "sender": ("email.from.address",),
    "from": ("email.from.address",),
    "recipient": ("email.to.address",),
    "to": ("email.to.address",),
    "subject": ("email.subject",),
    "filehash": ("file.hash.sha256",),
    "cfgpath": ("fortinet.firewall.cfgpath",),
    "pid": ("process.pid",),
    "countdlp": ("fortinet.firewall.countdlp",),
}
_DIRECTIONS = {"outgoing": "outbound", "incoming": "inbound", "0": "inbound", "1": "outbound"}
_NO_DIRECTION = frozenset(("request", "response", "n/a", "none"))  # of a web application firewall's finding
_UI = re.compile(r"\(?(?P<ip>[0-9A-Fa-f.:]{3,45})\)?$", re.ASCII)
_DOMAIN_USER = re.compile(r"(?P<name>[^,]{1,256}),(?:cn|CN|uid)=")
_HASHES = {32: "md5", 40: "sha1", 64: "sha256"}
_METHODS = frozenset(("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE"))
_HEX = re.compile(r"[0-9A-Fa-f]+", re.ASCII)
_BRACKETED = re.compile(r"^(?P<name>[^\s\[]{1,255})? ?\[(?P<ip>[0-9A-Fa-f.:]{2,45})\]$", re.ASCII)


def fortios_fields(values: dict[str, str], options: Options) -> Fields:
    """Return the fields of a record of FortiOS' keys; every key stays under `fortinet.firewall.`."""
    fields: Fields = {}
    moment = _instant(values, options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    values = _with_deltas(_unbracketed(values))
    put_all(fields, values, TABLE, options.zone)
    _users(values, fields, options.zone)
    _names(values, fields, options.zone)
    _tls(values, fields)
    _url(values, fields)
    _measures(values, fields)
    keep(fields, "fortinet.firewall.", values.items())
    return fields


def _instant(values: dict[str, str], zone: tzinfo) -> datetime | None:
    """Return the instant of a record: `eventtime` (an epoch), else date and time in the record's zone, else others."""
    own = zone_named(values.get("tz", "")) or zone_named(values.get("timezone", "")) or zone
    moment = instant_of(values.get("eventtime", ""), own)
    if moment is None and "date" in values and "time" in values:
        moment = instant_of(f"{values['date']} {values['time']}", own)
    for key in ("timestamp", "itime", "rt", "start"):
        moment = moment or instant_of(values.get(key, ""), own)
    return moment


def _with_deltas(values: dict[str, str]) -> dict[str, str]:
    if not values.get("logid", "").endswith(_INTERIM):
        return values
    deltas = {
        "sentbyte": "sentdelta",
        "rcvdbyte": "rcvddelta",
        "sentpkt": "sentpktdelta",
        "rcvdpkt": "rcvdpktdelta",
    }
    return values | {name: values[delta] for name, delta in deltas.items() if values.get(delta)}


def _unbracketed(values: dict[str, str]) -> dict[str, str]:
    """Read `src="relay.example [192.0.2.7]"` of mail logs."""
    found = _BRACKETED.match(values.get("src", ""))
    if found is None:
        return values
    return values | {"src": found["ip"]} | ({"srcname": found["name"]} if found["name"] else {})


def _users(values: dict[str, str], fields: Fields, zone: tzinfo) -> None:
    user = values.get("user") or values.get("logon_user") or values.get("initiator", "")
    if user in {"", "N/A"}:  # the account of IKE's extended authentication, of an inspected SSH session
        user = values.get("xauthuser") or values.get("login") or user
    put(fields, "user.name", values.get("unauthuser", "") if not user else "", zone)
    server = ""
    if "logon_user" in values:
        user, _, server = user.partition("@")
    whole = _DOMAIN_USER.match(user)
    for prefix in ("source.user", "user") if "logon_user" not in values else ("user",):
        put(fields, f"{prefix}.name", whole["name"] if whole else user, zone)
        if whole is not None:
            fields[f"{prefix}.full_name"] = user
    if server:
        fields["server.domain"] = server


def _names(values: dict[str, str], fields: Fields, zone: tzinfo) -> None:
    """Set the ends that stand elsewhere: in `ui` (`https(192.0.2.1)`), and the names of hosts."""
    ui = _UI.search(values.get("ui", ""))
    if ui is not None:
        put(fields, "source.ip", ui["ip"], zone)
    host = values.get("hostname") or values.get("dstname", "")
    if host and endpoint(host).ip is None:
        put(fields, "source.domain" if "dhcp_msg" in values else "destination.domain", host, zone)
    method = values.get("method", "").upper()
    if method in _METHODS:
        fields.setdefault("http.request.method", method)
    if isinstance(question := fields.get("dns.question.name"), str):
        fields["dns.question.name"] = question.strip("[]")
    if "dns.question.name" in fields and (answers := values.get("ipaddr")):
        fields["dns.resolved_ip"] = [ip for part in answers.split(",") if (ip := endpoint(part.strip()).ip)]
    checksum = values.get("analyticscksum", "")
    if (kind := _HASHES.get(len(checksum))) and _HEX.fullmatch(checksum):
        fields[f"file.hash.{kind}"] = checksum.lower()


def _tls(values: dict[str, str], fields: Fields) -> None:
    """Set what an inspected TLS session was: its version, and the hash of the server's certificate."""
    put_tls(values.get("tlsver", ""), fields)
    digest = values.get("certhash", "")
    if (kind := _HASHES.get(len(digest))) and _HEX.fullmatch(digest):
        fields[f"tls.server.hash.{kind}"] = digest.upper()


def _url(values: dict[str, str], fields: Fields) -> None:
    host = values.get("hostname", "")
    if values.get("url") and host and "url.domain" not in fields and len(host) <= 253:
        fields["url.domain"] = host
        path, _, query = values["url"].partition("?")
        if path.startswith("/"):
            fields["url.path"] = path
            if query:
                fields["url.query"] = query


def _measures(values: dict[str, str], fields: Fields) -> None:
    duration = values.get("duration", "")
    if duration.isdecimal() and len(duration) < 12:
        fields["event.duration"] = int(duration) * 1_000_000_000
    direction = values.get("direction") or values.get("deviceDirection", "")
    if direction and direction.lower() not in _NO_DIRECTION:
        fields["network.direction"] = _DIRECTIONS.get(direction, direction)
    for name in ("network.protocol", "log.level"):
        if isinstance(value := fields.get(name), str):
            fields[name] = value.lower()
