"""389 Directory Server (FreeIPA, Red Hat Directory Server): who binds, searches and changes, from its access log.

Format: Red Hat Directory Server, "Access log reference": `[05/Mar/2024:09:12:44.1 +0000] conn=7 op=0 BIND dn="..."`. A
connection's address stands in its first line alone, and a result names its operation alone: both are put together here,
for the last few thousand connections.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from collectors.cloud.ends import put_end
from collectors.framing import decode, lines
from collectors.network.finish import finish
from collectors.network.times import instant_of
from collectors.source import Options, Record
from engine.errors import MalformedRecordError
from engine.events import Fields

_LINE: Final = re.compile(
    r"\[(?P<stamp>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,9})? [+-]\d{4})\] "
    r"conn=(?:Internal\()?(?P<conn>\d{1,19})\)? (?:op=(?P<op>-?\d{1,10})(?:\(\d{1,10}\)){0,2} )?(?P<text>\S.*)",
    re.ASCII | re.DOTALL,
)
_CONNECTION: Final = re.compile(
    r"fd=\d{1,10} slot=\d{1,10} (?:SSL )?connection from (?P<from>[0-9A-Fa-f.:]{2,45}|local) to (?P<to>\S{1,108})",
    re.ASCII,
)
_VERB: Final = re.compile(
    r"(?P<verb>BIND|UNBIND|SRCH|ADD|MOD|MODRDN|DEL|CMP|EXT|ABANDON|RESULT)\b(?P<rest>.*)", re.DOTALL
)
_DN: Final = re.compile(r'(?:^|\s)(?:dn|base)="(?P<dn>(?:[^"\\]|\\.){0,4096})"', re.DOTALL)
_ERROR: Final = re.compile(r"\berr=(?P<code>\d{1,4})\b", re.ASCII)
_KINDS: Final = {
    "BIND": (["authentication"], "start"),
    "UNBIND": (["session"], "end"),
    "SRCH": (["database"], "access"),
    "CMP": (["database"], "access"),
    "ADD": (["database", "iam"], "creation"),
    "MOD": (["database", "iam"], "change"),
    "MODRDN": (["database", "iam"], "change"),
    "DEL": (["database", "iam"], "deletion"),
    "EXT": (["database"], "info"),
    "ABANDON": (["database"], "info"),
}
_MOST: Final = 4096  # connections remembered
_PENDING: Final = 64  # operations of one connection that wait for their result
_NAMES: Final = {
    "14": "SASL bind in progress",
    "32": "no such object",
    "48": "inappropriate authentication",
    "49": "invalid credentials",
    "50": "insufficient access",
    "53": "unwilling to perform",
}


@dataclass(slots=True)
class _Connection:
    """Where a connection comes from, who bound on it, and what waits for a result (verb and name, by operation)."""

    ends: tuple[str, str] = ("", "")
    user: str = ""
    pending: dict[str, tuple[str, str]] = field(default_factory=dict)


class _Parser:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._connections: OrderedDict[str, _Connection] = OrderedDict()

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line, with what earlier lines of its connection said."""
        line = decode(record.raw).strip()
        if not line or line.startswith("389-Directory/"):  # its header
            return None
        found = _LINE.fullmatch(line)
        if found is None:
            raise MalformedRecordError("no line of 389 Directory Server: [stamp] conn=N op=N VERB ...")
        connection = self._of(found["conn"])
        fields: Fields = {
            "event.dataset": "directory_389.access",
            "event.module": "directory_389",
            "event.kind": "event",
            "event.category": ["network"],
            "event.type": ["info"],
            "directory_389.connection": found["conn"],
        }
        if (moment := instant_of(found["stamp"], self._options.zone)) is not None:
            fields["@timestamp"] = moment
        if self._options.host:
            fields["host.name"] = self._options.host
        self._read(found["text"].strip(), found["op"] or "", connection, fields)
        put_end(fields, "source", connection.ends[0])
        put_end(fields, "destination", connection.ends[1])
        if connection.user and "user.name" not in fields:
            fields["user.name"] = connection.user
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Complete the fields; see `Parser`."""
        return finish(fields)

    def _of(self, number: str) -> _Connection:
        found = self._connections.get(number)
        if found is None:
            found = self._connections[number] = _Connection()
            if len(self._connections) > _MOST:
                self._connections.popitem(last=False)
        return found

    def _read(self, text: str, operation: str, connection: _Connection, fields: Fields) -> None:
        opened = _CONNECTION.match(text)
        if opened is not None:
            connection.ends, connection.user = (opened["from"], opened["to"]), ""
            connection.pending.clear()
            fields["event.action"], fields["event.type"] = "connection", ["connection", "start"]
            return
        verb = _VERB.match(text)
        if verb is None:
            fields["message"] = text
            return
        name, rest = verb["verb"], verb["rest"]
        if name == "RESULT":
            _read_result(rest, connection.pending.pop(operation, ("", "")), connection, fields)
            return
        dn = _DN.search(rest)
        who = dn["dn"] if dn is not None else ""
        categories, kind = _KINDS[name]
        fields["event.action"], fields["event.category"], fields["event.type"] = name, list(categories), [kind]
        if who:
            fields["directory_389.dn"] = who
        if name == "BIND" and who:
            fields["user.name"] = _account(who)
        if len(connection.pending) < _PENDING:
            connection.pending[operation] = (name, who)


def _read_result(rest: str, asked: tuple[str, str], connection: _Connection, fields: Fields) -> None:
    """Read how an operation ended; that of a bind is a log-in, or its refusal."""
    verb, dn = asked
    error = _ERROR.search(rest)
    code = error["code"] if error is not None else ""
    ok = code in {"0", "14"}
    fields["event.action"] = f"{verb} result".strip()
    fields["event.code"], fields["event.outcome"] = code, "success" if ok else "failure"
    if verb in _KINDS:
        categories, kind = _KINDS[verb]
        fields["event.category"], fields["event.type"] = list(categories), [kind]
    if not ok:
        fields["event.reason"] = _NAMES.get(code, f"error {code}")
        if code == "50":
            fields["event.type"] = ["denied"]
    if dn:
        fields["directory_389.dn"] = dn
    if verb == "BIND" and dn:
        fields["user.name"] = _account(dn)
        if code == "0":
            connection.user = _account(dn)


def _account(dn: str) -> str:
    """Return the value of a name's first part: `ana` of `uid=ana,cn=users,dc=gov`."""
    first = re.split(r"(?<!\\),", dn, maxsplit=1)[0]
    return first.partition("=")[2].strip() or dn


class _Directory:
    """The access log of 389 Directory Server."""

    name = "directory_389"
    aliases: tuple[str, ...] = ("389ds", "dirsrv", "freeipa", "rhds")
    title = "389 Directory Server (FreeIPA, RHDS): access log"
    datasets: tuple[str, ...] = ("directory_389.access",)

    def recognise(self, head: bytes, filename: str) -> int:  # noqa: ARG002 - the bytes decide
        """Tell by the share of lines with a stamp in brackets and a connection behind it."""
        found = [line for line in decode(head[:65536]).splitlines()[:40] if line.strip()]
        found = [line for line in found if not line.startswith("389-Directory/")] or found
        if len(found) > 1 and len(head) >= 4096:
            found = found[:-1]
        known = sum(_LINE.fullmatch(line.strip()) is not None for line in found)
        return round(96 * known / len(found)) if found and known * 2 >= len(found) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> _Parser:
        """Return a parser for one log."""
        return _Parser(options)


SOURCE: Final = _Directory()
