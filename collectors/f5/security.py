"""The events of BIG-IP's security modules (ASM, AFM, PSM): CEF, `key="value"` and JSON, brought to ECS.

Keys: F5 "External Monitoring of BIG-IP: Event Messages and Attack Types".
"""

from __future__ import annotations

import re

from collectors.network.cef import Cef
from collectors.network.cef_ecs import cef_fields
from collectors.network.values import Table, keep, put, put_all
from collectors.source import Options
from engine.events import Fields

_TABLE: Table = {
    "ip_client": ("source.ip", "client.ip"),
    "source_ip": ("source.ip",),
    "src_port": ("source.port",),
    "source_port": ("source.port",),
    "dest_ip": ("destination.ip",),
    "dst_ip": ("destination.ip",),
    "dest_port": ("destination.port",),
    "dst_port": ("destination.port",),
    "translated_source_ip": ("source.nat.ip",),
    "translated_source_port": ("source.nat.port",),
    "translated_dest_ip": ("destination.nat.ip",),
    "translated_dest_port": ("destination.nat.port",),
    "ip_protocol": ("network.transport",),
    "protocol": ("network.protocol",),
    "method": ("http.request.method",),
    "uri": ("url.path",),
    "response_code": ("http.response.status_code",),
    "username": ("user.name",),
    "source_user": ("user.name",),
    "acl_rule_name": ("rule.name",),
    "acl_policy_name": ("rule.ruleset",),
    "policy_name": ("rule.ruleset",),
    "action": ("event.action",),
    "request_status": ("event.action",),
    "severity": ("log.level",),
    "hostname": ("observer.hostname", "host.name"),
    "unit_hostname": ("observer.hostname", "host.name"),
    "bigip_mgmt_ip": ("observer.ip",),
    "management_ip_address": ("observer.ip",),
    "support_id": ("event.id",),
    "attack_type": ("rule.category",),
    "violations": ("event.reason",),
    "x_forwarded_for_header_value": ("network.forwarded_ip",),
    "date_time": ("@timestamp",),
}
_LABELS = {"acl_rule_name": "rule.name", "policy_name": "rule.ruleset", "violation_details": "event.reason",
           "response_code": "http.response.status_code", "source_address": "source.ip",
           "destination_address": "destination.ip"}  # fmt: skip
_HEADER = re.compile(r"(?:\\r\\n|\r?\n)(?P<name>User-Agent|Referer): (?P<text>[^\r\n\\]{1,4096})", re.IGNORECASE)


def security_fields(values: dict[str, str], options: Options) -> Fields:
    """Return the fields of an event as `key="value"` or JSON; every key stays under `f5_bigip.`."""
    fields: Fields = {"event.kind": "event", "event.category": ["network"], "event.type": ["info"]}
    put_all(fields, values, _TABLE, options.zone)
    if fields.get("http.response.status_code") == 0:
        del fields["http.response.status_code"]  # there was no response
    keep(fields, "f5_bigip.", values.items())
    return fields


def cef_security(cef: Cef, options: Options) -> Fields:
    """Return the fields of an event as CEF."""
    fields = cef_fields(cef, options)
    for name in ("rule.name", "rule.id"):
        fields.pop(name, None)
    for label, name in _LABELS.items():
        put(fields, name, cef.labelled.get(label, ""), options.zone)
    fields["event.category"], fields["event.type"] = ["network"], ["info"]
    fields["event.action"], fields["event.outcome"] = cef.name, "success"
    fields["event.kind"] = "alert" if cef.product in {"ASM", "PSM"} else "event"
    if "user" in cef.extension:
        put(fields, "user.name", cef.extension["user"], options.zone)
    for found in _HEADER.finditer(cef.labelled.get("full_request", "")):
        name = "user_agent.original" if found["name"].lower() == "user-agent" else "http.request.referrer"
        put(fields, name, found["text"], options.zone)
    return fields
