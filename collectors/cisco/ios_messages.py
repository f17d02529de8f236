"""What the texts of IOS messages say: who, from where, to where, which interface, VLAN and hardware address.

Texts: "Cisco IOS System Message Guide", "IOS XE System Message Reference". The same few phrases carry the facts in
nearly all of them (`by anna on vty0 (192.0.2.1)`, `[user: anna] [Source: 192.0.2.1]`), so they are looked for in every
message; access list hits (IPACCESSLOG*) have patterns of their own.
"""

from __future__ import annotations

import re

from collectors.network.protocols import transport_fields
from collectors.network.values import mac_of, put_port
from collectors.web.address import is_ip
from engine.events import Fields

_IP = r"[0-9A-Fa-f:.]{2,45}"
_MAC = r"(?P<mac>[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}|(?:[0-9A-Fa-f]{2}[:\-]){5}[0-9A-Fa-f]{2})"
# list NAME denied tcp 192.0.2.1(50000) [(Vlan1 0000.5e00.5301)] -> 198.51.100.1(22), 1 packet
_ACL = re.compile(
    rf"""list\ (?P<acl>\S{{1,255}})\ (?P<action>permitted|denied)\ (?:(?P<proto>[\w\-]{{1,20}})\ )?
    (?P<src>{_IP})(?:\((?P<src_port>\d{{1,6}})\))?\ ?(?:\((?P<src_if>[\w/.:\-]{{1,64}})?[ ]?
    (?P<mac>[0-9A-Fa-f.]{{14}})?\)\ )?(?P<bare_if>[A-Za-z][\w/.\-]{{1,63}}(?=->))?
    (?:->\ (?P<dst>{_IP})(?:\ ?\((?P<dst_port>\d{{1,6}})\))?(?:\ ?\((?P<type>\d{{1,3}})/(?P<code>\d{{1,3}})\))?)?
    (?:,?\ ?(?P<packets>\d{{1,12}})\ packets?)?""",
    re.VERBOSE | re.ASCII,
)
# Start tcp session: initiator (192.0.2.1:50000) [sent 10 bytes] -- responder (198.51.100.1:22) [sent 20 bytes]
_FLOW = re.compile(
    rf"""(?:Start|Stop)\ (?P<proto>[\w\-]{{1,20}})\ session:
    \ initiator\ \(\[?(?P<src>{_IP}?)\]?:(?P<src_port>\d{{1,6}})\)
    (?:\ sent\ (?P<src_bytes>\d{{1,19}})\ bytes)?\ --\ responder\ \(\[?(?P<dst>{_IP}?)\]?:(?P<dst_port>\d{{1,6}})\)
    (?:\ sent\ (?P<dst_bytes>\d{{1,19}})\ bytes)?""",
    re.VERBOSE | re.ASCII,
)
_DROPPED = re.compile(
    rf"""Dropping\ (?P<proto>[\w\-]{{1,20}})\ (?:session|pkt)\ (?:from\ (?P<src_if>\S{{1,64}})\ )?
    \[?(?P<src>{_IP}?)\]?:(?P<src_port>\d{{1,6}})\ (?:=>\ )?
    \[?(?P<dst>{_IP}?)\]?:(?P<dst_port>\d{{1,6}})(?=[\s,(]|$)""",
    re.VERBOSE | re.ASCII,
)
# No MD5 digest from 192.0.2.1(50000) to 198.51.100.1(179) tableid - 0
_DIGEST = re.compile(
    rf"""(?:No|Invalid)\ MD5\ digest\ from\ (?P<src>{_IP}?)
    (?:\((?P<src_port>\d{{1,6}})\)|:(?P<src_port_colon>\d{{1,6}}))
    \ to\ (?P<dst>{_IP}?)(?:\((?P<dst_port>\d{{1,6}})\)|:(?P<dst_port_colon>\d{{1,6}}))(?=\s|$)""",
    re.VERBOSE | re.ASCII,
)
_PROCESS = re.compile(r"(?:\S{1,64}: +){1,3}(?=list )|\(target:class\)-\(\S{1,128}\): ?(?=St)")
_ACL_V6 = re.compile(r"list (?P<acl>[^\s/]{1,255})/\d{1,10} (?=permitted|denied)")
_USERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\[user: ?(?P<user>.{0,256})\] \[Source: ",  # greedy: who is refused may have written the same into its name
        r"\[user: ?(?P<user>[^\]]{0,256})\]",
        r"^User:(?P<user>[^\s,]{1,256})",
        r"\bUser '(?P<user>[^']{1,256})'",
        r"for user '(?P<user>[^']{1,256})'",
        r"\bby user '?(?P<user>[^\s']{1,256})'?",
        r"user with username: (?P<user>\S{1,256})",
        r" (?:by|as) (?P<user>[^\s()]{1,256}) on \S{1,64}",
        r"PAM: .{1,80}? for (?:illegal user )?(?P<user>[^\s]{1,256}) from ",
        r"(?:^|\s)user[ =:]+(?!from|on|with|failed)(?P<user>[\w.@\-\\]{1,256})(?=[\s,;)]|$)",
        r"username[ =:]+'?(?P<user>[\w.@\-\\]{1,256})",
    )
)
_SOURCES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\[user: ?.{{0,256}}\] \[Source: ?(?P<ip>{_IP})\]",
        rf"\[Source: ?(?P<ip>{_IP})\]",
        rf" (?:on|by) \S{{1,32}} \((?P<ip>{_IP})\)",
        rf" on (?P<ip>{_IP})@\w",  # NX-OS
        (
            r"(?:from|From|peer(?: at)?|client|host IP|req from host|[nN]eighbor|Nbr|source) \(?(?:host )?"
            rf"(?P<ip>(?:\d{{1,3}}\.){{3}}\d{{1,3}}|{_IP}:[0-9A-Fa-f:.]{{1,40}})(?::(?P<port>\d{{1,6}}))?(?=[\s,;)\].]|$)"
        ),
        rf"(?:address|entry:) (?P<ip>{_IP})(?=[\s,;.]|$)",
        rf"\(IP ?= ?(?P<ip>{_IP})\)",
        rf"\btty (?:session )?\d{{1,4}} ?\((?P<ip>{_IP})\)",
        rf"\bsrcaddr=(?P<ip>{_IP})(?=[\s,]|$)",
        rf"\(\[{_MAC}/(?P<ip>{_IP})/",
    )
)
_TARGETS = (
    re.compile(rf"(?:Logging to host|[Tt]o host) (?P<ip>{_IP}) [Pp]ort:? ?(?P<port>\d{{1,6}})"),
    re.compile(rf"\bdestaddr=(?P<ip>{_IP})(?=[\s,]|$)"),
    re.compile(rf"\(\[{_MAC}/{_IP}/[0-9A-Fa-f.]{{14}}/(?P<ip>{_IP})/"),
    re.compile(rf"server (?P<ip>{_IP})(?::(?P<port>\d{{1,6}}))?"),
)
_HARDWARE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:client|host|mac address|sourced by|hw:|address|mac|mac sa:|from) \(?{_MAC}",
        rf"\(\[{_MAC}/",
        rf"\({_MAC}\)",
    )
)
_READ = 8192  # characters that are looked at for facts; the message itself is kept whole
_VLAN = re.compile(r"\bvlan ?(?P<vlan>\d{1,4})\b", re.IGNORECASE)
_COMMAND = re.compile(r"logged command: ?(?P<command>\S.*)", re.DOTALL)
_RESULT = re.compile(r"changed state to (?:administratively )?(?P<state>\w{1,24})")
_LOCAL_PORT = re.compile(r"\[localport: ?(?P<port>\d{1,6})\]")
_INTERFACE = re.compile(r"[Ii]nterface,? (?P<name>[A-Za-z][\w\-]{0,40}[\d/.:]{1,24})", re.ASCII)
_DAEMON = re.compile(r"(?:\S{1,40} ){0,3}?\S{1,16}/\d{1,3}: (?P<process>[\w\-]{2,64}): ")
_OVER = re.compile(r"for (?P<protocol>\w{2,20} over \w{2,20})")
_TARGET_USER = re.compile(r"^User (?P<target>\S{1,256}) failed attempts reset by (?P<user>\S{1,256})")


