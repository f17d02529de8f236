"""LemonLDAP::NG: log-ins, log-outs and access decisions of portal and handlers, in syslog or a web server's log.

Format: the messages of LemonLDAP::NG's user logger (documentation, "Logs"): `Session granted for dwho by LDAP (ip)`,
`Bad password for dwho (ip)`, `User dwho has been disconnected from LDAP (ip)`; behind `Lemonldap::NG : `, `[notice] `,
or the JSON of the audit logger (2.21).
"""

from __future__ import annotations

import re
from typing import Final

from collectors.cloud.flatten import spread
from collectors.cloud.values import first, put_source, put_text
from collectors.json_fields import Json, load
from collectors.network.device import DeviceSource
from collectors.source import Options
from collectors.syslog import parse_header, syslog_fields
from engine.errors import MalformedRecordError
from engine.events import Fields

_PROGRAMS: Final = frozenset({"llng", "lemonldap-ng", "lemonldap", "lemonldapng", "llng-server", "llng-fastcgi-server"})
# `[Mon Mar 02 22:57:01.123 2026] [LLNG:73088] [notice] ` and the like, in a web server's error log
_FRONT: Final = re.compile(
    r"(?:Lemonldap::NG\s?:\s?|\[(?P<level>emerg|alert|crit|error|warn|notice|info|debug)\]\s{0,4}"
    r"|\[LLNG:\d{1,10}\]\s{0,4}|\[[\w:.\-]{1,64}\]\s{0,4})",
    re.ASCII | re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"\s?\((?P<address>[0-9A-Fa-f.:]{2,45})\)\s*$", re.ASCII)
_USER: Final = r"(?P<user>\S{1,256})"
_SAME: Final = r"(?P<account>\S{1,256})"
_REST: Final = r"[^\n]{0,2000}"
_MESSAGES: Final = tuple(
    (re.compile(pattern, re.ASCII | re.IGNORECASE), action, outcome)
    for pattern, action, outcome in (
        (rf"Session granted for {_USER}(?: by (?P<method>[\w:.\-]{{1,64}}))?", "session-granted", "success"),
        (rf"User {_USER} successfully authenticated(?: at level (?P<level>\d{{1,4}}))?", "login", "success"),
        (rf"Good (?P<method>[\w:]{{1,32}}) authentication for {_USER}", "login", "success"),
        (rf"(?P<method>[\w:]{{1,32}}) failed to authenticate {_USER}", "login", "failure"),
        (
            rf"(?:User )?{_USER} was not found in (?P<method>[\w:]{{1,32}})(?: directory| database)?",
            "user-not-found",
            "failure",
        ),
        (rf"Bad (?:old )?password for (?:user )?{_USER}", "bad-password", "failure"),
        (rf"(?:Bad|Wrong|Invalid) credentials? for (?:user )?{_USER}", "bad-password", "failure"),
        (rf"(?:Bad|Invalid) (?:OTP|TOTP|code|second factor) for (?:user )?{_USER}", "second-factor-failed", "failure"),
        (
            rf"User {_USER} (?:is|was) locked|Account {_SAME} is locked",
            "account-locked",
            "failure",
        ),
        (
            rf"(?:LDAP|Password) (?:password )?(?:policy|account) [^\n]{{0,64}} for {_USER}",
            "password-policy",
            "failure",
        ),
        (rf"User {_USER} has been disconnected(?: from (?P<method>[\w:.\-]{{1,64}}))?", "logout", "success"),
        (rf"User {_USER} is not authorized to access to (?P<target>{_REST})", "access-denied", "failure"),
        (rf"User {_USER} is authorized to access to (?P<target>{_REST})", "access-granted", "success"),
        (rf"User {_USER} was granted to access to (?P<target>{_REST})", "access-granted", "success"),
        (
            rf"User {_USER} was reject(?:ed)? when (?:he|she|they) [a-z]{{1,12}} to access to (?P<target>{_REST})",
            "access-denied",
            "failure",
        ),
        (rf"User {_USER} attempts to access to (?P<target>{_REST})", "access-denied", "failure"),
        (rf"(?:Captcha failed|Bad captcha|Captcha {_REST} failed)", "captcha-failed", "failure"),
        (
            rf"(?P<method>[\w ]{{1,32}}) key registration of {_REST}? succeeds for {_USER}",
            "second-factor-registered",
            "success",
        ),
        (
            rf"Password changed for (?:user )?{_USER}|Modify password request for {_SAME}",
            "password-change",
            "success",
        ),
        (rf"(?:Brute ?force|Too many) {_REST} (?:for|by|from) (?:user )?{_USER}", "brute-force-protection", "failure"),
    )
)
_CATEGORIES: Final = {
    "logout": (("authentication", "session"), ("end",)),
    "access-granted": (("web",), ("access", "allowed")),
    "access-denied": (("web",), ("access", "denied")),
    "session-granted": (("authentication", "session"), ("start",)),
    "second-factor-registered": (("iam",), ("user", "change")),
    "password-change": (("iam",), ("user", "change")),
}
_LOGIN_KIND: Final = (("authentication",), ("start",))
_MARK: Final = re.compile(
    r"Lemonldap::NG|\b(?:LLNG|lemonldap(?:-ng|ng)?|llng-[a-z\-]{3,20})(?:\[\d{1,10}\])?:|\[LLNG:\d", re.ASCII
)


