"""Ubika (formerly Rohde & Schwarz, DenyAll) WAAP: security alerts as JSON and access logs, bare or behind syslog.

Format: the Ubika WAAP Gateway's log alerts (`logAlertUid`, `request`, `context`, `events` with `tokens`) and its
combined access lines, which a relay puts behind `- - - -` and the tunnel's identifier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from collectors.cloud.values import inner, number, objects, text
from collectors.databases.ends import put_client
from collectors.json_fields import Json, load_object, to_instant
from collectors.network.device import DeviceSource
from collectors.source import Options
from collectors.syslog import parse_header
from collectors.web.client import user_fields
from collectors.web.request import read_request
from collectors.web.stamps import clf_instant
from engine.errors import MalformedRecordError
from engine.events import Fields

_QUOTED = r'"(?P<%s>[^"\\]*+(?:\\.[^"\\]*+)*+)"'
_ACCESS = re.compile(
    rf"""(?P<client>\S{{1,255}})\ \S{{1,255}}\ (?P<user>[^\[]{{1,255}}?)\ \[(?P<stamp>[^\]]{{20,40}})\]
    \ {_QUOTED % "request"}\ (?P<status>\d{{3}}|-)\ (?P<bytes>\d{{1,18}}|-)
    (?:\ {_QUOTED % "referrer"}\ {_QUOTED % "agent"})?""",
    re.VERBOSE | re.ASCII,
)
_HEADED = re.compile(r"(?P<stamp>\S{19,40}) (?P<host>\S{1,255}) (?:(?P<tunnel>[0-9a-f]{32}):? )?(?:- ){2,5}", re.ASCII)
_ALERT = '{"logAlertUid"'
_PART = {"hostname": "url.domain", "path": "url.path", "query": "url.query", "method": "http.request.method"}


_TOKENS = {
    "reason": "rule.description",
    "engineName": "event.provider",
    "cwe": "vulnerability.id",
    "attackFamily": "threat.indicator.type",
    "ruleName": "rule.name",
    "ruleUid": "rule.id",
}


def _read(line: str, options: Options) -> Fields:
    fields: Fields = {
        "event.module": "ubika.waf",
        "event.dataset": "ubika-waf",
        "observer.vendor": "Ubika",
        "observer.product": "Ubika WAAP",
    }
    body = _header(line, fields, options)
    start = body.find("{")
    if start != -1 and "logAlertUid" in body[start : start + 200]:
        _alert(body[start:], fields, options)
    elif (found := _ACCESS.match(body)) is not None:
        _access(found, fields, options)
    else:
        raise MalformedRecordError("neither an alert nor an access log line of Ubika WAAP")
    if options.host:
        fields.setdefault("host.name", options.host)
    return fields


def _header(line: str, fields: Fields, options: Options) -> str:
    """Take the relay's header off; return what stands behind it."""
    found = _HEADED.match(line)
    if found is None:
        if line.startswith(("{", "<")) or _ACCESS.match(line) is None:
            header = parse_header(line, options)
            if header.kind != "bare" and header.host:
                fields["observer.name"] = header.host
                return line[max(line.find("{"), 0) :] if "{" in line else header.message
        return line
    fields["observer.name"] = found["host"]
    if found["tunnel"]:
        fields["ubika.waap.tunnel.uuid"] = found["tunnel"]
    moment = to_instant(found["stamp"], options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    return line[found.end() :]


def _alert(body: str, fields: Fields, options: Options) -> None:
    document = load_object(body.encode("utf-8", "surrogatepass"))
    fields["event.kind"], fields["event.category"], fields["event.type"] = "alert", ["threat"], ["indicator"]
    fields["event.action"] = "block"
    stamp = text(document.get("timestamp")) or text(document.get("@timestamp"))
    moment = to_instant(int(stamp) if stamp.isdecimal() and len(stamp) < 19 else stamp, options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    request, context = inner(document, "request"), inner(document, "context")
    _request(request, fields)
    for key in ("tunnel", "workflow", "reverseProxy", "appliance"):
        for part, name in (("Name", "name"), ("Uid", "uuid")):
            if found := text(context.get(key + part)):
                fields[f"ubika.waap.{key.lower()}.{name}"] = found
    for event in list(objects(document.get("events")))[:50]:
        _event(event, fields)


def _request(request: Mapping[str, Json], fields: Fields) -> None:
    put_client(text(request.get("ipSrc")), fields)
    put_client(text(request.get("ipDst")), fields, side="destination")
    for key, name in (("portSrc", "source.port"), ("portDst", "destination.port")):
        port = number(request.get(key))
        if port is not None and 0 < port < 65536:
            fields[name] = port
    for key, name in _PART.items():
        if found := text(request.get(key)):
            fields[name] = found
    headers = {text(one.get("key")).lower(): text(one.get("value")) for one in objects(request.get("headers"))}
    for key, name in (("user-agent", "user_agent.original"), ("referer", "http.request.referrer")):
        if headers.get(key):
            fields[name] = headers[key]


def _event(event: Mapping[str, Json], fields: Fields) -> None:
    tokens = inner(event, "tokens")
    for key, name in _TOKENS.items():
        if found := text(tokens.get(key)):
            fields.setdefault(name, found)
    severity = number(tokens.get("severity"))
    if severity is not None:
        fields.setdefault("event.severity", severity)
    if details := text(event.get("eventDetails")):
        fields.setdefault("ubika.waap.details", details)
    if user := text(event.get("userId")):
        fields.setdefault("user.name", user)


def _access(found: re.Match[str], fields: Fields, options: Options) -> None:
    fields["event.category"], fields["event.type"] = ["web"], ["access"]
    moment = clf_instant(found["stamp"], options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    put_client(found["client"], fields)
    user_fields(found["user"], fields)
    read_request(found["request"], fields)
    if found["status"].isdecimal():
        fields["http.response.status_code"] = int(found["status"])
    if found["bytes"].isdecimal():
        fields["http.response.body.bytes"] = int(found["bytes"])
    for key, name in (("referrer", "http.request.referrer"), ("agent", "user_agent.original")):
        if found[key]:
            fields[name] = found[key]


def _own(line: str) -> bool:
    if "logAlertUid" in line[:400]:
        return True
    found = _HEADED.match(line)
    return found is not None and found["tunnel"] is not None and _ACCESS.match(line, found.end()) is not None


SOURCE = DeviceSource(
    name="ubika_waf",
    aliases=("ubika", "ubika_waap", "denyall"),
    title="Ubika WAAP gateway (alerts as JSON, access logs)",
    own=_own,
    read=_read,
    weight=97,
)
