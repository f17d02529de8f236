"""From a message's template to a pattern: text is text, blanks stretch, and fields in braces match what they hold.

Every field matches a bounded class of characters that ends at what follows it, so that patterns are linear. Who was
refused may have written the message's own words into its name (`user_claimed`): the last of them are the device's.
"""

from __future__ import annotations

import re
from functools import cache

_PLACE = r"(?P<{0}>[^\s/()<>,;\"]{{1,255}})(?:/(?P<{0}_port>[\w\-]{{1,24}}))?(?:\((?P<{0}_user>[^()\s]{{1,256}})\))?"
_NAT = (
    r"(?:\s?\((?P<{0}_nat>[^\s/()]{{1,255}})(?:/(?P<{0}_nat_port>\d{{1,6}}))?\))?"
    r"(?:\s?\((?P<{0}_nat_user>[^()]{{1,256}})\))?"
)
_ACL_PLACE = (
    r"(?P<{0}_if>[^\s/]{{1,64}})/(?P<{0}>[^\s()]{{1,255}})\((?P<{0}_port>\d{{1,6}})\)"
    r"(?:\((?P<{0}_user>[^()]{{0,256}})\))?"
)
_WORD = r"(?P<{0}>[^\s,;<>\"']{{1,255}})"
_REST = r"(?P<{0}>\S.*)"
_COUNT = r"(?P<{0}>\d{{1,19}})"

