"""Oracle WebLogic Server: the logs of servers and of the domain, and its audit of log-ins and permissions.

Formats: Oracle, "Understanding WebLogic logging services: log message format" (`####<time> <severity> <subsystem> ...`,
a bracketed field more since 12.2) and "Default auditing provider: audit log". A message may have several lines. What
stands before the message's number is the server's own. Field names: Elastic's `oracle_weblogic.*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, Final

from collectors.cloud.values import put_text
from collectors.framing import decode
from collectors.grouping import grouped_lines
from collectors.json_fields import to_instant
from collectors.network.finish import finish
from collectors.sensors.addresses import known_ip
from collectors.source import Options, Record
from collectors.web.stamps import MONTHS
from engine.errors import MalformedRecordError
from engine.events import Fields

_START: Final = "####<"
_AUDIT: Final = "#### Audit Record Begin <"
_NAMES: Final = (
    *("severity", "subsystem", "machine_name", "server_name", "thread_id", "user_id", "transaction_id"),
    *("diagnostic_context_id", "raw_time"),
)
_NUMBER = re.compile(r"[A-Z][A-Z0-9]{1,9}-\d{3,7}", re.ASCII)
_MILLIS = re.compile(r"\d{12,14}", re.ASCII)
_SEVERE: Final = frozenset(("Error", "Critical", "Alert", "Emergency"))
_LOCKED = re.compile(r"User (?P<user>\S{1,255}) in security realm \S{1,255} has had \d{1,6} invalid login attempts")
_DENIED = re.compile(r"Authentication (?:denied|failed)[:,;.]?(?: .{0,300}?user(?:name)?:? (?P<user>[^\s,;]{1,255}))?")
_PEER = re.compile(
    r"(?:\bon|\bfrom)(?: host| client)? (?P<ip>\d{1,3}(?:\.\d{1,3}){3})(?::(?P<port>[\d,]{1,6}))?(?=[ ,.])"
)
_RECORD = re.compile(
    r"#### Audit Record Begin <(?P<time>[^>]{1,60})> +<Severity *= *(?P<severity>\w{1,20})>\s+<<<Event Type *= *"
    r"(?P<type>[^>]{1,200})>(?P<details>.*)",
    re.DOTALL,
)
_SUBJECT = re.compile(r"<(?P<user>[^<>]{1,255})><(?P<what>[A-Z_]{3,60})>")
_LONG_TIME = re.compile(
    r"(?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2}), (?P<year>\d{4}),? (?P<clock>\d{1,2}:\d\d:\d\d)"
    r"(?:[,.](?P<fraction>\d{1,9}))? (?P<half>[AP]M)?",
    re.ASCII,
)


class WebLogicParser:
    """Reads the records of any of the logs."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one record; None for a blank one. Raise where it is none of WebLogic's."""
        text = decode(record.raw).strip()
        if not text:
            return None
        fields: Fields = {"event.kind": "event", "event.module": "oracle_weblogic"}
        if text.startswith(_AUDIT):
            _read_audit(text, fields)
        else:
            _read_message(text, fields)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        return finish(fields)


def _read_message(text: str, fields: Fields) -> None:
    """Read one message: fields in angle brackets, the message last, which may hold such brackets itself."""
    parts = text.removeprefix(_START).split("> <", 12) if text.startswith(_START) else []
    if len(parts) > 10 and not parts[10].startswith("["):  # before 12.2 there are no attributes
        parts = [*parts[:10], "", *"> <".join(parts[10:]).split("> <", 1)]
    if len(parts) != 13 or not _NUMBER.fullmatch(parts[11]):
        raise MalformedRecordError("no message of WebLogic: ####<time> <severity> ... <BEA-number> <message> is wanted")
    values = dict(zip(_NAMES, parts[1:10], strict=True))
    kind = "admin_server" if values["server_name"] == "AdminServer" else "managed_server"
    fields["event.dataset"] = f"oracle_weblogic.{kind}"
    moment = to_instant(int(values["raw_time"])) if _MILLIS.fullmatch(values["raw_time"]) else None
    if moment is not None:
        fields["@timestamp"] = moment
    for name, value in values.items():
        put_text(f"oracle_weblogic.{kind}.{name}", value.strip(), fields)
    put_text(f"oracle_weblogic.{kind}.meta", parts[10], fields)
    put_text(f"oracle_weblogic.{kind}.message_id", parts[11], fields)
    put_text("event.code", parts[11], fields)
    put_text("log.level", values["severity"], fields)
    put_text("host.name", values["machine_name"], fields)
    put_text("service.name", values["server_name"], fields)
    put_text("process.thread.name", values["thread_id"], fields)
    user = values["user_id"]
    put_text("user.name", user if not user.startswith("<") and user != "anonymous" else None, fields)
    message = parts[12].removesuffix(">").strip()
    fields["message"] = message
    fields["event.category"] = ("web",)
    fields["event.type"] = ("error",) if values["severity"] in _SEVERE else ("info",)
    _read_meaning(values["subsystem"], message, fields)


