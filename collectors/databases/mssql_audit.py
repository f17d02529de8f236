"""SQL Server's audit records, from whatever carries them, into one set of fields.

Formats: the columns of `sys.fn_get_audit_file`
(https://learn.microsoft.com/sql/relational-databases/system-functions/sys-fn-get-audit-file-transact-sql), the text of
Windows event 33205 that holds the same columns as `name:value` lines, and Azure's `SQLSecurityAuditEvents`. Action ids
are those of `sys.dm_audit_actions`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import tzinfo

from collectors.databases.ends import also, put_client, put_number, put_words, read_statement
from collectors.json_fields import Json, to_instant
from engine.events import Fields

_LINE = re.compile(r"(?:^|[\s;])(?P<name>[a-z][a-z_]{2,48}):(?=\S|\s|$)", re.ASCII)
# In the order in which a record has them; those behind the statement are apart
_BEFORE = (
    *("audit_schema_version", "event_time", "sequence_number", "action_id", "succeeded", "is_column_permission"),
    *("session_id", "server_principal_id", "database_principal_id", "target_server_principal_id", "class_type"),
    *("target_database_principal_id", "object_id", "user_defined_event_id", "transaction_id", "duration_milliseconds"),
    *(
        "response_rows",
        "affected_rows",
        "client_ip",
        "permission_bitmask",
        "sequence_group_id",
        "server_principal_name",
    ),
    *("session_server_principal_name", "server_principal_sid", "database_principal_name", "server_instance_name"),
    *("target_server_principal_name", "target_server_principal_sid", "target_database_principal_name"),
    *("database_name", "schema_name", "object_name", "statement"),
)
_AFTER = (
    *("additional_information", "user_defined_information", "application_name", "host_name", "connection_id"),
    *("data_sensitivity_information", "client_tls_version", "is_local_secondary_replica"),
)
_COLUMNS = frozenset((*_BEFORE, *_AFTER))
# action id -> (action, categories, types)
_ACTIONS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "LGIS": ("login-succeeded", ("authentication",), ("start",)),
    "LGIF": ("login-failed", ("authentication",), ("start", "denied")),
    "LGO": ("logout", ("session",), ("end",)),
    "DAGS": ("database-login-succeeded", ("authentication",), ("start",)),
    "DBAS": ("database-login-succeeded", ("authentication",), ("start",)),
    "DAGF": ("database-login-failed", ("authentication",), ("start", "denied")),
    "DBAF": ("database-login-failed", ("authentication",), ("start", "denied")),
    "PWC": ("change-password", ("iam",), ("user", "change")),
    "PWCS": ("change-own-password", ("iam",), ("user", "change")),
    "PWR": ("reset-password", ("iam",), ("user", "change")),
    "PWRS": ("reset-own-password", ("iam",), ("user", "change")),
    "APRL": ("add-role-member", ("iam",), ("group", "change")),
    "DPRL": ("drop-role-member", ("iam",), ("group", "change")),
    "G": ("grant", ("iam",), ("admin", "change")),
    "GWG": ("grant-with-grant", ("iam",), ("admin", "change")),
    "R": ("revoke", ("iam",), ("admin", "change")),
    "D": ("deny", ("iam",), ("admin", "change")),
    "CR": ("create", (), ("creation",)),
    "AL": ("alter", (), ("change",)),
    "DR": ("drop", (), ("deletion",)),
    "SL": ("select", (), ("access",)),
    "IN": ("insert", (), ("change",)),
    "UP": ("update", (), ("change",)),
    "DL": ("delete", (), ("deletion",)),
    "EX": ("execute", ("process",), ("start",)),
    "BA": ("backup", (), ("access",)),
    "BAL": ("backup-log", (), ("access",)),
    "RS": ("restore", (), ("change",)),
    "AUSC": ("audit-session-changed", ("configuration",), ("change",)),
    "AUSF": ("audit-shutdown-on-failure", ("configuration",), ("change",)),
    "AUTH": ("authenticate", ("authentication",), ("start",)),
    "SVSD": ("server-shutdown", ("process",), ("end",)),
    "SVSR": ("server-started", ("process",), ("start",)),
    "IMP": ("impersonate", ("iam",), ("admin",)),
    "TO": ("take-ownership", ("iam",), ("change",)),
    "CCLG": ("change-credential", ("iam",), ("user", "change")),
    "LGDA": ("disable-login", ("iam",), ("user", "change")),
    "LGEA": ("enable-login", ("iam",), ("user", "change")),
    "BCM": ("batch-completed", (), ("info",)),
    "BST": ("batch-started", (), ("info",)),
    "RCM": ("rpc-completed", (), ("info",)),
    "RST": ("rpc-started", (), ("info",)),
}
_ADDRESS = re.compile(r"<address>(?P<address>[^<]{1,128})</address>")


def columns_of_text(text: str) -> dict[str, str]:
    """Return the columns out of the text of event 33205: `name:value`, line by line or run together.

    A statement may hold lines like columns. So of those that stand before it the first counts, of those behind it the
    last: what a statement says can't take the place of either.
    """
    starts = [found for found in _LINE.finditer(text) if found["name"] in _COLUMNS]
    values: dict[str, str] = {}
    for place, found in enumerate(starts):
        end = starts[place + 1].start() if place + 1 < len(starts) else len(text)
        value = text[found.end() : end].strip().removesuffix("\n.")
        if found["name"] in _AFTER:
            values[found["name"]] = value
        else:
            values.setdefault(found["name"], value)
    return values


def columns_of_document(document: Mapping[str, Json]) -> dict[str, str]:
    """Return the columns of a row of `fn_get_audit_file` as JSON, or of Azure's diagnostic record."""
    inner = document.get("properties")
    source = inner if isinstance(inner, dict) else document
    values = {str(key).lower(): _plain(value) for key, value in source.items() if not isinstance(value, dict | list)}
    for name in ("time", "resourceid", "operationname", "category"):
        key = next((key for key in document if key.lower() == name), None)
        if key is not None and isinstance(document[key], str):
            values.setdefault(name, _plain(document[key]))
    return {key: value for key, value in values.items() if value}


