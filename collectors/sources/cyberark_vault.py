"""CyberArk Digital Vault's audit: who used which privileged account, what was typed in its sessions, who changed it.

Formats: CyberArk, "Security information and event management integration": what its translators write, as CEF
(`CEF:0|Cyber-Ark|Vault|...`), LEEF, or JSON (`{"format": "elastic", "syslog": {"audit_record": {...}}}`), behind any
header of syslog. Actions: "Vault audit action codes". Field names: Elastic's `cyberarkpas.audit.*`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from collectors.cloud.values import inner, text
from collectors.json_fields import load_object, to_instant
from collectors.network.cef import find_cef, read_cef
from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.leef import find_leef, read_leef
from collectors.network.values import keep, put
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.web.address import endpoint
from engine.errors import MalformedRecordError
from engine.events import Fields

_Values = Mapping[str, str]
_Nature = tuple[tuple[str, ...], str]  # ECS categories, and a type

_MARKS: Final = ("|Cyber-Ark|Vault|", "|CyberArk|Vault|")
_JSON: Final = re.compile(r'\{"(?:format|syslog|raw)"\s*:', re.ASCII)
_RECORD: Final = '"audit_record"'
_DETAIL: Final = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9 ]{0,48})=(?P<text>(?:[^;\\]|\\.)*)(?:;|$)", re.DOTALL)
_FROM_CEF: Final = (  # the vault's own names, and the keys of each form
    ("action", ("act",)),
    ("issuer", ("suser",)),
    ("file", ("fname",)),
    ("station", ("shost", "src")),
    ("target", ("dhost",)),
    ("target_user", ("duser",)),
    ("session_id", ("externalId",)),
    ("protocol", ("app",)),
    ("reason", ("reason",)),
    ("message", ("msg",)),
)
_LABELS: Final = {
    "Affected User Name": "affected_user",
    "Safe Name": "safe",
    "Device Type": "device_type",
    "Database": "database",
    "Other info": "gateway_station",
    "Request Id": "request_id",
    "Ticket Id": "ticket_id",
}
_FROM_LEEF: Final = (
    ("action", ("Action", "EventMessage")),
    ("issuer", ("usrName",)),
    ("file", ("File",)),
    ("station", ("src", "shost")),
    ("target", ("dhost",)),
    ("target_user", ("duser",)),
    ("affected_user", ("TargetUser",)),
    ("source_user", ("SourceUser",)),
    ("safe", ("Safe",)),
    ("session_id", ("externalId",)),
    ("protocol", ("app",)),
    ("request_id", ("RequestId",)),
    ("category", ("Category",)),
    ("location", ("Location",)),
    ("gateway_station", ("GatewayStation",)),
    ("policy_id", ("CAPolicy",)),
    ("extra_details", ("ExtraDetails",)),
    ("reason", ("Reason", "reason")),
    ("severity", ("sev",)),
)
_FROM_JSON: Final = (
    ("action", ("Action", "Desc", "Message")),
    ("issuer", ("Issuer",)),
    ("file", ("File",)),
    ("station", ("Station",)),
    ("affected_user", ("TargetUser",)),
    ("source_user", ("SourceUser",)),
    ("safe", ("Safe",)),
    ("request_id", ("RequestId",)),
    ("category", ("Category",)),
    ("location", ("Location",)),
    ("gateway_station", ("GatewayStation",)),
    ("extra_details", ("ExtraDetails",)),
    ("reason", ("Reason",)),
    ("severity", ("Severity",)),
    ("message", ("Message",)),
    ("host", ("Hostname",)),
)
_FAILED: Final = frozenset({"Error", "Critical", "Warning", "0", "1", "2", "3"})  # severities of what did not succeed
_REFUSED: Final = ("fail", "denied", "undefined user", "unauthorized", "suspend", "user authentication")
_NATURES: Final[tuple[tuple[str, _Nature], ...]] = (  # what an action's name holds, in small letters; the first counts
    ("keystroke", (("session", "process"), "info")),
    ("window title", (("session", "process"), "info")),
    ("sql command", (("session", "database"), "access")),
    ("scp command", (("session", "process"), "info")),
    ("universal command", (("session", "process"), "info")),
    ("ssh key", (("iam",), "info")),
    ("disconnect", (("session", "network"), "end")),
    ("end session", (("session", "network"), "end")),
    ("session end", (("session", "network"), "end")),
    ("psm connect", (("session", "network"), "start")),
    ("connect session", (("session", "network"), "start")),
    ("gateway connection", (("authentication", "session"), "start")),
    ("logoff", (("authentication",), "end")),
    ("logon", (("authentication",), "start")),
    ("user authentication", (("authentication",), "start")),
    ("retrieve password", (("iam",), "info")),
    ("use password", (("iam",), "info")),
    ("copy password", (("iam",), "info")),
    ("show password", (("iam",), "info")),
    ("verify password", (("iam",), "info")),
    ("password", (("iam",), "change")),  # changed, reconciled, stored, disabled
    ("group", (("iam",), "change")),
    ("user", (("iam",), "change")),
    ("owner", (("iam",), "change")),
    ("authorization", (("iam",), "change")),
    ("permission", (("iam",), "change")),
    ("backup", (("file",), "access")),
    ("file", (("file",), "access")),
    ("object", (("file",), "access")),
    ("safe", (("configuration",), "change")),
    ("category", (("configuration",), "change")),
    ("rule", (("configuration",), "change")),
)
_VERBS: Final = (("add ", "creation"), ("create", "creation"), ("store ", "creation"), ("delete", "deletion"),
                 ("remove", "deletion"), ("clear", "deletion"), ("update", "change"), ("rename", "change"),
                 ("move", "change"))  # fmt: skip


def _own(line: str) -> bool:
    head = line[:1024]
    return any(mark in head for mark in _MARKS) or (_RECORD in head and "Cyber-Ark" in line[:8192])


def _read(line: str, options: Options) -> Fields:
    start, values = _values(line)
    fields: Fields = {
        "event.dataset": "cyberarkpas.audit",
        "event.module": "cyberarkpas",
        "event.kind": "event",
        "observer.vendor": "Cyber-Ark",
        "observer.product": "Vault",
    }
    if (moment := to_instant(values.pop("stamp", ""), options.zone)) is not None:
        fields["@timestamp"] = moment
    details = _details(values.get("extra_details", ""))
    if details:  # each stands under its own name
        del values["extra_details"]
    if "Command" in details:  # the translator for LEEF repeats its beginning as the reason
        values.pop("reason", None)
    for name, said in (
        ("event.code", values.pop("code", "")),
        ("event.action", values.get("action", "")),
        ("observer.version", values.pop("version", "")),
        ("observer.hostname", values.get("host", "")),
        ("user.name", values.get("issuer", "")),
        ("user.target.name", values.get("affected_user", "")),
        ("destination.user.name", values.get("target_user", "") or details.get("User", "")),
        ("file.path", values.get("file", "")),
        ("network.application", (values.get("protocol", "") or details.get("Protocol", "")).lower()),
        ("event.reason", values.get("reason", "")),
        ("message", values.get("message", "")),
        ("process.command_line", details.get("Command", "")),
        ("source.user.name", values.get("source_user", "")),
        ("cyberarkpas.audit.session_id", details.get("SessionID", "")),
    ):
        put(fields, name, said, options.zone)
    if path := values.get("file", ""):
        fields["file.name"] = path.replace("\\", "/").rpartition("/")[2]
    severity = values.get("severity", "")
    if severity.isascii() and severity.isdecimal() and len(severity) < 3:
        fields["event.severity"] = int(severity)
    elif severity:
        fields["log.level"] = severity
    _ends(values, details, fields)
    _meaning(values, severity, fields)
    keep(fields, "cyberarkpas.audit.", values.items())
    keep(fields, "cyberarkpas.audit.extra_details.", ((_snaked(key), said) for key, said in details.items()))
    prefix_fields(prefix_header(line, start, options), fields, options)
    return fields


def _values(line: str) -> tuple[int, dict[str, str]]:
    """Return where the message begins, and what it says under the vault's own names."""
    head = line[:1024]
    if any(mark in head for mark in _MARKS):
        if (start := find_leef(head)) is not None and (leef := read_leef(line[start:])) is not None:
            found = _named(_FROM_LEEF, leef.attributes)
            return start, {**found, "code": leef.event, "version": leef.version}
        if (start := find_cef(head)) is not None and (cef := read_cef(line[start:])) is not None:
            found = _named(_FROM_CEF, cef.extension)
            for label, said in cef.labelled.items():
                if (name := _LABELS.get(_unquoted(label))) is not None and (value := _unquoted(said)):
                    found[name] = value
            found.setdefault("action", cef.name)
            return start, {**found, "code": cef.event_class, "version": cef.version}
    json = _JSON.search(line[:2048])
    if json is None or _RECORD not in line:
        raise MalformedRecordError("no audit record of CyberArk's vault: neither its CEF, nor its LEEF, nor its JSON")
    return json.start(), _of_json(line[json.start() :])


