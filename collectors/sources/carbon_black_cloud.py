"""VMware Carbon Black: alerts, hits of watchlists and audit of the Cloud, and what EDR servers forward.

Formats: Carbon Black developer documentation, "Data forwarder" (`alert`, `watchlist.hit`), "Audit log events", and
EDR's event forwarder (`type`, `cb_server` or `server_name`), one JSON object a record. Field names: Elastic's
`carbon_black_cloud.*` and `carbonblack.edr.*`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, put_text, put_texts, split_account, text, texts
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from engine.events import Fields

_KINDS: Final = (  # dataset, the fields that its records have, and of which they have one at least
    ("watchlist_hit", {"process_guid", "ioc_id"}, {"watchlists", "report_id", "ioc_hit"}),
    ("alert", {"org_key", "severity", "type"}, {"alert_url", "workflow", "threat_id", "reason_code"}),
    ("audit", {"eventId", "loginName", "orgName"}, {"description", "clientIp"}),
    ("edr", {"cb_version", "server_name"}, {"ioc_type", "feed_id", "hostname", "sensor_id", "type"}),
    ("edr", {"cb_server", "type"}, {"process_guid", "computer_name", "sensor_id"}),
)
_ALERT: Final = (
    ("event.id", ("id",)),
    ("event.reason", ("reason",)),
    ("event.url", ("alert_url",)),
    ("event.action", ("sensor_action",)),
    ("host.id", ("device_id",)),
    ("host.name", ("device_name",)),
    ("host.hostname", ("device_name",)),
    ("host.os.version", ("device_os_version",)),
    ("user.name", ("device_username",)),
    ("rule.name", ("report_name", "rule_category_id")),
    ("process.name", ("process_name",)),
    ("process.executable", ("process_path", "threat_cause_actor_process_path")),
    ("process.command_line", ("process_cmdline",)),
    ("process.entity_id", ("process_guid",)),
    ("process.hash.sha256", ("threat_cause_actor_sha256",)),
    ("process.hash.md5", ("threat_cause_actor_md5",)),
)
_HIT: Final = (
    ("host.id", ("device_id",)),
    ("host.hostname", ("device_name",)),
    ("host.name", ("device_name",)),
    ("process.executable", ("process_path",)),
    ("process.command_line", ("process_cmdline",)),
    ("process.entity_id", ("process_guid",)),
    ("process.parent.executable", ("parent_path",)),
    ("process.parent.command_line", ("parent_cmdline",)),
    ("process.parent.entity_id", ("parent_guid",)),
    ("rule.name", ("report_name",)),
    ("rule.id", ("report_id",)),
)
_EDR: Final = (
    ("event.action", ("type",)),
    ("host.name", ("hostname", "computer_name")),
    ("observer.name", ("server_name", "cb_server")),
    ("observer.version", ("cb_version",)),
    ("process.executable", ("path", "process_path")),
    ("process.name", ("process_name",)),
    ("process.command_line", ("command_line", "cmdline")),
    ("process.entity_id", ("process_guid",)),
    ("process.hash.md5", ("process_md5",)),
    ("process.parent.executable", ("parent_path",)),
    ("process.parent.name", ("parent_name",)),
    ("user.name", ("username",)),
    ("rule.name", ("watchlist_name", "feed_name")),
)
_PROCESS_NUMBERS: Final = (("process.pid", ("process_pid", "pid")), ("process.parent.pid", ("parent_pid",)))
_LONG: Final = {32: "md5", 40: "sha1", 64: "sha256"}
_LOG_INS: Final = (("logged in", "start"), ("login", "start"), ("log in", "start"), ("logged out", "end"))
_FAILURES: Final = ("fail", "invalid", "denied", "unsuccessful")
_VERBS: Final = (("delet", "deletion"), ("remov", "deletion"), ("creat", "creation"), ("added", "creation"))


def _kind(document: Mapping[str, Json]) -> str:
    keys = document.keys()
    return next((kind for kind, all_of, any_of in _KINDS if all_of <= keys and not keys.isdisjoint(any_of)), "")


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any kind."""
    kind = _kind(document)
    of_edr = kind == "edr"
    fields["event.dataset"] = "carbonblack_edr.log" if of_edr else f"carbon_black_cloud.{kind}"
    fields["event.module"] = "carbonblack_edr" if of_edr else "carbon_black_cloud"
    fields["observer.vendor"] = "VMWare"
    for name, keys in (
        ("@timestamp", ("create_time", "backend_timestamp", "eventTime", "event_timestamp", "timestamp")),
        ("event.start", ("first_event_time", "first_event_timestamp")),
        ("event.end", ("last_event_time", "last_event_timestamp")),
    ):
        moment = next((found for key in keys if (found := to_instant(document.get(key), options.zone))), None)
        if moment is not None:
            fields[name] = moment
    _READERS[kind](document, fields)
    spread("carbonblack.edr." if of_edr else f"carbon_black_cloud.{kind}.", document, fields)


