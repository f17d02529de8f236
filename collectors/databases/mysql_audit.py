"""Records of MySQL's and MariaDB's audit plugins, whatever their form, into one set of fields.

Formats: https://dev.mysql.com/doc/refman/8.0/en/audit-log-file-formats.html (new-style and old-style XML, JSON),
https://docs.percona.com/percona-server/8.0/audit-log-plugin.html (OLD and NEW XML, JSON, CSV) and
https://mariadb.com/kb/en/mariadb-audit-plugin-log-format/ (server_audit).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import tzinfo
from html import unescape

from collectors.databases.ends import also, put_client, put_number, put_port, put_words, read_statement
from collectors.json_fields import Json, to_instant
from engine.events import Fields

_ELEMENT = re.compile(r"<(?P<name>[A-Za-z_]{1,40})>(?P<text>[^<]*+)</(?P=name)>")
_ATTRIBUTE = re.compile(r'\b(?P<name>[A-Za-z_]{1,40})\s{0,40}=\s{0,40}"(?P<text>[^"]*+)"')
_PERSON = re.compile(
    r"(?P<login>[^\[@]{0,128})(?:\[(?P<user>[^\]]{0,128})\])? ?@ ?(?P<host>[^\[]{0,255}?) ?(?:\[(?P<ip>[^\]]{0,64})\])?"
)
_CSV_NAMES = ("name", "record", "timestamp", "command_class", "connection_id", "status", "sqltext", "user", "host",
              "os_user", "ip", "db")  # fmt: skip
_MARIADB = (
    "timestamp",
    "serverhost",
    "user",
    "host",
    "connection_id",
    "query_id",
    "operation",
    "db",
    "object",
    "status",
)
# operation or record name -> action, categories, types
_KINDS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "connect": ("connect", ("authentication", "session"), ("start",)),
    "failed_connect": ("connect", ("authentication", "session"), ("start", "denied")),
    "failed connect": ("connect", ("authentication", "session"), ("start", "denied")),
    "change user": ("change-user", ("authentication",), ("start",)),
    "change_user": ("change-user", ("authentication",), ("start",)),
    "quit": ("disconnect", ("session",), ("end",)),
    "disconnect": ("disconnect", ("session",), ("end",)),
    "query": ("query", (), ()),
    "query_ddl": ("query", (), ("change",)),
    "query_dml": ("query", (), ("change",)),
    "query_dcl": ("query", ("iam",), ("admin",)),
    "execute": ("execute", (), ()),
    "prepare": ("prepare", (), ()),
    "tableinsert": ("table-insert", (), ("change",)),
    "tableupdate": ("table-update", (), ("change",)),
    "tabledelete": ("table-delete", (), ("deletion",)),
    "tableread": ("table-read", (), ("access",)),
    "read": ("table-read", (), ("access",)),
    "write": ("table-write", (), ("change",)),
    "create": ("table-create", (), ("creation",)),
    "alter": ("table-alter", (), ("change",)),
    "drop": ("table-drop", (), ("deletion",)),
    "rename": ("table-rename", (), ("change",)),
    "insert": ("table-insert", (), ("change",)),
    "update": ("table-update", (), ("change",)),
    "delete": ("table-delete", (), ("deletion",)),
    "audit": ("audit-start", ("configuration",), ("start",)),
    "startup": ("audit-start", ("configuration",), ("start",)),
    "noaudit": ("audit-stop", ("configuration",), ("end",)),
    "shutdown": ("audit-stop", ("configuration",), ("end",)),
}
_KEPT = ("connection_id", "command_class", "record_id", "record", "server_id", "server_version", "startup_options",
         "query_id", "connection_type", "serverhost", "priv_user", "proxy_user", "os_login", "version", "mysql_version",
         "os_version", "class", "id")  # fmt: skip


def from_xml(text: str) -> dict[str, str]:
    """Return the values of one `<AUDIT_RECORD>`, in elements or in attributes, by their names in small letters."""
    values = {found["name"].lower(): unescape(found["text"]) for found in _ELEMENT.finditer(text)}
    if not values:
        values = {found["name"].lower(): unescape(found["text"]) for found in _ATTRIBUTE.finditer(text)}
    return values


def from_csv(text: str) -> dict[str, str]:
    """Return the values of a row of Percona's CSV, or of MariaDB's server_audit (which quotes with `'`)."""
    if text.startswith('"'):
        return dict(zip(_CSV_NAMES, next(csv.reader([text], strict=False), []), strict=False))
    return dict(zip(_MARIADB, _mariadb_row(text), strict=False))


def _mariadb_row(text: str) -> list[str]:
    """Split a row of server_audit: eight values without commas, an object that may have them, the return code.

    Newer versions put the connection's TLS version behind it; what is told of tables has no return code.
    """
    first = text.split(",", 8)
    if len(first) < 9:
        return first
    rest, _, status = first[8].rpartition(",")
    if not status.strip().lstrip("-").isdecimal():
        before, comma, code = rest.rpartition(",")
        if comma and code.strip().lstrip("-").isdecimal():
            rest, status = before, code
    quoted = rest.strip()
    if len(quoted) > 1 and quoted[0] == quoted[-1] == "'":
        quoted = quoted[1:-1].replace("\\'", "'").replace("\\\\", "\\")
    return [*first[:8], quoted, status]


def from_json(document: Mapping[str, Json]) -> dict[str, str]:
    """Return the values of Enterprise Audit's JSON or of Percona's `{"audit_record": {...}}`."""
    inner = document.get("audit_record")
    source = inner if isinstance(inner, dict) else document
    values: dict[str, str] = {}
    _walk(source, values)
    event = values.pop("event", None)
    if "name" not in values and event is not None:
        general = source.get("general_data")
        values["name"] = str(general.get("command", event)) if isinstance(general, dict) else event
    return values


_RENAMED = {"query": "sqltext", "sql_command": "command_class", "table": "object", "os": "os_user"}


def _walk(source: Mapping[str, Json], values: dict[str, str]) -> None:
    """Take the scalars of a record, one level down too; `account` says who it is, `login` who came."""
    for key, value in source.items():
        if isinstance(value, dict):
            for name, inner in value.items():
                if inner is not None and not isinstance(inner, dict | list):
                    whole = "login_user" if key == "login" and name == "user" else _RENAMED.get(name, name)
                    values.setdefault(whole, str(inner))
        elif value is not None and not isinstance(value, list):
            values[_RENAMED.get(key, key)] = str(value)


def put_record(values: Mapping[str, str], fields: Fields, zone: tzinfo) -> None:
    """Put the values of a record, by the names that the plugins have for them, into fields."""
    _stamp(values, fields, zone)
    name = values.get("name", values.get("operation", "")).strip()
    status = values.get("status", values.get("status_code", "")).strip()
    _kind(name, status, fields)
    _person(values, fields)
    put_words("mysql.audit.name", name, fields)
    put_words("mysql.audit.database", values.get("db"), fields)
    put_words("mysql.audit.object", values.get("object"), fields)
    put_number("mysql.audit.status", status, fields)
    for key in _KEPT:
        put_words(f"mysql.audit.{key}", values.get(key), fields)
    statement = values.get("sqltext") or (values.get("object", "") if name.lower().startswith("query") else "")
    if statement:
        put_words("mysql.audit.query", statement, fields)
        read_statement(statement, fields)
    fields["message"] = statement or name


def _stamp(values: Mapping[str, str], fields: Fields, zone: tzinfo) -> None:
    text = values.get("timestamp", "")
    if len(text) == 17 and text[:8].isdecimal():  # 20240305 09:12:44
        text = f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[9:]}"
    elif text.endswith(" UTC"):
        text = text.removesuffix(" UTC") + "Z"
    moment = to_instant(text, zone)
    if moment is not None:
        fields["@timestamp"] = moment


def _kind(name: str, status: str, fields: Fields) -> None:
    action, categories, types = _KINDS.get(name.lower(), (name.lower().replace(" ", "-"), (), ()))
    if action:
        fields["event.action"] = action
    also(fields, "event.category", categories)
    also(fields, "event.type", types)
    if status:
        fields["event.outcome"] = "success" if status == "0" else "failure"
    if name.lower().startswith("failed"):
        fields["event.outcome"] = "failure"
    if status not in {"", "0"} and "authentication" in str(fields["event.category"]):
        also(fields, "event.type", ("denied",))


def _person(values: Mapping[str, str], fields: Fields) -> None:
    """Read `root[root] @ host [address]` or the separate values."""
    user, host, address = values.get("user", ""), values.get("host", ""), values.get("ip", "")
    found = _PERSON.fullmatch(user) if "@" in user and len(user) < 800 else None
    if found is not None:
        user = found["user"] or found["login"]
        host, address = host or found["host"], address or found["ip"] or ""
    put_words("user.name", user or values.get("login_user"), fields)
    put_client(host, fields)
    put_client(address, fields)
    put_port(values.get("port", ""), fields)
    put_words("mysql.audit.os_user", values.get("os_user"), fields)
