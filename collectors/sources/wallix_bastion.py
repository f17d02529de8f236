"""WALLIX Bastion: log-ins at the bastion, sessions to targets and what was done in them, the vault, its settings.

Formats: "SIEM Logs Guide" of WALLIX Bastion 8 to 12 (`[wabauth] action="authentify" user="..." client_ip="..."
status="..." infos="..."`, `[wabaudit] action="add" type="User" ...`, `[RDP Session] session_id="..." type="KBD_INPUT"
...`, `[sshproxy] psid="..." ...`, `[Vault Activity] ...`, `[sessionintegrity] ...`), behind syslog's header or bare.
The words of types are those of its proxies (the `redemption` project). The appliance's own sshd, sudo and PAM are read
as on any host. Names: Sekoia's intake `wallix-bastion`.
"""

from __future__ import annotations

import re
from datetime import UTC

from collectors.auth.dispatch import read_bare, read_message
from collectors.auth.programs import read_sudo
from collectors.host.programs import refuse_others
from collectors.host.shorn import shorn_header
from collectors.network.keyvalue import firsts_and_doubts
from collectors.network.times import instant_of
from collectors.network.values import Table, keep, put, put_all
from collectors.sensors.line import LineSource, begun
from collectors.source import Options
from collectors.syslog import Header
from engine.errors import MalformedRecordError
from engine.events import Fields

