"""Taking an audit record apart: its type, its stamp and serial number, and its `key=value` fields.

Source: the Linux audit documentation's record format (audit-documentation, `specs/fields`), the kernel's
audit_log_untrustedstring (values with blanks, quotes or control characters are written as upper-case hexadecimal), and
auditd.conf(5), `log_format = ENRICHED` (names in upper case after a 0x1d byte).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from collectors.auditd.kinds import NUMBERS


@dataclass(slots=True, kw_only=True)
class AuditRecord:
    """One record. `fields` holds the decoded values as text, under the record's own names.

    `argv` are the arguments of an EXECVE record; `node` is the machine where the record says so.
    """

    kind: str
    timestamp: datetime | None
    serial: int | None
    node: str | None
    fields: dict[str, str]
    argv: list[str]


_HEAD = re.compile(
    r"""(?:node=(?P<node>\S{1,255})\ )?(?:type=(?P<kind>[A-Z0-9_]{1,64}|UNKNOWN\[\d{1,6}\])\ )?
    (?:msg=)?audit\((?P<stamp>[^:)]{0,32}(?::\d\d:\d\d[^:)]{0,8})?)(?::(?P<serial>\d{1,20}))?\)\ ?:\ ?""",
    re.VERBOSE | re.ASCII,
)
# journald's own audit messages have neither stamp nor serial: `SYSCALL arch=...`
_JOURNAL = re.compile(r"(?P<kind>[A-Z][A-Z0-9_]{2,40})(?:\[\d{1,6}\])?(?: |$)", re.ASCII)
_EPOCH = re.compile(r"(\d{1,11})(?:\.(\d{1,9}))?", re.ASCII)
_INTERPRETED = re.compile(r"(\d\d)/(\d\d)/(\d{2,4}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?", re.ASCII)  # ausearch -i

_FIELD = re.compile(
    r"""(?:(?P<age>old|new)\ )?(?P<key>[A-Za-z_][A-Za-z0-9_-]{0,63}(?:\[\d{1,6}\])?)=
    (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<braced>\{[^}]{0,4096}\})|(?P<bare>[^\s\x1d]*))""",
    re.VERBOSE | re.ASCII,
)
# A copy of an enriched record that lost its 0x1d: `key=(null)ARCH=x86_64`, `cap_frootid=0OUID="root"`
_GLUED = re.compile(r"(ARCH|SYSCALL|AUID|OAUID|UID|GID|EUID|SUID|FSUID|EGID|SGID|FSGID|OUID|OGID)=(.*)", re.DOTALL)
_AVC = re.compile(r"avc:\s{1,3}(?P<result>denied|granted)\s{1,3}\{ (?P<permissions>[^}]{0,256}) \}", re.ASCII)
_HEX = re.compile(r"(?:[0-9A-F]{2})+")
_ARGUMENT = re.compile(r"a(\d{1,6})(?:\[(\d{1,6})\])?", re.ASCII)

# Fields that hold text somebody else chose: without quotes they are hexadecimal
_ENCODED = frozenset(
    {
        *(
            "acct",
            "cgroup",
            "cmd",
            "comm",
            "cwd",
            "data",
            "device",
            "dir",
            "exe",
            "file",
            "grp",
            "key",
            "name",
            "ocomm",
        ),
        *("path", "proctitle", "root_dir", "sw", "vm", "watch", "new_group", "old_disk", "new_disk"),
    }
)
_LONG = frozenset({"op", "reason", "info", "cause"})  # whose values may be several words without quotes
_TRAILING = ",):"  # punctuation of the user-space messages of old auditd


def parse_record(text: str, zone: tzinfo = UTC) -> AuditRecord | None:
    """Read one record; None where the text is none. Stamps that `ausearch -i` wrote are in `zone`."""
    head = _HEAD.match(text)
    if head is None:
        return None
    kind = head["kind"]
    if kind is None or (not head["stamp"] and not head["serial"]):
        return None
    record = AuditRecord(
        kind=NUMBERS.get(kind, kind),
        timestamp=_timestamp(head["stamp"], zone),
        serial=int(head["serial"]) if head["serial"] else None,
        node=head["node"],
        fields={},
        argv=[],
    )
    _read_body(text[head.end() :], record)
    return record


def parse_journal(text: str) -> AuditRecord | None:
    """Read a record as journald forwards it to syslog, `SYSCALL arch=...`: its type and fields, without a stamp."""
    head = _JOURNAL.match(text)
    if head is None:
        return None
    record = AuditRecord(kind=head["kind"], timestamp=None, serial=None, node=None, fields={}, argv=[])
    _read_body(text[head.end() :], record)
    return record


def _timestamp(stamp: str, zone: tzinfo) -> datetime | None:
    try:
        if match := _EPOCH.fullmatch(stamp):
            moment = datetime.fromtimestamp(int(match[1]), UTC)
            return moment + timedelta(microseconds=int((match[2] or "0")[:6].ljust(6, "0")))
        if match := _INTERPRETED.fullmatch(stamp):
            month, day, year, hour, minute, second = (int(match[i]) for i in range(1, 7))
            micro = int((match[7] or "0")[:6].ljust(6, "0"))
            year = year if year > 99 else year + 2000
            return datetime(year, month, day, hour, minute, second, micro, zone).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}(?:\[\d{1,6}\])?", re.ASCII)
_NOT_SIMPLE = ("'", " msg=", "op=", "old ", "new ", "{")  # what only user-space records and old kernels write


def _read_simple(body: str, record: AuditRecord) -> bool:
    """Read the fields of a kernel's record: `key=value` and `key="value"` without blanks, as most records are.

    False where the text is not of that kind; `_read_fields` then reads it again, more slowly.
    """
    fields, encoded_arguments = record.fields, record.kind == "EXECVE"
    for token in body.replace("\x1d", " ").split(" "):
        key, equals, value = token.partition("=")
        if not equals or not (key.isidentifier() or _KEY.fullmatch(key)):
            if token:
                return False
        elif value.isalnum() and not encoded_arguments and key not in _ENCODED:
            fields[key] = value
        elif value[:1] != '"':
            _put_bare(key, value, record, encoded_arguments=encoded_arguments)
        elif len(value) > 1 and value.find('"', 1) == len(value) - 1:
            fields[key] = value[1:-1]
        else:
            return False
    return True


def _read_body(body: str, record: AuditRecord) -> None:
    if any(mark in body for mark in _NOT_SIMPLE) or not _read_simple(body, record):
        record.fields.clear()
        if "avc:" in body and (match := _AVC.search(body)):
            record.fields["seresult"], record.fields["seperms"] = match["result"], match["permissions"]
        _read_fields(body, record)
    if record.kind == "EXECVE":
        record.argv = _arguments(record.fields)


def _read_fields(text: str, record: AuditRecord) -> None:
    """Read `key=value` fields; the quoted `msg` of a user-space record holds fields itself."""
    fields, encoded_arguments = record.fields, record.kind == "EXECVE"
    last, end = "", 0
    for match in _FIELD.finditer(text):
        if last in _LONG and match.start() > end and (more := text[end : match.start()].strip(" \x1d")):
            fields[last] = f"{fields[last]} {more}"
        end = match.end()
        age, key, double, single, braced, bare = match.groups()
        if age:
            key = f"{age}-{key}"
        last = key
        quoted = double if double is not None else single
        if key == "msg" and quoted is not None:
            _read_fields(quoted, record)
        elif quoted is not None or braced is not None:
            fields[key] = quoted if quoted is not None else braced
        else:
            _put_bare(key, bare, record, encoded_arguments=encoded_arguments)


def _put_bare(key: str, value: str, record: AuditRecord, *, encoded_arguments: bool) -> None:
    if "=" in value and (glued := _GLUED.search(value)):
        record.fields[glued[1]] = glued[2].strip('"')
        value = value[: glued.start()]
    if value.endswith((",", ")", ":")) and value not in {"(none)", "(null)"}:
        value = value.rstrip(_TRAILING) if "(" not in value else value.rstrip(",:")
    if (key in _ENCODED or (encoded_arguments and _ARGUMENT.fullmatch(key))) and _HEX.fullmatch(value):
        value = unhex(value, separator=" " if key == "proctitle" else "\\x00")
    record.fields[key] = value


def unhex(value: str, separator: str) -> str:
    """Return hexadecimal digits as the text they stand for; NUL bytes become `separator`, bad UTF-8 visible escapes."""
    raw = bytes.fromhex(value).rstrip(b"\x00")
    return raw.decode("utf-8", "backslashreplace").replace("\x00", separator)


def _arguments(fields: dict[str, str]) -> list[str]:
    """Put an EXECVE record's arguments in order; a long one is written in pieces, `a1[0]`, `a1[1]`, ..."""
    pieces = [
        (int(match[1]), int(match[2] or 0), value)
        for key, value in fields.items()
        if key[0] == "a" and (match := _ARGUMENT.fullmatch(key))
    ]
    joined: dict[int, str] = {}
    for argument, _, value in sorted(pieces):
        joined[argument] = joined.get(argument, "") + value
    for argument, value in joined.items():
        fields.setdefault(f"a{argument}", value)
    return [joined[argument] for argument in sorted(joined)]
