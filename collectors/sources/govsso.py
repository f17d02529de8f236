"""GovSSO, the single sign-on of Estonia's public sector: application log, statistics log, console lines.

Format: GOVSSO-Session's logback configuration and its statistics logger (MIT): one record an authentication request of
a session, with the level of assurance that was asked for and the one that was granted.
"""

from __future__ import annotations

from typing import Final

from collectors.cloud.values import first, number, put_text, text
from collectors.identity.spring import Flat, SpringSource, compare_levels, read_error, read_person
from collectors.json_fields import to_instant
from engine.events import Fields

_OUTCOMES: Final = {"SUCCESS": "success", "FAILED": "failure", "CANCELED": "failure"}
_TYPES: Final = {"START": "start", "CONTINUE": "info", "UPDATE": "change", "AUTH": "info"}
_PLAIN: Final = {  # the logger's own field names, where a shipper wrote them instead of the log's keys
    "clientId": "client.id",
    "registryCode": "institution.registry_code",
    "sector": "institution.sector",
    "sessionId": "session.id",
    "session_id": "session.id",
    "sessionStartTime": "session.start_time",
    "session_start_time": "session.start_time",
    "sessionDuration": "session.duration",
    "session_duration": "session.duration",
    "country": "authentication.country",
    "idCode": "authentication.id_code",
    "authenticationRequestType": "authentication.request_type",
    "authenticationType": "authentication.type",
    "authenticationState": "authentication.state",
    "requestedAcr": "authentication.requested_acr",
    "grantedAcr": "authentication.granted_acr",
    "errorCode": "authentication.error_code",
}


def _read(flat: Flat, fields: Fields) -> None:
    """Read the record of one authentication request."""
    flat = flat | {_PLAIN[name]: value for name, value in flat.items() if name in _PLAIN}
    kind = text(flat.get("authentication.request_type")).upper()
    fields["event.category"] = ("authentication", "session")
    fields["event.type"] = (_TYPES.get(kind.partition("_")[0], "info"),)
    if kind:
        fields["event.action"] = kind.lower().replace("_", "-")
    state = text(flat.get("authentication.state")).upper()
    outcome = _OUTCOMES.get(state.rpartition("_")[2])
    if outcome is not None:
        fields["event.outcome"] = outcome
    read_error(text(flat.get("authentication.error_code")), fields)
    read_person(flat, fields)
    put_text("organization.id", flat.get("institution.registry_code"), fields)
    put_text("service.name", first(flat, ("client.name", "client.short_name")), fields)
    requested, granted = (text(flat.get(f"authentication.{name}")) for name in ("requested_acr", "granted_acr"))
    compare_levels(requested, granted, "govsso.authentication.", fields)
    _read_session(flat, fields)


def _read_session(flat: Flat, fields: Fields) -> None:
    put_text("govsso.session.id", flat.get("session.id"), fields)
    start = to_instant(number(flat.get("session.start_time")) or flat.get("session.start_time"))
    if start is not None:
        fields["govsso.session.start_time"] = start
    seconds = number(flat.get("session.duration"))
    if seconds is not None:
        fields["govsso.session.duration"] = seconds


SOURCE: Final = SpringSource(
    name="govsso",
    aliases=("govsso_session", "govsso.statistics"),
    title="GovSSO single sign-on (application and statistics log)",
    prefix="govsso.",
    kinds=frozenset({"govsso", "govsso-session", "govsso-admin"}),
    loggers=("ee.ria.govsso", "e.r.govsso", "e.r.g.", "e.ria.govsso"),
    statistics=frozenset({"authentication.request_type", "authenticationRequestType", "authentication.requested_acr"}),
    foreign=frozenset(),
    read=_read,
    datasets=("govsso.log", "govsso.statistics"),
)
