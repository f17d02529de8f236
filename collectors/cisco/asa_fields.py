"""From a message of ASA or FTD to ECS fields: ends, translations, users, durations, and the vendor's own."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

from collectors.cisco.asa_messages import BARE, FAMILIES, TEMPLATES
from collectors.cisco.asa_phrases import phrases
from collectors.cisco.asa_templates import pattern_of
from collectors.network.protocols import transport_fields
from collectors.network.tls import put_tls
from collectors.network.values import mac_of, put, split_account
from collectors.source import Options
from collectors.web.address import is_ip
from engine.events import Fields, moved

_DURATION = re.compile(r"(?:(?P<hours>\d{1,6})[h:]{1,2})?(?P<minutes>\d{1,2})[m:]{1,2}(?P<seconds>\d{1,2})s?", re.ASCII)
_NAT_OF = {"src": "source", "dst": "destination"}
_ROOT_USERS = ("acl_user", "tunnel_user", "logged_out")
_PLAIN = {
    "acl": ("cisco.asa.rule_name",),
    "reason": ("event.reason",),
    "rest": ("event.reason",),
    "command": ("cisco.asa.command_line_arguments",),
    "file": ("file.path",),
    "url": ("url.original",),
    "application": ("network.application",),
    "process": ("process.name",),
    "pid": ("process.pid",),
    "icmp_type": ("cisco.asa.icmp_type",),
    "icmp_code": ("cisco.asa.icmp_code",),
    "id": ("cisco.asa.connection_id",),
    "flags": ("cisco.asa.tcp_flags",),
    "session_type": ("cisco.asa.session_type",),
    "assigned": ("cisco.asa.assigned_ip",),
    "client_type": ("cisco.asa.client_type", "user_agent.original"),
    "listed": ("server.domain",),
    "threat_level": ("cisco.asa.threat_level",),
    "threat_category": ("cisco.asa.threat_category",),
    "list": ("cisco.asa.list_id",),
    "object": ("cisco.asa.burst.object",),
    "x509_serial": ("tls.client.x509.serial_number",),
    "x509_subject": ("tls.client.x509.subject.distinguished_name",),
    "x509_issuer": ("tls.client.x509.issuer.distinguished_name",),
    "spi": ("cisco.asa.spi",),
    "sa_kind": ("cisco.asa.tunnel_type",),
    "privilege": ("cisco.asa.privilege.new",),
    "before": ("cisco.asa.privilege.old",),
    "after": ("cisco.asa.privilege.new",),
    "sent": ("source.bytes",),
    "received": ("destination.bytes",),
    "bytes": ("network.bytes",),
    "aaa": ("cisco.asa.aaa_type",),
    "src_mac": ("source.mac",),
    "dst_mac": ("destination.mac",),
    "query": ("dns.question.name",),
    "tls_cipher": ("tls.cipher",),
    "last_user": ("cisco.asa.connection_user",),
    "ended_by": ("cisco.asa.termination_initiator",),
    "ended_user": ("cisco.asa.termination_user",),
    "payload": ("cisco.asa.original_payload",),
}
_INNER = re.compile(
    r"""(?P<proto>[\w\-]{1,16})\ src\ (?P<src>[^\s/]{1,64})(?:/(?P<src_port>\d{1,5}))?
    \ dst\ (?P<dst>[^\s/]{1,64})(?:/(?P<dst_port>\d{1,5}))?""",
    re.VERBOSE | re.ASCII,
)
_PORT = re.compile(r"\d{1,6}", re.ASCII)  # as it is written: a number that is no port stays to be seen
_TAG = re.compile(r"\s?\d{1,6}(?::[\w\-]{1,64})?", re.ASCII)
_ENDED = re.compile(  # why a connection ended, at which interface, and whose it was
    r"(?P<rest>[^()]*?)(?:(?:^|\s)from (?P<ended_by>[^\s()]{1,64}))?(?:\s?\((?P<ended_user>[^()]{1,256})\))?"
)
_TEARDOWNS = frozenset(("302014", "302016", "302018", "302036", "302304", "302306"))
_ICMP = frozenset(("302020", "302021", "302026", "302027"))
_IKE_FAMILY = ("713", "714", "715", "750", "751")

Groups = dict[str, str]


def match_message(code: str | None, text: str) -> Groups:
    """Return the fields of a message by name: of its template, or of its phrases where none is known for its id."""
    text = text.replace("NP Identity Ifc:", "NP_Identity_Ifc:", 2)
    templates = BARE if code is None else TEMPLATES.get(code) or FAMILIES.get(code[:3], ())
    for template in templates:
        found = pattern_of(template).match(text)
        if found is not None:
            return {name: value.strip() for name, value in found.groupdict().items() if value}
    return {} if code is None else phrases(text)


def message_fields(code: str | None, groups: Groups, options: Options) -> Fields:
    """Return the fields of a matched message."""
    fields: Fields = {}
    if "faddr" in groups:
        groups = _icmp_ends(code, groups)
    if "payload" in groups:
        groups = _flow_of_error(groups)
    if code in {"302013", "302015", "302017"} and groups.get("dir", "").lower() == "outbound":
        groups = _swapped(groups)
    if code in _TEARDOWNS and (ended := _ENDED.fullmatch(groups.get("rest", ""))) is not None:
        groups = {name: value for name, value in groups.items() if name != "rest"}
        groups |= {name: value for name, value in ended.groupdict().items() if value}
    for end, side in _NAT_OF.items():
        _end(groups, end, side, fields)
    _protocol(code, groups, fields)
    for name, targets in _PLAIN.items():
        if name in groups:
            for target in targets:
                put(fields, target, groups[name].rstrip('.,"') if name == "reason" else groups[name], options.zone)
    _users(code, groups, fields)
    _specials(groups, fields)
    _by_code(code, fields)
    return fields


def add_duration(groups: Groups, fields: Fields) -> None:
    """Set `event.duration` (nanoseconds), `event.end` and `event.start` of a message that names a duration."""
    found = _DURATION.fullmatch(groups.get("duration", ""))
    if found is None:
        return
    seconds = int(found["hours"] or 0) * 3600 + int(found["minutes"]) * 60 + int(found["seconds"])
    fields["event.duration"] = seconds * 1_000_000_000
    end = fields.get("@timestamp")
    if isinstance(end, datetime):
        fields["event.end"] = end
        fields["event.start"] = moved(end, -timedelta(seconds=seconds))


def _swapped(groups: Groups) -> Groups:
    """Exchange the ends: an outbound connection is written `for outside to inside`, and the inside began it."""

    def other(name: str) -> str:
        if name.startswith("src"):
            return "dst" + name[3:]
        return "src" + name[3:] if name.startswith("dst") else name

    return {other(name): value for name, value in groups.items()}


def _icmp_ends(code: str | None, groups: Groups) -> Groups:
    """Name the ends of an ICMP flow: the local address asks, unless the flow is inbound from the foreign address.

    Elastic's integration takes the local one for the source even then; the foreign one is who began it.
    """
    inbound = code != "302021" and groups.get("dir", "").lower() == "inbound"
    foreign, local = ("src", "dst") if inbound else ("dst", "src")
    result = {name: value for name, value in groups.items() if not name.startswith(("faddr", "laddr", "gaddr"))}
    for name, value in groups.items():
        if name.startswith("faddr"):
            result[foreign + name[5:]] = value
        elif name.startswith("laddr"):
            result[local + name[5:]] = value
    if "last_user" in groups:
        result.setdefault(f"{local}_account", groups["last_user"])
    if "gaddr" in groups and groups["gaddr"] != groups.get("laddr"):
        result[f"{local}_nat"] = groups["gaddr"]
    return result


def _flow_of_error(groups: Groups) -> Groups:
    """Name the ends of the flow that an ICMP error is about, so that addresses, ports and interfaces belong together.

    The error goes back to where the flow came from: its ends are exchanged, and the flow has a protocol of its own. An
    error about a flow that went its own way keeps its protocol.
    """
    inner = _INNER.search(groups["payload"])
    ends = {end: inner[end].rstrip(".") for end in _NAT_OF} if inner is not None else {}
    if inner is None or not all(map(is_ip, ends.values())):
        return groups
    if ends["src"] != _place(groups["src"])[1]:
        groups = _swapped(groups) | {"proto": inner["proto"]}
    result = dict(groups)
    for end, address in ends.items():
        interface = _place(groups[end])[0]
        result[end] = f"{interface}:{address}" if interface else address
        result.pop(f"{end}_port", None)
        if port := inner[f"{end}_port"]:
            result[f"{end}_port"] = port
    return result


def _end(groups: Groups, end: str, side: str, fields: Fields) -> None:
    place = groups.get(end)
    if place is None:
        return
    interface, address = _place(place)
    interface = groups.get(f"{end}_if") or interface
    fields[f"{side}.{'ip' if is_ip(address) else 'domain'}"] = address
    port = groups.get(f"{end}_port", "")
    if _PORT.fullmatch(port):
        fields[f"{side}.port"] = int(port)
    elif port and not port.isdecimal():
        fields["network.protocol"] = port.lower()
    if interface:
        fields[f"cisco.asa.{side}_interface"] = interface
        fields["observer.ingress.interface.name" if end == "src" else "observer.egress.interface.name"] = interface
    _nat(groups, end, side, fields)


def _nat(groups: Groups, end: str, side: str, fields: Fields) -> None:
    """Set what the end was translated to, where that is another address or port."""
    address, port = groups.get(f"{end}_nat"), groups.get(f"{end}_nat_port", "")
    if address is None or not is_ip(address):
        return
    fields[f"cisco.asa.mapped_{side}_ip"] = address
    if address != fields.get(f"{side}.ip"):
        fields[f"{side}.nat.ip"] = address
    if _PORT.fullmatch(port):
        fields[f"cisco.asa.mapped_{side}_port"] = int(port)
        if int(port) != fields.get(f"{side}.port"):
            fields[f"{side}.nat.port"] = int(port)


@lru_cache(maxsize=16384)
def _place(text: str) -> tuple[str | None, str]:
    """Divide `inside:192.0.2.1` into the interface and the address; an IPv6 address alone has no interface.

    A full stop behind them ends the message's sentence.
    """
    text = text.rstrip(".") or text
    if is_ip(text) or ":" not in text:
        return None, text
    interface, _, address = text.partition(":")
    return interface, address or text


def _protocol(code: str | None, groups: Groups, fields: Fields) -> None:
    if code in _ICMP or (code == "110003" and groups.get("proto", "").lower() == "icmp"):
        fields.update(transport_fields("icmp"))
        for side in ("source", "destination"):
            fields.pop(f"{side}.port", None)
        return
    channel = groups.get("sip_kind", "").rpartition(" ")[2]  # `SIGNALLING UDP`, but also `RTP` and `Route`
    name = groups.get("proto") or groups.get("tunnel_proto") or (channel if channel in {"TCP", "UDP"} else "")
    if name and name.upper() != "IP":
        fields.update(transport_fields(name))


def _users(code: str | None, groups: Groups, fields: Fields) -> None:
    if "actor" in groups:
        fields["server.user.name"] = fields["user.name"] = groups["actor"]
    if "client_user" in groups:
        fields["client.user.name"] = groups["client_user"]
    for group in _ROOT_USERS:
        if group in groups:
            _account("user", groups[group], fields)
    _end_users(groups, fields)
    if code == "302020" and "source.user.name" in fields:  # who began the flow
        _account("user", groups.get("src_user") or groups.get("src_account", ""), fields)
    user = groups.get("user") or groups.get("dap_user")
    if user and user != "N/A":
        _account("user", user, fields)
        if not (code or "").startswith(_IKE_FAMILY):
            _account("source.user", user, fields)
    group_name = groups.get("group")
    if group_name and not (code or "").startswith(_IKE_FAMILY):
        fields["source.user.group.name"] = group_name


def _end_users(groups: Groups, fields: Fields) -> None:
    """Set the accounts that stand in brackets behind the ends, and the security group tags beside them."""
    for end, side in _NAT_OF.items():
        account = groups.get(f"{end}_nat_user", "") if end == "src" else ""
        account = account or groups.get(f"{end}_user") or groups.get(f"{end}_account", "")
        account, _, tag = account.partition(",")
        if _TAG.fullmatch(account):  # a security group tag alone, without a user
            account, tag = "", account
        if tag:
            fields[f"cisco.asa.{side}_user_security_group_tag"] = tag.strip()
        if account:
            _account(f"{side}.user", account, fields)


def _account(prefix: str, text: str, fields: Fields) -> None:
    """Set an account's name and domain; `LOCAL\\` only says that the firewall itself knows the user."""
    text = text.removeprefix("LOCAL\\")
    domain, name = split_account(text)
    if "@" in name.strip("@"):
        fields[f"{prefix}.email"] = name
        name, _, domain = name.partition("@")
    fields[f"{prefix}.name"] = name
    if domain is not None:
        fields[f"{prefix}.domain"] = domain


