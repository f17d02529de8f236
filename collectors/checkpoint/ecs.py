"""Check Point's fields in ECS, as Elastic's integration `checkpoint` names them; `checkpoint.*` keeps all."""

from __future__ import annotations

import re

from collectors.network.times import instant_of
from collectors.network.values import Table, keep, put, put_all
from collectors.source import Options
from collectors.web.address import is_ip
from engine.events import Fields

_TABLE: Table = {
    "src": ("source.ip",),
    "client_ip": ("source.ip",),
    "s_port": ("source.port",),
    "dst": ("destination.ip",),
    "server_inbound_ip": ("destination.ip",),
    "service": ("destination.port",),
    "proto": ("network.transport",),
    "xlatesrc": ("source.nat.ip",),
    "xlatesport": ("source.nat.port",),
    "xlatedst": ("destination.nat.ip",),
    "xlatedport": ("destination.nat.port",),
    "src_machine_name": ("source.domain",),
    "dst_machine_name": ("destination.domain",),
    "mac_source_address": ("source.mac",),
    "mac_destination_address": ("destination.mac",),
    "src_user_name": ("source.user.name",),
    "src_user": ("source.user.name",),
    "user": ("source.user.name",),
    "dst_user_name": ("destination.user.name",),
    "administrator": ("user.name",),
    "proxy_src_ip": ("network.forwarded_ip",),
    "method": ("http.request.method",),
    "http_method": ("http.request.method",),
    "resource": ("url.original",),
    "referrer": ("http.request.referrer",),
    "user_agent": ("user_agent.original",),
    "web_client_type": ("user_agent.name",),
    "rule_uid": ("rule.uuid",),
    "rule": ("rule.id",),
    "rule_name": ("rule.name",),
    "policy_name": ("rule.ruleset",),
    "layer_name": ("rule.ruleset",),
    "version": ("rule.version",),
    "protection_name": ("rule.description",),
    "matched_category": ("rule.category",),
    "sent_bytes": ("source.bytes",),
    "client_outbound_bytes": ("source.bytes",),
    "received_bytes": ("destination.bytes",),
    "server_outbound_bytes": ("destination.bytes",),
    "client_outbound_packets": ("source.packets",),
    "server_outbound_packets": ("destination.packets",),
    "service_id": ("service.id", "network.application"),
    "appi_name": ("network.application",),
    "app_protocol": ("network.protocol",),
    "ifname": ("observer.ingress.interface.name",),
    "inzone": ("observer.ingress.zone",),
    "outzone": ("observer.egress.zone",),
    "origin": ("observer.ip", "observer.name"),
    "product": ("observer.product",),
    "severity": ("log.level",),
    "file_name": ("file.name",),
    "file_size": ("file.size",),
    "file_type": ("file.type",),
    "file_md5": ("file.hash.md5",),
    "file_sha1": ("file.hash.sha1",),
    "file_sha256": ("file.hash.sha256",),
    "process_name": ("process.name",),
    "parent_process_name": ("process.parent.name",),
    "dns_query": ("dns.question.name",),
    "domain_name": ("dns.question.name",),
    "dns_type": ("dns.question.type",),
    "reason": ("event.reason",),
    "message_info": ("message", "event.reason"),
    "sni": ("tls.client.server_name",),
    "email_subject": ("email.subject",),
    "from": ("email.from.address",),
    "to": ("email.to.address",),
    "loguid": ("event.id",),
    "sequencenum": ("event.sequence",),
}
_ALLOWED = frozenset(("accept", "allow", "bypass", "https bypass", "monitor", "detect", "encrypt", "decrypt",
                      "redirect",
                      "inspect", "https inspect", "keep", "update", "key install", "vpn routing"))  # fmt: skip
_DENIED = frozenset(("drop", "reject", "block", "prevent", "quarantine", "deny", "refuse"))
_ALERTS = re.compile(r"SmartDefense|IPS|Anti|Threat|Malware|DLP|Forensics", re.IGNORECASE)
_FLAW = re.compile(r"CVE-\d{4}-\d{4,7}", re.ASCII)
_NAMED = re.compile(r"(?P<full>[^()]{1,256}?) ?\((?P<account>[^()]{1,256})\)")
_LOGINS = frozenset(("log in", "login", "logged in", "authorize", "failed log in", "log out", "logout"))


