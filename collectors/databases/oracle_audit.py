"""Oracle's audit records, traditional and unified, from every place they are written to, into one set of fields.

Formats: the columns of UNIFIED_AUDIT_TRAIL and of the XML audit files (Oracle Database Security Guide and Reference,
"UNIFIED_AUDIT_TRAIL", "V$XML_AUDIT_TRAIL"), `.aud` files of `audit_trail=OS` and of SYS, and the records of unified
auditing over syslog (`KEY:"value"`). Action numbers are those of AUDIT_ACTIONS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from html import unescape

from collectors.databases.ends import also, put_client, put_number, put_port, put_words, read_statement
from collectors.json_fields import Json, to_instant
from collectors.network.times import instant_of
from engine.events import Fields

# One name for what the forms call differently; keys are compared without case, blanks and underscores
_SAME: Mapping[str, str] = {
    **dict.fromkeys(("dbusername", "dbuser", "databaseuser", "userid"), "user"),
    **dict.fromkeys(("currentuser", "curuser"), "current_user"),
    **dict.fromkeys(("actionname", "event"), "action_name"),
    **dict.fromkeys(("action", "actionnumber"), "action"),
    **dict.fromkeys(("returncode", "retcode", "status"), "return_code"),
    **dict.fromkeys(("userhost", "host"), "host"),
    **dict.fromkeys(("osusername", "osuser", "clientuser"), "os_user"),
    **dict.fromkeys(("clientprogramname", "program"), "program"),
    **dict.fromkeys(("sqltext",), "sql_text"),
    **dict.fromkeys(("objectschema", "schema", "objcreator", "objectowner"), "object_schema"),
    **dict.fromkeys(("objectname", "objname"), "object_name"),
    **dict.fromkeys(("sessionid", "sesid"), "session_id"),
    **dict.fromkeys(("terminal", "clientterminal"), "terminal"),
    **dict.fromkeys(("authenticationtype", "commenttext", "commentt"), "authentication_type"),
    **dict.fromkeys(("eventtimestamp", "extendedtimestamp", "timestamp", "eventtimestamputc"), "timestamp"),
    **dict.fromkeys(("unifiedauditpolicies", "policyname"), "policies"),
    **dict.fromkeys(("targetuser", "grantee", "authgrantee"), "target_user"),
    **dict.fromkeys(("systemprivilegeused", "systemprivilege", "privilegeused", "privilege", "prvused"), "privilege"),
    **dict.fromkeys(("osprocess", "osprocessid", "process"), "os_process"),
    **dict.fromkeys(("entryid",), "entry_id"),
    **dict.fromkeys(("statement", "statementid", "stmtid"), "statement_id"),
    **dict.fromkeys(("sqlbind", "sqlbinds"), "sql_binds"),
    **dict.fromkeys(("instanceid", "instancenumber"), "instance"),
    **dict.fromkeys(("audittype", "type"), "audit_type"),
    **dict.fromkeys(("dbid",), "dbid"),
    **dict.fromkeys(("pdbguid",), "pdb_guid"),
    **dict.fromkeys(("clientid", "clientidentifier"), "client_id"),
    **dict.fromkeys(("rolename", "role"), "role"),
    **dict.fromkeys(("sessact", "sesactions"), "session_actions"),
}
_KEPT = (
    "current_user", "action", "action_name", "return_code", "object_schema", "object_name", "session_id", "terminal",
    "authentication_type", "policies", "privilege", "entry_id", "statement_id", "sql_binds", "instance", "audit_type",
    "dbid", "pdb_guid", "client_id", "role", "os_user", "program", "sql_text", "session_actions",
)  # fmt: skip
_ACTIONS = {
    "1": "CREATE TABLE", "2": "INSERT", "3": "SELECT", "6": "UPDATE", "7": "DELETE", "9": "CREATE INDEX",
    "10": "DROP INDEX", "12": "DROP TABLE", "15": "ALTER TABLE", "17": "GRANT OBJECT", "18": "REVOKE OBJECT",
    "21": "CREATE VIEW", "22": "DROP VIEW", "24": "CREATE PROCEDURE", "25": "ALTER PROCEDURE", "26": "LOCK TABLE",
    "30": "AUDIT OBJECT", "31": "NOAUDIT OBJECT", "32": "CREATE DATABASE LINK", "35": "ALTER DATABASE",
    "42": "ALTER SESSION", "43": "ALTER USER", "44": "COMMIT", "45": "ROLLBACK", "47": "PL/SQL EXECUTE",
    "49": "ALTER SYSTEM", "51": "CREATE USER", "52": "CREATE ROLE", "53": "DROP USER", "54": "DROP ROLE",
    "55": "SET ROLE", "59": "CREATE TRIGGER", "61": "DROP TRIGGER", "65": "CREATE PROFILE", "67": "ALTER PROFILE",
    "79": "ALTER ROLE", "85": "TRUNCATE TABLE", "91": "CREATE FUNCTION", "94": "CREATE PACKAGE", "100": "LOGON",
    "101": "LOGOFF", "102": "LOGOFF BY CLEANUP", "103": "SESSION REC", "104": "SYSTEM AUDIT", "105": "SYSTEM NOAUDIT",
    "108": "SYSTEM GRANT", "109": "SYSTEM REVOKE", "114": "GRANT ROLE", "115": "REVOKE ROLE",
    "116": "EXECUTE PROCEDURE",
    "157": "CREATE DIRECTORY", "158": "DROP DIRECTORY", "189": "MERGE", "197": "PURGE DBA_RECYCLEBIN",
    "225": "ALTER PLUGGABLE DATABASE", "227": "DROP PLUGGABLE DATABASE", "233": "EXECUTE", "237": "TRANSPORT",
}  # fmt: skip
_LOGONS = frozenset({"LOGON", "CONNECT"})
_LOGOFFS = frozenset({"LOGOFF", "LOGOFF BY CLEANUP", "DISCONNECT"})
_IAM = ("GRANT", "REVOKE", "CREATE USER", "ALTER USER", "DROP USER", "CREATE ROLE", "ALTER ROLE", "DROP ROLE",
        "SET ROLE", "SYSTEM GRANT", "SYSTEM REVOKE", "CHANGE PASSWORD", "ALTER PROFILE", "CREATE PROFILE")  # fmt: skip
_AUDIT = ("AUDIT", "NOAUDIT", "SYSTEM AUDIT", "SYSTEM NOAUDIT", "CREATE AUDIT", "ALTER AUDIT", "DROP AUDIT")
_XML = re.compile(r"<(?P<name>[A-Za-z_]{1,60})>(?P<text>[^<]*+)</(?P=name)>")
_SYSLOG = re.compile(r"\b(?P<name>[A-Z][A-Z_ ]{1,40}?) ?: ?\"(?P<text>[^\"]{0,8000})\"")
_OLD_SYSLOG = re.compile(r"\b(?P<name>[A-Z][A-Z_$ ]{1,40}?) ?: ?(?:\[\d{1,9}\] ?\"(?P<text>[^\"]{0,8000})\")")
_SIZED = re.compile(r"\b[A-Z][A-Z_$ ]{1,40}? ?: ?\[\d{1,9}\] ?'")
_ADDRESS = re.compile(r"\(HOST=(?P<host>[^)]{1,255})\)(?:\(PORT=(?P<port>\d{1,5})\))?")
_AUTHENTICATED = re.compile(r"Authenticated by: (?P<how>[^;]{1,80})")


def _plain(name: str) -> str:
    bare = "".join(letter for letter in name.lower() if letter.isalnum())
    return _SAME.get(bare, bare)


def from_document(document: Mapping[str, Json]) -> dict[str, str]:
    """Return the values of a row of an audit view as JSON."""
    found: dict[str, str] = {}
    for key, value in document.items():
        if value is not None and not isinstance(value, dict | list) and str(value):
            found.setdefault(_plain(key), str(value))
    return found


def from_xml(text: str) -> dict[str, str]:
    """Return the values of one `<AuditRecord>` of `audit_trail=XML`."""
    return {_plain(found["name"]): unescape(found["text"]) for found in _XML.finditer(text)}


def from_syslog(message: str) -> dict[str, str]:
    """Return the values of a record over syslog: unified (`KEY:"v"`), traditional (`KEY :[3] "v"`), or of SYS.

    What SYS does is told as in an `.aud` file, in one line behind the record's length.
    """
    if (first := _SIZED.search(message, 0, 400)) is not None:
        return from_aud(message[first.start() :])
    shape = _OLD_SYSLOG if ":[" in message.replace(" ", "")[:400] else _SYSLOG
    values: dict[str, str] = {}
    for found in shape.finditer(message):
        values.setdefault(_plain(found["name"]), found["text"])
    return values


_AUD = re.compile(rb"(?P<name>[A-Z][A-Z_$ ]{1,40}?) ?: ?(?:\[(?P<size>\d{1,9})\] ?)?(?P<quote>['\"])")


def from_aud(text: str) -> dict[str, str]:
    """Return the values of a record of an `.aud` file: `NAME :[size] 'value'`.

    The size counts bytes; so a value is taken by its size, and quotes or names inside it (a statement is the client's
    to write) are part of it.
    """
    values: dict[str, str] = {}
    raw, place = text.encode("utf-8", "replace"), 0
    while found := _AUD.search(raw, place):
        start, quote = found.end(), found["quote"]
        size = int(found["size"]) if found["size"] else -1
        end = start + size
        if size < 0 or raw[end : end + 1] != quote:
            end = raw.find(quote + b"\n", start)
            end = end if end != -1 else max(raw.rfind(quote, start), start)
        values.setdefault(_plain(found["name"].decode()), raw[start:end].decode("utf-8", "replace"))
        place = max(end + 1, start)
    return values


def put_record(values: Mapping[str, str], fields: Fields, zone: tzinfo) -> None:
    """Put the values of a record, by the names above, into fields."""
    moment = stamp_of(values.get("timestamp", ""), zone)
    if moment is not None:
        fields["@timestamp"] = moment
    name, statement = _named(values)
    _kind(name, values.get("return_code", "").strip(), fields)
    for key in _KEPT:
        put_words(f"oracle.database_audit.{key}", values.get(key), fields)
    put_words("user.name", values.get("user"), fields)
    effective = values.get("current_user", "")
    if effective and effective != values.get("user"):
        fields["user.effective.name"] = effective
    put_words("user.target.name", values.get("target_user"), fields)
    put_words("process.name", values.get("program"), fields)
    put_number("process.pid", values.get("os_process", "").partition(":")[0], fields)
    _client(values, fields)
    put_words("oracle.database_audit.sql_text", statement, fields)
    read_statement(statement, fields)
    fields["message"] = statement or name


def _named(values: Mapping[str, str]) -> tuple[str, str]:
    """Return the name of the action and the statement; records of SYS have the statement where the action stands."""
    action, statement = values.get("action", "").strip(), values.get("sql_text", "")
    name = values.get("action_name") or _ACTIONS.get(action)
    if name is None and not action.isdecimal() and action.upper() not in _LOGONS | _LOGOFFS:
        statement = statement or action
        return " ".join(action.split()[:2]).strip(";"), statement
    return " ".join((name or action).split())[:200], statement


def stamp_of(text: str, zone: tzinfo) -> datetime | None:
    """Return the instant of a record: ISO 8601, `2024-03-05T09:12:44.123456 UTC`, `Tue Mar  5 09:12:44 2024 +01:00`."""
    return to_instant(text.replace(" +00:00", "Z").replace(" UTC", "Z"), zone) or instant_of(text, zone)


def _kind(name: str, code: str, fields: Fields) -> None:
    upper = name.upper()
    fields["event.action"] = name.lower().replace(" ", "-").replace("/", "-")[:80] or "audit"
    if upper in _LOGONS:
        also(fields, "event.category", ("authentication", "session"))
        also(fields, "event.type", ("start",))
    elif upper in _LOGOFFS:
        also(fields, "event.category", ("session",))
        also(fields, "event.type", ("end",))
    elif upper.startswith(_IAM):
        also(fields, "event.category", ("iam",))
    elif upper.startswith(_AUDIT):
        also(fields, "event.category", ("configuration",))
        also(fields, "event.type", ("change",))
    read_statement(name, fields)
    if code:
        number = code.lstrip("-")
        fields["event.outcome"] = "success" if number == "0" else "failure"
        if number.isdecimal() and number != "0":
            fields["event.code"] = f"ORA-{number.zfill(5)}"


def _client(values: Mapping[str, str], fields: Fields) -> None:
    """Take the client's host, and its address out of `(ADDRESS=(PROTOCOL=tcp)(HOST=10.0.0.1)(PORT=50112))`."""
    host = values.get("host", "").rpartition("\\")[2]
    put_client(host, fields)
    where = values.get("authentication_type", "")
    if found := _ADDRESS.search(where):
        put_client(found["host"], fields)
        put_port(found["port"] or "", fields)
    if how := _AUTHENTICATED.search(where):
        fields["oracle.database_audit.authenticated_by"] = how["how"]
    put_words("source.user.name", values.get("os_user"), fields)
