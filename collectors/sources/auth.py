"""Linux authentication logs (`auth.log`, `secure`): sshd, sudo, su, PAM, login, cron, account tools, systemd-logind.

Lines carry a syslog header of any kind (see `collectors.syslog`) or none at all; messages of other programs in the same
file are events too, with their program and text. Stamps without a year take it from the options' reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from collectors.auth.accounts import read_accounts
from collectors.auth.pam import read_pam
from collectors.auth.programs import (
    read_cron,
    read_doas,
    read_login,
    read_logind,
    read_pkexec,
    read_sftp,
    read_su,
    read_sudo,
)
from collectors.auth.sshd import read_sshd
from collectors.framing import decode, lines
from collectors.source import Options, Parser, Record, Source
from collectors.syslog import Header, parse_header, syslog_fields
from collectors.windows.sysmon_linux import DATASET, PROGRAMS, complete_linux, event_start, from_xml
from engine.errors import MalformedRecordError
from engine.events import Fields, Value

_Reader = Callable[[str, Fields], bool]

_SSHD = ("sshd", "sshd-session", "sshd-auth", "dropbear")
_ACCOUNT_TOOLS = (
    "useradd userdel usermod groupadd groupdel groupmod groupmems gpasswd passwd chpasswd chgpasswd chage chsh chfn "
    "newusers vipw vigr adduser deluser addgroup delgroup systemd-sysusers"
)
_READERS: dict[str, _Reader] = {
    **dict.fromkeys(_SSHD, read_sshd),
    **dict.fromkeys(_ACCOUNT_TOOLS.split(" "), read_accounts),
    **dict.fromkeys(("cron", "crond", "crontab", "anacron", "atd"), read_cron),
    **dict.fromkeys(("sftp-server", "internal-sftp"), read_sftp),
    **dict.fromkeys(("su", "su-l", "runuser"), read_su),
    "sudo": read_sudo,
    "login": read_login,
    "systemd-logind": read_logind,
    "pkexec": read_pkexec,
    "doas": read_doas,
}
_PAM_TAG = re.compile(r"(?P<program>[^(]{1,64})\((?P<module>pam_\w{1,32})\)", re.ASCII)  # the tag `su(pam_unix)`
_PAM_STARTS = ("pam_", "PAM ", "(pam_", "PAM-")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
"""Of a line without a header or a known message these say that it is no text at all."""

_LOOKED_AT = 60  # lines of the head
_LINE = 2000  # bytes of a line that recognition reads


class _AuthParser:
    """Reads the lines of one auth log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a blank one."""
        text = decode(record.raw)
        header = parse_header(text, self._options)
        if not header.message and header.kind == "bare":
            return None
        if header.program in PROGRAMS and (start := event_start(header.message)) != -1:
            return from_xml(header.message[start:], self._options)  # Sysmon for Linux writes here as well
        fields: Fields = {
            "event.kind": "event",
            "event.module": "system",
            "event.dataset": "system.auth",
            "message": header.message,
        }
        _put_header(header, fields)
        known = _read_bare(header.message, fields) if header.program is None else _read(header, fields)
        if not known and header.kind == "bare" and _CONTROL.search(text):
            raise MalformedRecordError("no text: neither a syslog header nor a known message, and control characters")
        return fields

    def complete(self, fields: Fields) -> Fields:
        """Add host.hostname, addresses, `source.user.name` of remote log-ins, and `related.*`."""
        if fields["event.dataset"] == DATASET:
            return complete_linux(fields)
        if "host.name" in fields:
            fields["host.hostname"] = fields["host.name"]
        for side in ("source", "destination"):
            address = fields.get(f"{side}.ip") or fields.get(f"{side}.domain")
            if address:
                fields.setdefault(f"{side}.address", address)
        if "user.name" in fields and _is_remote(fields):
            fields["source.user.name"] = fields["user.name"]
        for name in ("event.category", "event.type"):
            fields.setdefault(name, ())  # ECS: empty where none fits
        _relate(fields)
        return fields


def _put_header(header: Header, fields: Fields) -> None:
    if header.timestamp is not None:
        fields["@timestamp"] = header.timestamp
    if header.host is not None:
        fields["host.name"] = header.host
    if header.program is not None:
        fields["process.name"] = header.program
    if header.pid is not None:
        fields["process.pid"] = header.pid
    if header.priority is not None or header.message_id or header.structured_data:
        fields.update(syslog_fields(header))


def _read(header: Header, fields: Fields) -> bool:
    """Read the message of a known program; PAM modules speak in the name of any program."""
    name, tagged = header.program or "", False
    if name.endswith(")") and (tag := _PAM_TAG.fullmatch(name)):
        name, tagged = tag["program"], True
        fields["process.name"], fields["system.auth.pam.module"] = name, tag["module"]
    if (tagged or header.message.startswith(_PAM_STARTS)) and read_pam(header.message, fields, tagged=tagged):
        return True
    reader = _READERS.get(name.rpartition("/")[2].lower())
    if reader is None or not reader(header.message, fields):
        return False
    if header.pid is not None and fields["process.pid"] != header.pid:
        fields["process.parent.pid"] = header.pid  # sshd's monitor speaks of its child
    return True


def _read_bare(text: str, fields: Fields) -> bool:
    """Read a message without a tag: PAM's own words name the service, everything else known so is sshd's."""
    if text.startswith(_PAM_STARTS) and read_pam(text, fields):
        fields["process.name"] = fields.get("system.auth.pam.service") or _service(text)
        return True
    if read_sshd(text, fields):
        fields["process.name"] = "sshd"
        return True
    return False


def _service(text: str) -> str:
    """Return the service that libpam names in `PAM service(sshd) ...`; sshd is who logs PAM's words without one."""
    name = text.partition("service(")[2].partition(")")[0]
    return name if 0 < len(name) <= 64 else "sshd"


