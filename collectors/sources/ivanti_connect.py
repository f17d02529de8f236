"""Ivanti Connect Secure (Pulse Connect Secure, Juniper SA): user access, admin and event logs over syslog.

Format: "Ivanti Connect Secure administration guide", log formats WELF (`id=firewall time="..." pri=6 fw=... vpn=...
msg="AUT24604: ..."`) and Standard (`... PulseSecure: - - - 2021-10-19 09:10:35 - node - [192.0.2.1]
user(realm)[roles] - text`), and "Ivanti Connect Secure log messages" for the identifiers. A key that stands twice
(`type`) is meant as it stands last. Stamps are the appliance's local time (`Options.zone`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from collectors.network.keyvalue import pairs
from collectors.network.times import instant_of
from collectors.network.values import ABSENT, keep, mac_of, put
from collectors.sensors.line import LineSource, begun
from collectors.source import Options
from collectors.syslog import Header, parse_header
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_WELF = re.compile(r"\bid=(?:firewall|sslvpn|\"firewall\")\s", re.ASCII)
_OWN_WELF = re.compile(r'\bid="?firewall"?\s[^\n]{0,160}?\bvpn=')
_STANDARD = re.compile(
    r"""(?P<stamp>\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d)\ -\ (?P<node>\S{1,255})\ -\ \[(?P<ip>[0-9A-Fa-f.:]{2,45})\]
    \ (?:(?P<ivs>[^():\s]{1,64})::)?(?P<user>[^()\n]{0,255})\((?P<realm>[^()\n]{0,255})\)\[(?P<roles>[^\]\n]{0,1024})\]
    \ -\ (?P<text>.*)""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_CODE = re.compile(r"(?P<code>[A-Z]{3}\d{5}): ?(?P<text>.*)", re.ASCII | re.DOTALL)
_SOURCE_IP = re.compile(
    r"(?:source IP|to peer:|on host|login from|from) '?(?P<ip>[0-9A-Fa-f.:]{2,45})(?=['\s,;)]|\.?\s|\.?$)"
)
_TARGET = re.compile(r"(?:connect to|connection to|server|destination IP) '(?P<ip>[0-9A-Fa-f.:]{2,45})'")
_REASON = re.compile(r"[Rr]eason:? '(?P<reason>[^'\n]{1,512})'|[Rr]eason: (?P<plain>[^'\n]{1,512}?)\.?$", re.ASCII)
_POLICY = re.compile(r"(?:Host Checker )?policy '(?P<policy>[^'\n]{1,256})'", re.IGNORECASE)
_MAC = re.compile(r"address '(?P<mac>[0-9A-Fa-f]{2}(?:[-:][0-9A-Fa-f]{2}){5})'")
_AGENT = re.compile(r" with (?P<agent>[^\n]{1,512}?)\.?$")
_SESSION = re.compile(r"\bsession:? ?(?P<id>[0-9a-z]{8,80})\b", re.ASCII)
_FOR_USER = re.compile(r"(?:for|user) (?:user )?'?(?P<user>[^\s'/()]{1,255})/(?P<realm>[^\s'(),]{1,255})")
_ASSIGNED = re.compile(r"(?:IP|IPv4|IPv6) address(?:es)? (?P<ip>[0-9A-Fa-f.:]{2,45})")
_FAILED = re.compile(
    r"\b(?:fail(?:ed|ure)?|denied|rejected|refused|invalid|blocked|unable|error|locked|timed out)\b", re.IGNORECASE
)
_SUCCEEDED = re.compile(
    r"\b(?:succeeded|success(?:ful(?:ly)?)?|passed|started|allowed|established|completed)\b", re.IGNORECASE
)
_HOSTS = frozenset(("vpn", "client"))

