"""Apache HTTP Server: access logs in any `LogFormat`, as JSON, and error logs of 2.2 and 2.4.

Formats: https://httpd.apache.org/docs/2.4/mod/mod_log_config.html,
https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat. Stamps of the error log have no zone; `Options.zone`
holds for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, BinaryIO

from collectors.framing import lines
from collectors.source import Options, Parser, Record
from collectors.web.address import is_ip
from collectors.web.client import source_fields
from collectors.web.likeness import apache_habits, sureness
from collectors.web.mixed import MixedParser
from collectors.web.relayed import relayed
from collectors.web.request import read_target
from collectors.web.stamps import any_instant
from engine.events import Fields

if TYPE_CHECKING:
    from collectors.columns.seam import ColumnParser

_LEVELS = "emerg|alert|crit|error|warn|notice|info|debug|trace[1-8]"
_ERROR = re.compile(
    rf"""(?:\[(?P<stamp>[A-Z][a-z]{{2}}\ [A-Z][a-z]{{2}}\ {{1,2}}\d{{1,2}}\ [\d:.]{{8,18}}\ \d{{4}}
                   |\d{{4}}-\d\d-\d\d[T\ ][\d:.]{{8,18}}(?:Z|\ ?[+-]\d\d:?\d\d)?)\]\ )?
    \[(?:(?P<module>[a-z0-9_\-]{{0,64}}):)?(?P<level>{_LEVELS})\]
    (?:\ \[pid\ (?P<pid>\d{{1,10}})(?::tid\ (?P<tid>\d{{1,20}}))?\])?
    \ ?(?P<message>.*)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
# In front of the text: the source file at trace levels, the system's error, the client (or the remote end of a proxy).
_MESSAGE = re.compile(
    r"""(?:(?P<file>[A-Za-z0-9_]{1,64}\.c\(\d{1,6}\)):\ )?
    (?:(?P<errno>\(\d{1,10}\)[^:\[]{1,200}+):\ )?
    (?:\[(?:client|remote)\ (?P<client>[^\]\s]{1,100})\]\ ?)?
    (?:(?P<code>AH\d{5}):\ )?""",
    re.VERBOSE | re.ASCII,
)
_REFERRER = ", referer: "
# How messages begin that say that a request was refused. (An error of a program behind the server says nothing of it.)
_REFUSED = ("client denied by server configuration", "Invalid URI in request", "Invalid method in request")
_DENIED = "client denied by server configuration: "
# `... failure for "/admin": ...`, `user eva not found: /admin`, `Cannot map GET /a HTTP/1.1 to file`
_TARGET = re.compile(
    r"(?:user [^:]{0,256}: authentication failure for \"|user \S{0,256} not found: |access to (?=/)"
    r"|(?:Cannot map|Invalid (?:URI|method) in request) (?P<method>[A-Z]{3,16}) )(?P<target>[^\s\"]{1,8192})"
)
_MISSING_FILE = ("File does not exist: ", "script not found or unable to stat: ")
# What programs behind the server say of a log-in that failed, in the words that guards of log-ins look for
_PROGRAM = re.compile(
    r"Got error 'PHP message: (?:\w{1,16}: )?user (?P<name>[^\s:']{0,255}) ?authentication failure for \w", re.ASCII
)
_USER = re.compile(r"user (?P<name>[^\s:]{1,255})(?:: authentication failure| not found)", re.ASCII)


class ApacheParser(MixedParser):
    """Reads Apache's access and error lines in any mixture."""

    module = "apache"

    def error(self, line: str, zone: tzinfo) -> Fields | None:
        """Return the fields of an error line, None for any other."""
        found = _ERROR.fullmatch(line) if line[0] == "[" else None
        return _error(found, zone) if found is not None and _is_whole(found) else None


class ApacheSource:
    """Apache access and error logs."""

    name = "apache"
    aliases: tuple[str, ...] = ("httpd", "apache2", "apache.access", "apache.error", "clf")
    title = "Apache HTTP Server access and error logs"

    def recognise(self, head: bytes, filename: str) -> int:
        """Return how surely it is Apache's; see `Source`."""
        return sureness(head, filename, apache_habits(_is_own))

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return ApacheParser(options)

    def columns(self, options: Options) -> ColumnParser:
        """Return a column parser of access events for one stream."""
        from collectors.columns.web import WebColumns  # noqa: PLC0415 - Arrow is heavy, and only columns need it

        return WebColumns(ApacheParser.module, options)


def _is_own(line: str) -> bool:
    found = _ERROR.fullmatch(line[relayed(line)[1] :])
    return found is not None and _is_whole(found)


def _is_whole(found: re.Match[str]) -> bool:
    """Tell an error from what others write with a level in front: where syslog has the stamp, module and process."""
    return bool(found["stamp"] or (found["module"] and found["pid"]))


def _error(found: re.Match[str], zone: tzinfo) -> Fields:
    fields: Fields = {
        "event.dataset": "apache.error",
        "event.module": "apache",
        "log.level": found["level"],
    }
    if found["stamp"]:  # `ErrorLog syslog` leaves it to syslog
        fields["@timestamp"] = any_instant(found["stamp"], zone)
    if found["module"]:
        fields["apache.error.module"] = found["module"]
        fields["log.logger"] = found["module"]
    if found["pid"]:
        fields["process.pid"] = int(found["pid"])
    if found["tid"]:
        fields["process.thread.id"] = int(found["tid"])
    _message(found["message"], fields, with_port=found["pid"] is not None)
    return fields


def _message(text: str, fields: Fields, *, with_port: bool) -> None:
    head = _MESSAGE.match(text)
    if head is None:
        fields["message"] = text
        return
    if head["client"]:
        source_fields(_bracketed(head["client"]) if with_port else head["client"], fields)
    if head["code"]:
        fields["event.code"] = head["code"]
    if head["errno"]:
        fields["apache.error.os_error"] = head["errno"]
    bare = not head["file"] and not head["errno"]
    start = head.start("code") if head["code"] else head.end()
    fields["message"] = text[start:] if bare else text
    _details(text[head.end() :], fields)


def _bracketed(client: str) -> str:
    """Return an IPv6 client with its port in the usual form: 2.4 writes `2001:db8::1:50112`, without brackets."""
    address, _, port = client.rpartition(":")
    return f"[{address}]:{port}" if ":" in address and port.isdecimal() and is_ip(address) else client


def _details(text: str, fields: Fields) -> None:
    """Read what the text behind client and code says: the referrer, a missing file, a user who could not log on."""
    text, mark, referrer = text.partition(_REFERRER)
    if mark and referrer:
        fields["http.request.referrer"] = referrer
    for start in _MISSING_FILE:
        if text.startswith(start):
            fields["file.path"] = text.removeprefix(start)
            fields["event.outcome"] = "failure"
    if text.startswith(_REFUSED):
        fields["event.outcome"] = "failure"
        if text.startswith(_DENIED + "/"):
            fields["file.path"] = text.removeprefix(_DENIED)
    if (asked := _TARGET.match(text)) is not None:
        fields["event.outcome"] = "failure"
        read_target(asked["target"], fields)
        if asked["method"]:
            fields["http.request.method"] = asked["method"]
    user = _USER.match(text)
    if user is not None and user["name"]:
        fields["user.name"] = user["name"]
        fields["event.outcome"] = "failure"
    if (program := _PROGRAM.match(text)) is not None:
        fields["event.category"], fields["event.outcome"] = ["web", "authentication"], "failure"
        if program["name"]:
            fields["user.name"] = program["name"]


SOURCE = ApacheSource()
