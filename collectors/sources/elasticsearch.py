"""Elasticsearch and OpenSearch: server, slow and deprecation logs as text and as JSON, and the audit logs of both.

Formats: Elasticsearch reference, "Elasticsearch application logging" (JSON with `type`, `timestamp`, `level`,
`component`; text with brackets) and "Audit events" (`"type":"audit"`, keys with dots); OpenSearch documentation, "Audit
log field reference" (`audit_*`). Version 8 writes ECS, which the source of ECS lines reads. Fields of the logs:
`elasticsearch.*`. A stack trace belongs to the line before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from collectors.cloud.flatten import spread
from collectors.cloud.values import first, inner, number, put_text, text, texts
from collectors.framing import decode
from collectors.grouping import grouped_lines
from collectors.json_fields import Json, load_object, to_instant
from collectors.network.finish import finish
from collectors.source import Options, Record
from collectors.web.address import endpoint
from collectors.web.request import read_target
from engine.errors import MalformedRecordError
from engine.events import Fields

_TEXT = re.compile(
    r"\[(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3}(?:Z|[+-]\d\d:?\d\d)?)\]"
    r"\[(?P<level>[A-Z]{4,11}) *\]\[(?P<logger>[\w.$\-]{1,200}) *\] ?"
    r"(?:\[(?P<node>[^\]\n]{1,200})\] ?)?(?P<message>.*)",
    re.ASCII | re.DOTALL,
)
_BEGINS = re.compile(rb"[ \t]*(?:\{|\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3})")
_TYPES: Final = {  # of a JSON line's `type`, and the dataset of Elastic's integration
    "server": "server",
    "deprecation": "deprecation",
    "index_search_slowlog": "slowlog",
    "index_indexing_slowlog": "slowlog",
    "task_detailslog": "slowlog",
    "audit": "audit",
}
_SLOW = re.compile(r"(?:index\.(?:search|indexing)\.slowlog|i\.(?:s|i)\.s)\.")
_MILLIS = re.compile(r"took_millis\[(\d{1,15})\]")
_ERRORS: Final = frozenset(("ERROR", "FATAL"))
_DENIALS: Final = ("denied", "failed", "tampered")
_AUDIT: Final = (  # Elasticsearch's audit events by a part of their name: categories and type of ECS
    ("authentication", ("authentication",), "start"),
    ("logon", ("authentication",), "start"),
    ("access_denied", ("authentication", "database"), "access"),
    ("access_granted", ("database",), "access"),
    ("run_as", ("iam",), "admin"),
    ("connection", ("network",), "connection"),
    ("security_config_change", ("iam",), "change"),
    ("put_", ("iam",), "change"),
    ("create_", ("iam",), "creation"),
    ("delete_", ("iam",), "deletion"),
    ("invalidate_", ("iam",), "deletion"),
    ("change_", ("iam",), "change"),
)
_OF_OPENSEARCH: Final[Mapping[str, tuple[tuple[str, ...], str, str]]] = {  # category, ECS type, outcome
    "FAILED_LOGIN": (("authentication",), "start", "failure"),
    "AUTHENTICATED": (("authentication",), "start", "success"),
    "MISSING_PRIVILEGES": (("database", "iam"), "denied", "failure"),
    "GRANTED_PRIVILEGES": (("database",), "access", "success"),
    "BAD_HEADERS": (("network",), "denied", "failure"),
    "SSL_EXCEPTION": (("network",), "error", "failure"),
    "OPENDISTRO_SECURITY_INDEX_ATTEMPT": (("database",), "denied", "failure"),
    "OPENSEARCH_SECURITY_INDEX_ATTEMPT": (("database",), "denied", "failure"),
    "INDEX_EVENT": (("database",), "change", "success"),
    "COMPLIANCE_DOC_READ": (("database",), "access", "success"),
    "COMPLIANCE_DOC_WRITE": (("database",), "change", "success"),
    "COMPLIANCE_INTERNAL_CONFIG_READ": (("configuration",), "access", "success"),
    "COMPLIANCE_INTERNAL_CONFIG_WRITE": (("configuration",), "change", "success"),
}
_MILLION: Final = 1_000_000


class ElasticsearchParser:
    """Reads the records of any of the logs, in any of their forms."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one record; None for a blank one. Raise where it is of none of the forms."""
        raw = record.raw.strip()
        if not raw:
            return None
        fields: Fields = {"event.kind": "event", "event.module": "elasticsearch"}
        if raw.startswith(b"{"):
            self._read_json(load_object(raw), fields)
        else:
            self._read_text(decode(raw), fields)
        if self._options.host:
            fields.setdefault("host.name", self._options.host)
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        return finish(fields)

    def _read_text(self, line: str, fields: Fields) -> None:
        found = _TEXT.fullmatch(line)
        if found is None:
            raise MalformedRecordError("no line of Elasticsearch: [time][level][logger] is wanted at its beginning")
        logger, message = found["logger"], found["message"].strip()
        slow = _SLOW.match(logger) or logger.endswith("d.search")
        kind = "slowlog" if slow else "deprecation" if found["level"].startswith("DEPREC") else "server"
        self._set_kind(kind, found["level"], fields)
        self._set_time(found["stamp"], fields)
        fields["log.logger"] = logger
        put_text("elasticsearch.node.name", found["node"], fields)
        fields["message"] = message
        if slow and (took := _MILLIS.search(message)):
            fields["event.duration"] = int(took[1]) * _MILLION

    def _read_json(self, document: dict[str, Json], fields: Fields) -> None:
        if "audit_category" in document:
            fields["event.dataset"] = "elasticsearch.audit"
            self._set_time(document.get("@timestamp") or document.get("audit_utc_timestamp"), fields)
            _read_opensearch_audit(document, fields)
        elif (kind := _TYPES.get(text(document.get("type")))) is None or "timestamp" not in document:
            raise MalformedRecordError("no record of Elasticsearch: a type that it writes, and a timestamp, are wanted")
        elif kind == "audit":
            fields["event.dataset"] = "elasticsearch.audit"
            self._set_time(document.get("timestamp"), fields)
            _read_audit(document, fields)
        else:
            self._set_kind(kind, text(document.get("level")), fields)
            self._set_time(document.get("timestamp"), fields)
            put_text("log.logger", document.get("component"), fields)
            put_text("message", document.get("message"), fields)
            trace = document.get("stacktrace")
            if isinstance(trace, list):
                fields["error.stack_trace"] = "\n".join(each for each in trace if isinstance(each, str))
            if (took := number(document.get("took_millis"))) is not None and took >= 0:
                fields["event.duration"] = took * _MILLION
        put_text("elasticsearch.node.name", _of(document, "node", "name"), fields)
        put_text("elasticsearch.node.id", _of(document, "node", "id"), fields)
        put_text("elasticsearch.cluster.name", _of(document, "cluster", "name"), fields)
        put_text("elasticsearch.cluster.uuid", _of(document, "cluster", "uuid"), fields)
        spread(f"{fields['event.dataset']}.", document, fields)

    def _set_kind(self, kind: str, level: str, fields: Fields) -> None:
        fields["event.dataset"] = f"elasticsearch.{kind}"
        fields["event.category"] = ("database",)
        fields["event.type"] = ("error",) if level in _ERRORS else ("info",)
        put_text("log.level", level, fields)

    def _set_time(self, value: Json, fields: Fields) -> None:
        moment = to_instant(value, self._options.zone)
        if moment is not None:
            fields["@timestamp"] = moment


