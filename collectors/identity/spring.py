"""Logs of Estonia's authentication services (TARA, GovSSO): Spring Boot, JSON lines like ECS, or lines of the console.

Format: the services' logback configurations: JSON with `@timestamp`, `log.level`, `log.logger`, `service.type`, the
markers of a request (`http.request.method`, `url.full`), and in the statistics log the keys of one authentication;
console lines are `<stamp> [app] [thread] LEVEL logger [trace,...] -message`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from collectors.cloud.documents import first_document, is_owned, read_document
from collectors.cloud.flatten import spread
from collectors.cloud.values import first, number, put_source, put_text, text
from collectors.files import rewound
from collectors.framing import decode
from collectors.json_fields import Json, to_instant
from collectors.json_framing import json_objects
from collectors.network.finish import finish
from collectors.network.folding import folded_lines
from collectors.source import Options, Record
from engine.errors import MalformedRecordError
from engine.events import Fields

_PEEK: Final = 4096
_LOOKED_AT: Final = 40
_DEEPEST: Final = 8
# `2026-02-03T04:05:06.789Z [tara-login-server] [nio-8443-exec-1] INFO  e.r.t.logging.StatisticsLogger [id,id] -text`
_LINE: Final = re.compile(
    r"""(?P<stamp>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d{1,9}(?:Z|[+-]\d\d:?\d\d)?)\ {1,4}
    \[(?P<app>[^\]]{0,128})\]\ {1,4}\[(?P<thread>[^\]]{0,128})\]\ {1,4}
    (?:\x1b\[[\d;]{0,16}m)?(?P<level>TRACE|DEBUG|INFO|WARN|ERROR)\ {0,4}(?:\x1b\[[\d;]{0,16}m)?\ {0,4}
    (?P<logger>[\w.$\-]{1,128})\ {1,40}(?:[A-Z_]{1,64}\ {1,4})?
    \[(?P<ids>[^\]]{0,512})\]\ -(?P<message>.*)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_TEXTS: Final = (
    *("message", "log.level", "log.logger", "process.thread.name", "service.name", "service.type", "service.version"),
    *("trace.id", "transaction.id", "span.id", "http.request.method", "url.full", "url.path", "user_agent.original"),
    *("error.stack_trace", "error.type", "error.message", "host.name", "http.version"),
    *("labels.tara_trace_id", "labels.govsso_trace_id"),
)
_NUMBERS: Final = ("process.pid", "http.response.status_code", "http.request.body.bytes", "http.response.body.bytes")
_BODIES: Final = ("http.request.body.content", "http.response.body.content")
_ADDRESS: Final = ("client.ip", "source.ip", "remoteHost", "remote_host", "client.address")
_LEVELS: Final = {"low": 1, "substantial": 2, "high": 3}
_STARTING: Final = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", re.ASCII)

Flat = dict[str, Json]
ReadStatistics = Callable[[Flat, Fields], None]


def flat_document(document: Mapping[str, Json]) -> Flat:
    """Return a document's leaves under dotted names, whether its writer nested them or not; lists stay as they are."""
    found: Flat = {}
    _flatten("", document, found, 1)
    return found


def _flatten(prefix: str, document: Mapping[str, Json], found: Flat, depth: int) -> None:
    for key, value in document.items():
        if isinstance(value, dict) and value and depth < _DEEPEST:
            _flatten(f"{prefix}{key}.", value, found, depth + 1)
        elif value is not None and value != "":
            found.setdefault(prefix + key, value)


def level_of(text_of_level: str) -> int:
    """Return the rank of an eIDAS level of assurance (`high`, also as a URI that ends in it); 0 for none."""
    return _LEVELS.get(text_of_level.lower().rstrip("/").rpartition("/")[2], 0)


def compare_levels(requested: str, granted: str, prefix: str, fields: Fields) -> None:
    """Put the levels of assurance, and whether less was granted than asked for."""
    if requested:
        fields[f"{prefix}requested_acr"] = requested
    if granted:
        fields[f"{prefix}granted_acr"] = granted
    wanted, got = level_of(requested), level_of(granted)
    if wanted and got:
        fields[f"{prefix}acr_downgraded"] = got < wanted


def read_person(flat: Flat, fields: Fields) -> None:
    """Put who authenticated: `user.id` is the personal code, in `collectors.personal` marked as one."""
    put_text("user.id", flat.get("authentication.id_code") or flat.get("authentication.subject"), fields)
    names = [text(flat.get(f"authentication.{name}")) for name in ("first_name", "last_name")]
    if any(names):
        fields["user.full_name"] = " ".join(name for name in names if name)


def read_error(code: str, fields: Fields) -> None:
    """Put an error code of the service."""
    if code:
        fields["event.code"] = fields["error.code"] = code


@dataclass(frozen=True, slots=True, kw_only=True)
class SpringSource:
    """One of the services as a `Source`.

    `marks` are what `service.type`, the application's name or the logger begin with or hold. `statistics` are the keys
    of which any tells a statistics record; `read` reads one. `prefix` is for what ECS has no name for.
    """

    name: str
    aliases: tuple[str, ...]
    title: str
    prefix: str
    kinds: frozenset[str]
    loggers: tuple[str, ...]
    statistics: frozenset[str]
    foreign: frozenset[str]
    read: ReadStatistics
    datasets: tuple[str, ...] = field(default=())

    def owns(self, document: Mapping[str, Json]) -> bool:
        """Tell a document of this service."""
        flat = flat_document(document)
        kind = text(flat.get("service.type")).lower()
        if kind:
            return kind in self.kinds
        if self._known(text(flat.get("log.logger") or flat.get("logger_name"))):
            return True
        return not self.statistics.isdisjoint(flat) and self.foreign.isdisjoint(flat)

    def _known(self, logger: str) -> bool:
        return logger.startswith(self.loggers)

    def owns_line(self, line: str) -> bool:
        """Tell a console line of this service."""
        match = _LINE.match(line)
        if match is None:
            return False
        app = match["app"].lower()
        return any(app.startswith(kind) for kind in self.kinds) or self._known(match["logger"].lstrip("."))

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the fields of the first record, or by the application of console lines. See `Source`."""
        named = 2 * (self.prefix.rstrip(".") in filename.lower())
        document = first_document(head)
        if document is not None:
            return 95 + named if is_owned(document, self.owns) else 0
        found = [line for line in decode(head[:16384]).splitlines()[:_LOOKED_AT] if _LINE.match(line)]
        known = sum(self.owns_line(line) for line in found)
        return 94 + named if known and known * 2 >= len(found) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into objects; or into console lines, each with the stack trace behind it."""
        head = stream.read(_PEEK)
        stream = rewound(stream, head)
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"[")):
            return json_objects(stream)
        return folded_lines(stream, _continues)

    def open(self, options: Options) -> SpringParser:
        """Return a parser for one log."""
        return SpringParser(self, options)


