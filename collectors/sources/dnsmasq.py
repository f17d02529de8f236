"""dnsmasq: queries, answers, forwards and blocked names of the resolver (also Pi-hole's), and its DHCP server's leases.

Format: `dnsmasq(8)`, options `--log-queries[=extra]` and `--log-dhcp`; `src/cache.c`, `src/log.c` and `src/rfc2131.c`
of dnsmasq (https://thekelleys.org.uk/dnsmasq/): `query[A] name from 192.0.2.9`, `reply name is 192.0.2.1`, with `extra`
a serial number and the client's address and port in front.
"""

from __future__ import annotations

import re

from collectors.dns.question import RESPONSE_CODES, answer, ask
from collectors.network.values import mac_of, put_port
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_IP = r"[0-9A-Fa-f.:]{2,45}(?:%\w{1,16})?"
_EXTRA = re.compile(rf"(?:(?P<serial>\d{{1,10}}) (?P<ip>{_IP})/(?P<port>\d{{1,5}}) )?", re.ASCII)
_QUERY = re.compile(
    rf"(?P<kind>query|auth|dnssec-query|dnssec-retry)\[(?P<type>[\w\-=]{{1,24}})\] "
    rf"(?P<name>\S{{1,1100}}) (?:from|to) (?P<ip>{_IP})"
)
_FORWARD = re.compile(
    rf"(?P<kind>forwarded|retried|nameserver) (?P<name>\S{{1,1100}})(?: to (?P<ip>{_IP})(?:#(?P<port>\d{{1,5}}))?)?"
)
_REPLY = re.compile(
    r"(?P<kind>reply|cached|cached-stale|config|DHCP|validation|special|ipset add|nftset add|"
    r"Apple iCloud Private Relay domain"
    r"|Mozilla DoH domain|exactly denied|regex denied|exactly blacklisted|regex blacklisted|"
    r"gravity blocked|rate-limited"
    r"|domain|/\S{1,255}) (?P<name>\S{1,1100}) is (?P<data>\S{1,1100}(?: [A-Za-z<>()\-]{1,64})?)"
)
_REBIND = re.compile(r"possible DNS-rebind attack detected: (?P<name>\S{1,1100})")
_DHCP = re.compile(
    r"(?P<serial>\d{1,10} )?(?P<verb>(?:DHCP[A-Z]{3,16}|BOOTP|RTR-ADVERT|RTR-SOLICIT|SLAAC-CONFIRM))"
    r"\((?P<interface>\S{1,32})\)(?P<rest>.*)",
    re.ASCII | re.DOTALL,
)
_DATA_CODE = re.compile(r"(?P<code>NXDOMAIN|SERVFAIL|REFUSED|NOTIMP|FORMERR|NODATA(?:-IPv[46])?)\b")
_BLOCKED = (
    "gravity blocked",
    "exactly denied",
    "regex denied",
    "exactly blacklisted",
    "regex blacklisted",
    "rate-limited",
)
_OTHER = re.compile(
    r"started, version |compile time options|using nameserver |reading /|read /|exiting on receipt|cleared cache|"
    r"nameserver \S{1,64} refused|Maximum number of concurrent DNS queries|cache size |"
    r"queries forwarded|DNSSEC validation|"
    r"DHCP, |DNS service |no servers found|using (?:only )?(?:local|standard|\d{1,4} more)|server \S{1,64}: queries|"
    r"time \d{9,11}|pool memory|child |duplicate|ignoring |not giving name |failed to |bad |"
    r"TFTP|sent |error |IPv6 router|"
    r"available DHCP (?:range|subnet)|vendor class|client provides name|tags:|requested options|next server|sent size|"
    r"read \S{1,255} - \d|unsupported|setting |listening on |warning|reducing|script |inotify|overflow|BOOTP|RTR-"
)
_PROGRAM = re.compile(r"dnsmasq(?:-dhcp|-tftp|-script)?|pihole-FTL", re.IGNORECASE)
_TAGGED = re.compile(r"\b(?:dnsmasq(?:-dhcp|-tftp|-script)?|pihole-FTL)\[\d{1,10}\]: ")


def _message(line: str) -> bool:
    start = _start(line)
    if any(pattern.match(line, start) is not None for pattern in (_QUERY, _REBIND, _DHCP)):
        return True
    return _REPLY.match(line, start) is not None and line.startswith(("reply", "cached", "config"), start)


def _start(text: str) -> int:
    found = _EXTRA.match(text)
    return found.end() if found is not None else 0


def _own(line: str) -> bool:
    return _TAGGED.search(line, 0, 400) is not None or _message(line)


