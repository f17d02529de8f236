"""What services that people log in to say of it: vsftpd, ProFTPD, Pure-FTPd, xrdp; polkit's grants, AppArmor's denials.

Sources: vsftpd's logging.c, ProFTPD's modules/mod_auth.c, Pure-FTPd's src/messages_en.h, xrdp's sesman, polkit's
polkitbackendinteractiveauthority.c, the kernel's security/apparmor/audit.c.
"""

from __future__ import annotations

import re

from collectors.auth.messages import Table, assign, meaning, message
from engine.events import Fields

_LOGIN = meaning("logged-on", "authentication session", "start", "success")
_FAILED = meaning("logged-on", "authentication", "end", "failure")
_OPENED = meaning("session", "session network", "start", "success")
_CLOSED = meaning("session", "session", "end", "success")
_GRANTED = meaning("gained-authorization", "authentication iam", "start allowed", "success")
_NOT_GRANTED = meaning("gained-authorization", "authentication iam", "start denied", "failure")
_TRANSFERS = {
    "UPLOAD": meaning("uploaded-file", "file", "creation"),
    "DOWNLOAD": meaning("opened-file", "file", "access"),
    "DELETE": meaning("deleted", "file", "deletion"),
    "RENAME": meaning("renamed-file", "file", "change"),
}
_IP = r"(?P<address>[^\s\"\[\]()]{1,255})"

# A name that nobody has is whatever the client wrote, this message's own words too: the last of them are vsftpd's.
_VSFTPD_REFUSED = re.compile(
    r"\[(?P<user>.{1,256})\] (?P<result>FAIL) (?P<what>LOGIN): Client \"(?P<address>[^\"]{1,255})\"", re.DOTALL
)
_VSFTPD = re.compile(
    r"(?:\[(?P<user>[^\]]{1,256})\] )?(?:(?P<result>OK|FAIL) )?(?P<what>[A-Z]{4,8}): "
    r"Client \"(?P<address>[^\"]{1,255})\"(?:, \"(?P<file>[^\"]{1,4096})\")?(?:, (?P<size>\d{1,18}) bytes)?",
    re.ASCII,
)
_PROFTPD_HEAD = re.compile(
    r"\S{1,255} \([^\s\[\]()]{0,255}\[(?P<address>[^\s\[\]()]{1,255})\]\)(?: - |: )(?P<rest>.*)", re.DOTALL
)
_PROFTPD = Table(
    [
        message("USER", r"USER (?P<user>[^\s:]{1,256}): Login successful\.?", _LOGIN),
        message("USER", r"USER (?P<user>\S{1,256}) \(Login failed\): (?P<reason>.*)", _FAILED),
        message("USER", r"USER (?P<user>[^\s:]{1,256}): (?P<reason>no such user found)\b.*", _FAILED),
        message("SECURITY", r"(?P<reason>SECURITY VIOLATION: .*)", _FAILED),
        message("FTP", r"FTP session opened\.?", _OPENED),
        message("FTP|Session", r"(?:FTP session closed|Session closed)\.?", _CLOSED),
    ]
)
_PURE_HEAD = re.compile(
    r"\((?P<user>[^\s@()]{1,256})@(?P<address>[^\s()]{1,255})\) \[(?P<level>[A-Z]{4,8})\] (?P<rest>.*)", re.DOTALL
)
_PURE = Table(
    [
        message("Authentication", r"Authentication failed for user \[(?P<user>[^\]]{1,256})\]", _FAILED),
        message("New", rf"New connection from {_IP}", _OPENED),
        message("Logout.", r"Logout\.", _CLOSED),
        message("*", r"(?P<user>\S{1,256}) is now logged in", _LOGIN),
        message("*", r"(?P<file>\S.{0,4095}?) uploaded  ?\(.*", _TRANSFERS["UPLOAD"]),
        message("*", r"(?P<file>\S.{0,4095}?) downloaded  ?\(.*", _TRANSFERS["DOWNLOAD"]),
        message("Deleted", r"Deleted (?P<file>\S.*)", _TRANSFERS["DELETE"]),
    ]
)
_XRDP_HEAD = re.compile(r"(?:\[[^\]]{8,40}\] )?\[(?P<level>[A-Z]{4,8}) *\] (?P<rest>.*)", re.DOTALL)
_XRDP = Table(
    [
        message("AUTHFAIL:", rf"AUTHFAIL: user=(?P<user>\S{{1,256}}) ip={_IP}(?: .*)?", _FAILED),
        message(
            "++|Created",
            r"(?:\+\+ c|C)reated session \(access granted\): username (?P<user>[^\s,]{1,256}), "
            r"ip (?P<address>[^\s,]{2,255}?):(?P<port>\d{1,5})(?: .*)?",
            _LOGIN,
        ),
        message("Access", r"Access permitted for user: (?P<user>\S{1,256})", _LOGIN),
        message(
            "Socket", rf"Socket \d{{1,9}}: AF_INET6? connection received from {_IP} port (?P<port>\d{{1,5}})", _OPENED
        ),
    ]
)
_POLKIT = Table(
    [
        message(
            "Operator",
            r"Operator of \S{1,256} successfully authenticated as unix-user:(?P<effective>\S{1,256}) to gain \S{1,32} "
            r"authorization for action (?P<privilege>\S{1,256}) for \S{1,256} \[(?P<command>.{0,4096})\] "
            r"\(owned by unix-user:(?P<user>[^\s()]{1,256})\)",
            _GRANTED,
        ),
        message(
            "Operator",
            r"Operator of \S{1,256} FAILED to authenticate to gain authorization for action (?P<privilege>\S{1,256}) "
            r"for \S{1,256} \[(?P<command>.{0,4096})\] \(owned by unix-user:(?P<user>[^\s()]{1,256})\)",
            _NOT_GRANTED,
        ),
    ]
)
_APPARMOR = re.compile(
    r"\bapparmor=\"(?P<verdict>DENIED|ALLOWED)\" operation=\"(?P<operation>\w{1,64})\"(?P<rest>.{0,4096})", re.DOTALL
)
_PAIR = re.compile(r" (?P<key>profile|name|pid|comm)=(?:\"(?P<quoted>[^\"]{1,4096})\"|(?P<bare>\d{1,10})(?= |$))")
_APPARMOR_FIELDS = {"profile": "rule.name", "name": "file.path", "comm": "process.name"}


