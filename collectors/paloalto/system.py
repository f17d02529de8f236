"""What the texts of PAN-OS' system logs say: who logged in, from where, which server was asked, why it failed.

Texts: "PAN-OS System Log Messages" (auth, globalprotect, vpn, general, url-filtering, wildfire).
"""

from __future__ import annotations

import re
from datetime import tzinfo

from collectors.network.values import mac_of, put
from collectors.web.address import is_ip
from engine.events import Fields

_IP = r"[0-9A-Fa-f:.]{2,45}"
_NAME = r"(?:'(?P<quoted>[^']{1,256})'|(?P<bare>[^\s',;]{1,256}))"
_VERBS = r"(?:from|is|to|has|was|had|and|group|login|logged|log|logout|auth|authentication|failed|name|password|id)\b"
# From the surest to the least sure: `User name: anna`, `for user 'anna'`, `user=anna`, `User anna logged in`.
_USERS = (
    re.compile(rf"\b[Uu]ser ?name[:=] ?{_NAME}"),
    re.compile(rf"\b(?:for|by) (?:user|admin):? {_NAME}"),
    re.compile(r"\b(?:[Uu]ser|[Aa]dmin) (?:name )?'(?P<quoted>[^']{1,256})'(?P<bare>)"),
    re.compile(rf"\b[Uu]ser= ?{_NAME}"),
    re.compile(rf"\b(?:[Uu]ser(?: ?name)?|[Aa]dmin) (?!{_VERBS}){_NAME}"),
)
_FROM = re.compile(
    r"(?:From:|from|initiated by|[Ss]ource IP:|[Ll]ogin from:|Login from|Client IP address:)"
    rf" ?'?(?P<ip>{_IP})'?(?=[\s,.;]|$)"
)
_LAST_FROM = re.compile(rf"From: ?(?P<ip>{_IP})\.?\Z")  # behind the name that the client gave
_SERVER = re.compile(rf"server address '?(?P<server>{_IP}|[\w\-.]{{1,253}})'?(?=[\s,;']|$)", re.ASCII)
_CONNECTED = re.compile(rf"connect(?:ed)? to address: (?P<ip>{_IP}) port: (?P<port>\d{{1,5}})", re.ASCII)
_ELECTED = re.compile(rf"CLOUD ELECTION: (?P<host>[\w\-.]{{1,253}}) IP: (?P<ip>{_IP})", re.ASCII)
_REASON = re.compile(r"[Rr]eason: ?(?P<reason>[^,.]{1,256}\.?)")
_HOST = re.compile(
    r"[Cc]loud:? (?P<host>(?=[\w\-]{0,63}[A-Za-z])[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8})(?=[\s,;:]|\.?$)", re.ASCII
)
_TUNNEL = re.compile(rf"\b(?P<ip>{_IP})\[(?P<port>\d{{1,5}})\]-(?P<peer>{_IP})\[(?P<peer_port>\d{{1,5}})\]", re.ASCII)
_LEASE = re.compile(
    rf"\bip (?P<ip>{_IP}) --> mac (?P<mac>[0-9A-Fa-f:.\-]{{12,17}})(?: - hostname (?P<host>[\w.\-]{{1,253}}))?"
)
_FILE = re.compile(r"package: (?P<file>[\w.\-]{1,255})", re.ASCII)


def system_fields(text: str, zone: tzinfo) -> Fields:
    """Return what the text of a system log says."""
    fields: Fields = {"message": text, "event.reason": text}
    found = next((match for pattern in _USERS if (match := pattern.search(text))), None)
    if found is not None:
        put(fields, "user.name", found["quoted"] or found["bare"].rstrip(".:"), zone)
    found = _LAST_FROM.search(text) or _FROM.search(text)
    if found is not None and is_ip(found["ip"].rstrip(".")):
        fields["source.ip"] = found["ip"].rstrip(".")
    _ends(text, fields)
    _servers(text, fields)
    found = _REASON.search(text)
    if found is not None:
        fields["event.reason"] = found["reason"]
    found = _FILE.search(text)
    if found is not None:
        fields["file.name"] = found["file"].rstrip(".")
    return fields


def _ends(text: str, fields: Fields) -> None:
    """Set the two ends of a tunnel, or who got an address from the firewall."""
    found = _TUNNEL.search(text)
    if found is not None and is_ip(found["ip"]) and is_ip(found["peer"]):
        fields["source.ip"], fields["source.port"] = found["ip"], int(found["port"])
        fields["destination.ip"], fields["destination.port"] = found["peer"], int(found["peer_port"])
    found = _LEASE.search(text)
    if found is not None and is_ip(found["ip"]):
        fields["source.ip"] = found["ip"]
        if (mac := mac_of(found["mac"])) is not None:
            fields["source.mac"] = mac
        if found["host"]:
            fields["source.domain"] = found["host"]


def _servers(text: str, fields: Fields) -> None:
    """Set the server that was asked: of the log-in, of the update, of the cloud."""
    found = _SERVER.search(text)
    if found is not None:
        server = found["server"].rstrip(".")
        fields[f"destination.{'ip' if is_ip(server) else 'domain'}"] = server
        return
    found = _CONNECTED.search(text) or _ELECTED.search(text)
    if found is not None:
        parts = found.groupdict()
        if is_ip(parts["ip"]):
            fields["destination.ip"] = parts["ip"]
        if "port" in parts:
            fields["destination.port"] = int(parts["port"])
        if "host" in parts:
            fields["destination.domain"] = parts["host"]
        return
    found = _HOST.search(text)
    if found is not None:
        fields["destination.domain"] = found["host"].rstrip(".")
