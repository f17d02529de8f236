"""EfficientIP SOLIDserver: DNS questions and answers, DHCP exchanges, DNS Guardian's triggers and lists.

Format: BIND's and dhcpd's messages (`collectors.dns.named`, `collectors.dhcp.dhcpd`) and those of SOLIDserver's own DNS
server: `query: name IN A (server)` without flags, `answer: name IN A (server) -> NOERROR 300 A 192.0.2.1 300 A ...`,
`List Matched ...: query: ... {lists} [tags]`, `ARMING trigger on <client> (action:QUARANTINE) (name)`. Who asks is the
`client`, who answers the `server`; another name server that talks of zones is the `source`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from collectors.dhcp.dhcpd import is_message as is_dhcp
from collectors.dhcp.dhcpd import is_other as is_dhcpd
from collectors.dhcp.dhcpd import read_message as read_dhcp
from collectors.dns.named import is_like, read_message
from collectors.dns.named import is_message as is_dns
from collectors.dns.question import answer, ask, header_flags, zone_parts
from collectors.framing import decode
from collectors.network.values import put_port
from collectors.sensors.addresses import known_ip
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from collectors.syslog import parse_header
from engine.errors import MalformedRecordError
from engine.events import Fields

_TYPES = (
    "A|AAAA|CNAME|HTTPS|SVCB|RRSIG|NS|MX|TXT|SOA|PTR|SRV|DS|DNSKEY|NSEC|NSEC3|CAA|NAPTR|DNAME|SPF|SSHFP|TLSA|LOC|"
    "HINFO|OPT|TYPE\\d{1,5}"
)
_WHO = r"(?P<ip>[0-9A-Fa-f.:]{2,45})(?:%\d{1,10})?\#(?P<port>\d{1,6})"
_TALK = re.compile(
    rf"""(?:client\ (?:@0x[0-9a-fA-F]{{1,16}}\ )?|(?P<list>List\ Matched)\ ){_WHO}(?:\ \([^)]{{0,1100}}\))?:\ +
    (?:view\ (?P<view>[^:\s]{{1,64}}):\ +)?(?P<what>query|answer):\ (?P<name>\S{{1,1100}})\ (?P<class>[A-Z0-9]{{1,16}})
    \ (?P<type>[A-Z0-9\-]{{1,16}})(?:\ (?P<flags>[+\-][A-Z0-9()]{{0,24}}))?\ \((?P<server>[0-9A-Fa-f.:]{{2,45}})\)
    (?:\ ->\ (?P<rcode>[A-Z0-9]{{1,16}})(?P<records>\ .*)?)?
    (?:\ \{{(?P<lists>[^}}]{{0,2048}})\}})?(?:\ \[(?P<tags>[^\]]{{0,2048}})\])?""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_RECORD = re.compile(rf"(?:^|(?<=\s))(?P<ttl>\d{{1,10}}) (?P<type>{_TYPES})(?=\s|$)", re.ASCII)
_TRIGGER = re.compile(
    r"""(?P<verb>ARMING|DISARMING|REARMING|TRIGGERED|UPDATING)\ trigger\ on\ (?P<who>\S{1,400})
    \ \(action:(?P<action>[A-Za-z_\-]{1,32})\)(?:\ \((?P<name>[^)]{0,256})\))?""",
    re.VERBOSE | re.ASCII,
)
_KEY = re.compile(r"(?P<ip>\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]{2,39})(?:\.(?P<rest>.{0,300}))?", re.ASCII)
_ZONE = re.compile(
    rf"zone (?P<zone>\S{{1,1100}}): (?:(?P<action>refused notify|notify) from "
    rf"(?:(?P<kind>[A-Za-z\-]{{1,32}}): )?{_WHO}(?::\s*(?P<rest>.*))?|(?P<reason>.*))",
    re.ASCII | re.DOTALL,
)
_UPDATE = re.compile(
    r"updating zone '(?P<zone>[^']{1,1100})': (?P<action>adding|deleting|update \w{1,32})\b ?(?P<rest>.*)", re.DOTALL
)
_DIFF = re.compile(r"dns_diff_apply: (?P<question>\S{1,1100}): (?P<reason>.*)", re.DOTALL)
_FAILED_RESOLVING = re.compile(r"(?P<why>[^']{1,96}?) resolving '")
_RECORDS = 64  # of an answer; a reply has few
_MOVED = ("ip", "port", "mac")


