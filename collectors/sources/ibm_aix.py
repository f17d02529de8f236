"""IBM AIX: audit records as `auditpr` prints them, the kernel's privileged commands, and the host's syslog.

Formats: "auditpr" and "events file for audit" of AIX 7 (`PROC_Execute sh root eva OK 22 Nov 2022 10:20:32.056053 No
associated roles euid: 503 egid: 403 epriv: 0:0 name sh -c id`: event, command, login user, real user, status, instant,
roles, the event's own tail), and AIX's syslogd with `Message forwarded from host:`. The login user is who logged in,
the real one whom the process runs as. Names: ECS; the vendor's under `aix.`.
"""

from __future__ import annotations

import re

from collectors.auth.dispatch import read_message
from collectors.host.programs import refuse_others
from collectors.network.times import instant_of
from collectors.sensors.line import LineSource, begun
from collectors.source import Options
from collectors.syslog import Header, parse_header
from engine.errors import MalformedRecordError
from engine.events import Fields

_STATUS = "OK|FAIL|FAIL_DENIED|FAIL_ACCESS|FAIL_AUTH|FAIL_PRIV|DENIED"
_RECORD = re.compile(
    rf"""(?P<event>[A-Z][A-Za-z0-9]{{0,24}}_[A-Za-z0-9_]{{1,48}})\s{{1,40}}(?P<command>\S{{1,256}})\s{{1,40}}
    (?P<login>\S{{1,256}})\s{{1,40}}(?:(?P<real>\S{{1,256}})\s{{1,40}})?(?P<status>{_STATUS})\s{{1,40}}
    (?P<stamp>\d{{1,2}}\ [A-Za-z]{{3}}\ \d{{4}}\ \d\d:\d\d:\d\d(?:\.\d{{1,6}})?|
    [A-Z][a-z]{{2}}\ [A-Z][a-z]{{2}}\ {{1,2}}\d{{1,2}}\ \d\d:\d\d:\d\d\ \d{{4}})
    (?:\s{{1,40}}(?P<tail>.*))?""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_FORWARDED = re.compile(r"(?:(?:Message )?forwarded )?from (?P<host>[\w.\-]{1,253}): (?P<rest>.*)", re.DOTALL)
_PRIVILEGED = re.compile(
    r"(?:unix: )?The privilege command (?P<command>/\S{1,1024}), is executed by user with id (?P<id>\d{1,10})"
)
_TAG = re.compile(r"(?P<program>[A-Za-z][\w.\-]{0,63})(?:\[(?P<pid>\d{1,10})\])?: (?P<text>.*)", re.DOTALL)
_ROLES = re.compile(r"(?:No associated roles|(?P<roles>(?:[\w.]{1,63},){0,16}[\w.]{1,63}) (?=euid:|filename))\s{0,40}")
_TAILS = tuple(
    re.compile(form, re.DOTALL)
    for form in (
        r"euid: (?P<uid>\d{1,10}) egid: (?P<gid>\d{1,10}) epriv: \S{1,64} name (?P<command_line>.{1,4096})",
        r"linkname (?P<path>/.{1,1024}?) filename (?P<target>/.{1,1024})",
        r"frompath: (?P<path>.{1,1024}?) topath: (?P<target>.{1,1024})",
        r"(?:[a-z ]{1,32}[:=] ?[\w\-]{1,32},? ){0,4}(?:filename|file name|dir)(?: =|:)? (?P<path>/.{1,1024})",
        r"audit object \w{1,16} event detected (?P<path>/.{1,1024})",
        r"(?:remove of directory|change root directory to|change current directory to): (?P<path>.{1,1024})",
        r"event = .{1,64}? cmd = (?P<command_line>.{1,4096}) time = .{10,40}",
        r"pid: (?P<pid>\d{1,10}), sig: (?P<signal>\d{1,3})",
        r"user: (?P<user>\S{1,256})(?: tty: (?P<tty>\S{1,64}))?",
    )
)
_KINDS = (  # of an event: its beginning, categories and type of ECS; the first fits
    (re.compile(r"USER_Login|TCPIP_access|USER_SU|PASSWORD_Check"), "authentication", "start"),
    (re.compile(r"USER_Logout|USER_Exit|INIT_End"), "authentication", "end"),
    (re.compile(r"(?:USER|GROUP|MKUSER)\w*_(?:Create|Mk)"), "iam", "creation"),
    (re.compile(r"(?:USER|GROUP)_(?:Remove|Delete|Rm)"), "iam", "deletion"),
    (re.compile(r"USER_|GROUP_|PASSWORD_|ROLE_"), "iam", "change"),
    (re.compile(r"FILE_(?:Unlink|Remove)|FS_Rmdir"), "process file", "deletion"),
    (re.compile(r"FILE_(?:Link|Symlink|Mknod)|FS_Mkdir"), "process file", "creation"),
    (re.compile(r"FILE_(?:Open|Read|Access)|S_\w+_READ|FS_Ch(?:dir|root)"), "process file", "access"),
    (re.compile(r"FILE_|FS_|S_\w+_WRITE"), "process file", "change"),
    (re.compile(r"TCP_|TCPIP_"), "process network", "connection"),
    (re.compile(r"AUD_"), "process configuration", "change"),
    (re.compile(r"PROC_(?:Execute|Create)|CRON_Start|SRC_Start|AT_Job"), "process", "start"),
    (re.compile(r"PROC_(?:Delete|Kill)|CRON_Finish|SRC_Stop"), "process", "end"),
)


def _own(line: str) -> bool:
    header = parse_header(line[:4096], Options())
    text = header.message
    forwarded = _FORWARDED.match(text)
    if forwarded is not None and (text.startswith("Message") or header.host == "Message"):
        return True
    return _RECORD.match(text) is not None or _PRIVILEGED.match(forwarded["rest"] if forwarded else text) is not None


def _read(line: str, options: Options) -> Fields:
    header = parse_header(line, options)
    fields = begun("ibm_aix.audit", header, options, categories=("process",))
    fields |= {"event.type": ["info"], "observer.vendor": "IBM", "message": header.message}
    text = header.message
    if (forwarded := _FORWARDED.match(text)) is not None:
        fields["host.name"], text = forwarded["host"], forwarded["rest"]
    if (found := _RECORD.match(text)) is not None:
        _audit(found, fields, options)
    elif (found := _PRIVILEGED.match(text)) is not None:
        fields["process.command_line"], fields["user.id"] = found["command"], found["id"]
        fields["event.type"] = ["start"]
    else:
        _system(header, text, fields)
    return fields


def _audit(found: re.Match[str], fields: Fields, options: Options) -> None:
    if (moment := instant_of(found["stamp"], options.zone)) is not None:
        fields["@timestamp"] = moment
    fields |= {"event.action": found["event"], "process.name": found["command"], "user.name": found["login"]}
    if found["real"]:
        fields["process.user.name"] = found["real"]
    fields["event.outcome"] = "success" if found["status"] == "OK" else "failure"
    fields["aix.audit.status"] = found["status"]
    for begins, categories, kind in _KINDS:
        if begins.match(found["event"]):
            fields["event.category"], fields["event.type"] = categories.split(" "), [kind]
            break
    tail = (found["tail"] or "").strip()
    if (roles := _ROLES.match(tail)) is not None:
        tail = tail[roles.end() :]
        if roles["roles"]:
            fields["user.roles"] = roles["roles"].split(",")
    if tail:
        fields["aix.audit.tail"] = tail
        _tail(tail, fields)


def _tail(tail: str, fields: Fields) -> None:
    parts = next((hit.groupdict() for form in _TAILS if (hit := form.fullmatch(tail)) is not None), {})
    names = {
        "uid": "process.user.id", "gid": "process.group.id", "command_line": "process.command_line",
        "path": "file.path", "target": "file.target_path", "user": "user.name", "tty": "aix.audit.tty",
        "signal": "aix.audit.signal",
    }  # fmt: skip
    for part, text in parts.items():
        if text and part in names:
            fields[names[part]] = text.strip()
    if pid := parts.get("pid"):
        fields["process.pid"] = int(pid)
    if path := parts.get("path"):
        fields["file.name"] = path.rstrip("/").rpartition("/")[2] or path


def _system(header: Header, text: str, fields: Fields) -> None:
    """Read what the host's own programs say through syslogd."""
    refuse_others(header, "ibm_aix", "auth")
    program, pid, said = header.program, header.pid, text
    if text != header.message and (tag := _TAG.fullmatch(text)) is not None:
        program, pid, said = tag["program"], int(tag["pid"]) if tag["pid"] else None, tag["text"]
    if program is None and header.kind == "bare":
        raise MalformedRecordError(
            "no record of AIX: neither an event with its status and instant, nor syslog's header"
        )
    fields["event.dataset"], fields["message"] = "ibm_aix.syslog", said
    if program is None:
        return
    fields["process.name"] = program
    if pid is not None:
        fields["process.pid"] = pid
    read_message(Header(kind="rfc3164", message=said, program=program, pid=pid), fields)


SOURCE = LineSource(
    name="ibm_aix",
    aliases=("aix", "ibm_aix.audit", "ibm_aix.syslog"),
    title="IBM AIX: audit records (auditpr) and syslog",
    datasets=("ibm_aix.audit", "ibm_aix.syslog"),
    own=_own,
    read=_read,
    weight=96,
)