def _of(document: Mapping[str, Json], holder: str, name: str) -> Json:
    """Return what stands under a name with a dot, or under the name in an object."""
    return document.get(f"{holder}.{name}") or inner(document, holder).get(name)


def _read_audit(document: Mapping[str, Json], fields: Fields) -> None:
    """Read an audit event of Elasticsearch."""
    action = text(document.get("event.action"))
    put_text("event.action", action, fields)
    category, kind = next(((found, kind) for word, found, kind in _AUDIT if word in action), (("database",), "info"))
    denied = any(word in action for word in _DENIALS)
    fields["event.category"] = category
    fields["event.type"] = (kind, "denied") if denied and kind == "access" else (kind,)
    fields["event.outcome"] = "failure" if denied else "success"
    put_text("user.name", document.get("user.name") or document.get("authentication.token.name"), fields)
    put_text("user.effective.name", document.get("user.run_as.name"), fields)
    if roles := texts(document.get("user.roles")):
        fields["user.roles"] = roles
    _put_origin(document.get("origin.address"), fields)
    put_text("http.request.id", document.get("request.id"), fields)
    put_text("http.request.method", document.get("request.method"), fields)
    put_text("http.request.body.content", document.get("request.body"), fields)
    put_text("trace.id", document.get("trace.id"), fields)
    if path := text(document.get("url.path")):
        query = text(document.get("url.query"))
        read_target(f"{path}?{query}" if query else path, fields)