def text_fields(text: str) -> Fields:
    """Return what a message's text says."""
    fields: Fields = {}
    text = text[:_READ]
    if (process := _PROCESS.match(text)) is not None:  # `SIP0: fman_fp_image:  list ...`, of IOS XE
        text = text[process.end() :]
    if _access_list(text, fields) or _inspected(text, fields):
        return fields
    _user(text, fields)
    _ends(text, fields)
    for pattern in _HARDWARE:
        found = pattern.search(text)
        if found is not None and (mac := mac_of(found["mac"])):
            fields["source.mac"] = mac
            break
    for pattern, name, group in (
        (_VLAN, "network.vlan.id", "vlan"),
        (_COMMAND, "process.command_line", "command"),
        (_RESULT, "event.action", "state"),
        (_INTERFACE, "observer.ingress.interface.name", "name"),
        (_DAEMON, "process.name", "process"),
        (_OVER, "network.protocol", "protocol"),
    ):
        found = pattern.search(text)
        if found is not None:
            fields[name] = found[group].strip()
    return fields


def _access_list(text: str, fields: Fields) -> bool:
    found = _ACL.match(_ACL_V6.sub(r"list \g<acl> ", text, count=1))
    if found is None:
        return False
    allowed = found["action"] == "permitted"
    fields["event.action"] = "allow" if allowed else "deny"
    fields["cisco.ios.access_list"] = fields["rule.name"] = found["acl"]
    _pair(found, fields)
    if found["proto"] and found["proto"] != "0":  # 0 stands for any
        fields.update(transport_fields(found["proto"]))
    if found["packets"]:
        fields["source.packets"] = int(found["packets"])
    if found["type"]:
        fields["icmp.type"], fields["icmp.code"] = found["type"], found["code"]
    if interface := found["src_if"] or found["bare_if"]:
        fields["observer.ingress.interface.name"] = interface
    if found["mac"] and (mac := mac_of(found["mac"])):
        fields["source.mac"] = mac
    return True


