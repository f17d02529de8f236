"""VMware vCenter Server: its events, vpxd, the SSO, authorisation, the web services and the appliance's audit.

Formats: vCenter's events in syslog (`Event [7] [1-1] [stamp] [vim.event.X] [info] [user] [datacenter] [7] [text]`),
`info vpxd[07879] [Originator@6876 sub=... opID=...] text`, the Java services' `stamp [thread [] INFO logger opId=]
text` and its variants, the envoy proxy's and Tomcat's requests, the garbage collector's log, and `applmgmt-audit`.
Names: Sekoia's intake `vmware-vcenter`; log-ins as Elastic's integration `vsphere` has them.
"""

from __future__ import annotations

import re

from collectors.auth.dispatch import read_bare, read_message
from collectors.auth.programs import read_sudo
from collectors.host.programs import refuse_others
from collectors.host.shorn import shorn_header
from collectors.network.times import instant_of
from collectors.network.values import put, put_all
from collectors.sensors.line import LineSource, begun
from collectors.source import Options
from collectors.syslog import Header
from collectors.vmware.logins import read_login
from collectors.vmware.originator import FORM, read_originator
from engine.errors import MalformedRecordError
from engine.events import Fields

_STAMP = r"(?P<stamp>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d{1,9}(?:Z|[+-]\d\d:?\d\d)?)"
_LEVEL = r"(?P<level>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)"
_OPERATION = r"(?:opId|OpId|opID)=(?P<operation>[\w\-:.@]{0,128})"
_PROGRAM = r"(?P<program>[A-Za-z][\w\-]{0,63})\[(?P<pid>\d{1,10})"
_THREAD = r"(?P<thread>[^\[\]]{0,128})"
_LOGGER = r"(?P<logger>[A-Za-z_][\w.$\-]{1,256})"
_EVENT = re.compile(
    r"Event \[(?P<id>\d{1,12})\] \[\d{1,6}-\d{1,6}\] \[(?P<stamp>\d{4}-\d\d-\d\dT[\d:.]{8,18}Z)\] "
    r"\[(?P<code>[\w.]{3,128})\] \[(?P<level>\w{1,16})\] "
    r"\[(?P<user>[^\[\]]{0,256})\] \[(?P<place>[^\[\]]{0,256})\] \[(?P<chain>\d{0,12})\] \[(?P<text>.*)",
    re.DOTALL,
)
_JAVA = tuple(
    re.compile(form + r"(?P<text>.*)", re.DOTALL)
    for form in (
        rf"{_STAMP} {{1,4}}\[{_THREAD} \[[^\]]{{0,64}}\] {{1,4}}{_LEVEL} {{1,4}}{_LOGGER} {{1,4}}{_OPERATION}\] ",
        rf"{_STAMP} {{1,4}}\[{_THREAD}\] {{1,4}}{_LEVEL} {{1,4}}{_OPERATION} {{1,4}}{_LOGGER} - ",
        rf"{_STAMP} {{1,4}}{_LEVEL} {_PROGRAM}:{_THREAD}\] \[{_OPERATION}\] \[{_LOGGER}\] ",
        rf"\[{_STAMP}\] \[{_LEVEL} {{0,4}}\] ",
        rf"{_STAMP}: {_LEVEL} ",
    )
)
_COLLECTOR = re.compile(rf"{_STAMP}: \d{{1,12}}\.\d{{1,6}}: \[(?P<text>[^\[\]]{{1,512}})\]?", re.DOTALL)
_TOMCAT = re.compile(
    r"\[(?P<stamp>\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] (?P<thread>\S{1,128}) \[Request\] "
    r"(?P<ip>[0-9A-Fa-f:.]{2,45}):(?P<port>\d{1,5}) to local (?P<local>\d{1,5}) - HTTP/(?P<version>[\d.]{1,4}) "
    r"(?P<method>[A-Z]{1,16}) (?P<path>\S{1,4096}) \[Response\] (?P<status>\d{3}) - (?P<bytes>\d{1,15}|-) bytes "
    r"\[Perf\] process (?P<process>\d{1,9})ms / commit (?P<commit>-?\d{1,9})ms / conn \[(?P<connection>.)\]"
)
_ENVOY = re.compile(
    r"(?P<begun>\d{4}-\d\d-\d\dT[\d:.]{8,18}Z) (?P<method>[A-Z]{1,16}) (?P<path>\S{1,4096}) "
    r"HTTP/(?P<version>[\d.]{1,4}) (?P<status>\d{1,3}) (?P<upstream>\S{1,64}) "
    r"\S{1,64} (?P<received>\d{1,15}) (?P<sent>\d{1,15}) [\d \-]{1,64} "
    r"(?P<ip>[0-9A-Fa-f:.]{2,45}):(?P<port>\d{1,5}) (?P<to>[0-9A-Fa-f:.]{2,45}):(?P<to_port>\d{1,5}) \S{1,64} \S{1,64}"
)
_REQUEST = {
    "ip": ("source.ip",), "port": ("source.port",), "to": ("destination.ip",), "to_port": ("destination.port",),
    "local": ("destination.port",), "method": ("http.request.method",), "path": ("url.original",),
    "version": ("http.version",), "status": ("http.response.status_code",), "bytes": ("http.response.bytes",),
}  # fmt: skip
_FAULT = re.compile(r"\(Fault cause: (?P<code>vim\.fault\.\w{1,64})")
_NAMED = re.compile(
    r"User \{Name: (?P<user>[^{},]{1,256}), Domain: (?P<domain>[^{},]{1,253})\}(?: with role '(?P<role>[^']{1,128})')?"
)
_CALL = re.compile(r"method call '(?P<call>[\w.]{1,256})'")
_PRIVILEGED = re.compile(
    r"User (?P<user>\S{1,256}) who belongs to group (?P<group>\S{1,256}) has .{1,64} privileges "
    r"to invoke API (?P<call>\S{1,256})"
)
_COUNTED = re.compile(r"Session count for user \[.{1,32}\]: (?P<user>\S{1,256}) is (?P<count>\d{1,9})")
_VM = re.compile(
    r"(?:Reconfigured|Created virtual machine|Removed|Cloned|Renamed|Migrating) (?P<vm>\S{1,256}) (?:on|from) "
)
_CHANGES = (  # words of an event's class, category and type of ECS; the first fits
    (re.compile(r"Session|Login|Logon|Authenticat"), "authentication", "info"),
    (re.compile(r"(?:Permission|Role|Account|Group|User)\w*(?:Added|Created)"), "iam", "creation"),
    (re.compile(r"(?:Permission|Role|Account|Group|User)\w*(?:Removed|Deleted)"), "iam", "deletion"),
    (re.compile(r"Permission|Role|Account|Password"), "iam", "change"),
    (re.compile(r"Connect|ConnectionLost"), "network", "connection"),
    (re.compile(r"Power(?:ed)?On|Starting|Started"), "host", "start"),
    (re.compile(r"Power(?:ed)?Off|Suspend|Shutdown|Stopp"), "host", "end"),
    (re.compile(r"Created|Added|Cloned|Deployed|Registered"), "configuration", "creation"),
    (re.compile(r"Removed|Deleted|Destroyed|Unregistered"), "configuration", "deletion"),
    (re.compile(r"Reconfigured|Renamed|Changed|Updated|Modified|Relocated|Migrated|Moved"), "configuration", "change"),
)
_AUDIT = re.compile(r"AuthorizationResponse = \{ ?authorized=(?P<authorized>True|False), method=(?P<method>\w{1,32})")
_SUDO = re.compile(r"[\w.\-@\\]{1,128} : (?:[^;]{0,512};){1,8} COMMAND=")
_PROGRAMS = re.compile(
    r"vpxd(?:-\w{1,32})?|applmgmt(?:-\w{1,32})?|vsphere-ui\S{0,64}|vmafdd?|vmdird|vmcad|vmdnsd|sso\w{0,32}|vapi-\w{1,32}|"
    r"vmware-\S{1,64}|vcha|content-library\S{0,32}|sps|eam\S{0,32}|rhttpproxy-\w{1,32}|envoy-\w{1,32}|lookupsvc\S{0,32}|"
    r"trustmanagement\S{0,32}|updatemgr\S{0,32}|analytics\S{0,32}|certificatemanagement\S{0,32}|ssoAdminServer",
)
_MARK = re.compile(r"\[vim\.event\.|\b(?:com|c)\.v(?:mware)?\.[a-z]|\[Originator@\d{1,9} |/vmware-[a-z]+/|\bvsphere\b")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def _own(line: str) -> bool:
    header = shorn_header(line[:4096], Options())
    text = header.message
    if (found := FORM.match(line)) is not None or (found := FORM.match(text)) is not None:
        program = found["program"] or header.program or ""
        return _PROGRAMS.fullmatch(program) is not None or (found["stamp"] is not None and program == "envoy")
    if header.program is not None and header.kind != "bare":
        return _PROGRAMS.fullmatch(header.program) is not None or _EVENT.match(text) is not None
    forms = (_EVENT, _TOMCAT, *_JAVA)
    if any(form.match(line) or form.match(text) for form in forms):
        return _EVENT.match(text) is not None or _TOMCAT.match(line) is not None or _MARK.search(line) is not None
    return _SUDO.match(text) is not None and _MARK.search(text) is not None