@dataclass(frozen=True, slots=True, kw_only=True)
class _EfficientIpSource(LineSource):
    """A `LineSource` whose log is also made of lines that BIND and dhcpd write: its own words among them tell it."""

    def recognise(self, head: bytes, filename: str) -> int:
        """Return the share of DNS and DHCP lines, where SOLIDserver's own are among them. See `Source`."""
        if any(_is_own(line) for line in decode(head).splitlines()[:60]):
            # A class with slots is made anew, which `super()` without arguments does not know.
            return LineSource.recognise(self, head, filename)
        return 0


def _is_own(line: str) -> bool:
    """Tell whether neither BIND nor dhcpd writes such a line."""
    head = line[:4096]
    talk = _TALK.search(head) if ": query: " in head or ": answer: " in head else None
    if talk is None:
        return _TRIGGER.search(head) is not None
    records = (talk["records"] or "").split(maxsplit=1)
    return bool(talk["list"] or not talk["flags"] or (records and records[0].isdecimal()))


def _ours(text: str) -> bool:
    return bool(
        is_dns(text)
        or is_dhcp(text)
        or is_dhcpd(text)
        or _TALK.match(text)
        or _TRIGGER.match(text)
        or _DIFF.match(text)
    )


def _own(line: str) -> bool:
    if _ours(line):
        return True
    header = parse_header(line, Options())
    return header.kind != "bare" and _ours(header.message)


def _read(line: str, options: Options) -> Fields:
    header = headed(line, options, _ours)
    text = header.message
    fields = begun("efficientip.log", header, options)
    fields["message"], fields["event.type"] = text, ["info"]
    fields["observer.vendor"], fields["observer.product"] = "EfficientIP", "SOLIDserver"
    if (talk := _TALK.match(text)) is not None:
        _talk(talk, fields)
    elif (trigger := _TRIGGER.match(text)) is not None:
        _trigger(trigger, fields)
    elif is_dhcp(text):
        _dhcp(text, fields)
    elif not _dns(text, fields) and not (is_dhcpd(text) or is_like(text) or header.kind != "bare"):
        raise MalformedRecordError("no line of SOLIDserver: neither DNS, DHCP nor a trigger, and no syslog header")
    return fields


def _talk(found: re.Match[str], fields: Fields) -> None:
    """Read a question, or an answer with its records."""
    _party(fields, "client", found)
    fields["network.protocol"], fields["event.action"] = "dns", found["what"]
    ask(fields, found["name"], found["type"], found["class"])
    flags = found["flags"] or ""
    names = [*(["RD"] if flags.startswith("+") else []), *(["CD"] if "C" in flags.partition("(")[0] else [])]
    names += ["CD"] if "C" in flags.partition(")")[2] else []
    if names := header_flags(names):
        fields["dns.header_flags"] = names
    fields["network.transport"] = "tcp" if "T" in flags else "udp"
    if known_ip(found["server"]):
        fields["server.ip"] = found["server"]
    fields["dns.type"] = "query"
    if found["rcode"] or found["what"] == "answer":
        fields["dns.type"] = "answer"
        if found["rcode"]:
            fields["dns.response_code"] = found["rcode"]
        _records((found["records"] or "").strip(), fields)
    for name, part in (("list_names", "lists"), ("tag_names", "tags")):
        if members := [word.strip() for word in (found[part] or "").split(",") if word.strip()]:
            fields[f"efficientip.{name}"] = members
    if found["list"]:
        fields["event.kind"], fields["event.action"] = "alert", "list-matched"


def _records(text: str, fields: Fields) -> None:
    """Add the records of an answer: `ttl type data ttl type data ...`, each with its name in front or without."""
    starts = list(_RECORD.finditer(text[:16384]))[: _RECORDS + 1]
    named = bool(text) and not text[:1].isdecimal()
    name = text[: starts[0].start()].strip() if starts and named else ""
    if not starts and named:  # cut off behind the name of its first record
        return
    for at, found in enumerate(starts[:_RECORDS]):
        words = text[found.end() : starts[at + 1].start() if at + 1 < len(starts) else len(text)].split()
        following = words.pop() if named and at + 1 < len(starts) and len(words) > 1 else ""
        data = " ".join(words)
        answer(fields, name=name, record_type=found["type"], data=data, ttl=int(found["ttl"]))
        name = following


