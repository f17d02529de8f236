"""Snort: alerts in the fast form (also by syslog, also of Snort 3 and of Suricata's `fast.log`), CSV and JSON.

Format: "Snort Users Manual", output modules `alert_fast`, `alert_syslog` and `alert_full`; "Snort 3 user manual",
`alert_fast` and `alert_json`. Stamps have no year, or one of two digits, and no zone (`Options`).
"""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime

from collectors.cloud.documents import text_document
from collectors.cloud.flatten import spread
from collectors.cloud.values import number, text
from collectors.json_fields import Json
from collectors.network.protocols import transport_fields
from collectors.network.values import put
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from collectors.syslog import Header, year_of
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP = re.compile(
    r"(?P<month>\d\d)/(?P<day>\d\d)(?:/(?P<year>\d{4}|\d\d))?-(?P<hour>\d\d):(?P<minute>\d\d):"
    r"(?P<second>\d\d)\.(?P<fraction>\d{1,6}) +",
    re.ASCII,
)
_NUMBERS = re.compile(r"\[(?P<gid>\d{1,6}):(?P<sid>\d{1,10}):(?P<rev>\d{1,6})\] ?", re.ASCII)
_NAME_ENDS = (" [**]", " [Classification:", " [Priority:", " [AppID:")
_TAIL = re.compile(
    r"""\ *(?:\[\*\*\]\ *)?(?:\[Classification:\ ?(?P<class>[^\]\n]{0,256})\]:?\ *)?
    (?:\[Priority:\ (?P<priority>\d{1,3})\]:?\ *)?(?:\[AppID:\ (?P<app>[^\]\n]{1,64})\]\ *)?
    :?\ *(?:<(?P<interface>[^<>\s]{1,64})>\ *)?(?:\{(?P<proto>[\w\-]{1,32})\}\ *)?
    (?:(?P<source>[0-9A-Fa-f.:]{2,52})\ ->\ (?P<destination>[0-9A-Fa-f.:]{2,52}))?""",
    re.VERBOSE | re.ASCII,
)
_CSV = re.compile(
    r"(?P<stamp>\d\d/\d\d(?:/\d{2,4})?-\d\d:\d\d:\d\d\.\d{1,6}) ?,(?=\d{1,6},\d{1,10},\d{1,6},)", re.ASCII
)
# What `alert_csv` writes behind the ten columns that all have: pfSense's choice, or Snort's own default.
_FIREWALLS = ("id", "rule.category", "event.severity", "event.action")
_DEFAULT = ("source.mac", "destination.mac")
_MARK = re.compile(r"\[\d{1,6}:\d{1,10}:\d{1,6}\] ")
_OWN = re.compile(r"\[\*\*\] |\[Classification: |\[Priority: \d")
_V4 = re.compile(r"(?P<ip>\d{1,3}(?:\.\d{1,3}){3})(?::(?P<port>\d{1,5}))?\Z", re.ASCII)


def _bare(line: str) -> bool:
    return (
        _STAMP.match(line) is not None
        or _CSV.match(line) is not None
        or line.startswith(("[**]", "{"))
        or _MARK.match(line) is not None
    )


def _own(line: str) -> bool:
    head = line[:2048]
    if line.startswith("{"):
        document = text_document(line)
        return (
            document is not None
            and "rule" in document
            and ("sid" in document or "class" in document)
            and "pkt_num" in document
        )
    return _CSV.search(head) is not None or (_MARK.search(head) is not None and _OWN.search(head) is not None)


def _read(line: str, options: Options) -> Fields:
    if (document := text_document(line)) is not None:
        return _json(document, options)
    header = headed(line, options, _bare)
    message = header.message
    fields = _begun(header, options)
    if (columns := _CSV.search(message, 0, 256)) is not None:
        return _columns(columns["stamp"], message[columns.end() :], fields, options)
    stamp = _STAMP.match(message)
    if stamp is not None:
        if (moment := _instant(stamp, options)) is not None:
            fields["@timestamp"] = moment
        message = message[stamp.end() :]
    start = _MARK.search(message, 0, 256)
    if start is None:
        raise MalformedRecordError("no alert of Snort: [generator:signature:revision] is missing")
    head = message[: start.start()]
    fields["message"] = message
    _alert(message, fields)
    if "drop" in head.lower() or "block" in head.lower() or "Drop]" in message[:64]:
        fields["event.type"], fields["event.action"] = ["denied"], "drop"
    return fields


def _columns(stamp: str, text: str, fields: Fields, options: Options) -> Fields:
    """Read a line of `alert_csv`: generator, signature, revision, text, protocol, and both ends."""
    fields["message"] = f"{stamp},{text}"
    found = _STAMP.match(stamp + " ")
    if found is not None and (moment := _instant(found, options)) is not None:
        fields["@timestamp"] = moment
    try:
        cells = [cell.strip() for cell in next(csv.reader([text.replace("\0", " ")]), [])]
    except csv.Error:
        cells = [cell.strip() for cell in text.split(",")]
    if len(cells) < 9:
        raise MalformedRecordError("no alert of Snort: columns are missing (generator to destination port)")
    fields["rule.id"], fields["rule.version"] = cells[1], cells[2]
    fields["snort.gid"] = int(cells[0])
    if cells[3]:
        fields["rule.description"] = fields["rule.name"] = cells[3]
    fields.update(transport_fields(cells[4]))
    for at, side in ((5, "source"), (7, "destination")):
        put(fields, f"{side}.ip", cells[at], options.zone)
        put(fields, f"{side}.port", cells[at + 1], options.zone)
    for name, cell in zip(_FIREWALLS if len(cells) < 16 else _DEFAULT, cells[9:], strict=False):
        if name != "id":
            put(fields, name, cell, options.zone)
    if cells[-1].lower() in {"drop", "block", "reject"} or fields.get("event.action") in {"drop", "block", "reject"}:
        fields["event.type"] = ["denied"]
    return fields


