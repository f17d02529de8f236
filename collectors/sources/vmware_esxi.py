"""VMware ESXi: hostd, vpxa, vobd, vmkernel, the shell, sshd and the other services of a host.

Formats: "ESXi Log File Locations" and the syslog of ESXi 6 to 8: `Hostd: info hostd[2099655] [Originator@6876 sub=...]
text`, `vobd: [UserLevelCorrelator] 33us: [vob.user.ssh.session.opened] text`, `vmkernel: cpu3:2097)Net: text`,
`shell[2100]: [root]: command`; also without header or program, as intakes take them off. Names: Sekoia's intake
`vmware-esxi`; log-ins as Elastic's integration `vsphere` has them.
"""

from __future__ import annotations

import re
from dataclasses import replace

from collectors.auth.dispatch import read_bare, read_message
from collectors.host.programs import refuse_others
from collectors.network.values import put_port
from collectors.sensors.line import LineSource, begun
from collectors.source import Options
from collectors.syslog import Header, parse_header
from collectors.vmware.logins import read_login
from collectors.vmware.originator import FORM, read_originator
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_PROGRAMS = re.compile(
    r"hostd(?:-probe)?|vpxa|vobd|vmkernel|vmkwarning|vmkalert|vmauthd|vmksummary|rhttpproxy|fdm|vsanmgmtd|vsansystem|"
    r"kmxa|kmxd|healthd?|esxupdate|esxtokencpl|envoy|settingsd|dcui|esxshell|sdrsinjector|storagerm|nfcd|apiforwarder|"
    r"hostprofiletrace|vmsyslogd|usbarb|sfcb-\S{1,64}|cimslp|clomd|osfsd|epd|iofiltervpd|swapobjd|configstore\S{0,32}",
    re.IGNORECASE,
)
_VOB = re.compile(
    r"\s{0,8}(?:vobd: )?\[(?P<correlator>\w{1,64}Correlator)\] (?P<since>\d{1,20})us: \[(?P<vob>[\w.\-]{3,128})\] "
    r"(?P<text>.*)",
    re.DOTALL,
)
_KERNEL = re.compile(
    r"(?:(?P<level>WARNING|ALERT): )?cpu\d{1,4}:\d{1,12}(?: opID=(?P<operation>[\w\-]{1,64}))?\)(?P<text>.*)", re.DOTALL
)
_SHELL = re.compile(r"\[(?P<user>[^\]\s]{1,256})\]: (?P<command>.+)", re.DOTALL)
_COMMANDS = tuple(
    re.compile(form, re.DOTALL)
    for form in (
        r"Executing '(?P<command>.{1,4096})'",
        r"User '(?P<user>[^']{1,256})' running command '(?P<command>.{1,4096})'",
        r"USER (?P<user>\S{1,256}) pid (?P<pid>\d{1,10}) cmd (?P<command>.{1,4096})",
        r"Launching binary: (?P<command>.{1,4096})",
        r"ForkExec\((?P<command>[^)]{1,4096})\)\s{0,4}(?P<pid>\d{1,10})?",
    )
)
_ENDS = re.compile(
    r"<TCP '(?P<source>[0-9A-Fa-f:.]{2,45}) : (?P<source_port>\d{1,5})'>, "
    r"<TCP '(?P<destination>[0-9A-Fa-f:.]{2,45}) : (?P<destination_port>\d{1,5})'>"
)
_RESOLVER = re.compile(r"<resolver p:0x[0-9a-f]{1,16}, '(?P<host>[\w.\-]{1,253}):(?P<port>\d{1,5})'")
_TARGET = re.compile(
    r"connection \d{1,6}:\d{1,6} \(iqn\.\S{1,256} if=\S{1,64} addr=(?P<ip>[0-9A-Fa-f:.]{2,45}):(?P<port>\d{1,5}) "
)
_NAMESPACE = re.compile(r"_serverNamespace = (?P<path>/\S{0,1024}) action = \S{1,32}.{0,512}?_port = (?P<port>\d{1,5})")
_ENDPOINT = re.compile(r"New/Updated endpoint added: (?P<path>/\S{0,1024})")
_FILES = tuple(
    re.compile(form)
    for form in (
        r"PublishReport: file (?P<path>/\S{1,1024})",
        r"ConfigFileLocker: (?P<path>/\S{1,1024}?)(?:\.LOCK)?: (?P<reason>stale lock .{1,64}? PID (?P<pid>\d{1,10}).*)",
        r"Processing file: (?P<path>/\S{1,1024})",
        r"File - failed to get objectId, '(?P<path>/[^']{1,1024})'(?:: (?P<reason>.{1,256}))?",
        r'Event \[\d{1,12}\] \[\d{1,6}-\d{1,6}\]\s{1,4}\(fileName = "(?P<path>[^"]{1,1024})"',
        r"stat\((?P<path>/[^)]{1,1024})\) (?P<failed>failed) with (?P<reason>.{1,256})",
        r"\w{1,32} (?P<path>/[\w./\-]{1,1024}\.\w{1,16})$",
    )
)
_CAPACITY = re.compile(r"\bcapacityInBytes = (?P<size>\d{1,18})\b")
_VOLUME = re.compile(r"SlowRefresh: path (?P<path>/\S{1,512})|Could not get state for NFS volume (?P<nfs>\S{1,512})")
_KEY = re.compile(r"Using key ID\s{1,4}(?P<id>[\w\-]{1,64}) to \w{1,32}")
_SERIAL = re.compile(r"\w{1,64}-{1,4}serial num is (?P<number>\S{1,64})")
_ERROR = re.compile(r"\b(?P<code>ERROR_[A-Z_]{2,64})\b")
_AUTH = re.compile(r"User (?P<user>\S{1,256})")
_EVENT = re.compile(r"Event \d{1,12} : ")
_TAG = re.compile(r"(?P<program>[A-Za-z][\w\-]{0,31})\[(?P<pid>\d{1,10})\]: (?P<text>.*)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def _own(line: str) -> bool:
    header = parse_header(line[:4096], Options())
    if (found := FORM.match(header.message)) is not None:
        return not (found["program"] or header.program or "").lower().startswith(("vpxd", "envoy-"))
    if _VOB.match(header.message) is not None:
        return True
    known = header.program is not None and header.kind != "bare" and _PROGRAMS.fullmatch(header.program) is not None
    return known and header.program not in {"envoy", "health", "healthd"}


def _read(line: str, options: Options) -> Fields:
    header = parse_header(line, options)
    fields = begun("vmware_esxi.log", header, options, categories=("process",))
    fields |= {
        "event.type": ["info"],
        "observer.vendor": "VMware",
        "observer.product": "ESXi",
        "message": header.message,
    }
    if header.program is not None:
        fields["process.name"] = header.program.lower() if header.program[:1].isupper() else header.program
    if (found := FORM.match(header.message)) is not None:
        text = read_originator(found, "vmware.esxi", fields, options)
        if found["thread"]:
            fields["vmware.esxi.thread.id"] = found["thread"]
        event = _EVENT.match(text)
        if not read_login(text[event.end() :] if event else text, fields, options):
            _service(text, fields)
    elif (found := _VOB.match(header.message)) is not None:
        fields["vmware.esxi.correlator"], fields["event.action"] = found["correlator"], found["vob"]
        fields["event.reason"] = found["text"].strip()
        read_login(found["text"], fields, options)
    else:
        _other(header, fields, options)
    return fields


def _other(header: Header, fields: Fields, options: Options) -> None:
    """Read the kernel's lines, the shell's, those of a host's usual programs, and texts without any header."""
    refuse_others(header, "vmware_esxi", "auth")
    text, program = header.message, (header.program or "").lower()
    if header.pid is not None:
        fields["process.pid"] = header.pid
    if (found := _KERNEL.match(text)) is not None:
        fields["event.reason"] = found["text"].strip()
        if found["level"]:
            fields["log.level"] = found["level"].lower()
        if found["operation"]:
            fields["vmware.esxi.operation.id"] = found["operation"]
    elif program in {"shell", "esxshell"} and (found := _SHELL.fullmatch(text)) is not None:
        fields["user.name"], fields["process.command_line"] = found["user"], found["command"].strip()

    elif _system(header, fields):
        if fields.get("event.action") == "ssh_disconnect":
            fields["event.category"] = ["authentication", "session"]
    elif header.kind == "bare" and header.program is None and _CONTROL.search(text):
        raise MalformedRecordError("no line of ESXi, and no text: control characters")
    elif not read_login(text, fields, options):
        _service(text, fields)


def _system(header: Header, fields: Fields) -> bool:
    """Read what sshd, PAM and their like say, also behind a tag or nothing where a relay took the header off."""
    if header.program is not None:
        return read_message(header, fields)
    if (tag := _TAG.fullmatch(header.message)) is None:
        return read_bare(header.message, fields)
    fields["process.name"], fields["process.pid"] = tag["program"], int(tag["pid"])
    fields["message"] = tag["text"]
    return read_message(replace(header, program=tag["program"], pid=int(tag["pid"]), message=tag["text"]), fields)


def _service(text: str, fields: Fields) -> None:
    """Read what a service says of commands, connections and files."""
    if text:
        fields["event.reason"] = text
    for form in _COMMANDS:
        if (found := form.fullmatch(text)) is not None:
            parts = found.groupdict()
            fields["process.command_line"], fields["event.type"] = parts["command"], ["info"]
            if user := parts.get("user"):
                fields["user.name"] = user
            if pid := parts.get("pid"):
                fields["process.pid"] = int(pid)
            return
    if fields.get("vmware.esxi.log.category") == "Auth" and (found := _AUTH.fullmatch(text)) is not None:
        fields |= {"event.category": ["authentication"], "event.outcome": "success", "user.name": found["user"]}
    _connection(text, fields)
    _file(text, fields)
    if (found := _VOLUME.match(text)) is not None:
        fields["vmware.esxi.volume.name"] = found["path"] or found["nfs"]
    if (found := _KEY.match(text)) is not None:
        fields["vmware.esxi.key.id"] = found["id"]
    if (found := _SERIAL.match(text)) is not None:
        fields["vmware.esxi.event.serial_number"] = found["number"]
    if (found := _ERROR.search(text[:2048])) is not None:
        fields["error.code"] = found["code"]


def _connection(text: str, fields: Fields) -> None:
    if (found := _ENDS.search(text[:4096])) is not None:
        for side in ("source", "destination"):
            if is_ip(found[side]):
                fields[f"{side}.ip"] = found[side]
                put_port(fields, f"{side}.port", found[f"{side}_port"])
    if (found := _RESOLVER.search(text[:4096])) is not None:
        fields["destination.domain"] = found["host"]
        put_port(fields, "destination.port", found["port"])
    if (found := _TARGET.match(text)) is not None and is_ip(found["ip"]):
        fields["event.category"], fields["destination.ip"] = ["network"], found["ip"]
        put_port(fields, "destination.port", found["port"])
    if (found := _NAMESPACE.search(text[:4096])) is not None:
        fields["url.original"] = found["path"]
        put_port(fields, "destination.port", found["port"])
    if (found := _ENDPOINT.match(text)) is not None:
        fields["url.original"] = found["path"]
    if text.startswith(("Attempting connection", "Failed to connect")):
        fields["event.category"] = ["network"]
        fields["event.type"] = ["connection"] if text.startswith("Att") else ["info"]


def _file(text: str, fields: Fields) -> None:
    for form in _FILES:
        if (found := form.match(text)) is None:
            continue
        parts = found.groupdict()
        path = parts["path"]
        fields["file.path"], fields["file.name"] = path, path.rpartition("/")[2] or path
        if pid := parts.get("pid"):
            fields["process.pid"] = int(pid)
        if reason := parts.get("reason"):
            fields["event.reason"] = reason
        if parts.get("failed"):
            fields["event.outcome"] = "failure"
        if path.startswith("ds:"):
            fields["event.category"] = ["file"]
        if (capacity := _CAPACITY.search(text[:65536])) is not None:
            fields["file.size"] = int(capacity["size"])
        return


SOURCE = LineSource(
    name="vmware_esxi",
    aliases=("esxi", "vmware_esxi.log"),
    title="VMware ESXi: hostd, vpxa, vobd, vmkernel, shell and sshd of a host",
    datasets=("vmware_esxi.log",),
    own=_own,
    read=_read,
    weight=95,
)
