"""Fortinet FortiWeb: attack, traffic and event logs of the web application firewall.

Format: "FortiWeb Log Message Reference": `key=value`. Numbers of keys differ by version: `http_agent` or `user_agent`,
`http_refer` or `http_referer`, `sigid` or `signature_id`, all read. `original_src` is who stands behind a proxy.
"""

from __future__ import annotations

import re

from collectors.fortinet.appliances import put_header, put_log_in, read_keys
from collectors.network.values import Table, keep, put, put_all
from collectors.sensors.line import LineSource
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_OWN = re.compile(r"\bmsg_id=\d{1,20}(?=\s|$)")
_OWN_TYPE = re.compile(r'\btype="?(?:attack|traffic|event)"?(?=\s|$)')
_NOTHING = frozenset(("none", "unknown"))
_REFUSED = ("deny", "block", "erase", "redirect", "drop")
_TABLE: Table = {
    "src": ("source.ip",),
    "src_port": ("source.port",),
    "dst": ("destination.ip",),
    "dst_port": ("destination.port",),
    "trans_src": ("source.nat.ip",),
    "trans_src_port": ("source.nat.port",),
    "trans_dst": ("destination.nat.ip",),
    "trans_dst_port": ("destination.nat.port",),
    "proto": ("network.transport",),
    "policy": ("rule.ruleset",),
    "signature_id": ("rule.id",),
    "sigid": ("rule.id",),
    "main_type": ("rule.category",),
    "signature_subclass": ("rule.name",),
    "http_host": ("url.domain",),
    "http_url": ("url.original",),
    "http_agent": ("user_agent.original",),
    "user_agent": ("user_agent.original",),
    "http_refer": ("http.request.referrer",),
    "http_referer": ("http.request.referrer",),
    "http_method": ("http.request.method",),
    "http_retcode": ("http.response.status_code",),
    "http_request_bytes": ("http.request.bytes",),
    "http_response_bytes": ("http.response.bytes",),
    "http_version": ("http.version",),
    "cipher_suite": ("tls.cipher",),
    "user_name": ("user.name",),
    "user": ("user.name",),
}
_FIRM = ("src", "original_src", "dst", "user", "user_name")  # not taken where another value of theirs is in the line


def _own(line: str) -> bool:
    head = line[:2048]
    return _OWN.search(head) is not None and _OWN_TYPE.search(head) is not None and "log_id=" in head


def _read(line: str, options: Options) -> Fields:
    values, doubtful = read_keys(line)
    kind = values.get("type", "")
    if kind not in {"attack", "traffic", "event"} or not {"msg_id", "device_id", "log_id"} & values.keys():
        raise MalformedRecordError("no record of FortiWeb: no type=attack, traffic or event beside its ids")
    fields: Fields = {
        "event.dataset": "fortinet_fortiweb.log",
        "event.module": "fortinet",
        "event.kind": "alert" if kind == "attack" else "event",
        "observer.vendor": "Fortinet",
        "observer.product": "FortiWeb",
        "observer.type": "waf",
    }
    put_header(line, values, fields, options)
    put(fields, "event.action", values.get("action", ""), options.zone)
    fields["event.category"], fields["event.type"] = ["host"], ["info"]
    if kind == "event":
        _event(values, doubtful, fields, options)
    else:
        told = {
            key: text for key, text in values.items() if not (key in _FIRM and key in doubtful) and _says(text, key)
        }
        _request(told, fields, options)
        _verdict(kind, values, fields)
    keep(fields, "fortiweb.", values.items())
    return fields


def _says(text: str, key: str) -> bool:
    return text.lower() not in _NOTHING or key == "http_host"


def _request(values: dict[str, str], fields: Fields, options: Options) -> None:
    """Set the request, who sent it and to whom."""
    put_all(fields, values, _TABLE, options.zone)
    behind = values.get("original_src", "")
    if behind and behind != values.get("src"):
        put(fields, "network.forwarded_ip", behind, options.zone)
    if isinstance(method := fields.get("http.request.method"), str):
        fields["http.request.method"] = method.upper()
    if isinstance(host := fields.get("url.domain"), str):
        fields["url.domain"] = host.partition(":")[0] if host.count(":") == 1 else host
    service = values.get("service", "").lower()
    if service:
        fields["network.protocol"] = service.partition("/")[0]
    if (duration := values.get("duration", "")).isdecimal() and len(duration) < 10:
        fields["event.duration"] = int(duration) * 1_000_000


def _verdict(kind: str, values: dict[str, str], fields: Fields) -> None:
    action = values.get("action", "").lower()
    refused = any(word in action for word in _REFUSED)
    if kind == "attack":
        fields["event.category"] = ["web", "intrusion_detection"]
        fields["event.type"] = ["denied" if refused else "allowed"]
        fields.setdefault("event.reason", values.get("msg", "")[:1024])
    else:
        fields["event.category"] = ["web", "network"]
        fields["event.type"] = ["access", *(["denied"] if refused else [])]
    if (status := values.get("status", "").lower()) in {"success", "failure"}:
        fields["event.outcome"] = status


def _event(values: dict[str, str], doubtful: frozenset[str], fields: Fields, options: Options) -> None:
    if put_log_in(values, doubtful, fields, options):
        return
    if "user" not in doubtful:
        put(fields, "user.name", values.get("user", ""), options.zone)
    if values.get("action", "") in {"add", "edit", "delete", "set"} or "changed" in values.get("msg", "").lower():
        fields["event.category"], fields["event.type"] = ["configuration"], ["change"]
    if (status := values.get("status", "").lower()) in {"success", "failure"}:
        fields["event.outcome"] = status


SOURCE = LineSource(
    name="fortiweb",
    aliases=("fortinet_fortiweb", "fortinet_fortiweb.log"),
    title="Fortinet FortiWeb: attacks, traffic, events",
    datasets=("fortinet_fortiweb.log",),
    own=_own,
    read=_read,
    weight=100,
)