def _begun(header: Header, options: Options) -> Fields:
    fields = begun("snort.log", header, options, categories=("network", "intrusion_detection"))
    fields["event.kind"], fields["event.type"] = "alert", ["info"]
    fields["observer.vendor"], fields["observer.product"], fields["observer.type"] = "snort", "ids", "ids"
    return fields


def _alert(message: str, fields: Fields) -> None:
    numbers = _NUMBERS.search(message)
    if numbers is None:
        raise MalformedRecordError("no alert of Snort: the rule's numbers are not readable")
    fields["rule.id"], fields["rule.version"] = numbers["sid"], numbers["rev"]
    fields["snort.gid"] = int(numbers["gid"])
    ends = [at for mark in _NAME_ENDS if (at := message.find(mark, numbers.end())) >= 0]
    brace = message.rfind(" {", numbers.end())  # names hold braces, too; the protocol's are the last
    end = min(ends, default=brace if brace >= 0 else len(message))
    if name := message[numbers.end() : end].strip().strip('"'):
        fields["rule.description"] = fields["rule.name"] = name
    found = _TAIL.match(message, end)
    if found is None:
        return
    if found["class"]:
        fields["rule.category"] = found["class"]
    if found["priority"]:
        fields["event.severity"] = int(found["priority"])
    if found["interface"]:
        fields["observer.ingress.interface.name"] = found["interface"]
    if found["proto"]:
        fields.update(transport_fields(found["proto"].replace("IPV6-ICMP", "ipv6-icmp")))
    for side in ("source", "destination"):
        _end(found[side] or "", side, fields)


def _end(written: str, side: str, fields: Fields) -> None:
    four = _V4.match(written)
    if four is not None and is_ip(four["ip"]):
        fields[f"{side}.ip"] = four["ip"]
        port = four["port"]
    else:  # an IPv6 address, then `:port` where eight groups went before, which nothing sets apart
        address, _, port = written.rpartition(":")
        groups = written.count(":")
        if groups >= 8 or (not is_ip(written) and is_ip(address)):
            fields[f"{side}.ip"] = address if is_ip(address) else written
        elif is_ip(written):
            fields[f"{side}.ip"], port = written, ""
        if not is_ip(str(fields.get(f"{side}.ip", ""))):
            fields.pop(f"{side}.ip", None)
    if port and port.isdecimal() and int(port) < 65536:
        fields[f"{side}.port"] = int(port)


def _instant(found: re.Match[str], options: Options) -> datetime | None:
    month, day = int(found["month"]), int(found["day"])
    written = found["year"]
    year = (
        int(written) + (2000 if len(written) == 2 else 0)
        if written
        else year_of(month, day, options.reference, options.zone)
    )
    if year is None:
        return None
    micro = int(found["fraction"].ljust(6, "0"))
    second = min(int(found["second"]), 59)
    try:
        moment = datetime(year, month, day, int(found["hour"]), int(found["minute"]), second, micro, options.zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _json(document: dict[str, Json], options: Options) -> Fields:
    fields = _begun(Header(kind="bare", message="", host=options.host), options)
    stamp = _STAMP.match(text(document.get("timestamp")) + " ")
    if stamp is not None and (moment := _instant(stamp, options)) is not None:
        fields["@timestamp"] = moment
    rule = text(document.get("rule")).split(":")
    if len(rule) == 3:
        fields["rule.id"], fields["rule.version"] = rule[1], rule[2]
    for key, name in (
        ("msg", "rule.description"),
        ("msg", "rule.name"),
        ("class", "rule.category"),
        ("action", "event.action"),
    ):
        if found := text(document.get(key)):
            fields[name] = found
    for key, name in (("src_addr", "source.ip"), ("dst_addr", "destination.ip")):
        if is_ip(found := text(document.get(key))):
            fields[name] = found
    for key, side in (("src_ap", "source"), ("dst_ap", "destination")):
        _place(text(document.get(key)), side, fields)
    for key, name in (("src_port", "source.port"), ("dst_port", "destination.port"), ("priority", "event.severity")):
        if (value := number(document.get(key))) is not None and value < 2**31:
            fields[name] = value
    fields.update(transport_fields(text(document.get("proto"))))
    if text(document.get("action")) in {"drop", "block", "reject"}:
        fields["event.type"] = ["denied"]
    spread("snort.", document, fields)
    return fields


def _place(written: str, side: str, fields: Fields) -> None:
    """Read `address:port` as `alert_json` writes it by default, with or without brackets around an IPv6 address."""
    address, _, port = written.rpartition(":")
    address = address.strip("[]")
    if is_ip(address):
        fields.setdefault(f"{side}.ip", address)
        if port.isdecimal() and 0 < int(port[:6]) < 65536:
            fields.setdefault(f"{side}.port", int(port))


SOURCE = LineSource(
    name="snort",
    aliases=("snort.log", "snort_fast", "suricata_fast"),
    title="Snort alerts (fast, syslog, JSON) and Suricata's fast.log",
    datasets=("snort.log",),
    own=_own,
    read=_read,
    weight=95,
)
