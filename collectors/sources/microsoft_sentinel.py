"""Microsoft Sentinel's incidents, as its API and the connectors built on it give them.

Format: Microsoft Learn, "Incidents - List" (`Microsoft.SecurityInsights/incidents`), one JSON object an incident: in
the service's own form (`properties.createdTimeUtc`) or as the Python library writes it (`created_time_utc`). Fields of
the incident: `microsoft_sentinel.*`, as Elastic's integration has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import snake, spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, put_text, text, texts
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_TYPE: Final = "microsoft.securityinsights/incidents"
_SEVERITIES: Final = {"informational": 1, "low": 2, "medium": 3, "high": 4}
_TIMES: Final = (
    ("event.start", ("first_activity_time_utc", "created_time_utc")),
    ("event.end", ("last_modified_time_utc", "last_activity_time_utc")),
)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one incident."""
    details = {snake(name): value for name, value in {**document, **inner(document, "properties")}.items()}
    fields["event.kind"] = "alert"
    fields["event.category"], fields["event.type"] = ("intrusion_detection",), ("info",)
    fields["cloud.provider"] = "azure"
    fields["observer.vendor"], fields["observer.product"] = "Microsoft", "Sentinel"
    if (moment := to_instant(details.get("created_time_utc"), options.zone)) is not None:
        fields["@timestamp"] = moment
    for name, keys in _TIMES:
        found = next((at for key in keys if (at := to_instant(details.get(key), options.zone)) is not None), None)
        if found is not None:
            fields[name] = found
    put_text("event.id", document.get("name"), fields)
    put_text("event.reason", details.get("description") or details.get("title"), fields)
    put_text("event.url", details.get("incident_url"), fields)
    put_text("message", details.get("title"), fields)
    put_text("log.level", details.get("severity"), fields)
    severity = _SEVERITIES.get(text(details.get("severity")).lower())
    if severity is not None:
        fields["event.severity"] = severity
    owner = {snake(name): value for name, value in inner(details, "owner").items()}
    put_text("user.email", owner.get("email") or owner.get("user_principal_name"), fields)
    put_text("user.full_name", owner.get("assigned_to"), fields)
    put_text("user.id", owner.get("object_id"), fields)
    added = {snake(name): value for name, value in inner(details, "additional_data").items()}
    for name, key in (("threat.tactic.name", "tactics"), ("threat.technique.id", "techniques")):
        if words := texts(added.get(key)):
            fields[name] = words
    spread("microsoft_sentinel.incident.", document, fields, snaked=True)


def _owns(document: Mapping[str, Json]) -> bool:
    kind = document.get("type")
    return isinstance(kind, str) and kind.lower() == _TYPE and ("properties" in document or "status" in document)


SOURCE: Final = JsonSource(
    name="microsoft_sentinel",
    aliases=("sentinel", "azure_sentinel"),
    title="Microsoft Sentinel incidents",
    dataset="microsoft_sentinel.incident",
    owns=_owns,
    marks=((b"Microsoft.SecurityInsights/", b'"etag"'),),
    read=read,
)