# How messages begin, what they are about: (words, action, category, types)
_ACTIONS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("login succeeded", "login", "authentication", ("start",)),
    ("login failed", "login", "authentication", ("start",)),
    ("Login failed", "login", "authentication", ("start",)),
    ("Login succeeded", "login", "authentication", ("start",)),
    ("authentication successful", "authentication", "authentication", ("start",)),
    ("authentication failed", "authentication", "authentication", ("start",)),
    ("Logout from", "logout", "authentication", ("end",)),
    ("logged out", "logout", "authentication", ("end",)),
    ("Session timed out", "session-timeout", "authentication", ("end",)),
    ("session timed out", "session-timeout", "authentication", ("end",)),
    ("VPN Tunneling: Session started", "tunnel-start", "network", ("connection", "start")),
    ("VPN Tunneling: Session ended", "tunnel-end", "network", ("connection", "end")),
    ("Network Connect: Session started", "tunnel-start", "network", ("connection", "start")),
    ("Network Connect: Session ended", "tunnel-end", "network", ("connection", "end")),
    ("VPN Tunneling: ACL count", "acl", "network", ("info",)),
    ("Host Checker policy", "host-checker", "host", ("info",)),
)


def _own(line: str) -> bool:
    head = line[:2048]
    if _OWN_WELF.search(head):
        return True
    return ("PulseSecure" in head or "Ivanti" in head or "Juniper" in head) and _STANDARD.search(head) is not None


def _header(line: str, start: int, options: Options) -> Header:
    if start < 4:
        return Header(kind="bare", message="", host=options.host)
    return parse_header(line[:start].rstrip() + " x", options)


def _read(line: str, options: Options) -> Fields:
    welf = _WELF.search(line, 0, 1024)
    if welf is not None:
        fields = begun("ivanti_connect.log", _header(line, welf.start(), options), options)
        _welf(line[welf.start() :], fields, options)
    elif (standard := _STANDARD.search(line, 0, 4096)) is not None:
        fields = _standard_header(line, standard, options)
        _standard(standard, fields, options)
    else:
        raise MalformedRecordError(
            "no record of Ivanti Connect Secure: neither id=firewall nor ` - [address] user(realm)`"
        )
    fields["event.module"], fields["event.dataset"] = "ivanti_connect", "ivanti_connect.log"
    fields["observer.type"], fields["observer.vendor"] = "vpn", "Ivanti"
    fields["observer.product"] = "Connect Secure"
    return fields


def _welf(text: str, fields: Fields, options: Options) -> None:
    values = {key: value for key, value in pairs(text) if value and value not in ABSENT}
    for key, name in (
        ("time", "@timestamp"),
        ("fw", "network.forwarded_ip"),
        ("vpn", "service.name"),
        ("type", "service.type"),
        ("user", "user.name"),
        ("realm", "user.domain"),
        ("proto", "event.provider"),
        ("src", "source.ip"),
        ("dst", "destination.ip"),
        ("dstname", "destination.domain"),
        ("sent", "source.bytes"),
        ("rcvd", "destination.bytes"),
        ("agent", "user_agent.original"),
        ("op", "http.request.method"),
        ("arg", "url.original"),
        ("result", "http.response.status_code"),
        ("pri", "event.severity"),
    ):
        if key in values:
            if key == "time":
                fields.pop(name, None)
            put(fields, name, values[key], options.zone)
    if isinstance(forwarder := fields.get("network.forwarded_ip"), str):
        fields["observer.ip"] = [forwarder]
    if roles := [role.strip() for role in values.get("roles", "").split(",") if role.strip()]:
        fields["user.roles"] = roles
    if (duration := values.get("duration", "")).isdecimal() and len(duration) < 10:
        fields["event.duration"] = int(duration) * 1_000_000_000
    keep(fields, "ivanti_connect.", values.items())
    _message(values.get("msg", ""), fields, category="host" if values.get("type") in _HOSTS else "network")


def _standard_header(line: str, found: re.Match[str], options: Options) -> Fields:
    """Read what stands in front of the record: one or two headers of syslog, the last of them the appliance's own."""
    start = found.start()
    tag = line.find("PulseSecure", 0, start)
    fields = begun("ivanti_connect.log", _header(line, tag if tag > 0 else start, options), options)
    words = line[: tag if tag > 0 else start].split()
    if words and is_ip(words[-1]):
        fields["observer.ip"] = [words[-1]]
        if fields.get("host.name") == words[-1]:
            fields["host.name"] = found["node"]
    return fields


