"""Netskope: alerts and events of its cloud access security broker, its web gateway and its private access.

Format: Netskope, "REST API v2, events and alerts data export" (as its Cloud Exchange writes them too), flat JSON with
epoch seconds; or as its log shipper writes them for Elastic, with the vendor's fields under `netskope.alerts` or
`netskope.events` beside ECS. Field names: Elastic's `netskope.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end, verdict_of
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, put_text, put_texts, text, texts
from collectors.json_fields import REST, Json, as_json, flatten, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.source import Options
from collectors.web.address import endpoint
from collectors.web.request import read_target
from engine.events import Fields

_SHIPPED: Final = ("alerts", "events")
_OWN: Final = frozenset({
    *("access_method", "insertion_epoch_timestamp", "traffic_type", "appcategory", "ccl", "alert_type"),
    *("netskope_pop", "supporting_data", "audit_log_event"),
})  # fmt: skip
_BY_ALERT: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {  # `alert_type` -> categories, types
    "malware": (("malware",), ("info",)),
    "malsite": (("intrusion_detection", "web"), ("info",)),
    "ctep": (("intrusion_detection",), ("info",)),
    "dlp": (("file",), ("info",)),
    "policy": (("web",), ("access",)),
    "uba": (("intrusion_detection",), ("info",)),
    "compromised credential": (("intrusion_detection", "iam"), ("info",)),
    "security assessment": (("configuration",), ("info",)),
    "quarantine": (("file",), ("info",)),
    "remediation": (("file",), ("info",)),
}
_BY_EVENT: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {  # `type` of an event
    "page": (("web",), ("access",)),
    "connection": (("web",), ("access",)),
    "nspolicy": (("web",), ("access",)),
    "network": (("network",), ("connection",)),
    "admin_audit_logs": (("configuration",), ("change",)),
    "infrastructure": (("host",), ("info",)),
}
_LOG_INS: Final = {"login successful": "success", "login attempt": None, "login failed": "failure"}
_TEXTS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("event.id", ("_id", "transaction_id")),
    ("event.reason", ("alarm_description", "policy_name_enforced", "audit_log_event")),
    ("log.level", ("severity", "severity_level")),
    ("rule.name", ("policy", "policy_name", "dlp_rule", "alert_name")),
    ("rule.category", ("alert_type", "page_category")),
    ("user.group.name", ("usergroup", "user_group")),
    ("user_agent.original", ("useragent", "user_agent")),
    ("user_agent.name", ("browser",)),
    ("host.name", ("hostname", "device_name")),
    ("host.os.name", ("os",)),
    ("host.os.version", ("os_version",)),
    ("network.application", ("app",)),
    ("http.request.method", ("http_method",)),
    ("http.request.referrer", ("referer",)),
    ("http.response.mime_type", ("http_content_type",)),
    ("file.name", ("object", "file_name", "filename")),
    ("file.path", ("file_path",)),
    ("file.mime_type", ("file_type",)),
    ("file.hash.md5", ("md5", "local_md5")),
    ("file.hash.sha256", ("sha256", "local_sha256")),
    ("process.name", ("app_process_name", "process_name")),
    ("threat.software.name", ("malware_name",)),
    ("email.subject", ("subject",)),
    ("source.geo.country_iso_code", ("src_country",)),
    ("source.geo.city_name", ("src_location",)),
    ("destination.geo.country_iso_code", ("dst_country",)),
    ("destination.geo.city_name", ("dst_location",)),
)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one alert or event in either form."""
    fields["observer.vendor"], fields["observer.product"] = "Netskope", "Netskope"
    kind = next((name for name in _SHIPPED if inner(document, "netskope", name)), None)
    if kind is not None:
        _read_shipped(kind, document, fields, options)
        return
    told = text(document.get("type")).lower()
    is_alert = text(document.get("alert")).lower() in {"yes", "true"} or "alert_type" in document
    kind = "alerts" if is_alert else "events"
    fields["event.dataset"] = f"netskope.{kind}"
    moment = next(
        (found for key in ("timestamp", "insertion_epoch_timestamp") if (found := to_instant(document.get(key)))), None
    )
    if moment is not None:
        fields["@timestamp"] = moment
    if is_alert:
        fields["event.kind"] = "alert"
        nature = _BY_ALERT.get(text(document.get("alert_type")).lower(), (("intrusion_detection",), ("info",)))
    else:
        nature = _BY_EVENT.get(told, ((), ("info",)))
    fields["event.category"], fields["event.type"] = nature
    _read_action(document, fields)
    put_texts(_TEXTS, document, fields)
    _read_people(document, fields)
    put_end(fields, "source", first(document, ("srcip", "userip")), document.get("srcport"))
    put_end(fields, "destination", first(document, ("dstip",)), document.get("dstport"))
    put_text("destination.domain", endpoint(first(document, ("dsthost", "domain", "site"))).domain, fields)
    put_count(fields, "source.bytes", document.get("client_bytes"))
    put_count(fields, "destination.bytes", document.get("server_bytes"))
    put_count(fields, "file.size", document.get("file_size"))
    put_count(fields, "http.response.status_code", document.get("http_status"))
    fields.update(transport_fields(text(document.get("protocol"))))
    _read_url(text(document.get("url")), fields)
    spread(f"netskope.{kind}.", document, fields)


