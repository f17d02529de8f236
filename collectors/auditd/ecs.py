"""What an audit record's fields are called in ECS."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from collectors.auditd.kinds import MEANINGS, STARTS
from collectors.auditd.record import AuditRecord, unhex
from collectors.auditd.syscalls import architecture, syscall_name
from engine.events import Fields

_UNSET = frozenset({"4294967295", "-1", "unset", "?", "(null)", "(none)", "(unknown)", ""})

# Ids of users and groups, and the names that an enriched record has for them
_IDS = (
    ("uid", "UID", "user"),
    ("auid", "AUID", "user.audit"),
    ("euid", "EUID", "user.effective"),
)
_MORE_IDS = (
    ("suid", "SUID", "user.saved"),
    ("fsuid", "FSUID", "user.filesystem"),
    ("gid", "GID", "user.group"),
    ("egid", "EGID", "user.effective.group"),
    ("sgid", "SGID", "user.saved.group"),
    ("fsgid", "FSGID", "user.filesystem.group"),
)
_OUTCOMES = {
    **dict.fromkeys(("success", "yes", "1", "granted", "allowed"), "success"),
    **dict.fromkeys(("failed", "fail", "failure", "no", "0", "denied"), "failure"),
}
_NAME_TYPES = {"CREATE": "creation", "DELETE": "deletion", "NORMAL": "access", "PARENT": "info"}
_FAMILIES = {1: "unix", 2: "ipv4", 10: "ipv6", 16: "netlink", 17: "packet", 31: "bluetooth", 38: "alg", 40: "vsock"}
_ACTORS = ("USER_", "CRED_", "ADD_", "DEL_", "GRP_", "ACCT_", "CH", "LOGIN", "ROLE_", "ANOM_LOGIN", "TEST")
_ERRORS = {"-1": "EPERM", "-2": "ENOENT", "-13": "EACCES"}  # exits of a system call that say why it was refused
_DIRECTIONS = {"connect": "destination", "sendto": "destination", "accept": "source", "accept4": "source"}
SHARED = (
    "process.pid",
    "process.parent.pid",
    "process.executable",
    "process.name",
    "process.working_directory",
    "user.id",
    "user.name",
    "user.audit.id",
    "user.audit.name",
    "user.effective.id",
    "user.effective.name",
)
"""What the records of one audit event share with its SYSCALL record, and do not repeat themselves."""


def to_fields(record: AuditRecord) -> Fields:
    """Return the record's fields: all of them under `auditd.data.*`, and those that ECS names under their ECS names."""
    data = record.fields
    fields: Fields = {
        "event.kind": "event",
        "event.module": "auditd",
        "event.dataset": "auditd.log",
        "event.action": record.kind.lower(),
        "auditd.log.record_type": record.kind,
    }
    if record.serial is not None:
        fields["auditd.log.sequence"] = record.serial
    if record.timestamp is not None:
        fields["@timestamp"] = record.timestamp
    if record.node:
        fields["auditd.log.node"] = fields["host.name"] = record.node
    category, kinds = MEANINGS.get(record.kind, ((), ()))
    if category:
        fields["event.category"], fields["event.type"] = category, kinds
    _name_syscall(data)
    fields.update({"auditd.data." + key: value for key, value in data.items()})
    _outcome(data, fields)
    _process(data, fields)
    _users(data, fields)
    if record.kind in _PARTICULAR:
        _PARTICULAR[record.kind](record, fields)
    if record.kind.startswith(_ACTORS):
        _account(data, fields)
    return fields


def _name_syscall(data: dict[str, str]) -> None:
    """Give a record that was not enriched the names of its architecture and system call, as enriching does."""
    code, number = data.get("arch"), data.get("syscall")
    if code is None:
        return
    if "ARCH" not in data and (name := architecture(code)):
        data["ARCH"] = name
    if number is not None and "SYSCALL" not in data:
        name = syscall_name(code, number) if number.isdigit() else number
        if name:
            data["SYSCALL"] = name


def _outcome(data: dict[str, str], fields: Fields) -> None:
    for name in ("res", "success", "result", "seresult", "apparmor"):
        if outcome := _OUTCOMES.get(data.get(name, "").lower()):
            fields["event.outcome"] = outcome
            return


def _process(data: dict[str, str], fields: Fields) -> None:
    for key, name in (("pid", "process.pid"), ("ppid", "process.parent.pid"), ("opid", "process.pid")):
        if (value := data.get(key)) and value.isascii() and value.isdigit() and len(value) <= 10:
            fields[name] = int(value)
    if (exe := data.get("exe", "")) not in _UNSET:
        fields["process.executable"] = exe
        fields["process.name"] = exe.rpartition("/")[2]
    if (comm := data.get("comm", "")) not in _UNSET:
        fields["process.name"] = comm
    if (cwd := data.get("cwd", "")) not in _UNSET:
        fields["process.working_directory"] = cwd
    if (cmd := data.get("cmd", "")) not in _UNSET:
        fields["process.command_line"] = cmd


def _users(data: dict[str, str], fields: Fields) -> None:
    for key, enriched, name in _IDS:
        if (value := data.get(key)) and value not in _UNSET:
            fields[name + ".id" if value.isdigit() else name + ".name"] = value
        if (known := data.get(enriched)) and known not in _UNSET:
            fields[name + ".name"] = known


def add_other_users(fields: Fields) -> None:
    """Add the saved and file-system users and all groups, which rules hardly ask for, from `auditd.data.*`."""
    for key, enriched, name in _MORE_IDS:
        value, known = fields.get(f"auditd.data.{key}"), fields.get(f"auditd.data.{enriched}")
        if isinstance(value, str) and value not in _UNSET:
            fields[f"{name}.id" if value.isdigit() else f"{name}.name"] = value
        if isinstance(known, str) and known not in _UNSET:
            fields[f"{name}.name"] = known