_FIELDS = {
    "src_nat": _NAT.format("src"),
    "dst_nat": _NAT.format("dst"),
    "acl_src": _ACL_PLACE.format("src"),
    "acl_dst": _ACL_PLACE.format("dst"),
    "local_end": r"\s?(?P<src>\[?[^\s\]]{1,253}?\]?):(?P<src_port>\d{1,6})",
    "remote_end": r"\s?(?P<dst>\[?[^\s\]]{1,253}?\]?):(?P<dst_port>\d{1,6})",
    "src_word": r"(?P<src>[^\s,:;<>\"'()]{1,255}|[0-9A-Fa-f:.]{2,45})",
    "dst_word": r"(?P<dst>[^\s,:;<>\"'()]{1,255}|[0-9A-Fa-f:.]{2,45})",
    "url_host": r"(?P<dst>\[[0-9A-Fa-f:.]{2,45}\]|[^\s:/]{1,253})",
    "src_paren": r"(?P<src>[^\s()]{1,255})",
    "src_lost": r"(?P<src>[^\s/]{1,255})(?:/(?P<lost_src_port>\d{1,6}))?",
    "dst_lost": r"(?P<dst>[^\s/]{1,255})(?:/(?P<lost_dst_port>\d{1,6}))?",
    "proto_lost": r"(?P<lost_proto>[\w\-]{1,20})",
    "acl": r"\"?(?P<acl>[^\s\"]{1,256})\"?",
    "acl_paren": r"(?P<acl>[^()]{1,256})",
    "user": r"(?P<user>[^<>,']{0,256})",
    "group": r"(?P<group>[^<>,]{0,256})",
    "group_word": r"(?P<group>[^\s<>,]{1,256}?)(?=\.?(?:\s|$))",
    "user_word": r"(?P<user>[^\s<>,\"']{1,256}?)(?=\.?(?:\s|,|;|$))",
    "user_claimed": r"(?P<user>.{0,256})",
    "user_rest": r"(?P<user>[^\s:]{1,256})",
    "user_quoted": r"'?(?P<acl_user>[^\s']{1,256})'?",
    "user_dquoted": r"(?P<user>[^\"]{0,256})",
    "user_paren": r"(?P<tunnel_user>[^()]{0,256})",
    "peer": r"(?P<src>[^<>]{0,64})",
    "peer_bare": r"(?P<src>[^\s,]{1,64})",
    "vpn_end": r"(?P<vpn_end>[^\s,]{1,64})",
    "group_paren": r"(?P<group>[^()]{1,256})",
    "reason_from": r"(?P<reason>[^:]{1,512}?)",
    "reason_paren": r"(?P<reason>[^()]{1,256})",
    "foreign_end": r"foreign_address\s(?P<dst>[^\s/]{1,255})(?:/(?P<dst_port>\d{1,6}))?",
    "app_text": r"(?P<app_text>[\w ]{1,64}?)",
    "dst_mac": r"(?P<dst_mac>[0-9A-Fa-f.:\-]{12,17})",
    "src_at": r"(?P<src_if>[^\s:,]{1,64})",
    "dst_at": r"(?P<dst_if>[^\s:,]{1,64})",
    "actor": r"(?P<actor>[^']{0,256})",
    "src_account": r"(?!to\s)(?P<src_account>[^\s,]{1,256})",
    "dst_account": r"(?!duration\s)(?P<dst_account>[^\s,]{1,256})",
    "actor_word": r"(?P<actor>[^\s,]{1,256})",
    "client_user": r"(?P<client_user>[^\s,]{1,256})",
    "user_at": r"(?P<src_account>[^\s@]{1,256})",
    "url_user": r"(?P<url_user>[^\s@:/]{1,256})",
    "url_quoted": r"\"?(?P<url>[^\s\"][^\"]{0,8191})",
    "logged_out": r"(?P<logged_out>[^\s,]{1,256})",
    "dap_user": r"(?P<dap_user>[^\s,]{1,256})",
    "resumed": r"(?P<dst>[^<>]{0,64})",
    "tls_name": r"(?P<tls_name>[\w.]{1,16})",
    "last_user": r"(?P<last_user>[^()]{1,256})",
    "command_quoted": r"(?P<command>[^'].{0,8192}?)(?=')",
    "proto": r"(?P<proto>[A-Za-z0-9\-]{1,20})",
    "module_proto": r"(?P<module_proto>[A-Za-z0-9\-]{1,20})",
    "verdict": r"(?P<verdict>permitted|denied|est-allowed|dropped|monitored|discarded|requested)",
    "dir": r"(?P<dir>inbound|outbound)",
    "reason": _REST.format("reason"),
    "reason_colon": r"(?P<reason>[^:]{1,512}?)",
    "duration": r"(?P<duration>\d{1,6}:\d\d:\d\d)",
    "vpn_duration": r"(?P<duration>[\w:]{1,32})",
    "flags_rest": r"(?P<flags>[A-Z ]{2,64}?)",
    "flags": r"(?P<flags>[A-Z ]{2,64}?)",
    "assigned": r"(?P<assigned>[^<>]{0,64})",
    "assigned6": r"(?P<assigned6>[^<>]{0,64})",
    "ike_text": r"(?P<ike_text>[^.:]{1,200}?)\.?",
    "inner_stamp": r"[A-Z][a-z]{2}\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d",
    "inner_process": r"(?P<process>[^\s\[]{1,128})",
    "inner_pid": r"(?P<pid>\d{1,10})",
    "listing": r"(?P<listing>(?:black|white|grey)\s?listed)",
    "listed": r"(?P<listed>[^\s,]{1,255})",
    "threat_level": r"(?P<threat_level>[\w\-]{1,32})",
    "threat_category": r"(?P<threat_category>[^,]{1,128})",
    "sip_kind": r"(?P<sip_kind>[A-Z0-9a-z]{1,32}(?:\s[A-Za-z0-9]{1,32})?)",
    "module": r"(?P<module>[A-Za-z]{1,16})",
    "limit": r"(?P<limit>[A-Za-z\- ]{5,64}?)",
    "fragment": r"(?P<fragment>[^():]{1,128})",
    "x509_serial": r"(?P<x509_serial>[0-9A-Fa-f]{1,128})",
    "x509_subject": r"(?P<x509_subject>[^:]{1,1024}?)(?=, issuer_name:|\.?$)",
    "x509_issuer": r"(?P<x509_issuer>.{1,1024}?)(?=\.?$)",
    "ips_text": r"(?P<ips_text>[^:]{1,128}?)",
    "object": r"(?P<object>[^\]]{1,128})",
    "proxy_kind": r"(?P<proxy_kind>[\w\- ]{1,64}?)",
    "client_type": _REST.format("client_type"),
    "ordinal": r"(?P<ordinal>First|New|Second)",
    "tunnel_proto": r"(?P<tunnel_proto>TCP|UDP)",
    "aaa": r"(?P<aaa>[A-Za-z+]{2,20})",
    "nat_kind": r"(?P<nat_kind>[\w\-]{1,24})",
    "peer_role": r"(?P<peer_role>client|server)",
    "result": r"(?P<result>[\w\-]{1,32})",
    "verb": r"(?P<verb>[A-Za-z]{2,20})",
    "file": _REST.format("file"),
    "url": _REST.format("url"),
    "command": _REST.format("command"),
    "rest": _REST.format("rest"),
    "payload": _REST.format("payload"),
    "inner_text": _REST.format("inner_text"),
    "session_type": r"(?P<session_type>[^,]{1,64})",
    "src_mac": r"(?P<src_mac>[0-9A-Fa-f.:\-]{12,17})",
    "mac": r"(?P<mac>[0-9A-Fa-f.:\-]{12,17})",
    "device": r"(?P<device>[^()]{1,64})",
    "stack": _REST.format("stack"),
    "rest_from": r"(?P<matched>[^:]{1,256}?)",
    "rest_of": r"(?P<matched>[\w ]{1,32}?)",
}
_PLACES = {"src", "dst", "faddr", "gaddr", "laddr"}
_COUNTS = {"bytes", "sent", "received", "count", "icmp_type", "icmp_code", "mtu", "privilege", "before", "after"}
_PART = re.compile(r"\{(?P<name>\w+)\}|(?P<sign>\s?[:=]\s)|(?P<blank>\s+)|(?P<text>[^{\s]+?(?=[{\s]|[:=]\s|$))")


@cache
def pattern_of(template: str) -> re.Pattern[str]:
    """Return the pattern that a template stands for; it matches from a message's beginning."""
    parts: list[str] = []
    for found in _PART.finditer(template):
        if found["name"] is not None:
            parts.append(_field(found["name"]))
        elif found["sign"] is not None:
            parts.append(rf"\s*{found['sign'].strip()}\s*")
        elif found["blank"] is not None:
            parts.append(r"\s+")
        else:
            parts.append(re.escape(found["text"]))
    return re.compile("".join(parts), re.IGNORECASE | re.ASCII | re.DOTALL)


def _field(name: str) -> str:
    if name in _FIELDS:
        return _FIELDS[name]
    if name in _PLACES:
        return _PLACE.format(name)
    return (_COUNT if name in _COUNTS else _WORD).format(name)