def _specials(groups: Groups, fields: Fields) -> None:
    tls = groups.get("tls_name", "")
    if not put_tls(tls, fields) and tls.upper() in {"TLS", "SSL", "DTLS"}:
        fields["tls.version_protocol"] = tls.lower()
    if "dir" in groups:
        fields["network.direction"] = groups["dir"].lower()
    if "vpn_end" in groups:
        end = groups["vpn_end"]
        fields[f"destination.{'ip' if is_ip(end) else 'domain'}"] = end
    if "command" in groups:
        fields["process.command_line"] = groups["command"]
    if "listed" in groups and not groups["listed"].partition("/")[0].replace(".", "").isdecimal():
        fields[f"{'source' if groups.get('which') == 'source' else 'destination'}.domain"] = groups["listed"]
    elif "listed" in groups:
        fields.pop("server.domain", None)
    if "acl" in groups:
        fields["rule.name"] = groups["acl"]
    if "mac" in groups and (mac := mac_of(groups["mac"])):
        fields.setdefault("source.mac", mac)
    subject = groups.get("x509_subject", "")
    common = re.search(r"CN=([^,]{1,256})", subject)
    if common is not None:
        fields["user.name"] = common[1]


def _by_code(code: str | None, fields: Fields) -> None:
    """Set what a message does not say because its id does."""
    if code == "106013":
        fields.update(transport_fields("icmp"))
        fields["network.direction"] = "inbound"
    elif code == "338301":
        for side, other in (("destination", "client"), ("source", "server")):
            for part in ("ip", "port"):
                if f"{side}.{part}" in fields:
                    fields[f"{other}.{part}"] = fields[f"{side}.{part}"]