def _read(line: str, options: Options) -> Fields:
    header = parse_header(line, options)
    fields: Fields = {"event.kind": "event", "event.module": "lemonldap", "event.dataset": "lemonldap.log"}
    fields.update(syslog_fields(header))
    if header.timestamp is not None:
        fields["@timestamp"] = header.timestamp
    for name, value in (("host.name", header.host), ("process.name", header.program)):
        put_text(name, value, fields)
    if header.pid is not None:
        fields["process.pid"] = header.pid
    known = _MARK.search(line[:1000]) is not None or (header.program or "").lower() in _PROGRAMS
    message = _unfronted(header.message, fields)
    read = _read_json if message.startswith("{") else _read_message
    if not read(message, fields) and not known:
        raise MalformedRecordError("no line of LemonLDAP::NG")
    return fields


def _unfronted(text: str, fields: Fields) -> str:
    """Return the message without what loggers put in front of it."""
    place = 0
    for _ in range(5):
        match = _FRONT.match(text, place)
        if match is None:
            break
        if match["level"]:
            fields["log.level"] = match["level"].lower()
        place = match.end()
    return text[place:].strip()


def _read_json(text: str, fields: Fields) -> bool:
    try:
        document: Json = load(text.encode("utf-8", "surrogateescape"))
    except ValueError:
        document = None
    if not isinstance(document, dict):
        fields["message"] = text
        fields["event.category"], fields["event.type"] = (), ("info",)
        return False
    fields["event.dataset"] = "lemonldap.audit"
    message = first(document, ("message", "reason"))
    known = _read_message(message, fields) if message else False
    put_text("event.code", document.get("code"), fields)
    put_source(first(document, ("ip", "ipAddr", "ipaddr", "remote_addr")), fields)
    put_text("user.name", first(document, ("user", "uid", "_whatToTrace", "username")), fields)
    spread("lemonldap.", document, fields, skip=frozenset({"message"}))
    return known or "code" in document


def _read_message(message: str, fields: Fields) -> bool:
    """Read a message of the user logger; tell whether it is one that is known."""
    fields["message"] = message
    text = message[:4000]
    address = _ADDRESS.search(text)
    if address is not None:
        put_source(address["address"], fields)
        text = text[: address.start()]
    for pattern, action, outcome in _MESSAGES:
        match = pattern.match(text)
        if match is not None:
            _read_match(match, action, outcome, fields)
            return True
    fields["event.category"], fields["event.type"] = (), ("info",)
    return False


def _read_match(match: re.Match[str], action: str, outcome: str, fields: Fields) -> None:
    fields["event.action"], fields["event.outcome"] = action, outcome
    fields["event.category"], fields["event.type"] = _CATEGORIES.get(action, _LOGIN_KIND)
    found = match.groupdict()
    put_text("user.name", (found.get("user") or found.get("account") or "").strip("'\",;"), fields)
    put_text("lemonldap.method", found.get("method"), fields)
    put_text("lemonldap.authentication_level", found.get("level"), fields)
    target = (found.get("target") or "").strip()
    if target:
        put_text("url.original" if "/" in target else "service.name", target, fields)


def _own(line: str) -> bool:
    return _MARK.search(line[:1000]) is not None


SOURCE: Final = DeviceSource(
    name="lemonldap",
    aliases=("lemonldap_ng", "llng"),
    title="LemonLDAP::NG web single sign-on",
    own=_own,
    read=_read,
    weight=95,
)
