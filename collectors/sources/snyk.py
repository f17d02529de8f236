"""Snyk: what people and programs did in it, and the weaknesses that it found in projects.

Format: Snyk API v1, "Audit logs" (`event`, `userId`, `orgId`) and "Reporting, list issues" (`issue`, `projects`), one
JSON object a record as connectors store them. Field names: Elastic's `snyk.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, objects, put_text, text, texts
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.source import Options
from engine.events import Fields

_CHANGES: Final = (  # how an action ends -> ECS type
    (("create", "add", "invite"), "creation"),
    (("delete", "remove", "revoke"), "deletion"),
    (("edit", "update", "set", "move", "leave", "ignore"), "change"),
)
_OF_PEOPLE: Final = ("user", "invite", "service_account", "role", "sso_membership", "api_token")
_FINDINGS: Final = {"issue", "projects"}


def _owns(document: Mapping[str, Json]) -> bool:
    if document.keys() >= _FINDINGS:
        return "packageManager" in inner(dict(document), "issue") or "introducedDate" in document
    return {"created", "event", "userId"} <= document.keys() and ("orgId" in document or "groupId" in document)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of either kind."""
    if document.keys() >= _FINDINGS:
        _read_weakness(document, fields, options)
        return
    action = text(document.get("event"))
    words = action.split(".")
    fields["event.category"] = ("iam",) if any(word in _OF_PEOPLE for word in words) else ("configuration",)
    kind = next((kind for verbs, kind in _CHANGES if words[-1] in verbs), "info")
    fields["event.type"] = (*(("user",) if "user" in words else ()), kind)
    if (moment := to_instant(document.get("created"), options.zone)) is not None:
        fields["@timestamp"] = moment
    put_text("event.action", action, fields)
    put_text("user.id", document.get("userId"), fields)
    put_text("user.group.id", document.get("groupId"), fields)
    put_text("organization.id", document.get("orgId"), fields)
    put_text("user.target.email", inner(document, "content").get("email"), fields)
    spread("snyk.audit.", document, fields, snaked=True)


def _read_weakness(document: Document, fields: Fields, options: Options) -> None:
    issue = inner(document, "issue")
    fields["event.dataset"], fields["event.kind"] = "snyk.vulnerabilities", "state"
    fields["event.category"], fields["event.type"] = ("vulnerability",), ("info",)
    day = text(document.get("introducedDate"))
    if (moment := to_instant(f"{day}T00:00:00" if len(day) == 10 else day, options.zone)) is not None:
        fields["@timestamp"] = moment
    identifiers = inner(issue, "identifiers")
    if found := texts(identifiers.get("CVE")) or texts(issue.get("id")):
        fields["vulnerability.id"] = found
    put_text("vulnerability.description", issue.get("title"), fields)
    put_text("vulnerability.severity", issue.get("severity"), fields)
    put_text("vulnerability.reference", issue.get("url"), fields)
    fields["vulnerability.scanner.vendor"] = "Snyk"
    score = text(issue.get("cvssScore"))
    if score.isascii() and score.replace(".", "", 1).isdecimal() and len(score) < 6:
        fields["vulnerability.classification"], fields["vulnerability.enumeration"] = "CVSS", "CVE"
        fields["vulnerability.score.base"] = float(score)
        if (vector := text(issue.get("CVSSv3"))).startswith("CVSS:"):
            fields["vulnerability.score.version"] = vector[5:].partition("/")[0]
    if kinds := list(dict.fromkeys(text(each.get("source")).title() for each in objects(document.get("projects")))):
        fields["vulnerability.category"] = [kind for kind in kinds if kind]
    put_text("package.name", issue.get("package"), fields)
    put_text("package.version", issue.get("version"), fields)
    put_text("package.type", issue.get("packageManager"), fields)
    spread("snyk.vulnerabilities.", document, fields, snaked=True)


SOURCE: Final = JsonSource(
    name="snyk",
    aliases=("snyk_api",),
    title="Snyk: audit log, weaknesses in projects",
    dataset="snyk.audit",
    owns=_owns,
    marks=((b'"introducedDate"', b'"packageManager"', b'"isPatchable"'),),
    read=read,
    finish=finish,
)