def _inspected(text: str, fields: Fields) -> bool:
    """Read what the firewall of a router says of a session: both ends, and what each sent."""
    found = _FLOW.match(text) or _DROPPED.match(text) or _DIGEST.match(text)
    if found is None:
        return False
    _pair(found, fields)
    parts = found.groupdict()
    fields.update(transport_fields(parts.get("proto") or "tcp"))
    if parts.get("src_if"):
        fields["observer.ingress.interface.name"] = parts["src_if"]
    for side, group in (("source", "src_bytes"), ("destination", "dst_bytes")):
        if parts.get(group):
            fields[f"{side}.bytes"] = int(parts[group])
    return True


def _pair(found: re.Match[str], fields: Fields) -> None:
    for side, group in (("source", "src"), ("destination", "dst")):
        if found[group] and is_ip(found[group]):
            fields[f"{side}.ip"] = found[group]
        port = found[f"{group}_port"] or found.groupdict().get(f"{group}_port_colon")
        if port:
            fields[f"{side}.port"] = int(port)


def _user(text: str, fields: Fields) -> None:
    reset = _TARGET_USER.match(text)
    if reset is not None:
        fields["user.target.name"], fields["source.user.name"] = reset["target"], reset["user"]
        return
    for pattern in _USERS:
        found = pattern.search(text)
        if found is not None:
            if found["user"].strip():
                fields["user.name"] = found["user"].strip()
            return


def _ends(text: str, fields: Fields) -> None:
    for patterns, side in ((_SOURCES, "source"), (_TARGETS, "destination")):
        for pattern in patterns:
            found = pattern.search(text)
            address = found["ip"].rstrip(".:") if found is not None else ""
            if found is not None and is_ip(address):
                fields[f"{side}.ip"] = address
                put_port(fields, f"{side}.port", found.groupdict().get("port") or "")
                break
    local = _LOCAL_PORT.search(text)
    if local is not None:  # the device's own port, which was logged in to
        put_port(fields, "destination.port", local["port"])