def _read_meaning(subsystem: str, message: str, fields: Fields) -> None:
    """Read a refused log-in, and the client that a connection was with."""
    if subsystem == "Security":
        found = _LOCKED.match(message) or _DENIED.match(message)
        if found is not None:
            fields["event.category"], fields["event.type"] = ("authentication",), ("start",)
            fields["event.outcome"] = "failure"
            if found["user"]:
                fields["user.name"] = found["user"].strip("'\"")
    elif subsystem == "Socket" and (peer := _PEER.search(f"{message[:500]} ")) and known_ip(peer["ip"]):
        fields["source.ip"] = peer["ip"]
        port = (peer["port"] or "").replace(",", "")
        if port and int(port) < 65536:
            fields["source.port"] = int(port)


def _read_audit(text: str, fields: Fields) -> None:
    found = _RECORD.match(text)
    if found is None:
        raise MalformedRecordError("no audit record of WebLogic: its beginning, severity and event type are wanted")
    fields["event.dataset"] = "oracle_weblogic.audit"
    moment = _long_instant(found["time"])
    if moment is not None:
        fields["@timestamp"] = moment
    put_text("log.level", found["severity"], fields)
    put_text("event.action", found["type"].strip(), fields)
    fields["message"] = text
    if found["severity"] in {"SUCCESS", "FAILURE"}:
        fields["event.outcome"] = found["severity"].lower()
    is_login = found["type"].startswith("Authentication")
    fields["event.category"] = ("authentication",) if is_login else ("iam",)
    fields["event.type"] = ("start",) if is_login else ("info",)
    if subject := _SUBJECT.search(found["details"]):
        fields["user.name"] = subject["user"]


def _long_instant(text: str) -> datetime | None:
    """Return the instant of `Feb 23, 2024 9:12:44 AM GMT`; other zones than UTC's are not known by their letters."""
    found = _LONG_TIME.match(text)
    if found is None or found["month"] not in MONTHS or not text.rstrip().endswith(("GMT", "UTC", "AM", "PM")):
        return None
    hour, _, rest = found["clock"].partition(":")
    hours = int(hour) % 12 + 12 * (found["half"] == "PM") if found["half"] else int(hour)
    fraction = f".{found['fraction'][:6]}" if found["fraction"] else ""
    stamp = f"{found['year']}-{MONTHS[found['month']]:02}-{int(found['day']):02}T{hours:02}:{rest}{fraction}"
    return to_instant(stamp)


class WebLogic:
    """The logs of WebLogic Server."""

    name = "oracle_weblogic"
    datasets = ("oracle_weblogic.admin_server", "oracle_weblogic.managed_server", "oracle_weblogic.audit")
    aliases: tuple[str, ...] = ("weblogic", "oracle_weblogic_domain", "oracle_weblogic_server")
    title = "Oracle WebLogic Server: server, domain and audit logs"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the four signs that every record begins with."""
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        named = "weblogic" in filename.lower()
        return 95 + named if start.startswith((_START.encode(), _AUDIT.encode())) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into records, each with the lines that follow it."""
        return grouped_lines(stream, lambda line: line.lstrip().startswith(b"####"))

    def open(self, options: Options) -> WebLogicParser:
        """Return a parser for one log."""
        return WebLogicParser(options)


SOURCE: Final = WebLogic()
