"""PAN-OS' columns in ECS, under the names that Elastic's integration `panw` uses; `panw.panos.*` keeps every column."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from collectors.network.times import instant_of
from collectors.network.tls import put_tls
from collectors.network.values import Table, keep, put, put_all, split_account
from collectors.source import Options
from collectors.web.address import is_ip
from engine.events import Fields

_TABLE: Table = {
    "src": ("source.ip",),
    "public_ip": ("source.ip",),
    "public_ipv6": ("source.ip",),
    "dst": ("destination.ip",),
    "natsrc": ("source.nat.ip",),
    "natdst": ("destination.nat.ip",),
    "sport": ("source.port",),
    "dport": ("destination.port",),
    "natsport": ("source.nat.port",),
    "natdport": ("destination.nat.port",),
    "proto": ("network.transport",),
    "app": ("network.application",),
    "rule": ("rule.name",),
    "matchname": ("rule.name",),
    "objectname": ("rule.name",),
    "object_id": ("rule.id",),
    "evidence": ("event.reason",),
    "rule_uuid": ("rule.uuid",),
    "bytes_sent": ("source.bytes",),
    "bytes_received": ("destination.bytes",),
    "pkts_sent": ("source.packets",),
    "pkts_received": ("destination.packets",),
    "bytes": ("network.bytes",),
    "packets": ("network.packets",),
    "from": ("observer.ingress.zone",),
    "to": ("observer.egress.zone",),
    "inbound_if": ("observer.ingress.interface.name",),
    "outbound_if": ("observer.egress.interface.name",),
    "device_name": ("observer.name", "observer.hostname", "host.name"),
    "serial": ("observer.serial_number",),
    "severity": ("log.level",),
    "user_agent": ("user_agent.original",),
    "referer": ("http.request.referrer",),
    "src_category": ("host.type",),
    "ec_curve": ("tls.curve",),
    "issuer_cn": ("tls.server.x509.issuer.common_name",),
    "tls_version": ("panw.panos.tls_version",),
    "client_os": ("user_agent.os.name",),
    "client_os_ver": ("user_agent.os.version",),
    "xff_ip": ("network.forwarded_ip",),
    "xff": ("network.forwarded_ip",),
    "contenttype": ("panw.panos.http_content_type",),
    "sender": ("email.from.address",),
    "recipient": ("email.to.address",),
    "subject": ("email.subject",),
}
_FILES = frozenset(("wildfire", "file", "virus", "wildfire-virus", "ml-virus", "data", "vulnerability", "dlp"))
_THREAT = re.compile(r"(?P<name>.{0,512})\((?P<id>\d{1,12})\)\Z", re.DOTALL)
"""`Windows Executable (EXE)(52020)`, `(9999)`: the name may have brackets of its own."""

_ASKED = re.compile(r"\(\w{1,32}:(?P<name>[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,20})\.?\)", re.ASCII)
"""The domain in the name of a DNS signature: `Suspicious DNS Query (generic:c2.example)`."""
_HASHES = {32: "file.hash.md5", 64: "file.hash.sha256"}


def panos_fields(values: dict[str, str], form: str, options: Options) -> Fields:
    """Return the fields of a record by column name; `form` (csv, cef, leef, json) tells which stamp is the event's."""
    fields: Fields = {}
    moment = _instant(values, form, options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    put_all(fields, values, _TABLE, options.zone)
    _accounts(values, fields, options.zone)
    _addresses(values, fields, options.zone)
    _threat(values, fields, options.zone)
    _tls(values, fields)
    _flow(values, form, fields, options.zone)
    keep(fields, "panw.panos.", values.items())
    return fields


def _instant(values: dict[str, str], form: str, zone: tzinfo) -> datetime | None:
    """Return the record's instant: the stamp with a zone where the line has one, else when it was made."""
    order = ("receive_time", "time_generated", "start") if form == "cef" else (
        ("high_res_timestamp", "time_generated", "receive_time") if form == "csv" else ("time_generated",
            "receive_time")
    )  # fmt: skip
    for name in order:
        if (moment := instant_of(values.get(name, ""), zone)) is not None:
            return moment
    return None


def _accounts(values: dict[str, str], fields: Fields, zone: tzinfo) -> None:
    """Set `source.user.*`, `destination.user.*`, and `user.*` for whom the record is about."""
    source = values.get("srcuser") or values.get("admin") or ""
    put(fields, "source.user.name", source, zone)
    put(fields, "destination.user.name", values.get("dstuser", ""), zone)
    who = source or values.get("user_name") or values.get("user") or values.get("normalize_user", "")
    if not who:
        return
    domain, name = split_account(who)
    if domain is None and "@" in name and " " not in name:
        fields["user.email"] = name
        name, _, domain = name.partition("@")
    put(fields, "user.name", name, zone)
    domain = values.get("user_domain") or domain
    if domain:
        fields["user.domain"] = domain


def _addresses(values: dict[str, str], fields: Fields, zone: tzinfo) -> None:
    """Set the ends that only some types have: the mapped address, the administrator's host, the client's machine."""
    for name in ("ip", "host"):
        text = values.get(name, "")
        if is_ip(text):
            put(fields, "source.ip", text, zone)
    for side, text in (("source", values.get("src", "")), ("destination", values.get("dst", ""))):
        if text and len(text) <= 253 and not is_ip(text) and ":" not in text and "." in text:
            put(fields, f"{side}.domain", text, zone)
    machine = values.get("machinename", "")
    if machine:
        fields["source.domain" if "." in machine else "panw.panos.machine_name"] = machine


def _threat(values: dict[str, str], fields: Fields, zone: tzinfo) -> None:
    if values.get("type", "").upper() != "THREAT":
        return
    subtype, misc = values.get("subtype", ""), values.get("misc", "")
    found = _THREAT.fullmatch(values.get("threatid", "")[:600])
    if found is not None:
        if (asked := _ASKED.search(found["name"])) is not None:
            fields["dns.question.name"] = asked["name"]
        fields["event.code"] = found["id"]
        fields["panw.panos.threat.id"], fields["panw.panos.threat.name"] = found["id"], found["name"].strip()
        if found["name"].strip():
            fields["rule.description"] = fields["event.reason"] = found["name"].strip()
    if subtype in _FILES:
        misc = misc or values.get("url", "")  # CEF's profile has one key for both, `request`
    name = values.get("file_name", "") or (misc if subtype in _FILES else "")
    if name:
        put(fields, "file.name", name.rpartition("/")[2] or name, zone)
        if misc and subtype in _FILES:
            put(fields, "file.path", name, zone)
    url = (values.get("url", "") if subtype not in _FILES else "") or (misc if subtype == "url" else "")
    if url:
        _url(url, fields, zone)
    method = values.get("http_method", "")
    if method.lower() not in {"", "unknown"}:
        put(fields, "http.request.method", method.upper(), zone)
    digest = values.get("filedigest", "")
    if digest:
        put(fields, _HASHES.get(len(digest), "file.hash.sha256"), digest, zone)


def _url(url: str, fields: Fields, zone: tzinfo) -> None:
    """Set the parts of a URL; PAN-OS writes it without its scheme: `www.example.org:8080/path?query`."""
    put(fields, "url.original", url, zone)
    has_scheme = "://" in url[:12]
    place, slash, rest = (url.partition("://")[2] if has_scheme else url).partition("/")
    host, _, port = place.partition("?")[0].partition(":")
    if host and not is_ip(host):
        put(fields, "url.domain", host, zone)
    if not has_scheme:
        path, _, query = rest.partition("?")
        put(fields, "url.path", slash + path, zone)
        put(fields, "url.query", query, zone)
        put(fields, "url.port", port, zone)


def _tls(values: dict[str, str], fields: Fields) -> None:
    put_tls(values.get("tls_version", ""), fields)
    fingerprint = values.get("fingerprint", "")
    if len(fingerprint) == 64:
        fields["tls.server.hash.sha256"] = fingerprint


def _flow(values: dict[str, str], form: str, fields: Fields, zone: tzinfo) -> None:
    elapsed = values.get("elapsed", "")
    if elapsed.isdecimal() and len(elapsed) < 12:
        fields["event.duration"] = int(elapsed) * 1_000_000_000
    start = instant_of(values.get("start", "") or values.get("start_time", ""), zone)
    if start is not None:
        fields["event.start"] = start
    if values.get("session_end_reason") and form != "none":
        fields["event.reason"] = values["session_end_reason"]