def _read(line: str, options: Options) -> Fields:
    header = headed(line, options, _message)
    text = header.message
    program = header.program or ""
    dhcp = _DHCP.match(text)
    fields = begun("dnsmasq.log", header, options)
    fields["message"], fields["event.type"] = text, ["info"]
    if dhcp is not None:
        _lease(dhcp, fields)
        return fields
    if not _PROGRAM.match(program) and not _message(text):
        raise MalformedRecordError("no message of dnsmasq: it is not from dnsmasq, and its words are unknown")
    extra = _EXTRA.match(text)
    start = extra.end() if extra is not None else 0
    if extra is not None and extra["ip"] and is_ip(extra["ip"].partition("%")[0]):
        fields["source.ip"] = extra["ip"].partition("%")[0]
        put_port(fields, "source.port", extra["port"])
        fields["dnsmasq.serial"] = int(extra["serial"])
    if _resolver(text, start, fields):
        fields["network.protocol"] = "dns"
    elif not _OTHER.match(text, start) and "fail" in text.lower():
        fields["event.outcome"] = "failure"
    return fields


def _resolver(text: str, start: int, fields: Fields) -> bool:
    if (found := _QUERY.match(text, start)) is not None:
        _query(found, fields)
    elif (found := _REPLY.match(text, start)) is not None:
        _reply(found, fields)
    elif (found := _FORWARD.match(text, start)) is not None and found["ip"]:
        ask(fields, found["name"])
        fields["dns.type"], fields["event.action"], fields["event.type"] = "query", found["kind"], ["protocol"]
        if is_ip(found["ip"]):
            fields["destination.ip"] = found["ip"]
            put_port(fields, "destination.port", found["port"] or "53")
    elif (found := _REBIND.search(text, start)) is not None:
        ask(fields, found["name"])
        fields["event.kind"], fields["event.category"] = "alert", ["network", "intrusion_detection"]
        fields["event.action"], fields["event.type"], fields["event.reason"] = "dns-rebind", ["denied"], found[0]
        fields["dns.type"] = "answer"
    else:
        return False
    return True


def _query(found: re.Match[str], fields: Fields) -> None:
    ask(fields, found["name"], found["type"].removeprefix("type="), "IN")
    fields["dns.type"], fields["event.action"], fields["event.type"] = "query", found["kind"], ["protocol"]
    address = found["ip"].partition("%")[0]
    if is_ip(address):
        fields["destination.ip" if found["kind"].startswith("dnssec") else "source.ip"] = address


def _reply(found: re.Match[str], fields: Fields) -> None:
    kind, data = found["kind"], found["data"]
    ask(fields, found["name"])
    fields["dns.type"], fields["event.action"], fields["event.type"] = "answer", kind.replace(" ", "-"), ["protocol"]
    if kind.startswith("/"):
        fields["event.action"], fields["file.path"] = "hosts-file", kind
    if kind in _BLOCKED:
        fields["event.type"], fields["event.outcome"] = ["protocol", "denied"], "failure"
    if (code := _DATA_CODE.match(data)) is not None:
        name = "NOERROR" if code["code"].startswith("NODATA") else code["code"]
        fields["dns.response_code"] = name
        fields["event.outcome"] = "success" if name in {"NOERROR", "NXDOMAIN"} else "failure"
        return
    bare = data.partition(" ")[0]
    if bare.startswith("<CNAME>"):
        answer(fields, name=found["name"], record_type="CNAME", data="")
    elif is_ip(bare):
        answer(fields, name=found["name"], record_type="AAAA" if ":" in bare else "A", data=bare)
    elif bare not in {"<HTTPS>", "duplicate", "<SRV>", "<MX>", "<TXT>", "<SIG>", "<NAPTR>"} and kind != "validation":
        answer(fields, name=found["name"], record_type="", data=bare)
    fields.setdefault("dns.response_code", RESPONSE_CODES[0])


def _lease(found: re.Match[str], fields: Fields) -> None:
    """Read a lease's message: `DHCPACK(eth0) 192.0.2.9 00:00:5e:00:53:01 name`, parts in any order."""
    fields["network.protocol"], fields["event.action"] = "dhcp", found["verb"]
    fields["event.type"] = ["connection", "protocol"]
    fields["observer.ingress.interface.name"] = found["interface"]
    words = found["rest"].split()
    rest: list[str] = []
    for at, word in enumerate(words):
        if at < 4 and "source.ip" not in fields and is_ip(word):
            fields["source.ip"] = word
        elif at < 4 and "source.mac" not in fields and (mac := mac_of(word)):
            fields["source.mac"] = mac
        else:
            rest.append(word)
    said = " ".join(rest)
    denied = found["verb"] in {"DHCPNAK", "DHCPDECLINE"} or said.startswith(("no address", "ignored"))
    if len(rest) == 1 and not denied:
        fields["source.domain"] = rest[0]
    elif said:
        fields["event.reason"] = said
    fields["event.outcome"] = "failure" if denied else "success"
    if denied:
        fields["event.type"] = ["connection", "protocol", "denied"]


SOURCE = LineSource(
    name="dnsmasq",
    aliases=("dnsmasq.log", "pihole", "pi-hole"),
    title="dnsmasq and Pi-hole: DNS queries and answers, DHCP leases",
    datasets=("dnsmasq.log",),
    own=_own,
    read=_read,
    weight=95,
)
