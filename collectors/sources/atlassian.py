"""Atlassian's audit logs: Jira, Confluence and Bitbucket (Data Center, Server, and Confluence's cloud form).

Format: Atlassian documentation, "Audit log events" and the audit log's REST API, one JSON object an event; which
product wrote it follows from the key of its action (`jira.auditing...`, `bitbucket.service...`). Field names: Elastic's
`jira.audit.*`, `confluence.audit.*`, `bitbucket.audit.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, number, objects, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_PRODUCTS: Final = (("jira", "jira"), ("bitbucket", "bitbucket"), ("stash", "bitbucket"))
_VERBS: Final = (  # in an action's name, and the type of ECS
    ("delet", "deletion"),
    ("remov", "deletion"),
    ("creat", "creation"),
    ("added", "creation"),
    ("updat", "change"),
    ("chang", "change"),
    ("modif", "change"),
    ("edit", "change"),
    ("granted", "change"),
    ("revoked", "change"),
    ("renamed", "change"),
    ("enabled", "change"),
    ("disabled", "change"),
    ("view", "access"),
    ("access", "access"),
    ("download", "access"),
    ("export", "access"),
)
_LOG_INS: Final = ("login", "logged in", "authenticationsuccess", "authenticationfailure", "authentication succe")
_LOG_OUTS: Final = ("logout", "logged out")
_FAILURES: Final = ("fail", "denied", "unsuccessful")
_SETTINGS: Final = ("GLOBAL_CONFIG", "LOCAL_CONFIG", "PERMISSIONS", "SECURITY", "APPS")
_KIND_KEYS: Final = frozenset(("auditType", "type"))
_REMEMBERED: Final = 2000  # characters of an author's address that are looked at


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one event of any of the products."""
    kind = inner(document, "auditType") or inner(document, "type")
    key, name = text(kind.get("actionI18nKey")), text(kind.get("action"))
    product = next((found for start, found in _PRODUCTS if key.startswith(start)), "confluence")
    fields["event.dataset"] = f"atlassian_{product}.audit"
    fields["event.module"] = f"atlassian_{product}"
    moment = _moment(document, options)
    if moment is not None:
        fields["@timestamp"] = moment
    put_text("event.action", key or name, fields)
    put_text("event.reason", name, fields)
    put_text("service.address", document.get("system"), fields)
    put_end(fields, "source", text(document.get("source")).partition(",")[0].strip())
    _read_author(inner(document, "author"), fields)
    _classify(f"{key} {name}".lower(), kind, document, fields)
    _read_objects(document, fields)
    spread(f"{product}.audit.", document, fields, snaked=True, skip=_KIND_KEYS)
    spread(f"{product}.audit.type.", kind, fields)


def _moment(document: Document, options: Options) -> datetime | None:
    stamp = document.get("timestamp") or document.get("creationDate")
    held = inner(document, "timestamp")
    if (seconds := number(held.get("epochSecond"))) is not None:
        nanos = number(held.get("nano")) or 0
        stamp = f"{seconds}.{nanos:09}"
    return to_instant(stamp, options.zone)


def _read_author(author: Document, fields: Fields) -> None:
    """Read who did it; Confluence tells the full name, and the account's in the address of the person's page."""
    put_text("user.id", first(author, ("id", "accountId")), fields)
    name = first(author, ("name", "displayName"))
    address = text(author.get("uri"))[:_REMEMBERED]
    account = next(iter(parse_qs(urlsplit(address).query).get("username", ())), "") if "username=" in address else ""
    put_text("user.name", account or name, fields)
    if account:
        put_text("user.full_name", name, fields)


def _classify(said: str, kind: Mapping[str, Json], document: Document, fields: Fields) -> None:
    area, category = text(kind.get("area")), text(kind.get("category")).lower()
    if any(word in said for word in (*_LOG_INS, *_LOG_OUTS)):
        fields["event.category"] = ("authentication",)
        fields["event.type"] = ("end",) if any(word in said for word in _LOG_OUTS) else ("start",)
        fields["event.outcome"] = "failure" if any(word in said for word in _FAILURES) else "success"
        return
    change = next((found for word, found in _VERBS if word in said), "info")
    types = {text(each.get("type")).lower() for each in objects(document.get("affectedObjects"))}
    if area == "USER_MANAGEMENT" or "user management" in category or "group" in category:
        about = "group" if "group" in f"{category} {said}" or "group" in types else "user"
        fields["event.category"], fields["event.type"] = ("iam",), (about, change)
    elif area.startswith(_SETTINGS) or change not in {"info", "access"}:
        fields["event.category"], fields["event.type"] = ("configuration",), (change,)
    else:
        fields["event.type"] = (change,)


def _read_objects(document: Document, fields: Fields) -> None:
    for each in objects(document.get("affectedObjects")):
        kind, name = text(each.get("type")).lower(), each.get("name")
        if kind == "group":
            put_text("group.name", name, fields)
            put_text("group.id", each.get("id"), fields)
        elif kind == "user":
            put_text("user.target.name", name, fields)
            put_text("user.target.id", each.get("id"), fields)


def _owns(document: Mapping[str, Json]) -> bool:
    kind = inner(document, "auditType") or inner(document, "type")
    return "author" in document and "affectedObjects" in document and {"action", "category"} <= kind.keys()


SOURCE: Final = JsonSource(
    name="atlassian",
    aliases=("atlassian_jira", "atlassian_confluence", "atlassian_bitbucket", "jira", "confluence", "bitbucket"),
    title="Atlassian Jira, Confluence, Bitbucket: audit logs",
    dataset="atlassian_jira.audit",
    owns=_owns,
    marks=((b'"affectedObjects"', b'"actionI18nKey"', b'"author"'),),
    read=read,
)
