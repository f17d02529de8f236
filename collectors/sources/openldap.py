"""OpenLDAP's slapd with `loglevel stats`: connections, binds, searches and changes, in syslog or from slapd itself.

Lines: `conn=1001 op=0 BIND dn="uid=a,dc=x" method=128` behind a syslog header, behind slapd's own stamp in hexadecimal
(`5f1a2b3c conn=...`, since 2.5 `62d0e1b2.1a2b3c4d 0x7f... conn=...`), or alone.
Format: slapd(8) and OpenLDAP's sources (`Statslog` calls), administrator's guide, "Logging".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Final

from collectors.cloud.values import relate
from collectors.framing import decode, lines
from collectors.host.programs import refuse_others
from collectors.network.tls import put_tls
from collectors.source import Options, Record
from collectors.syslog import parse_header, syslog_fields
from collectors.web.address import endpoint
from engine.errors import MalformedRecordError
from engine.events import Fields

_OWN_STAMP = re.compile(r"(?P<seconds>[0-9a-f]{8})(?:\.(?P<fraction>[0-9a-f]{8}) 0x[0-9a-f]{1,16})? ", re.ASCII)
_CONNECTION = re.compile(r"\"?\s?conn=(?P<conn>\d{1,12}) (?:op=(?P<op>\d{1,12}) |fd=(?P<fd>\d{1,9}) )?", re.ASCII)
_OPERATION = re.compile(r"SEARCH RESULT|TLS established|[A-Za-z]{2,12}", re.ASCII)
# `name="a ""quoted"" text"` (doubled where a shipper made CSV of it), `name=word`, `text=` with all that follows
_PART = re.compile(r'(?<![\w.\-])(?P<name>[A-Za-z_]{1,16})=(?:""?(?P<quoted>[^"]*)"?"?|(?P<plain>[^\s"]*))', re.ASCII)
_RDN = re.compile(r"(?P<type>[A-Za-z.\d\-]{1,64})\s?=\s?(?P<value>(?:[^,\\+]|\\.){0,256})", re.ASCII)
_PEER = re.compile(r"IP=(?P<address>\S{1,80})(?: \(IP=(?P<own>[^)\s]{1,80})\))?", re.ASCII)
_CHANGES = {"mod": "change", "add": "creation", "del": "deletion", "modrdn": "change", "passmod": "change"}
_VIEWED = {"srch": "access", "cmp": "access", "whoami": "info"}
_BIND_RESPONSE = 97  # RFC 4511, section 4.2.2: [APPLICATION 1]
_NUMBERS = {"err": "openldap.err", "tag": "openldap.tag", "nentries": "openldap.nentries", "method": "openldap.method"}
_NAMES = {
    "attr": "openldap.attribute",
    "filter": "openldap.filter",
    "base": "openldap.base",
    "scope": "openldap.scope",
    "mech": "openldap.mechanism",
    "oid": "openldap.oid",
    "qtime": "openldap.qtime",
    "etime": "openldap.etime",
    "ssf": "openldap.ssf",
    "text": "openldap.text",
}
_LOGIN_RDNS = frozenset({"uid", "cn", "mail", "samaccountname", "userid"})
_DOMAIN_RDNS = frozenset({"dc", "o", "ou"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_LOOKED_AT = 40


class OpenLdapParser:
    """Reads the lines of one log."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def parse(self, record: Record) -> Fields | None:
        """Return the fields of one line; None for a blank one. Raise where it is no text."""
        line = decode(record.raw).strip()
        if not line:
            return None
        fields: Fields = {
            "event.kind": "event",
            "event.module": "openldap",
            "event.dataset": "openldap.log",
            "event.category": ("network",),
            "event.type": ("info",),
        }
        message = self._header(line, fields)
        fields["message"] = message
        connection = _CONNECTION.match(message)
        if connection is not None:
            for name in ("conn", "op", "fd"):
                if connection[name] is not None:
                    fields[f"openldap.{name}"] = int(connection[name])
            _read_operation(message[connection.end() :], fields)
        elif _CONTROL.search(line):
            raise MalformedRecordError("no text: no line of slapd, and control characters")
        return fields

    def _header(self, line: str, fields: Fields) -> str:
        if stamp := _OWN_STAMP.match(line):
            seconds = int(stamp["seconds"], 16)
            micro = int(stamp["fraction"], 16) // 1000 if stamp["fraction"] else 0
            fields["@timestamp"] = datetime.fromtimestamp(seconds, UTC).replace(microsecond=min(micro, 999_999))
            if self._options.host:
                fields["host.name"] = self._options.host
            return line[stamp.end() :].strip()
        header = parse_header(line, self._options)
        if header.kind == "bare" and header.priority is None:
            return line
        refuse_others(header, "openldap")
        if header.timestamp is not None:
            fields["@timestamp"] = header.timestamp
        for name, value in (("host.name", header.host), ("process.name", header.program), ("process.pid", header.pid)):
            if value is not None:
                fields[name] = value
        fields.update(syslog_fields(header))
        return _without_id(header.message)

    def complete(self, fields: Fields) -> Fields:
        """Add addresses and `related.*`."""
        for side in ("destination",):
            if f"{side}.ip" in fields:
                fields[f"{side}.address"] = fields[f"{side}.ip"]
        return relate(fields)