def checkpoint_fields(values: dict[str, str], options: Options) -> Fields:
    """Return the fields of a record of Check Point's names; every name stays under `checkpoint.`."""
    fields: Fields = {}
    moment = instant_of(values.get("time", "") or values.get("creation_time", ""), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    put_all(fields, values, _TABLE, options.zone)
    _direction(values, fields)
    if "destination.ip" not in fields:  # of a tunnel as such; what goes through one has its own destination
        put(fields, "destination.ip", values.get("peer_gateway", ""), options.zone)
    if values.get("from") or values.get("to"):  # an administrator's change has a subject too
        put(fields, "email.subject", values.get("subject", ""), options.zone)
    for key, side in (("src", "source"), ("dst", "destination")):
        name = values.get(key, "")
        if name and not is_ip(name):
            put(fields, f"{side}.domain", name, options.zone)
    sic = re.match(r"CN=([^,]{1,253})", values.get("origin_sic_name", "").replace("\\", ""), re.IGNORECASE)
    if sic is not None:
        fields["observer.hostname"] = fields["host.name"] = sic[1]
    elif values.get("origin"):
        fields["host.name"] = values["origin"]
    duration = values.get("duration", "") or values.get("elapsed", "")
    if duration.isdecimal() and len(duration) < 12:
        fields["event.duration"] = int(duration) * 1_000_000_000
    if flaws := _FLAW.findall(values.get("industry_reference", "")[:4096]):
        fields["vulnerability.id"] = list(dict.fromkeys(flaws))
    keep(fields, "checkpoint.", values.items())
    _classify(values, fields)
    return fields


def _direction(values: dict[str, str], fields: Fields) -> None:
    direction = values.get("conn_direction") or values.get("ifdir") or ""
    if not direction:
        direction = {"0": "inbound", "1": "outbound"}.get(values.get("deviceDirection", ""), "")
    if direction:
        fields["network.direction"] = direction.lower()


def _classify(values: dict[str, str], fields: Fields) -> None:
    action, product = values.get("action", ""), values.get("product", "")
    failed = _failed(values)
    if values.get("operation", "").lower() in _LOGINS and "fail" not in action.lower():  # which the server `accepts`
        action = values["operation"]
    lowered = action.lower()
    if action:
        fields["event.action"] = action
    fields["event.kind"] = "alert" if _ALERTS.search(product) else "event"
    category, types = ["network"], []
    if lowered in _LOGINS or ("operation" in values and "administrator" in values):
        category = ["authentication"] if lowered in _LOGINS else ["configuration"]
        types = ["end" if "out" in lowered else "start"] if lowered in _LOGINS else ["change"]
        if lowered in _LOGINS and "source.user.name" in fields:  # who logs in is whom the record is about
            _person(values, fields)
    elif lowered in _DENIED:
        types = ["connection", "denied"]
    elif lowered in _ALLOWED:
        types = ["connection", "allowed"]
    if fields["event.kind"] == "alert":
        category = ["network", "malware" if "Anti" in product and "Bot" not in product else "intrusion_detection"]
    fields["event.category"], fields["event.type"] = category, types or ["info"]
    if action:
        fields["event.outcome"] = "failure" if failed else "success"


def _person(values: dict[str, str], fields: Fields) -> None:
    """Set who logs in: `Full Name (account)` in Check Point's words; the domain is the account's there, no question."""
    if "user.name" not in fields:
        named = _NAMED.fullmatch(who := str(fields["source.user.name"]))
        fields["user.name"] = named["account"] if named is not None else who
        if named is not None and named["full"] != named["account"]:
            fields["user.full_name"] = named["full"]
    if domain := values.get("domain_name"):
        fields["user.domain"] = domain
        if not values.get("dns_query"):
            fields.pop("dns.question.name", None)


def _failed(values: dict[str, str]) -> bool:
    """Tell whether what was tried failed: the action or the operation says so (`Failed Log In`), or a status."""
    tried = any("fail" in values.get(key, "").lower() for key in ("action", "operation"))
    ends = ("operation_result", "op_status", "auth_status", "status")
    return tried or any(values.get(key, "").lower().startswith("fail") for key in ends)
