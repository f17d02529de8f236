"""What shippers for Elasticsearch say and expect to hear: the bulk form, and the questions they ask first.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk. kulla is no Elasticsearch: templates,
policies and pipelines are answered as if they stood already, and nothing is done with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from collectors.transports.inbox import Message

_VERSION = "8.15.0"  # spoken to shippers of version 7 and 8
_SET_UP = (
    "_index_template",
    "_component_template",
    "_template",
    "_ilm",
    "_ingest",
    "_data_stream",
    "_alias",
    "_security",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer: status and JSON."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The records of a request; `items` say for each whether it is taken, by action, index and id.

    `why` says what is wrong with the request as a whole.
    """

    messages: tuple[Message, ...] = ()
    items: tuple[tuple[str, str, str, str], ...] = field(default=())  # action, index, id, error or ""
    why: str = ""


def problem(status: int, why: str) -> bytes:
    """Return an error as Elasticsearch tells it."""
    kind = {429: "es_rejected_execution_exception", 401: "security_exception"}.get(status, "illegal_argument_exception")
    return orjson.dumps({"error": {"type": kind, "reason": why}, "status": status})


def is_bulk(path: str) -> bool:
    """Tell whether a path is that of the bulk form: `/_bulk`, `/INDEX/_bulk`."""
    return path.rstrip("/").rpartition("/")[2] == "_bulk"


def answer_to(method: str, path: str) -> Answer | None:
    """Return the answer to a question that shippers ask before they send, None for anything else."""
    first = path.strip("/").partition("/")[0]
    if is_bulk(path):
        return None
    if first == "" and method in {"GET", "HEAD"}:
        return _told(_GREETING)
    if first == "_license" or path.startswith("/_xpack/license"):
        return _told({"license": _LICENSE})
    if first == "_xpack":
        return _told({"build": {"hash": "kulla"}, "license": _LICENSE, "features": {}, "tagline": "kulla"})
    if first == "_cluster":
        return _told({"cluster_name": "kulla", "status": "green", "timed_out": False, "number_of_nodes": 1})
    if first in {"_nodes", "_cat"}:
        return _told({"nodes": {}} if first == "_nodes" else [])
    if first in _SET_UP:
        return _told({} if method in {"GET", "HEAD"} else {"acknowledged": True})
    return None


_LICENSE = {"status": "active", "uid": "kulla", "type": "basic", "mode": "basic"}
_GREETING: dict[str, Any] = {
    "name": "kulla",
    "cluster_name": "kulla",
    "cluster_uuid": "kulla-collector",
    "version": {
        "number": _VERSION,
        "build_flavor": "default",
        "lucene_version": "9.11.1",
        "minimum_wire_compatibility_version": "7.17.0",
        "minimum_index_compatibility_version": "7.0.0",
    },
    "tagline": "You Know, for Search",
}


def _told(body: object) -> Answer:
    return Answer(status=200, body=orjson.dumps(body))


def lines_of(body: bytes, listener: str, sender: str, path: str) -> Lines:
    """Return the records of a request's body: one JSON object a line, in the bulk form each after its action."""
    identity = blake2b(path.encode("utf-8", "replace") + b"\n" + body, digest_size=16).hexdigest()
    reading = _Reading(listener=listener, sender=sender, identity=identity)
    if is_bulk(path):
        index = path.strip("/").rpartition("/")[0]
        why = reading.bulk(body, index)
        return Lines(why=why) if why else Lines(messages=tuple(reading.messages), items=tuple(reading.items))
    for offset, line in _numbered(_in_lines(body)):
        reading.add(offset, line)
    return Lines(messages=tuple(reading.messages))


def _in_lines(body: bytes) -> bytes:
    """Return a JSON array (as Fluent Bit's `json` format sends it) as lines; anything else as it is."""
    if not body.lstrip().startswith(b"["):
        return body
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    return b"\n".join(orjson.dumps(each) for each in found) if isinstance(found, list) else body


def _numbered(body: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    offset = 0
    for line in body.split(b"\n"):
        if line.strip():
            found.append((offset, line.rstrip(b"\r")))
        offset += len(line) + 1
    return found


@dataclass(slots=True, kw_only=True)
class _Reading:
    """A body that is being read."""

    listener: str
    sender: str
    identity: str
    messages: list[Message] = field(default_factory=list)
    items: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, offset: int, raw: bytes, index: str = "", given: str = "") -> None:
        """Take a record in. Where the sender has given it an id, that and its time make its id here."""
        identity, key = self.identity, None
        if given:
            identity = blake2b(b"bulk\n" + index.encode(), digest_size=16).hexdigest()
            offset, key = _moment(raw), given.encode()
        self.messages.append(
            Message(
                sender=self.sender,
                listener=self.listener,
                identity=identity,
                offset=offset,
                raw=raw,
                key=key,
                size=len(raw),
            )
        )

    def bulk(self, body: bytes, default: str) -> str:
        """Read the bulk form; return what is wrong with it, or nothing."""
        lines = iter(_numbered(body))
        for at, line in lines:
            try:
                ((action, about),) = orjson.loads(line).items()
                index, given = str(about.get("_index") or default), str(about.get("_id") or "")
            except (AttributeError, ValueError):
                return f"malformed action at byte {at}"
            if action in {"delete", "update"}:
                if action == "update":
                    next(lines, None)
                self.items.append((action, index, given, "kulla only takes in: create and index"))
                continue
            if action not in {"create", "index"}:
                return f"unknown action at byte {at}"
            offset, document = next(lines, (0, b""))
            if not document:
                return "the last action has no document"
            self.add(offset, document, index, given)
            self.items.append((action, index, given, ""))
        return ""


def _moment(raw: bytes) -> int:
    """Return a document's `@timestamp` in milliseconds since 1970, 0 where it has none."""
    try:
        stamp = orjson.loads(raw).get("@timestamp")
        return max(0, int(datetime.fromisoformat(stamp).timestamp() * 1000))
    except (AttributeError, OverflowError, TypeError, ValueError):
        return 0


def report(found: Lines, *, bulk: bool) -> bytes:
    """Return what became of each record, as the bulk form tells it; for JSON lines, how many were taken."""
    if not bulk:
        return orjson.dumps({"accepted": len(found.messages)})
    items: list[dict[str, Any]] = []
    for place, (action, index, given, error) in enumerate(found.items):
        item: dict[str, Any] = {"_index": index, "_id": given or f"kulla-{place}"}
        if error:
            item |= {"status": 400, "error": {"type": "illegal_argument_exception", "reason": error}}
        else:
            item |= {"_version": 1, "result": "created", "_seq_no": place, "_primary_term": 1, "status": 201}
        items.append({action: item})
    return orjson.dumps({"took": 1, "errors": any(each[3] for each in found.items), "items": items})