_RECORD = re.compile(
    r"(?:[\w\-]{1,32}(?:\(\w{1,32}\))?(?:\[\d{1,10}\])?: )?"  # `wabengine: `, where no header stands in front of it
    r"\[(?P<kind>wabaudit|wabauth|sessionintegrity|Vault Activity|[A-Za-z]{2,16}proxy|[A-Z][A-Za-z]{1,15} Session)\] "
    r"(?=\w{1,32}=)",
    re.ASCII,
)
_PAIR = re.compile(
    r'(?:^|(?<=\s))(?P<key>[A-Za-z_]\w{0,63}+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"|(?P<bare>\S*))', re.ASCII
)
_ESCAPED = re.compile(r'\\(["\\])')
_SUDO = re.compile(r"[\w.\-@\\]{1,128} : (?:[^;]{0,512};){1,8} COMMAND=", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_DURATION = re.compile(r"(?P<hours>\d{1,6}):(?P<minutes>\d\d):(?P<seconds>\d\d)", re.ASCII)
_TABLE: Table = {
    "client_ip": ("source.address",),
    "src_ip": ("source.address",),
    "src_port": ("source.port",),
    "target_ip": ("destination.address",),
    "host": ("destination.address",),
    "dst_ip": ("destination.address",),
    "dst_port": ("destination.port",),
    "port": ("destination.port",),
    "service": ("service.name",),
    "infos": ("event.reason",),
    "command_line": ("process.command_line",),
    "app_cmd_line": ("process.command_line",),
    "command": ("process.command_line",),
    "file_name": ("file.path",),
    "filename": ("file.path",),
    "sha256": ("file.hash.sha256",),
    "size": ("file.size",),
    "url": ("url.original",),
    "result": ("event.reason",),
}
_CHANGES = {
    "add": "creation", "create": "creation", "edit": "change", "change": "change", "save": "change",
    "restore": "change", "unlock": "change", "delete": "deletion", "list": "access", "view": "access",
    "download": "access", "terminate": "end",
}  # fmt: skip
_PERSONS = frozenset((
    "account", "apikey", "user", "usergroup", "userauth", "profile", "authorization", "authdomain",
    "authdomainmapping", "ldapdomain", "ldapmapping", "credchgpolicy", "localdomain", "globaldomain",
))  # fmt: skip
_SESSIONS = frozenset(("session", "sessionlog"))
_FAILED = re.compile(r"FAIL|REJECT|DENIED|BLOCK|ERROR|KILL_PATTERN|^(?:fail|reject|refus|denied|error)", re.IGNORECASE)
_PASSED = re.compile(r"SUCCESS|^(?:success|passed|ok$|accept)", re.IGNORECASE)
_KINDS = (  # of what a session's proxy tells: the words of its type, category and type of ECS; the first fits
    (re.compile(r"^AUTHENTICATION|^PRIMARY_AUTH"), "authentication", "start"),
    (re.compile(r"^LOGOUT"), "authentication", "end"),
    (re.compile(r"^SESSION_(?:ESTABLISHED|CREATION|INVITE_GUEST_CONN)|^TARGET_CONNECTION"), "session", "start"),
    (re.compile(r"DISCONNECT|^SESSION_ENDING|^SESSION_INVITE_GUEST_KILLED"), "session", "end"),
    (re.compile(r"^INCOMING_CONNECTION|^CONNECTION|^OUTBOUND_CONNECTION"), "network", "connection"),
    (re.compile(r"^NEW_PROCESS|^PROCESS_|^STARTUP_APPLICATION|^CLIENT_EXECUTE"), "process", "start"),
    (re.compile(r"^COMPLETED_PROCESS"), "process", "end"),
    (re.compile(r"^(?:CB_COPYING_PASTING_FILE|DRIVE_REDIRECTION|FILE_|SFTP_|SCP_)"), "file", "info"),
    (re.compile(r"^WEB_"), "web", "access"),
    (re.compile(r"^ACCOUNT_MANIPULATION|^GROUP_MEMBERSHIP"), "iam", "info"),
)  # fmt: skip
_ALERTS = re.compile(r"PATTERN_DETECTED|_BLOCKED|ACCOUNT_MANIPULATION|SERVER_CERTIFICATE_(?:MATCH_FAILURE|ERROR)")


def _own(line: str) -> bool:
    return _RECORD.match(shorn_header(line[:4096], Options()).message) is not None


def _read(line: str, options: Options) -> Fields:
    header = shorn_header(line, options)
    found = _RECORD.match(header.message)
    if found is None:
        return _appliance(header, options)
    kind = found["kind"]
    part = {"wabaudit": "audit", "wabauth": "auth", "sessionintegrity": "integrity", "Vault Activity": "vault"}
    fields = begun(f"wallix_bastion.{part.get(kind, 'session')}", header, options)
    fields |= {"event.provider": "wabengine" if kind.startswith("wab") else kind, "message": header.message}
    fields |= {"observer.vendor": "WALLIX", "observer.product": "Bastion"}
    values, doubtful = firsts_and_doubts(
        (pair["key"], _text(pair)) for pair in _PAIR.finditer(header.message, found.end())
    )
    if not values:
        raise MalformedRecordError(f"a record of WALLIX Bastion ([{kind}]) without any key and value")
    keep(fields, "wallix.", values.items())
    sure = {key: text for key, text in values.items() if key not in doubtful}
    _take(sure, fields, options)
    if kind == "wabaudit":
        _audit(sure, fields)
    elif kind == "wabauth":
        _verdict(["authentication"], ["start"], sure, fields)
    elif kind == "sessionintegrity":
        _verdict(["session"], ["info"], sure, fields)
    elif kind == "Vault Activity":
        put(fields, "destination.user.name", sure.get("account", ""), UTC)
        _verdict(["iam"], ["user", "info"], sure, fields)
    else:
        _session(sure, fields)
    return fields


def _text(pair: re.Match[str]) -> str:
    quoted: str | None = pair["quoted"]
    return str(pair["bare"]) if quoted is None else _ESCAPED.sub(r"\1", quoted)


def _take(values: dict[str, str], fields: Fields, options: Options) -> None:
    put_all(fields, values, _TABLE, options.zone)
    put(fields, "event.action", values.get("type") or values.get("action", ""), UTC)
    if user := values.get("user", "").strip():
        fields["user.name"] = user
    if path := fields.get("file.path"):
        fields["file.name"] = re.split(r"[/\\]", str(path))[-1] or str(path)
    if lasted := _DURATION.fullmatch(values.get("duration", "")):
        seconds = int(lasted["hours"]) * 3600 + int(lasted["minutes"]) * 60 + int(lasted["seconds"])
        fields["event.duration"] = seconds * 1_000_000_000
    for key, name in (("begin", "event.start"), ("end", "event.end")):
        if (moment := instant_of(values.get(key, ""), options.zone)) is not None:
            fields[name] = moment


def _audit(values: dict[str, str], fields: Fields) -> None:
    """Tell whose settings an administrator changed or looked at."""
    change, about = _CHANGES.get(values.get("action", "").lower(), "info"), values.get("type", "").lower()
    category = "iam" if about.replace(" ", "") in _PERSONS and change != "access" else "configuration"
    if about in _SESSIONS:
        category, change = "session", "end" if change == "end" else "info"
    fields["event.category"], fields["event.type"] = [category], [change]


def _verdict(categories: list[str], types: list[str], values: dict[str, str], fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = categories, types
    said = values.get("status") or values.get("result", "")
    if _FAILED.search(said) or "failed" in said:
        fields["event.outcome"] = "failure"
    elif _PASSED.search(said) or "success" in said:
        fields["event.outcome"] = "success"


def _session(values: dict[str, str], fields: Fields) -> None:
    """Tell what a proxy says of a session by the words of its type."""
    said = values.get("type", "")
    category, kind = next(((c, k) for words, c, k in _KINDS if words.search(said)), ("session", "info"))
    fields["event.category"], fields["event.type"] = [category], [kind]
    if _ALERTS.search(said):
        fields["event.kind"] = "alert"
    outcome = values.get("status") or said
    if _FAILED.search(outcome):
        fields["event.outcome"] = "failure"
    elif _PASSED.search(outcome):
        fields["event.outcome"] = "success"


def _appliance(header: Header, options: Options) -> Fields:
    """Read what the appliance's own programs say: sshd, sudo, cron, PAM."""
    refuse_others(header, "wallix_bastion", "auth")
    fields = begun("wallix_bastion.system", header, options, categories=())
    if header.program is not None:
        fields["process.name"] = header.program
        if header.pid is not None:
            fields["process.pid"] = header.pid
        known = read_message(header, fields)
    elif _SUDO.match(header.message) and read_sudo(header.message, fields):
        known = True
        fields["process.name"] = "sudo"
    else:
        known = read_bare(header.message, fields)
    if not known and header.kind == "bare" and _CONTROL.search(header.message):
        raise MalformedRecordError("no record of WALLIX Bastion, and no text: control characters")
    if service := fields.get("system.auth.pam.service") or fields.get("process.name"):
        fields["event.provider"] = service
    fields["message"] = header.message
    return fields


SOURCE = LineSource(
    name="wallix_bastion",
    aliases=("wallix", "wallix_bastion.audit"),
    title="WALLIX Bastion: log-ins, sessions, vault, settings",
    datasets=(
        "wallix_bastion.audit",
        "wallix_bastion.auth",
        "wallix_bastion.integrity",
        "wallix_bastion.session",
        "wallix_bastion.system",
        "wallix_bastion.vault",
    ),
    own=_own,
    read=_read,
    weight=98,
)
