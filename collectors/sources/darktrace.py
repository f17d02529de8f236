"""Darktrace: incidents of its AI Analyst, breaches of models, and alerts on its own state.

Format: Darktrace's external alerts as JSON (also within syslog), "AI Analyst alerts", "Model breach alerts", "System
status alerts", one JSON object an alert; instants are epoch milliseconds. Field names: Elastic's `darktrace.*`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end, put_span
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, number, objects, put_text, text, texts
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from engine.events import Fields

_KINDS: Final = (  # dataset, and the fields that its records have
    ("ai_analyst_alert", {"summariser", "title", "aiaScore"}),
    ("model_breach_alert", {"pbid", "model", "triggeredComponents"}),
    ("system_status_alert", {"alert_name", "priority_level", "last_updated_status"}),
)
_STAMPS: Final = {"ai_analyst_alert": "createdAt", "model_breach_alert": "time", "system_status_alert": "last_updated"}
_SHOWN: Final = {  # of a breach's filters that only show what triggered it, and the field that it is
    "Destination IP": "destination.ip",
    "Source IP": "source.ip",
    "Destination port": "destination.port",
    "Source port": "source.port",
    "Connection hostname": "destination.domain",
    "JA3 hash": "tls.client.ja3",
}


def _kind(document: Mapping[str, Json]) -> str:
    return next((kind for kind, all_of in _KINDS if all_of <= document.keys()), "")


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one alert of any kind."""
    kind = _kind(document)
    fields["event.kind"] = "alert"
    fields["event.dataset"] = f"darktrace.{kind}"
    fields["event.type"] = ("info",)
    fields["observer.vendor"] = "Darktrace"
    moment = to_instant(document.get(_STAMPS[kind]), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    _READERS[kind](document, fields)
    spread(f"darktrace.{kind}.", document, fields, snaked=True)


def _put_score(score: object, most: float, fields: Fields) -> None:
    """Put a score, and the same of 100."""
    if isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= most:
        fields["event.risk_score"] = score
        fields["event.risk_score_norm"] = round(score * 100 / most, 6)


def _read_incident(document: Document, fields: Fields) -> None:
    fields["event.category"] = ("threat",)
    put_text("event.id", document.get("id"), fields)
    put_text("event.reason", document.get("title"), fields)
    put_text("message", document.get("summary"), fields)
    put_text("threat.group.id", document.get("currentGroup"), fields)
    _put_score(document.get("aiaScore"), 100, fields)
    period = next(objects(document.get("periods")), {})
    put_span(fields, period.get("start"), period.get("end"))
    if models := [name for each in objects(document.get("relatedBreaches")) if (name := text(each.get("modelName")))]:
        fields["rule.name"] = models
    _read_devices(list(objects(document.get("breachDevices"))), fields)


def _read_breach(document: Document, fields: Fields) -> None:
    model = inner(document, "model")
    fields["event.category"], fields["event.type"] = ("network",), ("info", "connection")
    put_text("event.id", document.get("pbid"), fields)
    put_text("event.url", document.get("breachUrl"), fields)
    for name, key in (("name", "name"), ("description", "description"), ("category", "category"), ("uuid", "uuid")):
        put_text(f"rule.{name}", model.get(key), fields)
    put_text("rule.version", model.get("version"), fields)
    put_text("rule.author", inner(model, "created").get("by"), fields)
    if tags := texts(model.get("tags")):
        fields["rule.ruleset"] = tags
    put_count(fields, "event.severity", model.get("priority"))
    _put_score(document.get("score"), 1, fields)
    parts = list(objects(document.get("triggeredComponents")))
    put_span(fields, parts[0].get("time") if parts else None, None)
    _read_devices([inner(document, "device")], fields)
    put_text("host.type", inner(document, "device").get("typename"), fields)
    for part in parts:
        _read_shown(part, fields)


def _read_shown(part: Document, fields: Fields) -> None:
    """Read what a component of a breach shows of the connection that triggered it."""
    for each in objects(part.get("triggeredFilters")):
        name = _SHOWN.get(text(each.get("filterType")))
        value = inner(each, "trigger").get("value")
        if name is None or text(each.get("comparatorType")) != "display" or name in fields:
            continue
        side, _, last = name.rpartition(".")
        if last == "ip":
            put_end(fields, side, value)
        elif last == "port":
            put_end(fields, side, None, value)
        else:
            put_text(name, value, fields)


def _read_status(document: Document, fields: Fields) -> None:
    put_text("event.id", document.get("uuid"), fields)
    put_text("event.reason", document.get("message"), fields)
    put_text("rule.name", document.get("alert_name"), fields)
    put_text("host.hostname", document.get("hostname"), fields)
    put_text("host.name", document.get("hostname"), fields)
    if known_ip(address := text(document.get("ip_address"))):
        fields["host.ip"] = [address]
    _put_score(number(document.get("priority")), 100, fields)


def _read_devices(devices: list[Document], fields: Fields) -> None:
    for name, key in (
        ("host.id", "did"),
        ("host.name", "hostname"),
        ("host.hostname", "hostname"),
        ("host.mac", "mac"),
    ):
        if values := [value for each in devices if (value := text(each.get(key)))]:
            fields[name] = values[0] if len(values) == 1 or name == "host.name" else values
    if known := [address for each in devices if known_ip(address := text(each.get("ip")))]:
        fields["host.ip"] = known


_READERS: Final[Mapping[str, Callable[[Document, Fields], None]]] = {
    "ai_analyst_alert": _read_incident,
    "model_breach_alert": _read_breach,
    "system_status_alert": _read_status,
}

SOURCE: Final = JsonSource(
    name="darktrace",
    aliases=("darktrace_alerts",),
    title="Darktrace: incidents, model breaches, system status",
    dataset="darktrace.model_breach_alert",
    owns=_owns,
    marks=((b'"pbid"', b'"model"', b'"creationTime"'), (b'"summariser"', b'"aiaScore"', b'"attackPhases"')),
    read=read,
    finish=finish,
)