def _of_json(message: str) -> dict[str, str]:
    record = inner(load_object(message.encode("utf-8", "backslashreplace")), "syslog", "audit_record")
    found = _named(_FROM_JSON, {key: said for key, value in record.items() if (said := text(value))})
    for name, value in inner(record, "CAProperties").items():
        if said := text(value):
            found[f"ca_properties.{_snaked(name)}"] = said
    extra = inner(record, "ExtraDetails")
    if extra:
        found["extra_details"] = "".join(f"{key}={_escaped(text(value))};" for key, value in extra.items())
    found["stamp"] = text(record.get("IsoTimestamp")) or text(record.get("Timestamp"))
    found["code"], found["version"] = text(record.get("MessageID")), text(record.get("Version"))
    if not found.get("action"):
        raise MalformedRecordError("an audit record of CyberArk's vault without an action")
    return found


def _named(table: tuple[tuple[str, tuple[str, ...]], ...], given: Mapping[str, str]) -> dict[str, str]:
    found = {name: next((said for key in keys if (said := _unquoted(given.get(key, "")))), "") for name, keys in table}
    return {name: said for name, said in found.items() if said}


def _unquoted(said: str) -> str:
    said = said.strip()
    return said[1:-1].strip() if len(said) > 1 and said[0] == said[-1] == '"' else said