def _read(line: str, options: Options) -> Fields:
    whole = line.strip()
    headless = next((form for form in (FORM, _COLLECTOR, _TOMCAT, *_JAVA) if form.match(whole)), None)
    header = shorn_header(line, options) if headless is None else Header(kind="bare", message=whole, host=options.host)
    text = header.message
    fields = begun("vsphere.log", header, options)
    fields |= {
        "event.type": ["connection"],
        "observer.vendor": "VMWare",
        "observer.product": "VCenter",
        "message": text,
    }
    if header.program is not None:
        fields["process.name"] = header.program
    if header.pid is not None:
        fields["process.pid"] = header.pid
    if (found := _EVENT.match(text)) is not None:
        _event(found, fields, options)
    elif (found := FORM.match(text)) is not None:
        said = read_originator(found, "vmware_vcenter", fields, options)
        if found["thread"] and found["thread"].isdecimal():
            fields["process.pid"] = int(found["thread"])
        _service(said.removeprefix("-- "), fields, options)
    elif (found := _TOMCAT.match(text)) is not None:
        _request(found, fields, options)
    elif (found := _COLLECTOR.match(text)) is not None:
        _stamped(found, fields, options)
        fields["event.reason"] = found["text"].strip()
    elif (found := next((hit for form in _JAVA if (hit := form.match(text))), None)) is not None:
        _java(found, fields, options)
    else:
        _other(header, fields, options)
    return fields


