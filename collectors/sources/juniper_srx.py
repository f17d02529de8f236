"""Juniper SRX and Junos: flows, attacks and sites of the firewall, log-ins and commands at the device, its daemons.

Formats: "System Log Explorer" of Junos OS: structured (`RT_FLOW_SESSION_CLOSE [junos@2636.1.1.1.2.142 reason="TCP FIN"
source-address="..." ...]`), text (`RT_FLOW: RT_FLOW_SESSION_DENY: session denied 192.0.2.1/5->198.51.100.7/23 ...`) and
the daemons' `mgd[54999]: UI_LOGIN_EVENT: User 'eva' login, ...`. Names: Elastic's integration `juniper_srx`; what is
done at the device as Sekoia's intake `juniper-ngfw` has it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from collectors.auth.dispatch import read_message
from collectors.host.programs import refuse_others
from collectors.network.keyvalue import firsts_and_doubts, pairs
from collectors.network.values import Table, keep, put, put_all, put_port
from collectors.sensors.line import LineSource, begun
from collectors.source import Options
from collectors.syslog import Header, parse_header
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_TAG = re.compile(r"(?P<program>/?[A-Za-z][\w.\-/]{0,63})(?:\[(?P<pid>\d{1,10})\])?: (?P<text>.*)", re.DOTALL)
_NAMED = re.compile(r"(?P<tag>[A-Z][A-Z0-9]{1,24}_[A-Z0-9_]{2,64})(?:: |\s(?=\[junos@)|$)")
_DATA = re.compile(r"\[junos@2636\.[\d.]{1,32} (?P<pairs>.*)", re.DOTALL)
_JUNOS = re.compile(
    r"^(?:RT_(?:FLOW|IDP|IDS|UTM|SCREEN|SECINTEL|AAMW|VPN|GTP|NAT)|UI_|APPTRACK_|IDP_|WEBFILTER_|AV_|FWAUTH_|KMD_|"
    r"LOGIN_|SSHD_|SNMPD_|CHASSISD_|RPD_|PFE_|L2ALD_|LIBJSNMP_|LACP|ESWD_|BFDD_|JSRPD_|AAMW_|SECINTEL_|DFWD_|WEB_AUTH)"
)
_TABLE: Table = {
    "source-address": ("source.ip",),
    "sourceip": ("source.ip",),
    "source-port": ("source.port",),
    "destination-address": ("destination.ip",),
    "destination-port": ("destination.port",),
    "nat-source-address": ("source.nat.ip",),
    "nat-source-port": ("source.nat.port",),
    "nat-destination-address": ("destination.nat.ip",),
    "nat-destination-port": ("destination.nat.port",),
    "bytes-from-client": ("source.bytes",),
    "bytes-from-server": ("destination.bytes",),
    "inbound-bytes": ("source.bytes",),
    "outbound-bytes": ("destination.bytes",),
    "packets-from-client": ("source.packets",),
    "packets-from-server": ("destination.packets",),
    "inbound-packets": ("source.packets",),
    "outbound-packets": ("destination.packets",),
    "protocol-id": ("network.transport",),
    "protocol-name": ("network.transport",),
    "application": ("network.application",),
    "username": ("user.name",),
    "user-name": ("user.name",),
    "class-name": ("user.roles",),
    "command": ("process.command_line",),
    "policy-name": ("rule.name",),
    "rule-name": ("rule.name",),
    "attack-name": ("threat.indicator.name", "rule.description"),
    "category": ("rule.category",),
    "url": ("url.original",),
    "obj": ("url.path",),
    "argument": ("url.domain",),
    "hostname": ("source.domain",),
    "filename": ("file.name",),
    "file-name": ("file.name",),
    "file-hash-lookup": ("file.hash.sha256",),
    "sample-sha256": ("file.hash.sha256",),
    "reason": ("event.reason",),
    "source-zone-name": ("observer.ingress.zone",),
    "source-zone": ("observer.ingress.zone",),
    "destination-zone-name": ("observer.egress.zone",),
    "destination-zone": ("observer.egress.zone",),
    "packet-incoming-interface": ("observer.ingress.interface.name",),
    "source-interface-name": ("observer.ingress.interface.name",),
    "destination-interface-name": ("observer.egress.interface.name",),
}
_NOTHING = frozenset(("N/A", "NA", "NA NA", "UNKNOWN", "None", "none", "", "-"))
_ENDS = (
    r"(?P<{0}source>[0-9A-Fa-f:.]{{2,45}})/(?P<{0}source_port>\d{{1,5}})->"
    r"(?P<{0}destination>[0-9A-Fa-f:.]{{2,45}})/(?P<{0}destination_port>\d{{1,5}})"
)
_SESSION = re.compile(
    r"session (?P<verb>created|closed|denied) (?:(?P<reason>[^:>]{1,64}): )?"
    + _ENDS.format("")
    + r"(?: 0x[0-9a-f]{1,8})? (?P<service>\S{1,64})(?: "
    + _ENDS.format("nat_")
    + ")?"
)
_USER = re.compile(r"(?:Authenticated user|User|Login failed for user) '(?P<user>[^']{1,256})'")
_CLASS = re.compile(r"class '(?P<role>[^']{1,128})'")
_SSH = re.compile(
    r"ssh-connection '(?P<source>[0-9A-Fa-f:.]{2,45}) (?P<source_port>\d{1,5}) "
    r"(?P<destination>[0-9A-Fa-f:.]{2,45}) (?P<destination_port>\d{1,5})'"
)
_MODE = re.compile(r"client-mode '(?P<mode>[\w\-]{1,32})'")
_COMMAND = re.compile(r"User '[^']{1,256}',? command '(?P<command>.{0,4096})'", re.DOTALL)
_FAILED = re.compile(
    r"Login failed for user '?(?P<user>.{1,256}?)'? from host '?(?P<ip>[0-9A-Fa-f:.]{2,45})'?", re.DOTALL
)
_LOGGED = re.compile(r"User (?P<user>\S{1,256}) logged in from host (?P<host>\S{1,253}) on device \S{1,64}")
_JOB = re.compile(r"\((?P<user>[\w.\-]{1,64})\) (?P<verb>[A-Z]{2,16}) \((?P<text>.*)\)", re.DOTALL)
_STATUS = re.compile(r"got status 0x(?P<code>[0-9A-Fa-f]{1,8})\b")
_REFUSED = "LOGIN_FAILED|AUTH_FAIL|PAM_(?:AUTHENTICATION_)?ERROR|AUTH_INVALID"
_PASSED = "UI_AUTH_EVENT|UI_LOGIN_EVENT|LOGIN_INFORMATION|LOGIN_ROOT|AUTH_(?:SUCCESS|ACCEPT)"
_MEANING = (  # words of a tag: categories, types, outcome; the first fits
    (re.compile(_REFUSED), "authentication", "start", "failure"),
    (re.compile(_PASSED), "authentication", "start", "success"),
    (re.compile(r"LOGOUT"), "authentication", "end", "success"),
    (re.compile(r"UI_CMDLINE_READ_LINE|UI_CHILD_|UI_JUNOSCRIPT_CMD|UI_NETCONF_CMD"), "process", "access", "success"),
    (re.compile(r"UI_(?:COMMIT|CFG_AUDIT|LOAD_EVENT|FACTORY|DBASE_CHANGED)"), "configuration", "change", ""),
    (re.compile(r"SESSION_CLOSE|APPTRACK_SESSION_CLOSE"), "network session", "connection end", "success"),
    (re.compile(r"SESSION_(?:CREATE|UPDATE|ROUTE_UPDATE)"), "network session", "connection start", "success"),
    (re.compile(r"SESSION_DENY"), "network session", "connection denied", "success"),
    (re.compile(r"IDP_ATTACK|RT_SCREEN|RT_IDS|SECINTEL_ACTION|IDP_APPDDOS"), "network intrusion_detection", "info", ""),
    (re.compile(r"AV_VIRUS|AAMW_(?:ACTION|MALWARE)"), "network malware", "info", ""),
    (re.compile(r"WEBFILTER_URL_(?:BLOCKED|REDIRECT)|CONTENT_FILTERING_BLOCKED"), "network web", "denied", ""),
    (re.compile(r"WEBFILTER_URL_PERMITTED"), "network web", "allowed", ""),
)  # fmt: skip
_ALERTS = re.compile(r"IDP_ATTACK|RT_SCREEN|AV_VIRUS_DETECTED|AAMW_(?:ACTION|MALWARE)|SECINTEL_ACTION")


def _own(line: str) -> bool:
    header = _headed(line[:4096], Options())
    if "[junos@2636." in line[:1024]:
        return True
    tag = _tag(header)
    return bool(tag) and _JUNOS.match(tag) is not None


def _headed(line: str, options: Options) -> Header:
    """Return the header; where a relay took it off, the daemon's tag alone."""
    header = parse_header(line, options)
    if header.program is None and header.kind == "bare" and (found := _TAG.fullmatch(header.message)) is not None:
        pid = int(found["pid"]) if found["pid"] else None
        header = replace(header, program=found["program"], pid=pid, message=found["text"])
    return header


