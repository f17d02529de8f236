"""HAProxy: HTTP, TCP and error log lines, state messages, and the JSON lines of HAProxy Enterprise.

Format: HAProxy's configuration manual, section 8 "Logging" (`option httplog`, `httpslog`, `tcplog`, connection errors).
Stamps are in `Options.zone`. Field names are those of Elastic's integration `haproxy`.
"""

from __future__ import annotations

import re

from collectors.host.programs import refuse_others
from collectors.json_fields import flatten, load_object
from collectors.network.device import DeviceSource
from collectors.network.tls import find_tls
from collectors.network.values import put
from collectors.source import Options
from collectors.syslog import parse_header, syslog_fields
from collectors.web.request import read_request
from collectors.web.stamps import clf_instant
from engine.errors import MalformedRecordError
from engine.events import Fields, texts

_ENDS = r"""(?P<client>[0-9A-Fa-f.:]{2,45}|unix):(?P<port>\d{1,5})\ \[(?P<stamp>[^\]]{20,40})\]
    \ (?P<frontend>[^\s/]{1,128})"""
_QUEUES = r"\ (?P<connections>\d+/\d+/\d+/\d+/\+?\d+)\ (?P<queues>\d+/\d+)(?P<headers>(?:\ \{[^}]{0,4096}\}){0,2})"
_HTTP = re.compile(
    rf"""{_ENDS}\ (?P<backend>[^\s/]{{1,128}})/(?P<server>\S{{0,128}})\ (?P<timers>-?\d+/-?\d+/-?\d+/-?\d+/\+?\d+)
    \ (?P<status>-?\d{{1,3}})\ \+?(?P<bytes>\d{{1,18}})\ (?P<cookie>\S{{1,256}})\ (?P<set_cookie>\S{{1,256}})
    \ (?P<state>[\w\-]{{4}}){_QUEUES}\ "(?P<request>[^"]{{0,16384}})"?(?P<more>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_TCP = re.compile(
    rf"""{_ENDS}\ (?P<backend>[^\s/]{{1,128}})/(?P<server>\S{{0,128}})\ (?P<timers>-?\d+/-?\d+/\+?\d+)
    \ \+?(?P<bytes>\d{{1,18}})\ (?P<state>[\w\-]{{2}}){_QUEUES}(?P<more>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_ERROR = re.compile(rf"{_ENDS}/(?P<bind>[^\s:]{{1,128}}):\ (?P<error>.*)", re.VERBOSE | re.ASCII | re.DOTALL)
# `option httplog clf`: the same facts in the order of a web server's log, texts in quotes
_CLF = re.compile(
    r"""(?P<client>[0-9A-Fa-f.:]{2,45})\ -\ -\ \[(?P<stamp>[^\]]{20,40})\]\ "(?P<request>[^"]{0,16384})"
    \ (?P<result>-?\d{1,3}\ \d{1,18})\ ""\ ""\ (?P<port>\d{1,5})\ \d{1,3}
    \ "(?P<frontend>[^\s/"]{1,128})"\ "(?P<backend>[^\s/"]{1,128})"\ "(?P<server>[^\s"]{0,128})"
    \ (?P<timers>-?\d+(?:\ -?\d+){3}\ \+?\d+)\ "?(?P<state>[\w\-]{4})"?
    \ (?P<connections>\d+(?:\ \d+){3}\ \+?\d+)\ (?P<queues>\d+\ \d+)(?P<more>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_STATE = re.compile(
    r"(?:Proxy|Server|Backend|Health check|backend|Stopping|Pausing|Reexecuting|Connect from)[ :]\S", re.ASCII
)
_DOWN = re.compile(
    r"(?:Health check for server|Server) (?P<backend>[^\s/]{1,128})/(?P<server>\S{1,128}) is (?P<state>UP|DOWN)"
    r"(?:[^,]{0,64}, reason: (?P<reason>[^,]{1,256}))?",
    re.ASCII,
)
_ALERTED = re.compile(r"\[(?P<level>ALERT|WARNING|NOTICE)\]\s{1,6}\(?[\d/]{1,12}\)?(?: \(\d{1,10}\))? ?: ", re.ASCII)
_STATES = (
    (re.compile(r"(?:Proxy|Backend|Frontend) '?(?P<backend>[^\s']{1,128})'? started", re.ASCII), "proxy-started"),
    (
        re.compile(r"(?:Stopping|Pausing) (?:proxy|frontend|backend) '?(?P<backend>[^\s']{1,128})", re.ASCII),
        "proxy-stopped",
    ),
    (re.compile(r"Proxy '?(?P<backend>[^\s']{1,128})'? stopped", re.ASCII), "proxy-stopped"),
    (re.compile(r"(?:backend|proxy) '?(?P<backend>[^\s']{1,128})'? has no server available", re.ASCII), "backend-down"),
)
# what `option httpslog` adds: `0/0/0/0/1 www.gov.example/TLSv1.3/TLS_AES_256_GCM_SHA384`
_HTTPS = re.compile(
    r" \S{1,8}/[\w\-]{1,32}/\S{1,8}/\S{1,8}/\S{1,3} (?P<sni>[\w.\-]{1,253})/[\w.\-]{1,16}/(?P<cipher>[\w\-]{1,64})$",
    re.ASCII,
)
_CONNECT = re.compile(
    r"Connect from (?P<client>[0-9A-Fa-f.:]{2,45}):(?P<port>\d{1,5}) to (?P<server>[0-9A-Fa-f.:]{2,45})"
    r":(?P<server_port>\d{1,5})"
    r" \((?P<frontend>[^/]{1,128})/(?P<mode>\w{2,8})\)",
    re.ASCII,
)
_TIMERS = {
    5: ("http.request.time_wait_ms", "time_queue", "time_backend_connect", "http.request.time_wait_without_data_ms"),
    3: ("time_queue", "time_backend_connect"),
}
_JSON_KEYS = {"ip": "source.ip", "port": "source.port", "code": "http.response.status_code",
              "meth": "http.request.method",
              "bytes": "http.response.bytes", "ua": "user_agent.original", "fqdn": "destination.domain",
              "backend": "haproxy.backend_name", "action": "event.action"}  # fmt: skip


def _read(line: str, options: Options) -> Fields:
    header = parse_header(line, options)
    refuse_others(header, "haproxy")
    text = line.strip() if header.kind == "bare" else header.message
    text = _plain(text[_offset(text) :])
    fields: Fields = {"event.dataset": "haproxy.log", "event.module": "haproxy"}
    for pattern, read in ((_HTTP, _http), (_TCP, _tcp), (_ERROR, _error)):
        found = pattern.fullmatch(text)
        if found is not None:
            _ends(found, fields, options)
            read(found, fields)
            break
    else:
        _other(text, fields, options, known=header.kind != "bare" or _offset(line.strip()) > 0)
    fields.update(syslog_fields(header))
    if header.timestamp is not None:
        fields.setdefault("@timestamp", header.timestamp)
    for name, value in (("host.name", header.host or options.host), ("process.pid", header.pid)):
        if value:
            fields[name] = value
    return fields


def _offset(text: str) -> int:
    """Return where the log line begins behind a tag that syslog's header did not take (`haproxy[12]: `)."""
    found = re.match(r"(?:hapee?-lb|haproxy|hapee)(?:\[\d{1,10}\])?: ", text, re.ASCII)
    return found.end() if found is not None else 0


def _plain(text: str) -> str:
    """Return a line of the CLF format as HAProxy's own HTTP format has it, and any other as it is."""
    found = _CLF.fullmatch(text)
    if found is None:
        return text
    timers, connections, queues = (found[name].replace(" ", "/") for name in ("timers", "connections", "queues"))
    return (
        f"{found['client']}:{found['port']} [{found['stamp']}] {found['frontend']} {found['backend']}/{found['server']}"
        f' {timers} {found["result"]} - - {found["state"]} {connections} {queues} "{found["request"]}"'
    )


def _ends(found: re.Match[str], fields: Fields, options: Options) -> None:
    put(fields, "source.ip", found["client"], options.zone)
    fields["source.port"] = int(found["port"])
    fields["@timestamp"] = clf_instant(found["stamp"], options.zone)
    fields["haproxy.frontend_name"] = found["frontend"].rstrip("~")
    parts = found.groupdict()
    if parts.get("backend"):
        fields["haproxy.backend_name"], fields["haproxy.server_name"] = parts["backend"], parts["server"]
        timers = parts["timers"].split("/")
        total = timers[-1].lstrip("+")
        if total.isdecimal() and len(total) < 12:
            fields["event.duration"] = int(total) * 1_000_000
        for name, text in zip(_TIMERS[len(timers)], timers, strict=False):
            if text.isdecimal() and len(text) < 12:
                fields[f"haproxy.{name}"] = int(text)
        fields["haproxy.termination_state"] = parts["state"]
        fields["haproxy.connections"], fields["haproxy.queues"] = parts["connections"], parts["queues"]


def _http(found: re.Match[str], fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ["web", "network"], ["access"]
    status = int(found["status"])
    if status > 0:
        fields["http.response.status_code"] = status
        fields["event.outcome"] = "failure" if status >= 400 else "success"
    fields["http.response.bytes"] = int(found["bytes"])
    if found["request"] != "<BADREQ>":
        read_request(found["request"], fields)
    for name, text in (("request", found["cookie"]), ("response", found["set_cookie"])):
        if text != "-":
            fields[f"haproxy.http.{name}.captured_cookie"] = text
    captured = found["headers"].strip()
    if captured:
        fields["haproxy.http.request.captured_headers"] = captured
    find_tls(found["more"], fields)
    if (https := _HTTPS.match(found["more"])) is not None:
        for name, text in (("tls.client.server_name", https["sni"]), ("tls.cipher", https["cipher"])):
            if text.strip("-"):
                fields[name] = text


def _tcp(found: re.Match[str], fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ["network"], ["connection", "end"]
    fields["destination.bytes"] = int(found["bytes"])  # what the server sent, as HAProxy counts (`%B`)
    find_tls(found["more"], fields)


def _error(found: re.Match[str], fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ["network"], ["connection", "error"]
    fields["event.outcome"] = "failure"
    fields["haproxy.bind_name"] = found["bind"]
    fields["message"] = fields["error.message"] = found["error"].strip()
    fields["error.type"] = "HAProxy error"


def _other(text: str, fields: Fields, options: Options, *, known: bool) -> None:
    """Read a JSON line, a plain connection, a change of state; what HAProxy says besides is kept as its message.

    Raise `MalformedRecordError` where neither the words nor a header (`known`) tell that HAProxy wrote them.
    """
    fields["message"] = text
    if (alerted := _ALERTED.match(text)) is not None:  # as the program says it where it does not log yet
        fields["log.level"], text = alerted["level"].lower(), text[alerted.end() :]
    start = text.find("{")
    if start >= 0 and '"meth"' in text:
        _json(text[start:], fields, options)
        return
    found = _CONNECT.match(text)
    if found is not None:
        put(fields, "source.ip", found["client"], options.zone)
        put(fields, "destination.ip", found["server"], options.zone)
        fields["source.port"], fields["destination.port"] = int(found["port"]), int(found["server_port"])
        fields["haproxy.frontend_name"], fields["haproxy.mode"] = found["frontend"], found["mode"]
    elif (down := _DOWN.match(text)) is not None:
        fields["haproxy.backend_name"], fields["haproxy.server_name"] = down["backend"], down["server"]
        fields["event.action"], fields["event.reason"] = f"server-{down['state'].lower()}", down["reason"] or text
    elif (state := _state(text)) is not None:
        fields["event.action"], fields["haproxy.backend_name"] = state
    elif not known and alerted is None and not _STATE.match(text):
        raise MalformedRecordError("no line of HAProxy: neither HTTP nor TCP nor error nor state")
    fields["event.category"] = ["network"]
    fields["event.type"] = ["connection"] if found is not None else ["info"]


def _state(text: str) -> tuple[str, str] | None:
    """Return what became of a proxy, and its name, where a message tells that."""
    for pattern, action in _STATES:
        if (found := pattern.match(text)) is not None:
            return action, found["backend"].rstrip(".")
    return None


def _json(text: str, fields: Fields, options: Options) -> None:
    document = load_object(text.encode("utf-8", "backslashreplace"))
    flat, _ = flatten(document)
    values = {key: texts(value)[0] for key, value in flat.items() if texts(value)}
    for key, name in _JSON_KEYS.items():
        put(fields, name, values.get(key, ""), options.zone)
    put(fields, "@timestamp", values.get("date", ""), options.zone)
    fields["http.version"] = values.get("vers", "").removeprefix("HTTP/") or "1.1"
    path = values.get("path", "")
    if path:
        fields["url.original"] = values.get("fqdn", "") + path
        fields["url.path"] = path
    fields["event.category"], fields["event.type"] = ["web", "network"], ["access"]


def _own(line: str) -> bool:
    header = parse_header(line[:8192], Options())
    text = line.strip() if header.kind == "bare" else header.message
    text = _plain(text[_offset(text) :])
    if _HTTP.match(text) or _TCP.match(text) or _ERROR.fullmatch(text):
        return True
    return bool(re.match(r"haproxy|hapee", header.program or "")) or _offset(line.strip()) > 0


SOURCE = DeviceSource(
    name="haproxy",
    aliases=("haproxy.log", "hapee"),
    title="HAProxy logs (HTTP, TCP, error, state; JSON of HAProxy Enterprise)",
    own=_own,
    read=_read,
    weight=97,
)