def _is_remote(fields: Fields) -> bool:
    """Tell whether the account name was sent by a peer: sshd's messages, and PAM's in its name."""
    return fields.get("process.name") in _SSHD


_RELATED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("related.ip", ("source.ip", "destination.ip")),
    ("related.user", ("user.name", "user.effective.name", "user.target.name", "user.changes.name")),
    ("related.hosts", ("host.name", "source.domain")),
)


def _relate(fields: Fields) -> None:
    for related, names in _RELATED:
        values: list[str] = []
        for name in names:
            value: Value | None = fields.get(name)
            if isinstance(value, str) and value not in values:
                values.append(value)
        if values:
            fields[related] = values


def _kind_of_line(text: str) -> str:
    """Return `auth` for a line of a program that the auth log holds, `syslog` for another program's, else nothing."""
    header = parse_header(text, Options())
    if header.program is None:
        return "auth" if header.kind == "bare" and _read_bare(header.message, {}) else ""
    name = header.program.partition("(")[0].lower()
    return "auth" if name in _READERS or header.message.startswith(_PAM_STARTS) else "syslog"


class _AuthSource:
    """The Linux auth log; see the module's docstring."""

    name = "auth"
    aliases: tuple[str, ...] = (
        "sshd",
        "linux_auth",
        "system_auth",
        "auth.log",
        "secure",
        "syslog",
        "linux_syslog",
        "system",
    )
    title = "Linux authentication log and syslog: sshd, sudo, su, PAM, cron, account tools (auth.log, secure, messages)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Weigh the first lines: headers with a program of the auth log, sshd's messages without one, other syslog."""
        found = [line[:_LINE] for line in head.split(b"\n")[:_LOOKED_AT] if line.strip()]
        kinds = [_kind_of_line(decode(line)) for line in found]
        if not found or sum(kind != "" for kind in kinds) * 2 < len(found):
            return 0
        bonus = 3 if re.search(r"auth|secure|sshd|sudo", filename, re.IGNORECASE) else 0
        if known := kinds.count("auth"):
            return round(60 + 30 * known / len(found)) + bonus
        return 30 + bonus if kinds.count("syslog") * 2 >= len(found) else 0

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> Parser:
        """Return a parser for one stream."""
        return _AuthParser(options)


SOURCE: Source = _AuthSource()