def _tag(header: Header) -> str:
    """Return the name of a message (`UI_LOGIN_EVENT`), from RFC 5424's header or the text's beginning."""
    if header.message_id is not None and _NAMED.fullmatch(header.message_id) is not None:
        return header.message_id
    found = _NAMED.match(header.message)
    return found["tag"] if found is not None else ""


def _read(line: str, options: Options) -> Fields:
    header = _headed(line, options)
    tag = _tag(header)
    if not tag:
        refuse_others(header, "juniper_srx", "auth")
        if header.program is None:
            raise MalformedRecordError(
                "no message of Junos: neither a name such as RT_FLOW_SESSION_CLOSE nor a daemon's"
            )
    fields = begun("juniper_srx.log", header, options)
    fields |= {"event.type": ["info"], "observer.vendor": "Juniper Networks", "observer.product": "SRX"}
    fields |= {"observer.type": "firewall", "message": header.message}
    program = (header.program or "").rpartition("/")[2]
    if program:
        fields["event.provider"] = program
    text = header.message.removeprefix(tag).removeprefix(":").strip()
    data = header.structured_data or ""
    if (found := _DATA.search(data) or _DATA.match(text)) is not None:
        _keys(found["pairs"].rstrip("]"), fields, options)
    if not tag:
        _daemon(replace(header, program=program), fields)
        return fields
    fields["event.action"] = fields["juniper.srx.tag"] = tag
    for words, categories, types, outcome in _MEANING:
        if words.search(tag):
            fields["event.category"], fields["event.type"] = categories.split(" "), types.split(" ")
            if outcome:
                fields["event.outcome"] = outcome
            break
    if _ALERTS.search(tag):
        fields["event.kind"] = "alert"
    if found is None:
        _text(text, fields, options)
    return fields


