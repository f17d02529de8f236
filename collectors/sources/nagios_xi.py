"""Nagios XI: its log entries, and the state of hosts and services, as its API's objects.

Format: "Nagios XI API Docs", `objects/logentries` (`logentry_id`, `logentry_data`), `objects/hoststatus` and
`objects/servicestatus`; stamps are in the server's zone, states are numbers. Names: Elastic's integration `nagios_xi`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.values import put
from collectors.source import Options
from engine.events import Fields

_ENTRY: Final = frozenset(("logentry_id", "logentry_data", "entry_time"))
_HOST: Final = frozenset(("hoststatus_id", "host_object_id", "current_state"))
_SERVICE: Final = frozenset(("servicestatus_id", "service_object_id", "current_state"))
_HOST_STATES: Final = {"0": "Up/Pending", "1": "Down", "2": "Unreachable"}
_SERVICE_STATES: Final = {"0": "Ok/Pending", "1": "Warning", "2": "Critical", "3": "Unknown"}


def _owns(document: Mapping[str, Json]) -> bool:
    return any(wanted <= document.keys() for wanted in (_ENTRY, _HOST, _SERVICE))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read a log entry, or the state of a host or a service."""
    entry, host = document.keys() >= _ENTRY, document.keys() >= _HOST
    kind = "event" if entry else "host" if host else "service"
    fields["event.dataset"] = "nagios_xi.events" if entry else f"nagios_xi.{kind}"
    fields["event.kind"] = "event" if entry else "metric"
    fields["event.category"], fields["event.type"] = ["host"], ["info"]
    moment = to_instant(text(document.get("entry_time" if entry else "status_update_time")), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    put_text("message", document.get("logentry_data" if entry else "output"), fields)
    if not entry:
        put_text("host.name", document.get("host_name"), fields)
        put(fields, "host.ip", text(document.get("address" if host else "host_address")), options.zone)
        states = _HOST_STATES if host else _SERVICE_STATES
        state = text(document.get("current_state"))
        put_text("nagios_xi.state", states.get(state, state), fields)
    if kind == "service":
        put_text("service.name", document.get("display_name") or document.get("service_description"), fields)
    spread(f"nagios_xi.{kind}.", document, fields)


SOURCE: Final = JsonSource(
    name="nagios_xi",
    aliases=("nagios", "nagios_xi_events", "nagios_xi_host", "nagios_xi_service"),
    title="Nagios XI: log entries, states of hosts and services",
    dataset="nagios_xi.events",
    owns=_owns,
    marks=((b'"logentry_id"', b'"logentry_data"'), (b'"hoststatus_id"',), (b'"servicestatus_id"',)),
    read=read,
    finish=finish,
)
