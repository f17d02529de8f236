"""Envoy's and Istio's access logs: the default format, Istio's longer one, and JSON with Istio's keys.

Formats: Envoy documentation, "Access logging: default format string"; Istio documentation, "Envoy access logs: default
access log format". Everything behind the request line that names a client's address is Envoy's own but for
`X-Forwarded-For`, the user agent, the request id and the authority, which stand in quotes. Field names: Elastic's
`istio.access.*`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import orjson

from collectors.cloud.ends import put_count, put_end
from collectors.cloud.values import put_text, text
from collectors.json_fields import Json, load_object, to_instant
from collectors.network.protocols import transport_fields
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.web.address import endpoint
from collectors.web.complete import complete
from collectors.web.request import read_host, read_target
from engine.errors import MalformedRecordError
from engine.events import Fields

_QUOTED = r'"(?P<{}>[^"\\]*+(?:\\.[^"\\]*+)*+)"'
_LINE = re.compile(
    rf"""\[(?P<start_time>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{{1,9}})?Z)\]\ {_QUOTED.format("request")}
    \ (?P<response_code>\d{{1,3}})\ (?P<response_flags>\S{{1,80}}+)
    (?:\ (?P<response_code_details>[A-Za-z_\-][\w.:\-{{}}]{{0,200}}+)\ (?P<connection_termination_details>\S{{1,200}}+)
    \ {_QUOTED.format("upstream_transport_failure_reason")})?
    \ (?P<bytes_received>\d{{1,18}}|-)\ (?P<bytes_sent>\d{{1,18}}|-)\ (?P<duration>\d{{1,12}}|-)
    \ (?P<upstream_service_time>\d{{1,12}}|-)\ {_QUOTED.format("x_forwarded_for")}\ {_QUOTED.format("user_agent")}
    \ {_QUOTED.format("request_id")}\ {_QUOTED.format("authority")}\ {_QUOTED.format("upstream_host")}
    (?:\ (?P<upstream_cluster>\S{{1,500}}+)\ (?P<upstream_local_address>\S{{1,80}}+)
    \ (?P<downstream_local_address>\S{{1,80}}+)\ (?P<downstream_remote_address>\S{{1,80}}+)
    \ (?P<requested_server_name>\S{{1,300}}+)\ (?P<route_name>\S{{1,300}}+))?""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_OWN_KEYS: Final = frozenset(("start_time", "response_flags", "upstream_cluster", "downstream_remote_address"))
_KEPT: Final = (
    *("response_flags", "response_code_details", "connection_termination_details", "upstream_transport_failure_reason"),
    *("upstream_service_time", "upstream_cluster", "upstream_local_address", "upstream_host"),
    *("downstream_local_address", "downstream_remote_address", "requested_server_name", "route_name", "authority"),
    "x_forwarded_for",
)
_MILLION: Final = 1_000_000
_DENIALS: Final = ("rbac_access_denied", "ext_authz_denied", "jwt_authn_access_denied")


def _own(line: str) -> bool:
    if line.startswith("{"):
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:
            return False
        return isinstance(document, dict) and document.keys() >= _OWN_KEYS
    return _LINE.fullmatch(line) is not None


def _read(line: str, options: Options) -> Fields:
    fields: Fields = {"event.dataset": "istio.access_logs", "event.module": "istio", "event.kind": "event"}
    if options.host:
        fields["host.name"] = options.host
    found: Mapping[str, Json]
    if line.startswith("{"):
        found = load_object(line.encode())
        if not found.keys() >= _OWN_KEYS:
            raise MalformedRecordError("JSON, but none of the fields that Envoy's access log has")
        _read_parts(found, fields)
    else:
        match = _LINE.fullmatch(line)
        if match is None:
            raise MalformedRecordError('no line of Envoy: [time] "METHOD PATH PROTOCOL" code flags are wanted')
        found = match.groupdict()
        _read_request(match["request"], fields)
    moment = to_instant(found.get("start_time"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    _read_rest(found, fields)
    return complete(fields)


def _said(value: Json) -> str:
    word = text(value)
    return "" if word == "-" else word


def _read_request(request: str, fields: Fields) -> None:
    """Read `METHOD PATH PROTOCOL`; of a connection without a request all three are a dash."""
    method, _, rest = request.partition(" ")
    target, _, protocol = rest.rpartition(" ")
    _put_request(method, target, protocol, fields)


def _read_parts(found: Mapping[str, Json], fields: Fields) -> None:
    _put_request(text(found.get("method")), text(found.get("path")), text(found.get("protocol")), fields)


def _put_request(method: str, target: str, protocol: str, fields: Fields) -> None:
    put_text("http.request.method", _said(method), fields)
    if _said(target):
        read_target(target, fields, connect=method == "CONNECT")
    if protocol.startswith("HTTP/"):
        fields["http.version"] = protocol.removeprefix("HTTP/")
        fields["network.protocol"] = "http"


def _read_rest(found: Mapping[str, Json], fields: Fields) -> None:
    fields.update(transport_fields("tcp"))
    put_text("http.request.id", _said(found.get("request_id")), fields)
    put_text("event.id", _said(found.get("request_id")), fields)
    put_text("user_agent.original", _said(found.get("user_agent")), fields)
    code = text(found.get("response_code"))
    put_count(fields, "http.response.status_code", code if code != "0" else None)
    put_count(fields, "http.request.body.bytes", _said(found.get("bytes_received")))
    put_count(fields, "http.response.body.bytes", _said(found.get("bytes_sent")))
    took = _said(found.get("duration"))
    if took.isascii() and took.isdigit():
        fields["event.duration"] = int(took) * _MILLION
    remote = endpoint(_said(found.get("downstream_remote_address")))
    put_end(fields, "source", remote.ip, remote.port)
    if remote.ip is None:
        nearest = _said(found.get("x_forwarded_for")).rpartition(",")[2].strip()  # that Envoy, not a client, added
        put_end(fields, "source", nearest)
    served = endpoint(_said(found.get("upstream_host")) or _said(found.get("downstream_local_address")))
    put_end(fields, "destination", served.ip, served.port)
    if authority := _said(found.get("authority")):
        read_host(authority, fields)
    put_text("tls.client.server_name", endpoint(_said(found.get("requested_server_name"))).domain, fields)
    if _said(found.get("response_code_details")).startswith(_DENIALS):
        fields["event.action"] = "denied"
    for name in _KEPT:
        put_text(f"istio.access.{name}", _said(found.get(name)), fields)


SOURCE = LineSource(
    name="envoy",
    aliases=("istio", "istio_access_logs"),
    title="Envoy and Istio access logs",
    datasets=("istio.access_logs",),
    own=_own,
    read=_read,
    weight=96,
)