def _without_id(message: str) -> str:
    """Cut off the message id of Solaris and others: `[ID 123456 local4.debug] conn=...`."""
    if message.startswith("[ID ") and "] " in message[:80]:
        return message.partition("] ")[2]
    return message


def _read_operation(text: str, fields: Fields) -> None:
    match = _OPERATION.match(text)
    if match is None:
        return
    action = match[0].lower()
    action = {"search result": "search-result", "tls established": "tls-established"}.get(action, action)
    fields["event.action"] = action
    if action == "accept":
        _read_peer(text, fields)
    elif action == "closed":
        reason = text[match.end() :].strip(' ()"')
        if reason:
            fields["event.reason"] = reason
    else:
        _read_parts(text[match.end() :], action, fields)
    _classify(action, fields)


def _read_peer(text: str, fields: Fields) -> None:
    match = _PEER.search(text)
    if match is None:
        return
    for side, written in (("source", match["address"]), ("destination", match["own"])):
        found = endpoint(written or "")
        if found.ip is not None:
            fields[f"{side}.ip"] = found.ip
            if found.port is not None:
                fields[f"{side}.port"] = found.port


def _read_parts(text: str, action: str, fields: Fields) -> None:
    for part in _PART.finditer(text):
        name, value = part["name"].lower(), part["quoted"] if part["quoted"] is not None else part["plain"]
        if name in {"attr", "text"} and part["quoted"] is None:  # the rest of the line: `attr=uid cn`
            value = text[part.start("plain") :].rstrip('" ')
        if not value:
            continue
        if name in _NUMBERS:
            if value.isdecimal() and len(value) < 10:
                fields[_NUMBERS[name]] = int(value)
        elif name in {"dn", "base", "id"}:
            _read_name(value, action, fields)
            fields.setdefault(f"openldap.{name}", value)
        elif name == "tls_proto":
            put_tls(value, fields)
        elif name == "tls_cipher":
            fields["tls.cipher"] = value
        elif name in _NAMES:
            fields.setdefault(_NAMES[name], value)
        if name in {"attr", "text"}:
            return


def _read_name(name: str, action: str, fields: Fields) -> None:
    """Read an account out of a distinguished name: its login, and its place in the tree as a domain.

    A bind's name is who logs in; the name in a change or a search is whom it is about, and is the account where the
    suite that these lines are measured by has it so: of a search only the domain.
    """
    parts = [(match["type"].lower(), match["value"].strip()) for match in _RDN.finditer(name[:4096])]
    if not parts:
        return
    domain = ".".join(value for kind, value in parts[:32] if kind in _DOMAIN_RDNS)
    if domain:
        fields.setdefault("user.domain", domain)
    if parts[0][0] not in _LOGIN_RDNS:
        return
    if action in {"bind", "whoami"}:
        fields.setdefault("user.name", parts[0][1])
    elif action in _CHANGES:
        fields.setdefault("user.target.name", parts[0][1])


def _classify(action: str, fields: Fields) -> None:
    if action == "bind":
        fields["event.category"], fields["event.type"] = ("authentication",), ("start",)
    elif action == "unbind":
        fields["event.type"] = ("end", "info")
    elif action in _CHANGES:
        fields["event.category"], fields["event.type"] = ("configuration", "iam"), ("change",)
        if _CHANGES[action] != "change":
            fields["event.type"] = (_CHANGES[action], "change")
    elif action in _VIEWED:
        fields["event.type"] = (_VIEWED[action], "info")
    elif action in {"accept", "closed"}:
        fields["event.type"] = ("start" if action == "accept" else "end", "connection", "info")
    elif fields.get("openldap.tag") == _BIND_RESPONSE:
        fields["event.category"], fields["event.type"] = ("authentication", "network"), ("end", "info")
    error = fields.get("openldap.err")
    if isinstance(error, int):  # LDAP result codes, RFC 4511 appendix A: 0 is success, 5, 6, 14 are no errors
        fields["event.outcome"] = "success" if error in {0, 5, 6, 10, 14} else "failure"
        fields["event.code"] = str(error)
    if text := fields.get("openldap.text"):
        fields["event.reason"] = text


class OpenLdap:
    """slapd's log."""

    name = "openldap"
    aliases: tuple[str, ...] = ("slapd", "openldap.log", "ldap")
    title = "OpenLDAP slapd (loglevel stats)"

    def recognise(self, head: bytes, filename: str) -> int:
        """Tell by the share of lines with a connection's number. See `Source`."""
        found = [line for line in decode(head[:16384]).splitlines()[:_LOOKED_AT] if line.strip()]
        known = sum(_is_own(line) for line in found)
        if not found or known * 2 < len(found):
            return 0
        return round(85 + 8 * known / len(found)) + 2 * ("ldap" in filename.lower() or "slapd" in filename.lower())

    def frame(self, stream: BinaryIO) -> Iterator[Record]:
        """Cut the stream into lines."""
        return lines(stream)

    def open(self, options: Options) -> OpenLdapParser:
        """Return a parser for one log."""
        return OpenLdapParser(options)


def _is_own(line: str) -> bool:
    at = line.find("conn=", 0, 300)
    if at == -1:
        return False
    match = _CONNECTION.match(line, at)
    return match is not None and _OPERATION.match(line, match.end()) is not None


SOURCE: Final = OpenLdap()