def _account(data: dict[str, str], fields: Fields) -> None:
    """Read whom and whence a user-space record is about: `acct` is the account, `addr` or `hostname` the peer."""
    if (account := data.get("acct", "")) not in _UNSET:
        fields["user.name"] = account
    elif (number := data.get("id", "")) not in _UNSET and "GROUP" in str(fields["auditd.log.record_type"]):
        fields["group.id"] = number
    if (group := data.get("grp", "")) not in _UNSET:
        fields["group.name"] = group
    address = data.get("addr", "")
    if address in _UNSET:
        address = data.get("hostname", "")
    if address in _UNSET:
        return
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        fields["source.domain"] = address
        return
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    fields["source.ip"] = str(mapped or parsed)


def _syscall(record: AuditRecord, fields: Fields) -> None:
    data = record.fields
    if data.get("SYSCALL") in STARTS:
        fields["event.type"] = ("start",)
    if data.get("success") == "no" and (error := _ERRORS.get(data.get("exit", ""))):
        fields["error.code"] = error
    if (key := data.get("key", "")) not in _UNSET:
        fields["rule.name"] = key.replace("\\x01", ",")


def _execve(record: AuditRecord, fields: Fields) -> None:
    fields["process.args"] = record.argv
    fields["process.args_count"] = len(record.argv)
    fields["process.command_line"] = " ".join(record.argv)
    if (count := record.fields.get("argc", "")).isdigit() and len(count) <= 9:
        fields["process.args_count"] = int(count)


def _proctitle(record: AuditRecord, fields: Fields) -> None:
    title = record.fields.get("proctitle", "")
    if title not in _UNSET:
        fields["process.title"] = fields["process.command_line"] = title


def _path(record: AuditRecord, fields: Fields) -> None:
    data = record.fields
    if (name := data.get("name", "")) not in _UNSET:
        fields["file.path"] = name
    for key, target in (("inode", "file.inode"), ("ouid", "file.uid"), ("ogid", "file.gid"), ("dev", "file.device")):
        if (value := data.get(key, "")) not in _UNSET:
            fields[target] = value
    for key, target in (("OUID", "file.owner"), ("OGID", "file.group")):
        if (value := data.get(key, "")) not in _UNSET:
            fields[target] = value
    if mode := data.get("mode"):
        fields["file.mode"] = mode[-4:]
    fields["event.type"] = (_NAME_TYPES.get(data.get("nametype", ""), "info"),)


def _sockaddr(record: AuditRecord, fields: Fields) -> None:
    """Decode `saddr`, a C sockaddr in hexadecimal: family in the host's (little endian) order, port in network
    order."""
    try:
        raw = bytes.fromhex(record.fields.get("saddr", ""))
    except ValueError:
        return
    if len(raw) < 2:
        return
    family = _FAMILIES.get(raw[0] | raw[1] << 8)
    if family is None:
        return
    fields["auditd.data.socket.family"] = family
    address = _socket_address(family, raw)
    if address is not None:
        fields["auditd.data.socket.addr"], fields["auditd.data.socket.port"] = address[0], address[1]
    elif family == "unix" and len(raw) > 2:
        fields["auditd.data.socket.path"] = unhex(raw[2:].lstrip(b"\x00").split(b"\x00")[0].hex(), "")


def _socket_address(family: str, raw: bytes) -> tuple[str, int] | None:
    if family == "ipv4" and len(raw) >= 8:
        return str(IPv4Address(raw[4:8])), int.from_bytes(raw[2:4], "big")
    if family == "ipv6" and len(raw) >= 24:
        address = IPv6Address(raw[8:24])
        return str(address.ipv4_mapped or address), int.from_bytes(raw[2:4], "big")
    return None


def _service(record: AuditRecord, fields: Fields) -> None:
    if (unit := record.fields.get("unit", "")) not in _UNSET:
        fields["service.name"] = unit


def _avc(record: AuditRecord, fields: Fields) -> None:
    data = record.fields
    if data.get("apparmor", "").upper() == "DENIED" or data.get("seresult") == "denied":
        fields["event.outcome"] = "failure"
    name = data.get("path") or data.get("name", "")
    if name not in _UNSET:
        fields["file.path"] = name


def _module(record: AuditRecord, fields: Fields) -> None:
    if (name := record.fields.get("name", "")) not in _UNSET:
        fields["file.name"] = name


_PARTICULAR = {
    "SYSCALL": _syscall,
    "EXECVE": _execve,
    "PROCTITLE": _proctitle,
    "PATH": _path,
    "SOCKADDR": _sockaddr,
    "SERVICE_START": _service,
    "SERVICE_STOP": _service,
    "AVC": _avc,
    "KERN_MODULE": _module,
}


def share(call: Fields, fields: Fields) -> None:
    """Give a record of an event what the event's SYSCALL record said: who did it, and which way a socket goes."""
    for name in SHARED:
        if name in call and name not in fields:
            fields[name] = call[name]
    syscall = call.get("auditd.data.SYSCALL")
    address, port = fields.get("auditd.data.socket.addr"), fields.get("auditd.data.socket.port")
    if address is None or port is None:
        return
    side = {"connect": "destination", "sendto": "destination", "accept": "source", "accept4": "source"}.get(
        str(syscall)
    )
    if side:
        fields[f"{side}.ip"], fields[f"{side}.port"] = address, port
        fields["network.direction"] = "egress" if side == "destination" else "ingress"
