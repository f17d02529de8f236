"""Dovecot: log-ins over IMAP, POP3, ManageSieve and LMTP, failed authentications, deliveries.

Formats: Dovecot's `login_log_format_elements` and `deliver_log_format` defaults
(https://doc.dovecot.org/latest/core/config/logging.html), and the auth workers' `passdb(user,address): reason`.
"""

from __future__ import annotations

import re

from collectors.mail.peers import domain_of
from collectors.web.address import is_ip
from engine.events import Fields

_LOGIN = re.compile(
    r"(?P<service>imap|pop3|managesieve|submission|sieve)-login: (?:(?:Info|Warning|Error): )?(?P<what>[^:(]{1,60})"
)
_ATTEMPTS = re.compile(r"\((?P<why>(?:auth failed|no auth attempts|tried to use|disconnected|aborted)[^)]{0,200})\)")
_ELEMENT = re.compile(r"\b(?P<key>user|method|rip|lip|rport|lport|mpid|session)=<?(?P<value>[^,>\s]{0,255})>?")
_WORKER = re.compile(
    r"""(?:\b|:\ )(?P<database>[\w-]{1,32})\((?P<user>[^,()\s]{0,255}),(?P<ip>[0-9A-Fa-f:.]{2,45})
    (?:,<?[^>)]{0,80}>?)?\):\ (?P<reason>.{1,400})""",
    re.VERBOSE | re.DOTALL,
)
_DELIVERED = re.compile(
    r"(?P<agent>lda|lmtp)\((?P<user>[^)]{1,255})\)[^:]{0,120}: (?:sieve: )?(?:msgid=<?(?P<id>[^>:\s]{1,998})>?: )?"
    r"(?P<what>saved mail to|stored mail into)"
)
_ENDS = {"rip": "source.ip", "lip": "destination.ip", "rport": "source.port", "lport": "destination.port"}


def read_dovecot(message: str, fields: Fields) -> bool:
    """Read one message, without its syslog header; tell whether it is of a known kind."""
    if found := _LOGIN.search(message, 0, 300):
        return _login(found, message, fields)
    if found := _WORKER.search(message, 0, 1000):
        fields["event.category"] = ["email", "authentication"]
        fields["event.action"], fields["event.outcome"] = "login", "failure"
        fields["event.reason"] = found["reason"].strip()
        _user(found["user"], fields)
        if is_ip(found["ip"]):
            fields["source.ip"] = found["ip"]
        return True
    if found := _DELIVERED.search(message, 0, 2000):
        fields["event.action"] = "delivered"
        _user(found["user"], fields)
        if found["id"]:
            fields["email.message_id"] = found["id"]
        return True
    return False


def _login(found: re.Match[str], message: str, fields: Fields) -> bool:
    what = found["what"].strip()
    fields["network.protocol"] = found["service"]
    fields["event.action"] = "login" if what == "Login" else "disconnect"
    why = _ATTEMPTS.search(message)
    failed = why is not None and "auth failed" in why["why"]
    if what == "Login" or failed:
        fields["event.category"] = ["email", "authentication"]
        fields["event.action"] = "login"
        fields["event.outcome"] = "failure" if failed else "success"
        fields["event.type"] = ["info"] if failed else ["start"]
    if why is not None:
        fields["event.reason"] = why["why"]
    _elements(message, fields)
    return True


def _elements(message: str, fields: Fields) -> None:
    for element in _ELEMENT.finditer(message):
        key, value = element["key"], element["value"]
        if not value:
            continue
        if key == "user":
            _user(value, fields)
        elif key in ("rip", "lip"):
            if is_ip(value):
                fields[_ENDS[key]] = value
        elif key in ("rport", "lport"):
            if value.isdecimal() and 0 < int(value[:9]) < 65536:
                fields[_ENDS[key]] = int(value)
        else:
            fields[f"dovecot.{key}"] = value


def _user(name: str, fields: Fields) -> None:
    if name:
        fields["user.name"] = name
        if domain := domain_of(name):
            fields["user.domain"] = domain
