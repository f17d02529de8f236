"""Apache Cassandra: the server's log (`system.log`, `debug.log`) with its stack traces, and audit events within it.

Formats: Cassandra's `logback.xml` (`level [thread] stamp file:line - message`) and "Audit Logging" of its
documentation (`user:...|host:...|source:...|port:...|...|operation:...`). Field names: Elastic's `cassandra.log`.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.cloud.ends import put_end
from collectors.network.folding import folded_lines
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.web.stamps import iso_instant
from engine.errors import MalformedRecordError
from engine.events import Fields

_LINE = re.compile(
    r"""(?P<level>TRACE|DEBUG|INFO|WARN|ERROR)\ {1,3}\[(?P<thread>[^\]\n]{1,200})\]
    \ (?P<stamp>\d{4}-\d\d-\d\d[\ T]\d\d:\d\d:\d\d[,.]\d{3})\ (?P<file>[\w$.\-]{1,100}):(?P<line>\d{1,6}|\?)
    \ -\ (?P<text>.*)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_AUDIT = re.compile(
    r"""(?:LogMessage:\ )?user:(?P<user>[^|]{1,256})\|host:(?P<host>[^|]{1,300})\|source:(?P<source>[^|]{1,300})
    (?:\|port:(?P<port>\d{1,5}))?\|timestamp:\d{1,16}\|type:(?P<type>[A-Z_]{1,40})\|category:(?P<category>[A-Z]{1,20})
    (?P<rest>(?:\|.*)?)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_PLACE = re.compile(
    r"(?:\|ks:(?P<keyspace>[^|]{1,128}))?(?:\|scope:(?P<scope>[^|]{1,128}))?\|operation:(?P<query>.*)", re.DOTALL
)
_TRACE = re.compile(
    rb"[\t ]|Caused by: |Suppressed: |[a-z][\w$]{0,64}(?:\.[\w$]{1,64}){1,12}(?:Exception|Error)\b", re.ASCII
)
_AUDITORS: Final = frozenset({"FileAuditLogger.java", "AuditLogManager.java"})
_KINDS: Final = {  # category of an audit event: ECS categories, types
    "DDL": (("database", "configuration"), ("change",)),
    "DCL": (("database", "iam"), ("change",)),
    "DML": (("database",), ("change",)),
    "QUERY": (("database",), ("access",)),
    "PREPARE": (("database",), ("access",)),
}
_VERBS: Final = (("CREATE", "creation"), ("DROP", "deletion"), ("DELETE", "deletion"), ("TRUNCATE", "deletion"))
_FAILURES: Final = ("_ERROR", "UNAUTHORIZED", "REQUEST_FAILURE")


def _continues(before: bytes, line: bytes) -> bool:  # noqa: ARG001 - the line alone decides
    return _TRACE.match(line) is not None


def _own(line: str) -> bool:
    return _LINE.fullmatch(line) is not None


def _read(line: str, options: Options) -> Fields:
    found = _LINE.fullmatch(line)
    if found is None:
        raise MalformedRecordError("no line of Cassandra's log: level, [thread], stamp, file and line")
    text = found["text"]
    fields: Fields = {"event.dataset": "cassandra.log", "event.module": "cassandra", "event.kind": "event"}
    fields["@timestamp"] = iso_instant(found["stamp"].replace(",", "."), options.zone)
    fields["event.category"] = ["database"]
    fields["event.type"] = ["error"] if found["level"] == "ERROR" else ["info"]
    fields["log.level"], fields["process.thread.name"] = found["level"], found["thread"]
    fields["log.origin.file.name"] = found["file"]
    if found["line"] != "?":
        fields["log.origin.file.line"] = int(found["line"])
    fields["message"] = text
    if options.host:
        fields["host.name"] = options.host
    if found["file"] in _AUDITORS and (audit := _AUDIT.fullmatch(text)) is not None:
        _read_audit(audit, fields)
    return fields


def _read_audit(audit: re.Match[str], fields: Fields) -> None:
    """Read who did what from where.

    A name or statement may hold the words of an audit event itself; then nobody can tell which are Cassandra's, and
    no address, account or statement is taken.
    """
    kind, category = audit["type"], audit["category"]
    fields["event.action"] = kind.lower()
    failed = any(word in kind for word in _FAILURES)
    fields["event.outcome"] = "failure" if failed else "success"
    fields["cassandra.audit.category"] = category
    if category == "AUTH" or kind.startswith("LOGIN"):
        fields["event.category"], fields["event.type"] = ["database", "authentication"], ["start"]
    elif category in _KINDS:
        categories, types = _KINDS[category]
        named = next((name for verb, name in _VERBS if kind.startswith(verb)), None)
        fields["event.category"], fields["event.type"] = list(categories), [named] if named else list(types)
    if "|source:" in audit["rest"] or "|operation:" in audit["rest"][1:].partition("operation:")[2]:
        return
    fields["user.name"] = audit["user"]
    put_end(fields, "source", audit["source"].rpartition("/")[2], audit["port"])
    place = _PLACE.fullmatch(audit["rest"])
    if place is None:
        return
    for name, group in (("keyspace", "keyspace"), ("scope", "scope"), ("query", "query")):
        if place[group]:
            fields[f"cassandra.audit.{name}"] = place[group]


SOURCE = LineSource(
    name="cassandra",
    aliases=("cassandra.log",),
    title="Apache Cassandra's log and audit events",
    datasets=("cassandra.log",),
    own=_own,
    read=_read,
    weight=95,
    framer=lambda stream: folded_lines(stream, _continues),
)
