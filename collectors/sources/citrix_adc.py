"""Citrix ADC (NetScaler): audit messages of its modules, application firewall, management access, shell.

Formats: "Citrix ADC Log Message Reference" (`stamp [GMT] host 0-PPE-0 : default SSLVPN LOGIN 12 0 : Key value -
Key value`), CEF of the application firewall, the management interface's access log. Stamps come as month/day or, by
setting,
year/month/day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from collectors.citrix.texts import add_texts
from collectors.network.cef import find_cef, read_cef
from collectors.network.cef_ecs import cef_fields
from collectors.network.device import DeviceSource
from collectors.network.envelope import prefix_fields, prefix_header
from collectors.network.times import instant_of, zone_named
from collectors.network.tls import find_tls
from collectors.network.values import Table, keep, put, put_all
from collectors.source import Options
from collectors.web.address import is_ip
from collectors.web.request import read_request
from collectors.web.stamps import clf_instant
from engine.errors import MalformedRecordError
from engine.events import Fields

MESSAGE = re.compile(
    r"""(?P<stamp>\d{2,4}/\d\d/\d{2,4}:\d\d:\d\d:\d\d)\s{1,3}(?:(?P<zone>[A-Z]{3,5})\s)?(?P<host>\S{0,255})\s+
    (?P<engine>\d+-PPE-\d+)\s?:\s(?:(?P<partition>\S{1,64})\s)?(?P<module>[A-Z][A-Z0-9_]{1,32})\s(?P<event>\w{1,64})
    \s(?P<id>\d{1,20})\s(?P<flag>\d{1,6})\s?:\s{0,3}(?P<text>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_ACCESS = re.compile(
    r"""(?P<src>[0-9A-Fa-f.:]{2,45})\ ->\ (?P<dst>[0-9A-Fa-f.:]{2,45})\ -\ (?P<user>\S{1,256})
    \ \[(?P<stamp>[^\]]{20,32})\]
    \ \[(?P<pid>\d{1,10})\]\ "(?P<request>[^"]{0,8192})"\ (?P<status>\d{3})\ (?P<bytes>\d{1,18}|-)
    (?:\ "(?P<referrer>[^"]{0,4096})"\ "(?P<agent>[^"]{0,4096})")?""",
    re.VERBOSE | re.ASCII,
)
_SHELL = re.compile(r"(?P<user>[\w.\-@]{1,128}) on \S{1,64} shell_command=\"(?P<command>.{0,8192})\"", re.DOTALL)
_YEAR = re.compile(r"(?:19|20)\d\d", re.ASCII)
_CEF = re.compile(r"CEF:\s?\d\|Citrix\|")
_TABLE: Table = {
    "User": ("user.name",),
    "user": ("user.name",),
    "Remote_ip": ("source.ip",),
    "Source": ("source.address",),
    "ClientIP": ("source.ip",),
    "ClientPort": ("source.port",),
    "Client_ip": ("client.ip",),
    "clientip": ("client.ip",),
    "Destination": ("destination.address",),
    "Nat_ip": ("source.nat.ip",),
    "NatIP": ("source.nat.address",),
    "CipherSuite": ("tls.cipher",),
    "Denied_by_policy": ("rule.name",),
    "Failure_reason": ("event.reason",),
    "Reason": ("event.reason",),
    "Browser": ("user_agent.original",),
    "Browser_type": ("user_agent.original",),
    "Command": ("process.command_line",),
    "SessionId": ("citrix.adc.session_id",),
}
_ENDS = frozenset(("Source", "Destination", "Remote_ip", "ClientIP", "Client_ip", "Nat_ip", "NatIP"))
_KEY = re.compile(r"(?:^|(?<=- ))(?P<key>[A-Z][A-Za-z_()]{1,40}|SPCBId)(?: |$)", re.ASCII)
_TWO_WORDS = re.compile(r"\b(Start|End|Delink) Time ", re.ASCII)
_IN_TEXT = re.compile(r"\b(?P<key>user|clientip|ClientIP)[ :=]{1,3}(?P<text>[^\s,;\"]{1,256})")
_CONTEXT = re.compile(r"^Context (?P<user>\S{1,256})@(?P<ip>[0-9A-Fa-f.:]{2,45})(?:\s|$)")
# of a published application or desktop (ICASTART, ICAEND_CONNSTAT)
_DESKTOP = re.compile(r"\busername:domainname (?P<user>[^\s:]{1,256}):(?P<domain>[^\s:]{1,253})(?= |$)")
_FAILED = re.compile(r"FAIL|DENIED|ERROR|REJECT", re.ASCII)
_LOGIN = re.compile(r"^(?:LOGIN|LOGIN_FAILED|LOGOUT|ICASTART)$")


def _read(line: str, options: Options) -> Fields:
    line = line.strip()
    if line[:1] == '"' and line[-1:] == '"':  # a line that went through a CSV export
        line = line[1:-1].replace('""', '"')
    line = line.removeprefix('"')
    fields: Fields = {"event.module": "citrix_adc", "observer.vendor": "Citrix", "observer.product": "NetScaler"}
    for pattern, read in ((MESSAGE, _message), (_ACCESS, _access), (_SHELL, _shell)):
        found = pattern.search(line) if pattern is not MESSAGE or "-PPE-" in line[:1024] else None
        if found is not None and found.start() < 512:
            read(found, fields, options)
            prefix_fields(prefix_header(line, found.start(), options), fields, options)
            return fields
    start = find_cef(line)
    cef = read_cef(line[start:]) if start is not None else None
    if start is None or cef is None:
        raise MalformedRecordError(
            "no message of Citrix ADC: no packet engine (0-PPE-0), no CEF, no access, no command"
        )
    fields |= cef_fields(cef, options)
    _firewall(cef.extension.get("act", ""), dict(cef.extension), fields, options)
    prefix_fields(prefix_header(line, start, _in_year(cef.extension.get("cs5", ""), options)), fields, options)
    return fields


def _in_year(year: str, options: Options) -> Options:
    """Return options under which stamps without a year are of this one, which the firewall's CEF tells as cs5."""
    if not _YEAR.fullmatch(year):
        return options
    return replace(options, reference=datetime(int(year), 12, 31, 23, 59, 59, tzinfo=options.zone))


def _message(found: re.Match[str], fields: Fields, options: Options) -> None:
    zone = zone_named(found["zone"] or "") or options.zone
    moment = instant_of(found["stamp"].replace(":", " ", 1), zone)
    if moment is not None:
        fields["@timestamp"] = moment
    if found["host"]:
        fields["observer.name"] = fields["host.name"] = found["host"]
    fields["event.dataset"] = "citrix_adc.log"
    fields["event.code"] = found["event"]
    fields["citrix.adc.module"], fields["citrix.adc.engine"] = found["module"], found["engine"]
    text = found["text"].strip()
    fields["message"] = text
    values = dict(_values(text))
    keep(fields, "citrix.adc.", ((key.lower(), value) for key, value in values.items()))
    put_all(fields, values, _TABLE, options.zone)
    _account(text, fields)
    find_tls(values.get("ClientVersion", ""), fields)
    if "event.reason" not in fields and found["event"] == "Message":
        fields["event.reason"] = text.strip('"')
    _classify(found["module"], found["event"], fields)
    add_texts((found["module"], found["event"]), text, values, fields, zone)


def _values(text: str) -> Iterator[tuple[str, str]]:
    """Yield the keys and values of `Key value - Key value`, and those of free texts (`user x clientip y`).

    An address ends at a blank: keys in small letters may follow that are none elsewhere (`- customername -`).
    """
    text = _TWO_WORDS.sub(r"\1_time ", text)
    found = list(_KEY.finditer(text))
    for at, key in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(text)
        value = text[key.end() : end].strip().rstrip("-").strip()
        if key["key"] in _ENDS and not value.startswith('"'):
            value = value.partition(" ")[0]
        yield key["key"], value.removeprefix('"').removesuffix('"')
    if not found:
        for word in _IN_TEXT.finditer(text):
            yield word["key"], word["text"]


def _account(text: str, fields: Fields) -> None:
    context = _CONTEXT.match(text)
    if context is not None:
        fields.setdefault("user.name", context["user"])
        if not {"source.ip", "client.ip"} & fields.keys() and is_ip(context["ip"]):
            fields["source.ip"] = context["ip"]
    if (desktop := _DESKTOP.search(text)) is not None:
        fields["user.name"], fields["user.domain"] = desktop["user"], desktop["domain"]
    name = fields.get("user.name")
    if isinstance(name, str) and "@" in name:
        fields["user.name"], _, fields["user.domain"] = name.partition("@")


def _classify(module: str, event: str, fields: Fields) -> None:
    fields["event.kind"] = "event"
    if _LOGIN.match(event):
        fields["event.category"] = ["authentication", "session", "network"]
        fields["event.type"] = ["connection", "end" if event == "LOGOUT" else "start"]
        fields["event.outcome"] = "failure" if _FAILED.search(event) else "success"
        return
    if event == "CMD_EXECUTED" or module in {"UI", "API", "CLI", "GUI"}:
        fields["event.category"], fields["event.type"] = ["configuration"], ["change"]
        return
    fields["event.category"] = ["network"]
    fields["event.type"] = ["connection", *(["denied"] if "DENIED" in event else [])]
    if event == "Message":
        fields["event.type"] = ["info", "connection"]
    elif _FAILED.search(event):
        fields["event.outcome"] = "failure"


def _access(found: re.Match[str], fields: Fields, options: Options) -> None:
    put(fields, "source.ip", found["src"], options.zone)
    put(fields, "destination.ip", found["dst"], options.zone)
    put(fields, "user.name", found["user"], options.zone)
    fields["@timestamp"] = clf_instant(found["stamp"], options.zone)
    fields["process.pid"] = int(found["pid"])
    read_request(found["request"], fields)
    fields["http.response.status_code"] = int(found["status"])
    if found["bytes"] != "-":
        fields["http.response.body.bytes"] = int(found["bytes"])
    put(fields, "http.request.referrer", found["referrer"] or "", options.zone)
    put(fields, "user_agent.original", found["agent"] or "", options.zone)
    fields["event.dataset"] = "citrix_adc.access"
    fields["event.category"], fields["event.type"] = ["network", "web"], ["connection", "access"]
    fields["event.outcome"] = "failure" if int(found["status"]) >= 400 else "success"


def _shell(found: re.Match[str], fields: Fields, _: Options) -> None:
    fields["event.dataset"] = "citrix_adc.audit"
    fields["user.name"], fields["process.command_line"] = found["user"], found["command"]
    fields["event.action"] = "execute_shell_command"
    fields["event.category"], fields["event.type"] = ["configuration", "process"], ["change"]


def _firewall(action: str, extension: dict[str, str], fields: Fields, options: Options) -> None:
    """Set what the application firewall's CEF means: cs1 is the profile, cn2 the request's number."""
    fields["event.dataset"], fields["event.module"] = "citrix_waf.log", "citrix_waf"
    fields["event.kind"] = "alert"
    fields.pop("rule.id", None)
    fields["event.category"] = ["network", "intrusion_detection"]
    fields["event.type"] = ["denied" if action == "blocked" else "allowed"]
    if extension.get("cs1"):
        fields["rule.name"] = extension["cs1"]
    for key, name in (("method", "http.request.method"), ("cn2", "http.request.id"), ("cn1", "event.id")):
        put(fields, name, extension.get(key, ""), options.zone)


def _own(line: str) -> bool:
    return (
        MESSAGE.search(line, 0, 2048) is not None
        or _CEF.search(line, 0, 512) is not None
        or _ACCESS.search(line, 0, 2048) is not None
        or _SHELL.search(line, 0, 512) is not None
    )


SOURCE = DeviceSource(
    name="citrix_adc",
    aliases=("citrix", "netscaler", "citrix_adc.log", "citrix_waf", "citrix_waf.log"),
    title="Citrix ADC (NetScaler) audit, VPN, application firewall and management logs",
    own=_own,
    read=_read,
    weight=99,
)