def _read_opensearch_audit(document: Mapping[str, Json], fields: Fields) -> None:
    """Read an event of OpenSearch's audit log."""
    name = text(document.get("audit_category"))
    category, kind, outcome = _OF_OPENSEARCH.get(name, (("database",), "info", ""))
    put_text("event.action", name.lower(), fields)
    fields["event.category"], fields["event.type"] = category, (kind,)
    if outcome:
        fields["event.outcome"] = outcome
    user = first(document, ("audit_request_effective_user", "audit_request_initiating_user"))
    put_text("user.name", user if user != "<NONE>" else None, fields)
    _put_origin(document.get("audit_request_remote_address"), fields)
    put_text("http.request.method", document.get("audit_rest_request_method"), fields)
    put_text("http.request.body.content", document.get("audit_request_body"), fields)
    if path := text(document.get("audit_rest_request_path")):
        read_target(path, fields)
    put_text("host.name", document.get("audit_node_host_name"), fields)
    put_text("elasticsearch.cluster.name", document.get("audit_cluster_name"), fields)
    put_text("elasticsearch.node.name", document.get("audit_node_name"), fields)
    put_text("elasticsearch.node.id", document.get("audit_node_id"), fields)


def _put_origin(value: Json, fields: Fields) -> None:
    found = endpoint(text(value).removeprefix("/"))
    if found.ip is not None:
        fields["source.ip"] = found.ip
        if found.port is not None:
            fields["source.port"] = found.port


class Elasticsearch:
    """The logs of Elasticsearch and OpenSearch."""

    name = "elasticsearch"
    datasets = ("elasticsearch.",)
    aliases: tuple[str, ...] = ("opensearch", "wazuh_indexer", "wazuh_wazuh_indexer")
    title = "Elasticsearch and OpenSearch: server, slow, deprecation and audit logs"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the first line: its brackets, or the keys of its JSON."""
        line = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
        named = any(word in filename.lower() for word in ("elastic", "opensearch", "indexer"))
        if line.startswith(b"["):
            return 85 + named if _TEXT.match(decode(line[:2000])) else 0
        if not line.startswith(b"{"):
            return 0
        if b'"audit_category"' in line and b'"audit_cluster_name"' in line:
            return 96
        kind = any(f'"type":"{name}"'.encode() in line.replace(b'": "', b'":"')[:2000] for name in _TYPES)
        keys = (b'"node.name"', b'"cluster.name"', b'"node.id"', b'"event.action"')
        return 94 + named if kind and b'"timestamp"' in line and any(key in line for key in keys) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines, each with the stack trace that follows it."""
        return grouped_lines(stream, lambda line: _BEGINS.match(line) is not None)

    def open(self, options: Options) -> ElasticsearchParser:
        """Return a parser for one log."""
        return ElasticsearchParser(options)


SOURCE: Final = Elasticsearch()