def _plain(value: Json) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_audit(values: Mapping[str, str]) -> bool:
    """Tell whether these are the columns of an audit record."""
    return "action_id" in values and ("server_principal_name" in values or "server_instance_name" in values)


def put_audit(values: Mapping[str, str], fields: Fields, zone: tzinfo) -> None:
    """Put the columns of a record into fields, under ECS' names and under `microsoft_sqlserver.audit.*`."""
    moment = to_instant(values.get("event_time", values.get("time", "")), zone)
    if moment is not None:
        fields["@timestamp"] = moment
    action_id = values.get("action_id", "").strip()
    kind = _ACTIONS.get(action_id.upper())
    name = values.get("action_name", "").strip().lower().replace(" ", "-")
    fields["event.action"] = kind[0] if kind else name or action_id.lower()
    if kind:
        also(fields, "event.category", kind[1])
        also(fields, "event.type", kind[2])
    succeeded = values.get("succeeded", values.get("is_succeeded", "")).lower()
    if succeeded:
        fields["event.outcome"] = "success" if succeeded in {"true", "1"} else "failure"
    _people(values, fields)
    for column in sorted(_COLUMNS):
        put_words(f"microsoft_sqlserver.audit.{column}", values.get(column), fields)
    _ends(values, fields)
    statement = values.get("statement", "")
    read_statement(statement, fields)
    fields["message"] = statement or str(fields["event.action"])


def _people(values: Mapping[str, str], fields: Fields) -> None:
    principal = values.get("server_principal_name") or values.get("session_server_principal_name", "")
    domain, mark, account = principal.partition("\\")
    if mark:
        put_words("user.domain", domain, fields)
    put_words("user.name", account if mark else principal, fields)
    sid = values.get("server_principal_sid", "")
    if sid.startswith("S-"):
        fields["user.id"] = sid
    target = values.get("target_server_principal_name") or values.get("target_database_principal_name")
    put_words("user.target.name", target, fields)
    if "user.name" not in fields:
        put_words("user.name", values.get("database_principal_name"), fields)


def _ends(values: Mapping[str, str], fields: Fields) -> None:
    client = values.get("client_ip", "")
    if not client and (found := _ADDRESS.search(values.get("additional_information", ""))):
        client = found["address"]
    put_client(client, fields)
    put_words("source.domain", values.get("host_name"), fields)
    instance = values.get("server_instance_name", "")
    put_words("host.name", instance.partition("\\")[0], fields)
    put_words("process.name", values.get("application_name"), fields)
    put_number("event.sequence", values.get("sequence_number", ""), fields)
    milliseconds = values.get("duration_milliseconds", "")
    if milliseconds.isdecimal() and milliseconds != "0" and len(milliseconds) < 12:
        fields["event.duration"] = int(milliseconds) * 1_000_000
