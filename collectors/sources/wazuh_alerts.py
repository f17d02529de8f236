"""Wazuh's and OSSEC's alerts: what its rules found, on which host, in which line.

Format: Wazuh documentation, "alerts.json": one JSON object an alert: `rule`, `agent`, `data`, `full_log`, `syscheck`.
(Windows events that it hands on whole, `data.win`, are read as such: see `windows`.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, number, put_text, text, texts
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.protocols import transport_fields
from collectors.sensors.addresses import known_ip
from collectors.source import Options
from engine.events import Fields

_GROUPS: Final = (  # of its rules, with ECS categories and type; the first counts
    ("authentication_failed", ("authentication",), "start", "failure"),
    ("authentication_failures", ("authentication",), "start", "failure"),
    ("invalid_login", ("authentication",), "start", "failure"),
    ("authentication_success", ("authentication",), "start", "success"),
    ("syscheck", ("file",), "change", ""),
    ("rootcheck", ("intrusion_detection",), "info", ""),
    ("virus", ("malware",), "info", ""),
    ("vulnerability-detector", ("vulnerability",), "info", ""),
    ("web", ("web",), "access", ""),
    ("accesslog", ("web",), "access", ""),
    ("firewall", ("network",), "connection", ""),
    ("account_changed", ("iam",), "change", ""),
    ("adduser", ("iam",), "creation", ""),
)
_FILE_EVENTS: Final = {"added": "creation", "modified": "change", "deleted": "deletion"}


def _owns(document: Mapping[str, Json]) -> bool:
    rule = document.get("rule")
    return (
        isinstance(rule, dict)
        and {"level", "description", "id"} <= rule.keys()
        and ("manager" in document or "decoder" in document)
        and "win" not in inner(dict(document), "data")
    )


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one alert."""
    rule, data = inner(document, "rule"), inner(document, "data")
    if (moment := to_instant(document.get("timestamp"), options.zone)) is not None:
        fields["@timestamp"] = moment
    fields["event.kind"] = "alert"
    groups = set(texts(rule.get("groups")))
    categories, kind, outcome = ("intrusion_detection",), "info", ""
    for name, *found in _GROUPS:
        if name in groups:
            categories, kind, outcome = found  # type: ignore[assignment] # a row of the table
            break
    fields["event.category"], fields["event.type"] = categories, (kind,)
    put_text("event.outcome", outcome, fields)
    put_text("event.id", document.get("id"), fields)
    put_text("rule.id", rule.get("id"), fields)
    put_text("rule.name", rule.get("description"), fields)
    if (level := number(rule.get("level"))) is not None:
        fields["event.severity"] = level
    if listed := sorted(groups):
        fields["rule.category"] = listed
    for name, key in (
        ("threat.technique.id", "id"),
        ("threat.technique.name", "technique"),
        ("threat.tactic.name", "tactic"),
    ):
        if values := texts(inner(rule, "mitre").get(key)):
            fields[name] = values
    _read_host(document, fields)
    _read_data(data, fields)
    _read_file(inner(document, "syscheck"), fields)
    put_text("message", document.get("full_log"), fields)
    put_text("log.file.path", document.get("location"), fields)
    spread("wazuh.", document, fields)


def _read_host(document: Document, fields: Fields) -> None:
    agent, said = inner(document, "agent"), inner(document, "predecoder")
    put_text("host.name", said.get("hostname") or agent.get("name"), fields)
    put_text("host.id", agent.get("id"), fields)
    if known_ip(address := text(agent.get("ip"))):
        fields["host.ip"] = [address]
    put_text("observer.name", inner(document, "manager").get("name"), fields)
    put_text("process.name", said.get("program_name"), fields)
    fields["observer.vendor"] = "Wazuh"


def _read_data(data: Document, fields: Fields) -> None:
    put_end(fields, "source", first(data, ("srcip", "src_ip")), first(data, ("srcport", "src_port")))
    put_end(fields, "destination", first(data, ("dstip", "dest_ip")), first(data, ("dstport", "dest_port")))
    put_text("user.name", first(data, ("dstuser", "srcuser", "user")), fields)
    put_text("url.original", data.get("url"), fields)
    put_text("process.command_line", data.get("command"), fields)
    fields.update(transport_fields(first(data, ("protocol", "proto"))))


def _read_file(found: Document, fields: Fields) -> None:
    """Read what its watch over files saw."""
    if not found:
        return
    path = text(found.get("path"))
    put_text("file.path", path, fields)
    put_text("file.name", path.replace("\\", "/").rpartition("/")[2], fields)
    for name in ("md5", "sha1", "sha256"):
        put_text(f"file.hash.{name}", found.get(f"{name}_after"), fields)
    put_text("file.owner", found.get("uname_after"), fields)
    if (kind := _FILE_EVENTS.get(text(found.get("event")))) is not None:
        fields["event.type"] = (kind,)


SOURCE: Final = JsonSource(
    name="wazuh_alerts",
    aliases=("wazuh", "ossec", "ossec_alerts"),
    title="Wazuh's and OSSEC's alerts",
    dataset="wazuh.alerts",
    owns=_owns,
    marks=((b'"rule"', b'"full_log"', b'"manager"'), (b'"rule"', b'"decoder"', b'"agent"', b'"level"')),
    read=read,
    finish=finish,
)
