"""What a message of ASA or FTD says in its usual phrases, where no template knows the message.

Cisco words its some two thousand messages alike: `from <end> to <end>`, `src <end> dst <end>`, `Group <..> User <..>
IP <..>`, `on interface <name>`. Each pattern begins with its phrase and is bounded, so that a search is linear.
"""

from __future__ import annotations

import re

_WORD = r"[^\s,;<>\"'()=]{1,255}"


def _end(name: str) -> str:
    """Return the pattern of one end: `inside:192.0.2.1/443`, `192.0.2.1/443`, `inside/192.0.2.1(443)`."""
    return (
        rf"(?:(?![0-9A-Fa-f]{{1,4}}:)(?P<{name}_if>[^\s/:()<>,;=]{{1,64}})[:/](?=[0-9A-Fa-f]{{0,4}}[.:]|\d))?"
        rf"(?P<{name}>\d{{1,3}}(?:\.\d{{1,3}}){{3}}|(?=[0-9A-Fa-f.]{{0,4}}:)[0-9A-Fa-f:.]{{2,45}}(?<![:.]))"
        rf"(?:/(?P<{name}_port>\d{{1,5}})|\((?P<{name}_port_paren>\d{{1,5}})\))?"
    )


_PHRASES = tuple(
    re.compile(text, re.IGNORECASE | re.ASCII)
    for text in (
        rf"\b(?:from|src|for)\s{_end('src')}(?P<between>[^:\n]{{0,100}}?)\s(?:to|dst|dest|->)\s{_end('dst')}",
        rf"\b(?:source|src)(?: ip)?\s?[=:]?\s{_end('src')}",
        rf"\b(?:destination|dest|dst|to)(?: ip)?\s?[=:]?\s{_end('dst')}",
        rf"\bfrom(?: host| client| peer)?\s{_end('src')}",
        rf"\b(?:remote |peer |client |user )?ip\s?(?:[=:]\s?|<|address:?\s|\s){_end('src')}",
        r"\bGroup(?:Policy|-policy)?\s?(?:=\s?|<)(?P<group>[^<>,\s]{1,256})",
        rf"\b(?:User(?:name)?|Uname)\s?(?:[=:]\s?|<|'|\")(?P<user>{_WORD})",
        r"\b(?:on|at) interface (?P<src_if_named>[\w.\-]{1,64})",
        r"\bon (?P<src_if_named>[\w.\-]{1,64}) interface\b",
        r"\b(?P<proto>TCP|UDP|ICMP|ICMPv6|IGMP|GRE|ESP|SCTP|OSPF|EIGRP)\b",
        r"\baccess-(?:list|group) \"?(?P<acl>[^\s\"]{1,256})",
        r"\bserial number: (?P<x509_serial>[0-9A-Fa-f]{1,128})\b",
        r"\bsubject name: (?P<x509_subject>[^:]{1,1024}?)(?=, issuer|\.?$)",
        r"\bissuer[ _]name: (?P<x509_issuer>.{1,1024}?)(?=\.?$)",
        r"\breason\s?[=:]\s?(?P<reason>\S.{0,1023})",
    )
)
_RENAMED = {"src_if_named": "src_if", "src_port_paren": "src_port", "dst_port_paren": "dst_port"}
_LONGEST = 4096


def phrases(text: str) -> dict[str, str]:
    """Return the fields that the phrases of a message name; what is said first counts."""
    result: dict[str, str] = {}
    for pattern in _PHRASES:
        if (found := pattern.search(text, 0, _LONGEST)) is None:
            continue
        for name, value in found.groupdict().items():
            if value and not ("_port" in name and int(value) > 65535):
                result.setdefault(_RENAMED.get(name, name), value)
    result.pop("between", None)
    if not result.keys() & {"src", "dst"}:
        result.pop("proto", None)  # a protocol of routing that is spoken of, not one between two ends
    return result
