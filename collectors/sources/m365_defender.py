"""Microsoft Defender XDR: security alerts and incidents of Microsoft Graph, and the advanced-hunting tables it streams.

Forms: `security/alerts_v2` and `security/incidents` (`{"value": [...]}` or one object), the older incidents interface,
and the streaming interface (`{"records": [{"category": "AdvancedHunting-...", "properties": {...}}]}`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, relate
from collectors.json_fields import Json
from collectors.m365.graph_alert import is_alert, is_incident, read_alert, read_incident
from collectors.m365.hunting import PREFIX, read_row
from collectors.source import Options
from engine.events import Fields


def _is_row(document: Mapping[str, Json]) -> bool:
    category = document.get("category")
    return isinstance(category, str) and category.startswith(PREFIX) and isinstance(document.get("properties"), dict)


def _owns(document: Mapping[str, Json]) -> bool:
    return _is_row(document) or is_alert(document) or is_incident(document)


def read(document: Document, fields: Fields, options: Options) -> None:  # noqa: ARG001 - every stamp has its zone
    """Read a row, an incident or an alert."""
    fields["cloud.provider"] = "azure"
    fields["observer.vendor"], fields["observer.product"] = "Microsoft", "Defender XDR"
    del fields["event.dataset"]  # each kind has its own
    if _is_row(document):
        row = inner(document, "properties")
        read_row(document, row, fields)
        spread("m365_defender.event.", row, fields, snaked=True)
    elif is_alert(document):
        read_alert(document, fields)
        spread("m365_defender.alert.", document, fields, snaked=True)
    else:
        read_incident(document, fields)
        spread("m365_defender.incident.", document, fields, snaked=True)


def finish(fields: Fields) -> Fields:
    """Complete an event: the other end's address, and the hashes of programs beside those of files."""
    relate(fields)
    if "destination.address" not in fields and (known := fields.get("destination.ip")):
        fields["destination.address"] = known
    values = (fields.get(f"{kind}.hash.{name}") for kind in ("file", "process") for name in ("md5", "sha1", "sha256"))
    if hashes := list(dict.fromkeys(value for value in values if isinstance(value, str))):
        fields["related.hash"] = hashes
    return fields


SOURCE: Final = JsonSource(
    name="m365_defender",
    aliases=("defender", "defender_xdr", "m365_defender_incident", "graph_security", "m365_defender.event"),
    title="Microsoft Defender XDR: Graph security alerts and incidents, advanced-hunting tables",
    dataset="m365_defender.event",
    owns=_owns,
    marks=(
        (b'"AdvancedHunting-', b'"properties"'),
        (b'"providerAlertId"', b'"detectionSource"'),
        (b'"incidentWebUrl"', b'"determination"'),
    ),
    read=read,
    finish=finish,
)