def read_vsftpd(text: str, fields: Fields) -> bool:
    """Read a message of vsftpd: `[anna] FAIL LOGIN: Client "198.51.100.7"`."""
    match = _VSFTPD_REFUSED.fullmatch(text) or _VSFTPD.match(text)
    if match is None:
        return False
    found = match.groupdict()
    what, failed = found["what"], found["result"] == "FAIL"
    if what == "LOGIN":
        fields.update(_FAILED if failed else _LOGIN)
    elif what == "CONNECT":
        fields.update(_OPENED)
    elif what in _TRANSFERS:
        fields.update(_TRANSFERS[what])
        fields["event.outcome"] = "failure" if failed else "success"
    for name in ("user", "address", "file"):
        if found.get(name):
            assign(fields, name, found[name])
    if found.get("size"):
        fields["file.size"] = int(found["size"])
    return True


def read_proftpd(text: str, fields: Fields) -> bool:
    """Read a message of ProFTPD: `host (client[198.51.100.7]) - USER anna: Login successful.`"""
    return _headed(_PROFTPD_HEAD, _PROFTPD, text, fields)


def read_pure_ftpd(text: str, fields: Fields) -> bool:
    """Read a message of Pure-FTPd: `(?@198.51.100.7) [WARNING] Authentication failed for user [anna]`."""
    return _headed(_PURE_HEAD, _PURE, text, fields)


def read_xrdp(text: str, fields: Fields) -> bool:
    """Read a message of xrdp or its session manager."""
    return _headed(_XRDP_HEAD, _XRDP, text, fields)


def read_polkit(text: str, fields: Fields) -> bool:
    """Read who gained the right to an action from polkit, or did not."""
    found = _POLKIT.read(text, fields)
    if found is not None:
        fields["system.auth.polkit.action"] = found["privilege"]
    return found is not None


def read_apparmor(text: str, fields: Fields) -> bool:
    """Read what AppArmor refused, or would have; the kernel says it where no audit daemon runs."""
    found = _APPARMOR.search(text, 0, 4096)
    if found is None:
        return False
    denied = found["verdict"] == "DENIED"
    fields.update(meaning("apparmor-" + found["operation"], "process", "denied" if denied else "allowed"))
    fields["event.outcome"] = "failure" if denied else "success"
    for pair in _PAIR.finditer(found["rest"]):
        if pair["key"] == "pid" and pair["bare"]:
            fields["process.pid"] = int(pair["bare"])
        elif pair["quoted"]:
            fields[_APPARMOR_FIELDS.get(pair["key"], "rule.name")] = pair["quoted"]
    return True


def _headed(head: re.Pattern[str], table: Table, text: str, fields: Fields) -> bool:
    """Read a message behind what its program puts in front of each: the peer, the account, the level."""
    found = head.match(text)
    if found is None:
        return False
    parts = found.groupdict()
    known = table.read(parts["rest"] or "", fields) is not None
    if parts.get("address"):
        assign(fields, "address", parts["address"])
    if (user := parts.get("user")) and user != "?":
        fields.setdefault("user.name", user)
    if level := parts.get("level"):
        fields["log.level"] = level.lower()
    return known or "source.ip" in fields
