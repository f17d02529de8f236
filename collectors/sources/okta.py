"""Okta system log: the `/api/v1/logs` API, event hooks, and log streaming.

Format: Okta developer documentation, "System Log API: LogEvent object" and the catalogue of event types.
Field names: Elastic's `okta.system` (`okta.*`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, objects, put_source, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_OUTCOMES = {"success": "success", "allow": "success", "failure": "failure", "deny": "failure"}
_USERS = frozenset({"User", "AppUser"})
_AREAS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("user.authentication.", ("authentication",)),
    ("user.session.", ("authentication", "session")),
    ("user.mfa.", ("iam", "authentication")),
    ("user.", ("iam",)),
    ("group.", ("iam",)),
    ("application.user_membership.", ("iam",)),
    ("application.policy.", ("authentication",)),
    ("app.oauth2.", ("authentication",)),
    ("application.", ("configuration",)),
    ("policy.evaluate", ("authentication",)),
    ("policy.", ("configuration",)),
    ("security.threat", ("threat", "network")),
    ("security.", ("network", "intrusion_detection")),
    ("zone.", ("network", "configuration")),
    ("system.api_token.", ("iam", "configuration")),
    ("system.", ("configuration",)),
    ("device.", ("host",)),
)
_VERBS: tuple[tuple[str, str], ...] = (
    ("create", "creation"),
    ("add", "creation"),
    ("delete", "deletion"),
    ("remove", "deletion"),
    ("revoke", "deletion"),
    ("start", "start"),
    ("end", "end"),
    ("access", "access"),
    ("lock", "change"),
    ("update", "change"),
    ("change", "change"),
    ("reset", "change"),
    ("activate", "change"),
    ("suspend", "change"),
    ("deactivate", "change"),
    ("unlock", "change"),
    ("grant", "change"),
    ("privilege", "admin"),
)


@lru_cache(maxsize=4096)
def _classify(event_type: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return category and types of an event type (`user.session.start`)."""
    categories = next((found for prefix, found in _AREAS if event_type.startswith(prefix)), ("configuration",))
    words = set(event_type.replace("_", ".").split("."))
    kinds = [kind for word, kind in _VERBS if word in words]
    if event_type.startswith("user.authentication"):
        kinds.insert(0, "start")
    subject = event_type.partition(".")[0]
    if subject in {"user", "group"}:
        kinds.append(subject)
    return categories, tuple(dict.fromkeys(kinds)) or ("info",)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one LogEvent."""
    moment = to_instant(document.get("published"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    event_type = text(document.get("eventType"))
    put_text("event.action", event_type, fields)
    fields["event.category"], fields["event.type"] = _classify(event_type)
    outcome = inner(document, "outcome")
    result = text(outcome.get("result")).lower()
    if result:
        fields["event.outcome"] = _OUTCOMES.get(result, "unknown")
    put_text("event.reason", document.get("displayMessage"), fields)
    put_text("log.level", document.get("severity"), fields)
    fields["observer.vendor"] = "Okta"
    client = inner(document, "client")
    _read_client(client, fields)
    put_text("source.domain", inner(document, "securityContext").get("domain"), fields)
    actor = inner(document, "actor")
    _read_account(actor, "user", fields)
    target = next((each for each in objects(document.get("target")) if text(each.get("type")) in _USERS), None)
    if target is not None:
        _read_account(target, "user.target", fields)
    group = next((each for each in objects(document.get("target")) if text(each.get("type")) == "UserGroup"), None)
    if group is not None:
        put_text("user.target.group.id", group.get("id"), fields)
        put_text("user.target.group.name", group.get("displayName"), fields)
    spread("okta.", document, fields, snaked=True)


def _read_client(client: Document, fields: Fields) -> None:
    put_source(client.get("ipAddress"), fields, names=False)
    put_text("source.user.id", client.get("id"), fields)
    agent = first(inner(client, "userAgent"), ("rawUserAgent",))
    if not agent.startswith("UNKNOWN"):  # what Okta writes where a client named none
        put_text("user_agent.original", agent, fields)


def _read_account(account: Document, side: str, fields: Fields) -> None:
    """Read an actor or a target; the alternate id is the login, a mail address for people."""
    login = text(account.get("alternateId")).rstrip("\\")
    put_text(f"{side}.id", account.get("id"), fields)
    put_text(f"{side}.full_name", account.get("displayName"), fields)
    put_text(f"{side}.name", login, fields)
    if "@" in login:
        put_text(f"{side}.email", login, fields)


def _owns(document: Mapping[str, Json]) -> bool:
    return "eventType" in document and "published" in document and ("actor" in document or "uuid" in document)


SOURCE: Final = JsonSource(
    name="okta",
    aliases=("okta_system", "okta.system"),
    title="Okta system log",
    dataset="okta.system",
    owns=_owns,
    marks=((b'"eventType"', b'"published"', b'"actor"'), (b'"legacyEventType"', b'"published"')),
    read=read,
)