def _escaped(said: str) -> str:
    return said.replace("\\", "\\\\").replace(";", "\\;")


def _snaked(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace(" ", "_").lower()


def _details(said: str) -> dict[str, str]:
    """Return the details of a session (`SrcHost=...;Command=...;`), in whose values a semicolon is escaped."""
    found: dict[str, str] = {}
    for each in _DETAIL.finditer(said[:65536]):
        found.setdefault(each["key"].strip(), each["text"].replace("\\;", ";").replace("\\\\", "\\").strip())
    return found


def _ends(values: _Values, details: _Values, fields: Fields) -> None:
    """Set who came from where, through which gateway, to which machine."""
    for side, said in (
        ("source", details.get("SrcHost", "") or values.get("station", "")),
        ("destination", values.get("target", "") or details.get("DstHost", "")),
    ):
        end = endpoint(said)
        if end.ip is not None:
            fields[f"{side}.ip"] = end.ip
        elif end.domain is not None:
            fields[f"{side}.domain"] = end.domain


def _meaning(values: _Values, severity: str, fields: Fields) -> None:
    action = values.get("action", "").lower()
    categories, kind = next((nature for word, nature in _NATURES if word in action), (("configuration",), "info"))
    if kind in {"change", "access"}:
        kind = next((told for verb, told in _VERBS if verb in action), kind)
    fields["event.category"], fields["event.type"] = list(categories), [kind]
    if "iam" in categories and kind != "info" and "user" in action:
        fields["event.type"] = ["user", kind]
    elif "iam" in categories and kind != "info" and "group" in action:
        fields["event.type"] = ["group", kind]
    failed = severity in _FAILED or any(word in action for word in _REFUSED)
    fields["event.outcome"] = "failure" if failed else "success"


SOURCE = LineSource(
    name="cyberark_vault",
    aliases=("cyberark", "cyberarkpas", "cyberark_pas"),
    title="CyberArk Digital Vault (privileged access): audit",
    datasets=("cyberarkpas.audit",),
    own=_own,
    read=_read,
    weight=96,
)