def _continues(before: bytes, line: bytes) -> bool:  # noqa: ARG001 - the line alone decides
    return not line.startswith(b"{") and _STARTING.match(line) is None


class SpringParser:
    """Reads the records of one log."""

    def __init__(self, source: SpringSource, options: Options) -> None:
        self._source, self._options = source, options

    def parse(self, record: Record) -> Fields | None:
        """Return the record's fields; None for a blank one."""
        raw = record.raw.strip()
        if not raw:
            return None
        fields: Fields = {"event.kind": "event", "event.module": self._source.name}
        if b"{" in raw[:1024] and not _STARTING.match(raw):
            flat = flat_document(read_document(raw, self._source.owns))
        else:
            flat = _console(decode(raw))
        self._read(flat, fields)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def _read(self, flat: Flat, fields: Fields) -> None:
        source = self._source
        moment = to_instant(first(flat, ("@timestamp", "timestamp")), self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
        for name in _TEXTS:
            put_text(name, flat.get(name), fields)
        for name in _NUMBERS:
            found = number(flat.get(name))
            if found is not None:
                fields[name] = found
        for name in _BODIES:
            put_text(name, flat.get(name), fields)
        put_source(first(flat, _ADDRESS), fields)
        if "source.ip" in fields:
            fields["client.ip"] = fields["source.ip"]
        statistics = not source.statistics.isdisjoint(flat)
        fields["event.dataset"] = f"{source.name}.{'statistics' if statistics else 'log'}"
        rest = {name: value for name, value in flat.items() if name not in _READ}
        spread(source.prefix, _named(rest, source.prefix), fields)
        if statistics:
            source.read(flat, fields)
        else:
            _read_plain(fields)

    def complete(self, fields: Fields) -> Fields:
        """Add copies of addresses, URL parts and `related.*`."""
        return finish(fields)


_READ: Final = frozenset((*_TEXTS, *_NUMBERS, *_BODIES, *_ADDRESS, "@timestamp", "timestamp", "@version"))


def _named(rest: Flat, prefix: str) -> Flat:
    """Take the service's own prefix off names that have it already (`tara.session.state`)."""
    return {name.removeprefix(prefix): value for name, value in rest.items()}


def _read_plain(fields: Fields) -> None:
    status = fields.get("http.response.status_code")
    trouble = fields.get("log.level") == "ERROR" or "error.stack_trace" in fields
    fields["event.category"] = ("web",) if status or "http.request.method" in fields else ()
    fields["event.type"] = ("error",) if trouble else ("access",) if fields["event.category"] else ("info",)
    if isinstance(status, int):
        fields["event.outcome"] = "success" if 100 <= status < 400 else "failure"
    if trouble:
        fields.setdefault("error.message", str(fields.get("message", "")))


def _console(line: str) -> Flat:
    match = _LINE.match(line)
    if match is None:
        raise MalformedRecordError("neither a JSON object nor a console line of this service")
    message, _, trace = match["message"].partition("\n")
    ids = [part.strip() for part in match["ids"].split(",")]
    return {
        "@timestamp": match["stamp"],
        "service.name": match["app"].strip(),
        "process.thread.name": match["thread"].strip(),
        "log.level": match["level"],
        "log.logger": match["logger"],
        "trace.id": ids[0],
        "message": message.strip(),
        "error.stack_trace": trace,
    }