def _read_alert(document: Document, fields: Fields) -> None:
    fields["event.kind"] = "alert"
    is_malware = "MALWARE" in {text(document.get("threat_cause_threat_category")), text(document.get("category"))}
    fields["event.category"], fields["event.type"] = (
        (("malware",) if is_malware else ("intrusion_detection",)),
        ("info",),
    )
    put_texts(_ALERT, document, fields)
    put_count(fields, "event.severity", document.get("severity"))
    _read_host(document, fields)
    _read_numbers(document, fields)


def _read_hit(document: Document, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ("process",), ("info",)
    put_texts(_HIT, document, fields)
    put_count(fields, "event.severity", document.get("severity"))
    _read_host(document, fields)
    _read_numbers(document, fields)
    for prefix, key in (("process", "process_hash"), ("process.parent", "parent_hash")):
        for value in texts(document.get(key)):
            if (name := _LONG.get(len(value))) is not None:
                put_text(f"{prefix}.hash.{name}", value, fields)
    for prefix, key in (("process", "process_username"), ("process.parent", "parent_username")):
        put_text(f"{prefix}.user.name", next(iter(texts(document.get(key))), None), fields)


def _read_host(document: Document, fields: Fields) -> None:
    told = (text(document.get(key)) for key in ("device_internal_ip", "device_external_ip"))
    if known := [address for address in dict.fromkeys(told) if known_ip(address)]:
        fields["host.ip"] = known
    put_text("host.os.type", text(document.get("device_os")).lower(), fields)


def _read_numbers(document: Document, fields: Fields) -> None:
    for name, keys in _PROCESS_NUMBERS:
        for key in keys:
            if name not in fields:
                put_count(fields, name, document.get(key))


def _read_audit(document: Document, fields: Fields) -> None:
    """Read what somebody did in the console; the description alone says what."""
    said = text(document.get("description"))
    lowered = said.lower()
    put_text("event.id", document.get("eventId"), fields)
    put_text("event.reason", said, fields)
    put_text("organization.name", document.get("orgName"), fields)
    account = text(document.get("loginName"))
    put_text("client.user.id", account, fields)
    for side in ("client", "source"):
        put_end(fields, side, document.get("clientIp"))
    log_in = next((kind for words, kind in _LOG_INS if words in lowered), None)
    fields["event.outcome"] = "failure" if any(word in lowered for word in _FAILURES) else "success"
    if log_in is not None:
        fields["event.category"], fields["event.type"] = ("authentication",), (log_in,)
        name, domain = split_account(account)
        put_text("user.name", name, fields)
        put_text("user.domain", domain, fields)
    else:
        fields["event.category"] = ("configuration",)
        fields["event.type"] = (next((kind for word, kind in _VERBS if word in lowered), "change"),)


def _read_edr(document: Document, fields: Fields) -> None:
    """Read an event of an EDR server: a process, a hit of a feed or a watchlist."""
    fields["observer.product"], fields["observer.type"] = "Carbon Black EDR", "edr"
    put_texts(_EDR, document, fields)
    kind = text(document.get("type"))
    if "procstart" in kind:
        fields["event.category"], fields["event.type"] = ("process",), ("start",)
    elif "procend" in kind:
        fields["event.category"], fields["event.type"] = ("process",), ("end",)
    elif kind.startswith(("alert.", "watchlist.", "feed.")):
        fields["event.kind"] = "alert"
    fields.setdefault("event.action", "unknown")
    _read_numbers(document, fields)
    indicator, value = text(document.get("ioc_type")), text(document.get("ioc_value"))
    if indicator in _LONG.values() and value:
        fields["threat.indicator.type"] = "file"
        fields[f"threat.indicator.file.hash.{indicator}"] = value
    elif known_ip(value):
        fields["threat.indicator.type"], fields["threat.indicator.ip"] = (
            "ipv6-addr" if ":" in value else "ipv4-addr",
            value,
        )
    put_end(fields, "source", document.get("local_ip"), document.get("local_port"))
    put_end(fields, "destination", document.get("remote_ip"), document.get("remote_port"))
    put_text("destination.domain", first(document, ("domain",)), fields)


_READERS: Final[Mapping[str, Callable[[Document, Fields], None]]] = {
    "alert": _read_alert,
    "audit": _read_audit,
    "edr": _read_edr,
    "watchlist_hit": _read_hit,
}

SOURCE: Final = JsonSource(
    name="carbon_black_cloud",
    aliases=("carbon_black", "carbonblack_edr", "carbonblack"),
    title="VMware Carbon Black Cloud and EDR",
    dataset="carbon_black_cloud.alert",
    owns=_owns,
    marks=((b'"org_key"', b'"device_id"', b'"threat_id"'), (b'"process_guid"', b'"ioc_id"', b'"watchlists"')),
    read=read,
    finish=finish,
)
