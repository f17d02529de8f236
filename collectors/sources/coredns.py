"""CoreDNS: the `log` plugin's lines in its combined and common forms, and the `errors` plugin's.

Format: https://coredns.io/plugins/log/ (`{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do}
{>bufsize}" {rcode} {>rflags} {rsize} {duration}`), https://coredns.io/plugins/errors/. The line may stand in a
container runtime's or a shipper's JSON (`{"log": "...", "time": "..."}`). Names: Elastic's `coredns.log`.
"""

from __future__ import annotations

import re
from datetime import UTC

from collectors.cloud.documents import text_document
from collectors.dns.question import ask, header_flags
from collectors.json_fields import to_instant
from collectors.network.values import put
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from engine.errors import MalformedRecordError
from engine.events import Fields

_LEVEL = re.compile(r"\[(?P<level>INFO|ERROR|WARNING|FATAL|DEBUG|PANIC)\] ")
_QUERY = re.compile(
    r"""\[?(?P<ip>[0-9A-Fa-f.:]{2,45}?)\]?:(?P<port>\d{1,5})\ -\ (?P<id>\d{1,5})
    \ "(?P<type>\S{1,16})\ (?P<class>\S{1,10})\ (?P<name>\S{1,1024})\ (?P<proto>\w{1,8})\ (?P<size>\d{1,6})
    \ (?P<dnssec>true|false)\ (?P<buffer>\d{1,6})"
    \ (?P<rcode>\S{1,16})\ (?P<flags>\S{1,64})\ (?P<bytes>\d{1,9})\ (?P<seconds>\d{1,6}(?:\.\d{1,12})?)s""",
    re.VERBOSE | re.ASCII,
)
_ERROR = re.compile(
    r"plugin/errors: (?P<count>\S{1,6}) (?P<name>\S{1,1024}) (?P<type>[A-Z0-9]{1,16}): (?P<error>.*)", re.DOTALL
)
_LONGEST = 4096  # characters of a line that are looked at
_NUMBERS = {"udp": "17", "tcp": "6"}


def _own(line: str) -> bool:
    line = line[:_LONGEST]
    return _QUERY.search(line) is not None or (_LEVEL.search(line) is not None and "plugin/" in line)


def _bare(line: str) -> bool:
    return _LEVEL.match(line) is not None or _QUERY.match(line) is not None


def _read(line: str, options: Options) -> Fields:
    carried = text_document(line)
    stamp = None
    if carried is not None:
        inner = carried.get("log", carried.get("message"))
        if not isinstance(inner, str):
            raise MalformedRecordError("JSON without a line of CoreDNS in `log` or `message`")
        stamp, line = to_instant(carried.get("time", carried.get("@timestamp")), options.zone), inner.strip()
    header = headed(line, options, _bare)
    fields = begun("coredns.log", header, options)
    if stamp is not None:
        fields["@timestamp"] = stamp
    message = header.message
    level = _LEVEL.search(line, 0, _LONGEST)
    if level is not None:
        fields["log.level"] = level["level"].lower()
        message = line[level.end() :].strip()
    fields["message"] = message
    fields["event.type"] = ["info"]
    if found := _QUERY.search(message[:_LONGEST]):
        _query(found, fields)
    elif found := _ERROR.search(message[:_LONGEST]):
        _error(found, fields)
    elif level is None:
        raise MalformedRecordError("no line of CoreDNS: neither a level nor a query")
    return fields


def _query(found: re.Match[str], fields: Fields) -> None:
    ask(fields, found["name"], found["type"], found["class"])
    for name, text in (("source.ip", found["ip"]), ("source.port", found["port"]), ("dns.id", found["id"])):
        put(fields, name, text, UTC)
    fields["dns.type"] = "answer"
    fields["dns.response_code"] = found["rcode"]
    if flags := header_flags(found["flags"].split(",")):
        fields["dns.header_flags"] = flags
    fields["source.bytes"], fields["destination.bytes"] = int(found["size"]), int(found["bytes"])
    fields["coredns.dnssec_ok"] = found["dnssec"] == "true"
    fields["network.protocol"], fields["network.transport"] = "dns", found["proto"].lower()
    if number := _NUMBERS.get(found["proto"].lower()):
        fields["network.iana_number"] = number
    whole, _, part = found["seconds"].partition(".")
    fields["event.duration"] = int(whole) * 1_000_000_000 + int(part[:9].ljust(9, "0"))
    fields["event.type"] = ["protocol"]
    fields["event.outcome"] = "success" if found["rcode"] in {"NOERROR", "NXDOMAIN"} else "failure"


def _error(found: re.Match[str], fields: Fields) -> None:
    ask(fields, found["name"], found["type"])
    fields["error.message"] = found["error"].strip()
    fields["event.type"], fields["event.outcome"] = ["protocol", "error"], "failure"


SOURCE = LineSource(
    name="coredns",
    aliases=("coredns.log",),
    title="CoreDNS query and error lines",
    datasets=("coredns.log",),
    own=_own,
    read=_read,
    weight=95,
)
