"""MongoDB's log and its audit log, as JSON.

Format: MongoDB manual, "Log messages" (since 4.4: `t`, `s`, `c`, `id`, `ctx`, `msg`, `attr`) and "System event audit
messages" (`atype`, `ts`, `local`, `remote`, `users`, `param`, `result`). Field names: Elastic's `mongodb.*`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, number, objects, put_source, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.source import Options
from engine.events import Fields

_LEVELS: Final = {"F": "fatal", "E": "error", "W": "warning", "I": "info"}
_LOG_INS: Final = {"Authentication failed": "failure", "Authentication succeeded": "success",
                   "Successfully authenticated": "success"}  # fmt: skip
_AUDITED: Final = (  # how `atype` begins: type of a change in accounts, or else in the database
    ("create", "creation"),
    ("add", "creation"),
    ("drop", "deletion"),
    ("remove", "deletion"),
    ("revoke", "deletion"),
    ("delete", "deletion"),
)
_OF_ACCOUNTS: Final = ("User", "Role", "Privileges")


def _is_audit(document: Mapping[str, Json]) -> bool:
    return {"atype", "ts", "remote", "result"} <= document.keys()


def _owns(document: Mapping[str, Json]) -> bool:
    return _is_audit(document) or ({"t", "s", "c", "id", "msg"} <= document.keys() and isinstance(document["t"], dict))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of either log."""
    kind = "audit" if _is_audit(document) else "log"
    fields["event.dataset"] = f"mongodb.{kind}"
    stamp = inner(document, "ts" if kind == "audit" else "t").get("$date")
    if (moment := to_instant(stamp, options.zone)) is not None:
        fields["@timestamp"] = moment
    fields["event.category"], fields["event.type"] = ("database",), ("info",)
    if kind == "audit":
        _read_audit(document, fields)
    else:
        _read_log(document, fields)
    spread(f"mongodb.{kind}.", document, fields)


def _read_log(document: Document, fields: Fields) -> None:
    attributes = inner(document, "attr")
    message = text(document.get("msg"))
    put_text("message", message, fields)
    put_text("log.level", _LEVELS.get(text(document.get("s"))[:1], "debug"), fields)
    put_text("log.logger", document.get("c"), fields)
    put_text("event.code", document.get("id"), fields)
    put_source(attributes.get("remote") or attributes.get("client"), fields, names=False)
    put_text("user.name", first(attributes, ("principalName", "user")), fields)
    put_text("error.message", attributes.get("error") if isinstance(attributes.get("error"), str) else None, fields)
    if message in _LOG_INS:
        fields["event.category"], fields["event.type"] = ("authentication", "database"), ("start",)
        fields["event.outcome"] = _LOG_INS[message]
    elif message in {"Connection accepted", "Connection ended"}:
        fields["event.category"] = ("database", "session")
        fields["event.type"] = ("start",) if message.endswith("accepted") else ("end",)


def _read_audit(document: Document, fields: Fields) -> None:
    kind, remote, parameters = text(document.get("atype")), inner(document, "remote"), inner(document, "param")
    put_text("event.action", kind, fields)
    put_end(fields, "source", remote.get("ip"), remote.get("port"))
    user = next((text(each.get("user")) for each in objects(document.get("users"))), "")
    put_text("user.name", user or text(parameters.get("user")), fields)
    fields["event.outcome"] = "success" if number(document.get("result")) == 0 else "failure"
    if kind == "authenticate":
        fields["event.category"], fields["event.type"] = ("authentication", "database"), ("start",)
    elif kind == "authCheck":
        fields["event.type"] = ("access",) if fields["event.outcome"] == "success" else ("access", "denied")
    else:
        change = next((found for start, found in _AUDITED if kind.startswith(start)), "change")
        fields["event.category"] = ("iam",) if any(word in kind for word in _OF_ACCOUNTS) else ("database",)
        fields["event.type"] = (change,)
        put_text("user.target.name", parameters.get("user") if fields["event.category"] == ("iam",) else None, fields)


SOURCE: Final = JsonSource(
    name="mongodb",
    aliases=("mongod", "mongodb_audit"),
    title="MongoDB: log and audit",
    dataset="mongodb.log",
    owns=_owns,
    marks=((b'"$date"', b'"ctx"', b'"msg"', b'"attr"'), (b'"atype"', b'"$date"', b'"remote"')),
    read=read,
    finish=finish,
)