def _standard(found: re.Match[str], fields: Fields, options: Options) -> None:
    moment = instant_of(found["stamp"], options.zone)
    relayed = re.search(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", found.string[: found.start()]
    )
    if relayed is not None and (known := instant_of(relayed[0], options.zone)):
        moment = known
    if moment is not None:
        fields["@timestamp"] = moment
    fields["observer.name"] = found["node"]
    if is_ip(found["ip"]):
        fields["source.ip"] = fields["client.ip"] = found["ip"]
    put(fields, "user.name", found["user"].rpartition("::")[2], options.zone)
    put(fields, "user.domain", found["realm"], options.zone)
    if roles := [role.strip() for role in found["roles"].split(",") if role.strip()]:
        fields["user.roles"] = roles
    _message(found["text"].strip(), fields, category="network")


def _message(text: str, fields: Fields, *, category: str) -> None:
    fields["message"] = text
    fields["event.category"], fields["event.type"] = [category], ["info"]
    code = _CODE.match(text)
    if code is not None:
        fields["event.code"], text = code["code"], code["text"].strip()
    reason = _REASON.search(text[:2048])
    fields["event.reason"] = (reason["reason"] or reason["plain"]) if reason else text
    _verdict(text, fields)
    for pattern, read in _DETAILS:
        if (found := pattern.search(text[:4096])) is not None:
            read(found, fields)


def _verdict(text: str, fields: Fields) -> None:
    for words, action, category, types in _ACTIONS:
        if words in text:
            fields["event.action"], fields["event.category"], fields["event.type"] = action, [category], list(types)
            break
    if _FAILED.search(text):
        fields["event.outcome"] = "failure"
    elif _SUCCEEDED.search(text):
        fields["event.outcome"] = "success"


def _put_source(found: re.Match[str], fields: Fields) -> None:
    address = found["ip"].rstrip(".")
    if is_ip(address):
        fields["source.ip"] = address


def _put_target(found: re.Match[str], fields: Fields) -> None:
    if is_ip(found["ip"]):
        fields.setdefault("destination.ip", found["ip"])


def _put_policy(found: re.Match[str], fields: Fields) -> None:
    fields["rule.name"] = found["policy"]


def _put_mac(found: re.Match[str], fields: Fields) -> None:
    if mac := mac_of(found["mac"]):
        fields["ivanti_connect.client_mac"] = mac


def _put_agent(found: re.Match[str], fields: Fields) -> None:
    if "/" in found["agent"]:
        fields.setdefault("user_agent.original", found["agent"])


def _put_session(found: re.Match[str], fields: Fields) -> None:
    fields["ivanti_connect.session"] = found["id"]


def _put_user(found: re.Match[str], fields: Fields) -> None:
    if fields.get("user.name") in {None, "System"}:
        fields["user.name"], fields["user.domain"] = found["user"], found["realm"]


def _put_assigned(found: re.Match[str], fields: Fields) -> None:
    address = found["ip"].rstrip(".")
    if is_ip(address):
        fields["source.nat.ip"] = address


_DETAILS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Fields], None]], ...] = (
    (_SOURCE_IP, _put_source),
    (_TARGET, _put_target),
    (_POLICY, _put_policy),
    (_MAC, _put_mac),
    (_AGENT, _put_agent),
    (_SESSION, _put_session),
    (_FOR_USER, _put_user),
    (_ASSIGNED, _put_assigned),
)

SOURCE = LineSource(
    name="ivanti_connect",
    aliases=("pulse_connect_secure", "pulse_secure", "ivanti", "ivanti_connect.log"),
    title="Ivanti (Pulse) Connect Secure: user access, admin and event logs",
    datasets=("ivanti_connect.log",),
    own=_own,
    read=_read,
    weight=98,
)
