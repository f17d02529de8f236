"""PingFederate: the audit log in its three forms, the server log, and requests.

Format: "PingFederate server", security audit logging: columns between pipes (the default), `key="value"`, or CEF;
the server log is `stamp tid:... LEVEL [class] text`; requests are in the common log format, and are recognised only by
name. Who is refused chooses the subject, which stands before the address: the address is what stands before the names
that the server itself wrote.
"""

from __future__ import annotations

import re

from collectors.network.cef import Cef, find_cef, read_cef
from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.keyvalue import firsts, pairs
from collectors.network.times import instant_of
from collectors.network.values import keep, put
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.web.address import endpoint, is_ip
from collectors.web.request import read_request
from collectors.web.stamps import clf_instant
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP = r"(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})"
_KEYS = re.compile(rf'{_STAMP} (?P<text>(?:trackingid|transactionid|event)="[^"]{{0,256}}" .*)', re.ASCII | re.DOTALL)
_SUBJECT = re.compile(
    r' subject="(?P<subject>.*)" ip="(?P<ip>[^"]{0,64})" (?:app="[^"]{0,2048}" )?connectionid="', re.DOTALL
)
_COLUMNS = re.compile(rf"{_STAMP}\| ?(?P<text>tid:[^|]{{0,256}}\|.*)", re.ASCII | re.DOTALL)
_SERVER = re.compile(
    rf"{_STAMP} {{1,3}}(?:(?P<tid>tid:\S{{1,128}}) {{1,3}})?(?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL) {{1,3}}"
    r"\[(?P<logger>[\w.$\-]{1,256})\] (?P<text>.*)",
    re.ASCII | re.DOTALL,
)
_REQUEST = re.compile(
    r"""(?P<ip>[0-9A-Fa-f.:]{2,45})\ \S{1,64}\ (?P<user>\S{1,256})\ \[(?P<stamp>[^\]]{20,32})\]
    \ "(?P<request>[^"]{0,8192})"\ (?P<status>\d{3})\ (?P<bytes>\d{1,18}|-)(?:\ .*)?""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_ASKED = re.compile(r"(?P<method>GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH): (?P<url>https?://\S{1,4096})")
_PING = re.compile(r"CEF:\s?\d\|Ping Identity\|PingFederate\|")
_DN = re.compile(r"(?:uid|cn|CN|UID)=(?P<name>[^,]{1,256}),", re.ASCII)
# The columns of the default audit log, behind the stamp
_NAMES = (
    ("trackingid", "event", "subject", "ip", "app", "connectionid", "protocol", "host", "role", "status", "adapterid",
     "description", "responsetime")
)  # fmt: skip
_ENDS = ("SLO", "LOGOUT", "SRI_REVOKED", "REVOKED", "DELETED", "SESSION_DELETED", "SESSION_REVOKED")
_OUTCOMES = {"success": "success", "failure": "failure", "failed": "failure", "inprogress": "unknown"}
_ACCOUNTS = {"PWD_CHANGE": "change", "PWD_RESET": "change", "ACCOUNT_LINK": "change", "ACCOUNT_UNLINK": "change"}


def _own(line: str) -> bool:
    head = line[:4096]
    if (keys := _KEYS.search(head)) is not None and keys.start() < 512:
        return ' event="' in head and (' trackingid="' in head or ' pfhost="' in head)
    if (columns := _COLUMNS.search(head)) is not None and columns.start() < 512:
        return head.count("|") >= 10
    server = _SERVER.search(head)
    if server is not None and server.start() < 512:
        return server["tid"] is not None or server["logger"].startswith(("org.sourceid.", "com.pingidentity."))
    return _PING.search(head) is not None


def _read(line: str, options: Options) -> Fields:
    fields: Fields = {
        "event.dataset": "pingfederate.log",
        "event.module": "pingfederate",
        "event.kind": "event",
        "observer.vendor": "Ping Identity",
        "observer.product": "PingFederate",
    }
    start = 0
    if (found := _KEYS.search(line)) is not None and (start := found.start()) < 512:
        _keys(found["text"], fields, options)
    elif (found := _COLUMNS.search(line)) is not None and (start := found.start()) < 512:
        _columns(found["text"], fields, options)
    elif (found := _SERVER.search(line)) is not None and (start := found.start()) < 512:
        _server(found, fields)
    elif (found := _REQUEST.fullmatch(line.strip())) is not None and is_ip(found["ip"]):
        _request(found, fields, options)
        return fields
    elif (at := find_cef(line)) is not None and (cef := read_cef(line[at:])) and cef.product == "PingFederate":
        start = at
        _cef(cef, fields, options)
    else:
        raise MalformedRecordError("no line of PingFederate: neither of its audit, its server log nor a request")
    if found is not None and (moment := instant_of(found["stamp"], options.zone)) is not None:
        fields["@timestamp"] = moment
    prefix_fields(prefix_header(line, start, options), fields, options)
    return fields


def _keys(text: str, fields: Fields, options: Options) -> None:
    values = firsts(pairs(text))
    subject = _SUBJECT.search(text[:65536])
    if subject is not None:
        values["subject"], values["ip"] = subject["subject"], subject["ip"]
    forwarded = endpoint(values.get("X-Forwarded-Host", "").partition(",")[0].strip())
    if forwarded.domain:
        fields["destination.domain"] = forwarded.domain
    values.setdefault("host", values.pop("pfhost", ""))
    _audit(values, fields, options)


def _columns(text: str, fields: Fields, options: Options) -> None:
    """Read the default audit log; a subject with pipes in it moves the address, which is counted from the end."""
    cells = [cell.strip() for cell in text.split("|")[:128]]
    more = len(cells) - len(_NAMES)
    if more > 0 and is_ip(endpoint(cells[3 + more]).ip or ""):
        cells[2 : 3 + more] = ["|".join(cells[2 : 3 + more])]
    _audit(dict(zip(_NAMES, cells, strict=False)), fields, options)


def _cef(cef: Cef, fields: Fields, options: Options) -> None:
    values = cef.full()
    named = {key.lower().replace(" ", ""): text for key, text in cef.labelled.items()}
    if moment := instant_of(values.get("deviceReceiptTime", ""), options.zone):
        fields["@timestamp"] = moment
    told = {
        "event": cef.event_class,
        "status": values.get("message", ""),
        "subject": values.get("destinationUserId", "") or values.get("destinationUserName", ""),
        "ip": values.get("sourceAddress", ""),
        "host": values.get("deviceHostName", ""),
        "trackingid": values.get("externalId", ""),
        "connectionid": named.get("connectionid", ""),
        "protocol": named.get("protocol", ""),
        "role": named.get("role", ""),
        "app": named.get("targetapplicationurl", ""),
        "description": named.get("description", ""),
    }
    _audit(told, fields, options)
    keep(fields, "pingfederate.labelled.", cef.labelled.items())


def _audit(values: dict[str, str], fields: Fields, options: Options) -> None:
    """Set what an audit says: who did what from where, and how it went."""
    event = values.get("event", "")
    put(fields, "event.action", event.lower(), options.zone)
    source = endpoint(values.get("ip", "").partition(",")[0].strip())
    if source.ip is not None:
        fields["source.ip"] = source.ip
    subject = values.get("subject", "")
    name = _DN.match(subject)
    put(fields, "user.name", name["name"] if name else subject, options.zone)
    put(fields, "host.name", values.get("host", ""), options.zone)
    put(fields, "network.protocol", values.get("protocol", "").lower(), options.zone)
    put(fields, "event.reason", values.get("description", ""), options.zone)
    if outcome := _OUTCOMES.get(values.get("status", "").lower()):
        fields["event.outcome"] = outcome
    if (taken := values.get("responsetime", "")).isdecimal() and len(taken) < 12:
        fields["event.duration"] = int(taken) * 1_000_000
    if (target := values.get("connectionid", "")).startswith(("https://", "http://")):
        fields["url.original"] = target
    fields["event.category"], fields["event.type"] = ["authentication"], [_type(event.upper())]
    if (kind := _ACCOUNTS.get(event.upper())) is not None:
        fields["event.category"], fields["event.type"] = ["iam"], ["user", kind]
    keep(fields, "pingfederate.", ((key.lower().replace("-", "_"), text) for key, text in values.items()))


def _type(event: str) -> str:
    if event.endswith(_ENDS):
        return "end"
    return "info" if event.endswith(("_USED", "_REQUEST")) else "start"


def _server(found: re.Match[str], fields: Fields) -> None:
    """Read a line of the server's own log."""
    fields["log.level"], fields["log.logger"] = found["level"], found["logger"]
    fields["message"] = fields["event.reason"] = found["text"].strip()
    if found["tid"]:
        fields["pingfederate.trackingid"] = found["tid"]
    fields["event.category"], fields["event.type"] = ["web"], ["info"]
    if (asked := _ASKED.match(found["text"])) is not None:
        fields["http.request.method"], fields["url.original"] = asked["method"], asked["url"]
        fields["event.type"] = ["access"]
    elif found["level"] in {"ERROR", "FATAL"}:
        fields["event.type"] = ["error"]


def _request(found: re.Match[str], fields: Fields, options: Options) -> None:
    fields["source.ip"] = found["ip"]
    put(fields, "user.name", found["user"], options.zone)
    if moment := clf_instant(found["stamp"], options.zone):
        fields["@timestamp"] = moment
    read_request(found["request"], fields)
    fields["http.response.status_code"] = int(found["status"])
    if found["bytes"] != "-":
        fields["http.response.body.bytes"] = int(found["bytes"])
    fields["event.category"], fields["event.type"] = ["web"], ["access"]
    fields["event.outcome"] = "failure" if int(found["status"]) >= 400 else "success"
    if options.host:
        fields["host.name"] = options.host


SOURCE = LineSource(
    name="pingfederate",
    aliases=("ping_federate", "pingfederate.log"),
    title="PingFederate: audit, server log, requests",
    datasets=("pingfederate.log",),
    own=_own,
    read=_read,
    weight=98,
)
