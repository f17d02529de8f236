"""RSA Authentication Manager (SecurID): log-ins with tokens, what administrators do, the system's own audit.

Format: "RSA Authentication Manager 8 Troubleshooting Guide", messages to syslog: `stamp, host, audit.runtime.CLASS,
LEVEL, ` and columns parted by commas; `audit.admin`, `audit.runtime` and `audit.system` have columns of their own after
the twelfth. The first address is the client's, the second the server's. The appliance's own programs are read as on any
host. Names: Sekoia's intake `rsa-securid`.
"""

from __future__ import annotations

import re

from collectors.auth.dispatch import read_bare, read_message
from collectors.auth.programs import read_sudo
from collectors.host.programs import refuse_others
from collectors.network.times import instant_of
from collectors.network.values import put
from collectors.sensors.line import LineSource, begun
from collectors.source import Options
from collectors.syslog import Header, parse_header
from engine.errors import MalformedRecordError
from engine.events import Fields

_RECORD = re.compile(
    r"(?:(?P<stamp>(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d,\d{1,6}), ?(?P<host>[^,]{0,255}), ?)?"
    r"(?P<class>(?P<kind>audit\.(?:admin|runtime|system))\.[\w.$]{3,256}), ?"
    r"(?P<level>TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL), ?(?P<columns>.*)",
    re.DOTALL,
)
_SUDO = re.compile(r"[\w.\-@\\]{1,128} : (?:[^;]{0,512};){1,8} COMMAND=")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_SHARED = ("log.id", "instance.id", "client", "server", "action.name", "code", "event.outcome", "reason")
_PERSON = ("user.id", "source.id", "domain.id", "user.name", "user.firstname", "user.lastname")
_COLUMNS = {  # an empty name is a column that means nothing here
    "audit.admin": (
        *_SHARED, "session.id", "", *_PERSON, "objects.type", "objects.id", "objects.source.id", "objects.security.id",
        "objects.name", "target.type", "target.id", "target.source.id", "target.security.id", "target.name",
    ),
    "audit.runtime": (
        *_SHARED, "session.id", *_PERSON, "agent.id", "agent.domain.id", "agent.ip", "agent.name", "agent.type",
        "", "", "", "", "", "", "policy.method.id",
    ),
    "audit.system": (*_SHARED, "session.id", "", *_PERSON),
}  # fmt: skip
_LOG_IN = "AUTHN_LOGIN|AUTHN?_METHOD|AUTHN?_(?:SUCCESS|FAIL|ATTEMPT)|PASSCODE"
_CHANGES = (  # words of an action: category and type of ECS; the first fits
    (re.compile(_LOG_IN), "authentication", "start"),
    (re.compile(r"LOGOUT|LOGOFF"), "authentication", "end"),
    (re.compile(r"LOGIN|LOGON"), "authentication", "start"),
    (re.compile(r"^AUTHN?_"), "authentication", "info"),
    (re.compile(r"^(?:AM_)?(?:CREATE|ADD)_(?:PRINCIPAL|USER|GROUP|ADMIN)"), "iam", "creation"),
    (re.compile(r"^(?:AM_)?(?:DELETE|REMOVE)_(?:PRINCIPAL|USER|GROUP|ADMIN)"), "iam", "deletion"),
    (re.compile(r"TOKEN"), "iam", "change"),
    (re.compile(r"PRINCIPAL|_GROUP|ADMIN_ROLE"), "iam configuration", "change"),
    (re.compile(r"CREATE|ADD|IMPORT"), "configuration", "creation"),
    (re.compile(r"DELETE|REMOVE"), "configuration", "deletion"),
    (re.compile(r"VIEW|LIST|SEARCH|LOOKUP|READ|GET_"), "configuration", "access"),
)  # fmt: skip


def _own(line: str) -> bool:
    return _RECORD.match(parse_header(line[:4096], Options()).message) is not None or _RECORD.match(line) is not None


def _read(line: str, options: Options) -> Fields:
    bare = _RECORD.match(line)
    header = Header(kind="bare", message=line.strip(), host=options.host) if bare else parse_header(line, options)
    found = bare or _RECORD.match(header.message)
    fields = begun("rsa_securid.log", header, options, categories=("host",))
    fields |= {
        "event.type": ["info"],
        "observer.vendor": "RSA",
        "observer.product": "SecurID",
        "message": header.message,
    }
    if found is None:
        _appliance(header, fields)
        return fields
    if found["stamp"] and (moment := instant_of(found["stamp"].replace(",", "."), options.zone)) is not None:
        fields["@timestamp"] = moment
    fields["log.level"], fields["rsa.securid.class"] = found["level"], found["class"]
    if host := (found["host"] or "").strip():
        fields["observer.hostname"] = host
    columns = [part.strip() for part in found["columns"].split(",")]
    names = _COLUMNS[found["kind"]]
    if len(columns) < len(_SHARED):
        raise MalformedRecordError(
            f"a record of RSA SecurID with {len(columns)} columns; it has {len(_SHARED)} at least"
        )
    values = {name: text for name, text in zip(names, columns, strict=False) if name and text}
    _take(values, fields, options)
    _meaning(found["kind"], values, fields)
    return fields


def _take(values: dict[str, str], fields: Fields, options: Options) -> None:
    ours = {
        "client": "source.address", "server": "destination.address", "code": "event.code", "reason": "event.reason",
        "action.name": "event.action", "user.name": "user.name", "user.id": "user.id",
        "instance.id": "observer.serial_number",
    }  # fmt: skip
    for key, text in values.items():
        if key in ours:
            put(fields, ours[key], text, options.zone)
        fields[f"rsa.securid.{key}"] = text
    for side in ("objects", "target"):
        if values.get(f"{side}.type") == "PRINCIPAL" and (name := values.get(f"{side}.name")):
            fields["user.target.name"] = name


def _meaning(kind: str, values: dict[str, str], fields: Fields) -> None:
    action = values.get("action.name", "")
    fields["event.category"] = ["configuration"] if kind == "audit.admin" else ["host"]
    fields["event.type"] = ["change"] if kind == "audit.admin" else ["info"]
    for words, categories, type_ in _CHANGES:
        if words.search(action) and (kind != "audit.system" or "authentication" in categories):
            fields["event.category"], fields["event.type"] = categories.split(" "), [type_]
            break
    outcome = values.get("event.outcome", "").upper()
    if outcome in {"SUCCESS", "FAIL", "FAILURE"}:
        fields["event.outcome"] = "success" if outcome == "SUCCESS" else "failure"


def _appliance(header: Header, fields: Fields) -> None:
    """Read what the appliance's own programs say."""
    refuse_others(header, "rsa_securid", "auth")
    text = header.message
    fields["event.dataset"] = "rsa_securid.system"
    if header.program is not None:
        fields["process.name"] = header.program
        if header.pid is not None:
            fields["process.pid"] = header.pid
        known = read_message(header, fields)
    elif _SUDO.match(text) and read_sudo(text, fields):
        known, fields["process.name"] = True, "sudo"
    else:
        known = read_bare(text, fields)
    if known:
        return
    if header.kind == "bare" and header.program is None and _CONTROL.search(text):
        raise MalformedRecordError("no record of RSA SecurID, and no text: control characters")
    fields["event.reason"] = text


SOURCE = LineSource(
    name="rsa_securid",
    aliases=("securid", "rsa", "rsa_authentication_manager", "rsa_securid.log"),
    title="RSA Authentication Manager (SecurID): log-ins, administration, system",
    datasets=("rsa_securid.log", "rsa_securid.system"),
    own=_own,
    read=_read,
    weight=97,
)
