"""Salesforce: log-ins and log-outs (event log files, streamed events), what administrators set up, calls of its APIs.

Format: Salesforce Platform object reference, "EventLogFile supported event types" (keys in capitals),
"LoginEventStream", "LogoutEventStream" and "SetupAuditTrail", one JSON object an event. Field names: Elastic's
`salesforce.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, put_text, put_texts, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.network.tls import put_tls
from collectors.source import Options
from engine.events import Fields

_TEXTS: Final = (
    ("user.id", ("USER_ID_DERIVED", "USER_ID", "UserId", "CreatedById")),
    ("user.email", ("USER_NAME", "Username")),
    ("user.roles", ("USER_TYPE", "UserType")),
    ("user_agent.original", ("BROWSER_TYPE", "USER_AGENT", "UserAgent")),
    ("tls.cipher", ("CIPHER_SUITE", "CipherSuite")),
    ("event.url", ("URI", "LoginUrl")),
    ("organization.id", ("OrganizationId",)),
    ("http.request.method", ("METHOD",)),
)
_STAMPS: Final = ("TIMESTAMP_DERIVED", "EventDate", "CreatedDate")
_NO_ERROR: Final = frozenset(("LOGIN_NO_ERROR", "Success", "success"))
_SETUP_VERBS: Final = (
    ("delete", "deletion"),
    ("remove", "deletion"),
    ("created", "creation"),
    ("create", "creation"),
    ("new", "creation"),
    ("insert", "creation"),
)
_ACCOUNTS: Final = ("user", "profile", "permission", "role", "password", "login", "session", "public groups")


def _kind(document: Mapping[str, Json]) -> str:
    keys = document.keys()
    if {"EVENT_TYPE", "ORGANIZATION_ID", "TIMESTAMP_DERIVED"} <= keys:
        return {"Login": "login_rest", "Logout": "logout_rest"}.get(text(document.get("EVENT_TYPE")), "event")
    if {"EventIdentifier", "EventDate"} <= keys and not keys.isdisjoint(("LoginKey", "SessionKey")):
        return "login_stream" if not keys.isdisjoint(("LoginType", "LoginUrl")) else "logout_stream"
    return "setupaudittrail" if {"Action", "Section", "Display", "CreatedDate"} <= keys else ""


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one event."""
    kind = _kind(document)
    fields["event.dataset"] = f"salesforce.{kind}"
    moment = next((found for key in _STAMPS if (found := to_instant(document.get(key), options.zone))), None)
    if moment is not None:
        fields["@timestamp"] = moment
    put_texts(_TEXTS, document, fields)
    put_end(fields, "source", first(document, ("SOURCE_IP", "SourceIp", "CLIENT_IP")))
    put_tls(first(document, ("TLS_PROTOCOL", "TlsProtocol")), fields)
    place = kind.partition("_")[0]
    if place in {"login", "logout"}:
        _read_session(place, document, fields)
    elif kind == "setupaudittrail":
        _read_change(document, fields)
    else:
        put_text("event.action", text(document.get("EVENT_TYPE")).lower(), fields)
        fields["event.category"], fields["event.type"] = ("web",), ("access",)
    spread(f"salesforce.{place}.", document, fields, snaked=True)


def _read_session(place: str, document: Document, fields: Fields) -> None:
    """Read a log-in or a log-out; the account's name is the address of mail that people log in with."""
    fields["event.category"] = ("authentication",)
    fields["event.type"] = ("info", "start") if place == "login" else ("info", "end")
    fields["event.action"] = f"{place}-attempt" if place == "login" else place
    put_text("user.name", fields.get("user.email"), fields)  # type: ignore[arg-type] # a text, set above
    status = first(document, ("LOGIN_STATUS", "Status"))
    if status:
        fields["event.outcome"] = "success" if status in _NO_ERROR else "failure"
        put_text("event.reason", status if status not in _NO_ERROR else None, fields)
    put_text("source.geo.city_name", document.get("City"), fields)
    put_text("source.geo.country_iso_code", document.get("CountryIso"), fields)
    put_text("event.id", document.get("EventIdentifier"), fields)


def _read_change(document: Document, fields: Fields) -> None:
    """Read what somebody set up."""
    action = text(document.get("Action"))
    put_text("event.action", action, fields)
    put_text("event.id", document.get("Id"), fields)
    put_text("event.reason", document.get("Display"), fields)
    put_text("user.name", document.get("CreatedByContext"), fields)
    words = f"{action} {text(document.get('Section'))}".lower()
    of_accounts = any(word in words for word in _ACCOUNTS)
    fields["event.category"] = ("iam",) if of_accounts else ("configuration",)
    verb = next((kind for word, kind in _SETUP_VERBS if action.lower().startswith(word)), "change")
    fields["event.type"] = (verb,)


SOURCE: Final = JsonSource(
    name="salesforce",
    aliases=("salesforce_login", "salesforce_setupaudittrail"),
    title="Salesforce: log-ins, log-outs, set-up audit trail, event log files",
    dataset="salesforce.event",
    owns=_owns,
    marks=((b'"EVENT_TYPE"', b'"ORGANIZATION_ID"', b'"TIMESTAMP_DERIVED"'),),
    read=read,
    finish=finish,
)