def _stamped(found: re.Match[str], fields: Fields, options: Options) -> None:
    if (moment := instant_of(found["stamp"], options.zone)) is not None:
        fields["@timestamp"] = moment


def _event(found: re.Match[str], fields: Fields, options: Options) -> None:
    """Read an event of the inventory: who did what to which machine; log-ins by their text."""
    _stamped(found, fields, options)
    text = found["text"].strip()
    text = text.removesuffix("]")
    fields |= {"event.code": found["code"], "log.level": found["level"], "event.reason": text}
    fields["vmware_vcenter.event_id"] = found["id"]
    if found["place"]:
        fields["vmware_vcenter.datacenter"] = found["place"]
    put(fields, "user.name", found["user"], options.zone)
    name = found["code"].rpartition(".")[2]
    fields["event.category"], fields["event.type"] = ["host"], ["info"]
    for words, category, kind in _CHANGES:
        if words.search(name):
            fields["event.category"], fields["event.type"] = [category], [kind]
            break
    if (machine := _VM.match(text)) is not None:
        fields["vmware_vcenter.vm_name"] = machine["vm"]
    if read_login(text, fields, options):
        fields["event.category"] = ["authentication"]
    elif name == "BadUsernameSessionEvent":
        fields["event.type"], fields["event.outcome"] = ["start"], "failure"