def _read_action(document: Document, fields: Fields) -> None:
    """Read what a person did and whether it was let; a log-in is one whatever the alert is about."""
    activity = text(document.get("activity"))
    said = activity.lower()
    put_text("event.action", activity or text(document.get("audit_log_event")), fields)
    if said in _LOG_INS:
        fields["event.category"], fields["event.type"] = ("authentication",), ("start",)
        put_text("event.outcome", _LOG_INS[said], fields)
    verdict = verdict_of(document.get("action"))
    if verdict is not None:
        types = fields["event.type"]
        fields["event.type"] = (*(types if isinstance(types, tuple) else ()), verdict)


def _read_people(document: Document, fields: Fields) -> None:
    account = first(document, ("user", "ur_normalized", "userkey"))
    put_text("user.name", account, fields)
    put_text("user.email", account if "@" in account else None, fields)
    if found := texts(document.get("from_user")):
        fields["email.from.address"] = found
    if found := texts(document.get("to_user")):
        fields["email.to.address"] = found


def _read_url(url: str, fields: Fields) -> None:
    """Read an address, which mostly stands without its scheme."""
    if not url:
        return
    host, _, path = ("", "", url) if "://" in url else url.partition("/")
    read_target(path if not host else f"/{path}", fields)
    put_text("url.domain", endpoint(host).domain, fields)
    fields["url.original"] = url


def _read_shipped(kind: str, document: Document, fields: Fields, options: Options) -> None:
    """Read what the log shipper wrote: ECS under its own names, with numbered objects where a list is meant."""
    alike, own = dict(document), inner(document, "netskope")
    del alike["netskope"]
    for holder, name in (("file", "mime_type"), ("user", "email")):
        if isinstance(found := inner(alike, holder).get(name), dict):
            alike[holder] = {**inner(alike, holder), name: list(dict.fromkeys(texts(list(found.values()))))}
    moment = to_instant(alike.pop("@timestamp", None), options.zone)
    ecs, rest = flatten(alike)
    fields.update({name: value for name, value in ecs.items() if value not in ("null", "") and name not in fields})
    if rest:
        fields[REST] = as_json(rest)
    if moment is not None:
        fields["@timestamp"] = moment
    fields["event.dataset"] = f"netskope.{kind}"
    if kind == "alerts":
        fields["event.kind"] = "alert"
    spread("netskope.", own, fields)


def _owns(document: Mapping[str, Json]) -> bool:
    if isinstance(shipped := document.get("netskope"), dict):
        return any(isinstance(shipped.get(name), dict) for name in _SHIPPED)
    return "timestamp" in document and ("type" in document or "alert_type" in document) and (
        len(_OWN & document.keys()) >= 2
    )  # fmt: skip


SOURCE: Final = JsonSource(
    name="netskope",
    aliases=("netskope_cloud", "netskope_api"),
    title="Netskope alerts and events",
    dataset="netskope.events",
    owns=_owns,
    marks=((b'"netskope"', b'"access_method"'), (b'"insertion_epoch_timestamp"', b'"access_method"', b'"type"')),
    read=read,
    finish=finish,
)
