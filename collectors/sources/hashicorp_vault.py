"""HashiCorp Vault (and OpenBao): who logged in and asked for which secret, and the server's own log.

Formats: Vault documentation, "Audit devices" (`type` request or response, `auth`, `request`, `response`, `error`) and
the operational log as JSON (`@level`, `@message`). Secrets and tokens stand there as keyed digests; paths and names as
they are. Field names: Elastic's `hashicorp_vault.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, put_text, text, texts
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.source import Options
from engine.events import Fields

_OPERATIONS: Final = {
    "create": "creation",
    "update": "change",
    "patch": "change",
    "delete": "deletion",
    "read": "access",
    "list": "access",
    "revoke": "deletion",
    "rollback": "change",
}
_LOG_IN: Final = "/login"
_IAM: Final = ("sys/policies", "sys/policy", "sys/auth", "auth/token/", "identity/")
_LEVELS: Final = frozenset(("error", "crit", "fatal"))


def _is_audit(document: Mapping[str, Json]) -> bool:
    return (
        text(document.get("type")) in {"request", "response"}
        and "time" in document
        and isinstance(document.get("request"), dict)
        and {"id", "operation"} <= inner(document, "request").keys()
    )


def _is_log(document: Mapping[str, Json]) -> bool:
    return {"@level", "@message", "@timestamp"} <= document.keys()


def _owns(document: Mapping[str, Json]) -> bool:
    return _is_audit(document) or _is_log(document)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of either log."""
    is_audit = _is_audit(document)
    kind = "audit" if is_audit else "log"
    fields["event.dataset"] = f"hashicorp_vault.{kind}"
    moment = to_instant(document.get("time" if is_audit else "@timestamp"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    if is_audit:
        _read_audit(document, fields)
        spread("hashicorp_vault.audit.", document, fields)
        return
    put_text("message", document.get("@message"), fields)
    put_text("log.level", document.get("@level"), fields)
    put_text("log.logger", document.get("@module"), fields)
    put_text("error.message", document.get("error"), fields)
    if text(document.get("@level")) in _LEVELS:
        fields["event.type"] = ("error",)
    own = {name: value for name, value in document.items() if not name.startswith("@")}
    spread("hashicorp_vault.log.", own, fields)


def _read_audit(document: Document, fields: Fields) -> None:
    """Read who asked for what; only the response says who a log-in was, and an error that it was refused."""
    request, person = inner(document, "request"), inner(document, "auth")
    operation, path = text(request.get("operation")), text(request.get("path"))
    put_text("event.action", operation, fields)
    put_text("event.id", request.get("id"), fields)
    put_text("url.path", path, fields)
    error = text(document.get("error"))
    fields["event.outcome"] = "failure" if error else "success"
    put_text("error.message", error, fields)
    kind = _OPERATIONS.get(operation, "info")
    categories, types = _meaning(path, kind)
    fields["event.category"] = categories
    fields["event.type"] = (*types, "denied") if "permission denied" in error else types
    logged_in = inner(document, "response", "auth")
    metadata = inner(person, "metadata") or inner(logged_in, "metadata")
    put_text("user.name", metadata.get("username") or person.get("display_name"), fields)
    put_text("user.name", logged_in.get("display_name") or _account_in(path), fields)
    put_text("user.id", person.get("entity_id") or logged_in.get("entity_id"), fields)
    if policies := texts(person.get("policies")):
        fields["user.roles"] = policies
    put_end(fields, "source", request.get("remote_address"), request.get("remote_port"))


def _meaning(path: str, kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if path.startswith("auth/") and _LOG_IN in path:
        return ("authentication",), ("start",)
    if path.startswith(_IAM):
        return ("iam", "authentication"), (kind,)
    return ("authentication",), (kind,)  # as Elastic has it: Vault's answers are secrets to log in with


def _account_in(path: str) -> str:
    """Return the account that `auth/userpass/login/NAME` names, for a log-in that was refused."""
    before, found, account = path.partition(f"{_LOG_IN}/")
    return account if found and before.startswith("auth/") and "/" not in account else ""


SOURCE: Final = JsonSource(
    name="hashicorp_vault",
    aliases=("vault", "openbao"),
    title="HashiCorp Vault and OpenBao: audit log, server log",
    dataset="hashicorp_vault.audit",
    owns=_owns,
    marks=((b'"request"', b'"operation"', b'"auth"', b'"token_type"'),),
    read=read,
    finish=finish,
)