def _trigger(found: re.Match[str], fields: Fields) -> None:
    """Read what DNS Guardian decided about a client; its key is the address and, parted by dots, what else it knows."""
    fields["event.action"] = found["action"].lower()
    fields["efficientip.guardian_action"] = found["verb"].lower()
    fields["efficientip.guardian_client"] = found["who"]
    if found["name"]:
        fields["efficientip.guardian_trigger_name"] = fields["rule.name"] = found["name"]
    if found["verb"] != "DISARMING":
        fields["event.kind"] = "alert"
    key = _KEY.match(found["who"])
    if key is not None and known_ip(key["ip"]):
        fields["client.ip"] = key["ip"]


def _dhcp(text: str, fields: Fields) -> None:
    read_dhcp(text, fields)
    _move(fields)
    fields["network.protocol"], fields["network.transport"] = "dhcp", "udp"
    fields["efficientip.dhcp.operation"] = str(fields["event.action"]).lower().removeprefix("dhcp")
    if isinstance(relay := fields.pop("dhcp.relay.ip", None), str):
        fields["efficientip.dhcp.interface.ip"] = relay
    if isinstance(name := fields.get("observer.ingress.interface.name"), str):
        fields["efficientip.dhcp.interface.name"] = name
    fields["event.type"] = ["denied", "info"] if fields.get("event.outcome") == "failure" else ["info"]


def _dns(text: str, fields: Fields) -> bool:
    """Read BIND's other messages; tell whether it is one."""
    known = read_message(text, fields)
    types = fields["event.type"]
    fields["event.type"] = ["denied", "info"] if isinstance(types, list) and "denied" in types else ["info"]
    fields["network.protocol"] = "dns"
    if "transfer of '" not in text:  # zones go over TCP, all else over UDP where no flag says otherwise
        fields.setdefault("network.transport", "udp")
    if text.startswith("client "):
        _move(fields)
    if (zone := _ZONE.match(text)) is not None:
        _zone(zone, fields)
    elif (update := _UPDATE.search(text)) is not None:
        fields["event.action"], fields["event.reason"] = update["action"], update["rest"]
        _zone_name(update["zone"], fields)
    elif (diff := _DIFF.match(text)) is not None:
        fields["event.reason"] = diff["reason"]
        _zone_name(diff["question"], fields)
        return True
    elif fields.get("event.action") == "resolving":
        _resolving(text, fields)
    elif isinstance(name := fields.get("bind.zone"), str):
        _zone_name(name, fields)
    elif "event.action" not in fields and known:
        fields["event.reason"] = text.rpartition("): ")[2]
    return known


def _resolving(text: str, fields: Fields) -> None:
    """Set whom the trouble was with: the name server that was asked."""
    for part in ("ip", "port"):
        if (value := fields.pop(f"source.{part}", None)) is not None:
            fields[f"server.{part}"] = value
    if (why := _FAILED_RESOLVING.match(text)) is not None:
        fields["event.reason"] = why["why"].strip()


def _zone(found: re.Match[str], fields: Fields) -> None:
    _zone_name(found["zone"], fields)
    if found["action"] is None:
        fields["event.reason"] = found["reason"]
        return
    fields["event.action"] = found["action"]
    refused = found["action"].startswith("refused")
    if found["rest"]:
        fields["event.reason"] = found["rest"]
    if refused:
        fields["event.outcome"], fields["event.type"] = "failure", ["denied", "info"]
    _party(fields, "source", found)


def _zone_name(zone: str, fields: Fields) -> None:
    name, record_class, view = zone_parts(zone)
    for part, value in (("domain", name), ("query.class", record_class), ("view", view)):
        if value:
            fields[f"efficientip.rpz.{part}"] = value


def _party(fields: Fields, side: str, found: re.Match[str]) -> None:
    if known_ip(found["ip"]):
        fields[f"{side}.ip"] = found["ip"]
        put_port(fields, f"{side}.port", found["port"])


def _move(fields: Fields) -> None:
    """Make who asked, whom the shared readers call the source, the client."""
    for part in _MOVED:
        if (value := fields.pop(f"source.{part}", None)) is not None:
            fields[f"client.{part}"] = value


SOURCE = _EfficientIpSource(
    name="efficientip",
    aliases=("solidserver", "efficientip.log", "efficientip_solidserver"),
    title="EfficientIP SOLIDserver: DNS, DHCP and DNS Guardian",
    datasets=("efficientip.log",),
    own=_own,
    read=_read,
    weight=97,
)
