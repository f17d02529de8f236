"""Auth0 tenant logs: log streams (`{"log_id": ..., "data": {...}}`) and the Management API (`/api/v2/logs`).

Format: Auth0 documentation, "Log event data" and "Log event type codes". Field names: Elastic's `auth0.logs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, put_source, put_text, text
from collectors.identity.auth0_types import meaning
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_P = "auth0.logs.data."


def _is_log(data: Mapping[str, Json]) -> bool:
    return (
        isinstance(data.get("type"), str)
        and "date" in data
        and ("log_id" in data or "_id" in data)
        and ("client_id" in data or "user_id" in data or "connection" in data or "ip" in data or "isMobile" in data)
    )


def _owns(document: Mapping[str, Json]) -> bool:
    data = document.get("data")
    if isinstance(data, dict) and "log_id" in document:
        return isinstance(data.get("type"), str) and "date" in data
    return _is_log(document)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one log event."""
    data = inner(document, "data") or document
    moment = to_instant(data.get("date"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    code = text(data.get("type"))
    known = meaning(code)
    fields["event.action"], fields["event.outcome"] = known.action, known.outcome
    fields["event.category"], fields["event.type"] = known.categories, known.types
    put_text("event.code", code, fields)
    put_text("event.reason", data.get("description"), fields)
    fields["log.level"] = "error" if known.outcome == "failure" else "info"
    put_source(data.get("ip"), fields, names=False)
    address = fields.get("source.ip")
    if isinstance(address, str):
        fields["network.type"] = f"ipv{ip_address(address).version}"
    put_text("user.id", data.get("user_id"), fields)
    put_text("user.name", data.get("user_name"), fields)
    agent = data.get("user_agent")
    if isinstance(agent, str) and agent:
        fields["user_agent.original"] = agent  # "unknown" too: the log's own word for a client without one
    put_text("auth0.logs.log_id", document.get("log_id"), fields)
    spread(_P, data, fields)


SOURCE: Final = JsonSource(
    name="auth0",
    aliases=("auth0.logs", "auth0_logs"),
    title="Auth0 tenant logs",
    dataset="auth0.logs",
    owns=_owns,
    marks=((b'"log_id"', b'"data"', b'"date"', b'"type"'),),
    read=read,
)
