"""BIG-IP's audit messages: who logged in to the management from where, which command was run, which object changed.

Texts: F5 "BIG-IP Error Messages" 01070417 and 01420002 (/var/log/audit and /var/log/secure).
"""

from __future__ import annotations

import re

from collectors.web.address import is_ip
from engine.events import Fields

_AUDIT = re.compile(r"AUDIT - ")
# `user=anna(anna)`, `User=anna tty=...`, `user anna - RAW`, `client Unknown, user anna - transaction`
_USER = re.compile(r"\b[Uu]ser(?:=| )(?P<user>[^\s(),]{1,256})")
_HOST = re.compile(r"\bhost=(?P<host>[^\s,]{1,253})")
_LAST_HOST = re.compile(r".* host=(?P<host>[^\s,]{1,253}) attempts=", re.DOTALL)  # behind the name that the client gave
_COMMAND = re.compile(r"\bstatus=\[(?P<status>[^\]]{0,128})\] cmd_data=(?P<command>.{1,8192})", re.DOTALL)
_CHANGE = re.compile(
    r"transaction #\S{1,40} - object \S{1,40} - (?P<verb>create_if|create|modify|obj_delete|delete)\w*"
    r" \{.{0,4096}\[Status=(?P<status>[^\]]{1,128})\]",
    re.DOTALL,
)
_FAILED = re.compile(r"failed to login|login failed|invalid (?:user|password)", re.IGNORECASE)
_OK = "Command OK"
_READING = frozenset(("list", "show", "cd", "quit", "exit", "help", "bash", "run"))
_TYPES = {
    "create": "creation",
    "create_if": "creation",
    "modify": "change",
    "delete": "deletion",
    "obj_delete": "deletion",
}


def audit_fields(text: str, fields: Fields) -> bool:
    """Read an audit message; tell whether it is one."""
    if _AUDIT.match(text) is None:
        return False
    if (user := _USER.search(text)) is not None:
        fields["user.name"] = user["user"]
    if (host := _LAST_HOST.match(text) or _HOST.search(text)) is not None:
        if is_ip(host["host"]):
            fields["source.ip"] = host["host"]
        elif not host["host"].startswith("("):
            fields["source.domain"] = host["host"]
    if (command := _COMMAND.search(text)) is not None:
        fields["process.command_line"] = command["command"].strip()
        verb = command["command"].split(None, 1)[0].lower()
        _change("access" if verb in _READING else _TYPES.get(verb, "change"), command["status"], fields)
        fields["event.action"] = "command"
    elif (change := _CHANGE.search(text)) is not None:
        fields["event.action"] = change["verb"]
        _change(_TYPES[change["verb"]], change["status"], fields)
    elif host is not None:
        failed = _FAILED.search(text) is not None
        fields["event.category"], fields["event.type"] = ["authentication"], ["start"]
        fields["event.action"], fields["event.outcome"] = "login", "failure" if failed else "success"
        if " end=" in text and not failed:
            fields["event.action"], fields["event.type"] = "logout", ["end"]
    return True


def _change(kind: str, status: str, fields: Fields) -> None:
    fields["event.category"], fields["event.type"] = ["configuration"], [kind]
    fields["event.outcome"] = "success" if status == _OK else "failure"