def _keys(text: str, fields: Fields, options: Options) -> None:
    values, doubtful = firsts_and_doubts(pairs(text))
    sure = {key: value for key, value in values.items() if key not in doubtful and value.strip() not in _NOTHING}
    put_all(fields, sure, _TABLE, options.zone)
    if (lasted := sure.get("elapsed-time", "")).isdecimal() and len(lasted) < 10:
        fields["event.duration"] = int(lasted) * 1_000_000_000
    if (action := sure.get("action", "").lower()) in {"drop", "close", "block", "blocked"}:
        fields["juniper.srx.verdict"] = action
    keep(fields, "juniper.srx.", ((key.replace("-", "_"), value) for key, value in sure.items()))


def _text(text: str, fields: Fields, options: Options) -> None:
    """Read what messages without structured data say."""
    if text:
        fields["event.reason"] = text
    if (found := _SESSION.match(text)) is not None:
        _session(found, fields)
    elif (found := _FAILED.fullmatch(text)) is not None and is_ip(found["ip"]):
        fields["user.name"], fields["source.ip"] = found["user"], found["ip"]
    elif (found := _LOGGED.fullmatch(text)) is not None:
        fields["user.name"] = found["user"]
        put(fields, "source.address", found["host"], options.zone)
    elif (found := _USER.match(text)) is not None:
        fields["user.name"] = found["user"]
        _operator(text, text[found.end() :][:512], fields, options)


def _session(found: re.Match[str], fields: Fields) -> None:
    for side in ("source", "destination"):
        for part, name in (("", ""), ("nat_", ".nat")):
            if (address := found[part + side]) and is_ip(address):
                fields[f"{side}{name}.ip"] = address
                put_port(fields, f"{side}{name}.port", found[f"{part}{side}_port"])
    if found["reason"]:
        fields["event.reason"] = found["reason"]


def _operator(text: str, rest: str, fields: Fields, options: Options) -> None:
    """Read what an operator did behind the name: the class, whence, the command."""
    if (found := _COMMAND.fullmatch(text)) is not None:
        fields["process.command_line"] = found["command"]
        return
    if (role := _CLASS.search(rest)) is not None:
        fields["user.roles"] = role["role"]
    if (ends := _SSH.search(rest)) is not None:
        for side in ("source", "destination"):
            put(fields, f"{side}.ip", ends[side], options.zone)
            put_port(fields, f"{side}.port", ends[f"{side}_port"])
    if (mode := _MODE.search(rest)) is not None:
        fields["juniper.srx.client_mode"] = mode["mode"]


def _daemon(header: Header, fields: Fields) -> None:
    """Read what daemons say without a name of Junos: sshd, cron and their like."""
    text = header.message
    fields["event.reason"] = text
    if header.program == "cron" and (job := _JOB.fullmatch(text)) is not None:
        fields |= {"event.action": job["verb"], "event.category": ["process"], "process.user.name": job["user"]}
        if job["verb"] == "CMD":
            fields["process.command_line"] = job["text"].strip()
        elif (status := _STATUS.search(job["text"][:1024])) is not None:
            fields["error.code"] = status["code"]
        return
    fields["process.name"] = header.program or ""
    if not read_message(replace(header, pid=None), fields):
        word, mark, _ = text.partition(": ")
        if mark and re.fullmatch(r"[A-Za-z]\w{1,63}", word, re.ASCII):
            fields["event.action"] = word


SOURCE = LineSource(
    name="juniper_srx",
    aliases=("juniper", "junos", "srx", "juniper_srx.log"),
    title="Juniper SRX and Junos: flows, attacks, log-ins, commands",
    datasets=("juniper_srx.log",),
    own=_own,
    read=_read,
    weight=97,
)