def _service(text: str, fields: Fields, options: Options) -> None:
    """Read what a service says: a request at the proxy, a fault, a log-in, whose call was allowed."""
    if (found := _ENVOY.fullmatch(text)) is not None:
        _request(found, fields, options)
        return
    if text:
        fields["event.reason"] = text
    if (fault := _FAULT.search(text[:8192])) is not None:
        fields["event.code"], fields["event.reason"] = fault["code"], text.partition(";")[0]
        if fault["code"] in {"vim.fault.InvalidLogin", "vim.fault.NoPermission", "vim.fault.NotAuthenticated"}:
            fields["event.outcome"] = "failure"
    elif (found := _NAMED.match(text)) is not None or (found := _PRIVILEGED.match(text)) is not None:
        parts = found.groupdict()
        fields["event.category"], fields["event.type"] = ["iam"], ["info"]
        put(fields, "user.name", parts["user"], options.zone)
        put(fields, "user.domain", parts.get("domain") or "", options.zone)
        if role := parts.get("role"):
            fields["vmware_vcenter.user_role"] = role
        call = parts.get("call") or (named["call"] if (named := _CALL.search(text[:4096])) else "")
        if call:
            fields["vmware_vcenter.resource_name"] = call
        if " logged in" in text[:1024] or " logged out" in text[:1024]:
            fields["event.category"], fields["event.outcome"] = ["authentication"], "success"
            fields["event.type"] = ["end" if " logged out" in text[:1024] else "start"]
    elif (found := _COUNTED.match(text)) is not None:
        fields["event.category"], fields["event.type"] = ["session"], ["info"]
        put(fields, "user.name", found["user"], options.zone)
        fields["vmware_vcenter.num_sessions"] = int(found["count"])
    elif (found := _AUDIT.match(text)) is not None:
        fields["event.category"], fields["event.type"] = ["authentication"], ["info"]
        fields["event.outcome"] = "success" if found["authorized"] == "True" else "failure"
    else:
        read_login(text, fields, options)


def _java(found: re.Match[str], fields: Fields, options: Options) -> None:
    _stamped(found, fields, options)
    parts = found.groupdict()
    fields["log.level"] = parts["level"]
    if logger := parts.get("logger"):
        fields["log.logger"] = logger
    for name, part in (("thread", "thread"), ("operationID", "operation")):
        if value := (parts.get(part) or "").strip():
            fields[f"vmware_vcenter.{name}"] = value
    if program := parts.get("program"):
        fields["process.name"], fields["process.pid"] = program, int(parts["pid"])
    _service(parts["text"].strip(), fields, options)


def _request(found: re.Match[str], fields: Fields, options: Options) -> None:
    parts = {key: text for key, text in found.groupdict().items() if text is not None}
    if "stamp" in parts:
        _stamped(found, fields, options)
    fields["event.category"] = ["network"]
    put_all(fields, parts, _REQUEST, options.zone)
    for name, part in (("thread", "thread"), ("commit_time", "commit"), ("upstream_status", "upstream"),
                       ("conn_status", "connection"), ("datetime", "begun")):  # fmt: skip
        if part in parts:
            fields[f"vmware_vcenter.{name}"] = parts[part]


def _other(header: Header, fields: Fields, options: Options) -> None:
    """Read the appliance's own programs (sshd, sudo, PAM), and what other services say."""
    refuse_others(header, "vmware_vcenter", "auth")
    text = header.message
    if _SUDO.match(text) and header.program in {None, "sudo"} and read_sudo(text, fields):
        fields["event.category"], fields["event.type"] = ["process"], ["info"]
        fields["process.name"] = "sudo"
        if user := fields.pop("user.effective.name", None):
            fields["process.user.name"] = user
        return
    if read_bare(text, fields) if header.program is None else read_message(header, fields):
        return
    if header.kind == "bare" and header.program is None and _CONTROL.search(text):
        raise MalformedRecordError("no line of vCenter, and no text: control characters")
    _service(text, fields, options)


SOURCE = LineSource(
    name="vmware_vcenter",
    aliases=("vcenter", "vsphere", "vsphere.log", "elastic_vsphere", "vsphere.log"),
    title="VMware vCenter Server: events, vpxd, SSO, proxy and services",
    datasets=("vsphere.log",),
    own=_own,
    read=_read,
    weight=96,
)
