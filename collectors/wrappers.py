"""What shippers and container runtimes put around a line that they read: the line itself, and what they say beside it.

Forms: documents of Filebeat, of Vector's sources that read lines, of Logstash that nobody took apart, of Upsun's log
forwarding (`message`),
Fluent Bit's tail (`log`, with few names beside it, or `kubernetes`), Docker's json-file driver (`{"log", "stream",
"time"}`), and the text form of the container runtime interface (CRI): `2024-03-05T09:12:44.123Z stdout F LINE`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from engine.events import Fields

_BESIDE: Final = (  # names of events, and where shippers say it
    ("log.file.path", ("log.file.path", "file", "path")),
    ("log.offset", ("log.offset",)),
    ("host.name", ("host.name", "host", "hostname")),
    ("host.hostname", ("host.hostname",)),
    ("agent.id", ("agent.id",)),
    ("agent.type", ("agent.type",)),
    ("container.id", ("container.id", "container_id", "kubernetes.docker_id", "kubernetes.container_id")),
    ("container.name", ("container.name", "container_name", "kubernetes.container_name")),
    ("orchestrator.namespace", ("kubernetes.namespace_name", "kubernetes.pod_namespace")),
    ("orchestrator.resource.name", ("kubernetes.pod_name",)),
)
_VECTOR: Final = frozenset({"file", "docker_logs", "kubernetes_logs", "stdin", "exec"})  # its sources that read lines
_LOGSTASH: Final = frozenset(
    {"@timestamp", "@version", "event", "host", "input", "log", "message", "path", "port", "tags", "type"}
)
_JOURNALD: Final = "log.journald"  # Upsun and Platform.sh forward the journals of containers so
_PARSED: Final = ("winlog", "source", "process", "http", "json", "event.dataset")  # of documents taken apart already
_FEW: Final = 6  # names beside `log` at most; more is a document of its own
_DOCKER: Final = frozenset({"log", "stream", "time"})
_DOCKER_BESIDE: Final = frozenset({"attrs", "tag"})
CRI: Final = re.compile(
    rb"(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (?P<stream>stdout|stderr) "
    rb"(?P<tag>[FP])(?::[^ \n]{0,64})? ?",
    re.ASCII,
)


def line_in(document: Mapping[str, Any]) -> tuple[str, Fields]:
    """Return the line that a shipper read from a file or the wire and put into a document, and what it says beside.

    Documents that were taken apart already have no such line.
    """
    line = _line(document)
    if not isinstance(line, str) or not line.strip() or any(name in document for name in _PARSED):
        return "", {}
    about: Fields = {}
    for name, paths in _BESIDE:
        found = next((value for path in paths if isinstance(value := _at(document, path), str | int)), None)
        if found is not None:
            about[name] = found
    return line.rstrip("\r\n"), about


def _line(document: Mapping[str, Any]) -> object:
    agent = document.get("agent")
    if isinstance(agent, dict) and agent.get("type") == "filebeat":
        return document.get("message")
    if document.get("type") == _JOURNALD and isinstance(stamp := document.get("timestamp"), int):
        return _headed(stamp, document.get("message"))
    if document.get("source_type") in _VECTOR or ("@version" in document and document.keys() <= _LOGSTASH):
        return document.get("message")
    if len(document) <= _FEW or isinstance(document.get("kubernetes"), dict):
        return document.get("log")
    return None


def _headed(stamp: int, message: object) -> object:
    """Return `host program: line` with the stamp in front that makes a line of syslog of it; `stamp` is in seconds."""
    try:
        return f"{datetime.fromtimestamp(stamp, UTC).isoformat()} {message}" if isinstance(message, str) else None
    except (ValueError, OverflowError, OSError):
        return message


def _at(document: Mapping[str, Any], path: str) -> object:
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def is_docker(document: Mapping[str, Any]) -> bool:
    """Tell whether a decoded object is a record of Docker's json-file driver."""
    return document.keys() >= _DOCKER and document.keys() <= _DOCKER | _DOCKER_BESIDE
