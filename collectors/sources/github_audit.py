"""GitHub audit log of an organization or enterprise: REST API, streaming, and exported JSON.

Format: GitHub documentation, "Audit log events for your organization/enterprise" and the REST endpoint
`/orgs/{org}/audit-log` (`@timestamp` and `created_at` in milliseconds). Field names: Elastic's `github.audit`
(`github.*`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, put_source, put_text
from collectors.json_fields import Json, to_instant
from collectors.source import Options
from engine.events import Fields

_OPERATIONS = {
    "create": "creation",
    "remove": "deletion",
    "access": "access",
    "modify": "change",
    "restore": "change",
    "transfer": "change",
    "authentication": "start",
}
_VERBS = (
    (("create", "add_", "add", "invite", "generate"), "creation"),
    (("destroy", "delete", "remove"), "deletion"),
    (("access", "download", "clone", "fetch"), "access"),
)
_STAMP = frozenset({"@timestamp"})
_SUBJECTS = {"user": "user", "member": "user", "team": "group"}
_HINTS = ("_document_id", "org", "business", "actor_id", "operation_type", "repo", "created_at", "actor_location")


def _owns(document: Mapping[str, Json]) -> bool:
    action = document.get("action")
    if not isinstance(action, str) or not ("." in action or "_" in action) or " " in action:
        return False
    if "actor" not in document and "_document_id" not in document:
        return False
    return sum(name in document for name in _HINTS) >= 2 and ("@timestamp" in document or "created_at" in document)


@lru_cache(maxsize=4096)
def _classify(action: str, operation: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return category and types of an action (`org.add_member`) with the operation that the log names for it.

    Every record of this log is a change of configuration made over the web, except sign-ins.
    """
    area, _, verb = action.partition(".")
    kinds = ["access"] if operation == "access" else ["change"]
    if operation in _OPERATIONS:
        kinds.append(_OPERATIONS[operation])
    kinds += [kind for words, kind in _VERBS if verb.startswith(words)]
    if "block" in verb and not verb.startswith("unblock"):
        kinds.append("denied")
    kinds.append("info")
    kinds += [kind for word, kind in _SUBJECTS.items() if word in verb or area == word]
    categories = ["configuration", "web"]
    if verb in {"login", "failed_login", "sign_in"} or operation == "authentication":
        categories.append("authentication")
    elif kinds[-1] in {"user", "group"}:
        categories.append("iam")
    return tuple(categories), tuple(dict.fromkeys(kinds))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one audit record."""
    moment = to_instant(document.get("@timestamp"), options.zone) or to_instant(
        document.get("created_at"), options.zone
    )
    if moment is not None:
        fields["@timestamp"] = moment
    action = first(document, ("action",))
    put_text("event.action", action, fields)
    fields["event.category"], fields["event.type"] = _classify(action, first(document, ("operation_type",)))
    if "failed" in action or document.get("actor_is_blocked") is True:
        fields["event.outcome"] = "failure"
    put_text("user.id", document.get("actor_id"), fields)
    put_text("user.name", document.get("actor"), fields)
    target = first(document, ("user", "blocked_user", "invitee"))
    if target and target != fields.get("user.name"):
        fields["user.target.name"] = target
    put_text("organization.id", document.get("org_id"), fields)
    if isinstance(document.get("org"), str):
        put_text("organization.name", document.get("org"), fields)
    put_text("group.name", document.get("team"), fields)
    put_source(document.get("actor_ip"), fields, names=False)
    put_text("user_agent.original", document.get("user_agent"), fields)
    spread("github.", document, fields, skip=_STAMP)


SOURCE: Final = JsonSource(
    name="github_audit",
    aliases=("github", "github.audit"),
    title="GitHub audit log",
    dataset="github.audit",
    owns=_owns,
    marks=((b'"_document_id"', b'"action"', b'"actor"'),),
    read=read,
)
