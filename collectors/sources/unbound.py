"""NLnet Labs Unbound: queries, replies, local-zone actions, validation failures and the daemon's own messages.

Format: `unbound.conf(5)`, options `log-queries`, `log-replies`, `log-tag-queryreply`, `log-local-actions`,
`log-servfail`, `val-log-level`: `[1696435200] unbound[17265:0] info: 192.0.2.1 name. A IN` in files, through syslog
`unbound[17265]: [17265:0] info: ...`. A reply adds the code, seconds taken, whether cached, and its size.
"""

from __future__ import annotations

import re

from collectors.dns.question import ask
from collectors.json_fields import to_instant
from collectors.network.values import put_port
from collectors.sensors.line import LineSource, begun, headed
from collectors.source import Options
from collectors.web.address import is_ip
from engine.errors import MalformedRecordError
from engine.events import Fields

_OWN_STAMP = re.compile(r"\[(?P<epoch>\d{9,10})\] (?P<program>unbound\S{0,32})\[\d{1,10}:[0-9a-f]{1,8}\] ", re.ASCII)
_ISO_STAMP = re.compile(
    r"(?P<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{0,16}) (?P<program>unbound\S{0,32})\[\d{1,10}:[0-9a-f]{1,8}\] "
)
_THREAD = re.compile(r"\[(?P<pid>\d{1,10}):(?P<thread>[0-9a-f]{1,8})\] (?=[a-z]{1,16}: )", re.ASCII)
_LEVEL = re.compile(r"(?P<level>info|error|fatal error|warning|notice|debug|query|reply|verbose): ")
_QUESTION = re.compile(
    r"""(?P<ip>[0-9A-Fa-f.:]{2,45})(?:@(?P<port>\d{1,5}))?\ (?P<name>\S{1,1100})\ (?P<type>[A-Z][A-Z0-9\-]{0,15})
    \ (?P<class>IN|CH|HS|ANY|CLASS\d{1,5})
    (?:\ (?P<rcode>[A-Z]{4,16})\ (?P<seconds>\d{1,6}\.\d{1,9})\ (?P<cached>[01])\ (?P<size>\d{1,6}))?
    (?:\ (?P<transport>udp|tcp|ssl|quic))?""",
    re.VERBOSE | re.ASCII,
)
_ACTIONS = (
    "deny|refuse|static|transparent|typetransparent|redirect|inform|inform_deny|inform_redirect|always_transparent|"
    "block_a|always_refuse|always_nxdomain|always_nodata|always_deny|always_null|noview|nodefault|ipset"
)
_ACTION = re.compile(rf"(?:(?P<zone>\S{{1,1100}}) )?(?P<action>{_ACTIONS}) (?=[0-9A-Fa-f.:]{{2,45}}@)")
_RPZ = re.compile(r"rpz: applied (?:\[(?P<log>[^\]]{0,256})\] )?(?P<zone>\S{1,1100}) (?P<action>rpz-\S{1,32}) ")
_ANGLED = re.compile(r"<(?P<name>\S{1,1100}) (?P<type>[A-Z][A-Z0-9\-]{0,15}) (?P<class>[A-Z]{2,4})>")
_WORK = re.compile(
    r"(?P<what>resolving|response for|sending query:|processQueryTargets:|validate\(positive\):) "
    r"(?P<name>\S{1,1100}) (?P<type>[A-Z][A-Z0-9\-]{0,15}) (?P<class>[A-Z]{2,4})$"
)
_SERVER = re.compile(
    r"(?:(?:reply from|sending to target:) <(?P<zone>\S{1,1100})> |.{0,200} for )"
    r"(?P<ip>[0-9A-Fa-f:.]{2,45})(?:#| port )(?P<port>\d{1,5})$"
)
_RCODE = re.compile(r"SERVFAIL|REFUSED|FORMERR|NXDOMAIN|NOTIMP")
_ERROR = re.compile(r"(?P<kind>[a-z][a-z ]{2,48}): (?P<text>.*)", re.DOTALL)
_DENIED = ("deny", "refuse", "block", "nxdomain", "null", "drop", "nodata", "static")


def _bare(line: str) -> bool:
    return any(pattern.match(line) is not None for pattern in (_OWN_STAMP, _ISO_STAMP, _THREAD))


def _own(line: str) -> bool:
    if _OWN_STAMP.match(line) or _ISO_STAMP.match(line):
        return True
    if (thread := _THREAD.match(line)) is not None:
        return _LEVEL.match(line, thread.end()) is not None
    at = line.find(" unbound[", 0, 400)
    return at >= 0 and _THREAD.search(line, at) is not None


def _read(line: str, options: Options) -> Fields:
    header = headed(line, options, _bare)
    fields = begun("unbound.log", header, options)
    text = header.message
    stamp = _OWN_STAMP.match(text) or _ISO_STAMP.match(text)
    thread = None
    if stamp is not None:
        moment = to_instant(stamp[1] if not stamp[1].isdecimal() else int(stamp[1]), options.zone)
        if moment is not None:
            fields["@timestamp"] = moment
        text = text[stamp.end() :]
    elif thread := _THREAD.match(text):
        fields["log.syslog.procid"] = thread["pid"]
        text = text[thread.end() :]
    level = _LEVEL.match(text)
    if level is None and not (stamp or thread or (header.program or "").startswith("unbound")):
        raise MalformedRecordError("no line of Unbound: neither its name nor [process:thread] nor a level is there")
    if level is not None:
        text = text[level.end() :]
        fields["log.level"] = {"query": "info", "reply": "info", "fatal error": "fatal"}.get(level[1], level[1])
    fields["message"], fields["network.protocol"] = text, "dns"
    fields["event.type"] = ["info"]
    _message(text, str(fields.get("log.level", "")), fields)
    return fields


def _message(text: str, level: str, fields: Fields) -> None:
    start = 0
    if (rpz := _RPZ.match(text)) is not None:
        fields["rule.ruleset"], fields["event.action"] = rpz["zone"].rstrip("."), rpz["action"]
        start = rpz.end()
    elif (action := _ACTION.match(text)) is not None:
        fields["event.action"] = action["action"]
        if action["zone"]:
            fields["unbound.zone"] = action["zone"].rstrip(".")
        start = action.end()
    question = _QUESTION.match(text, start)
    if question is not None and is_ip(question["ip"]):
        _question(question, fields)
        if start:
            refused = any(word in str(fields["event.action"]) for word in _DENIED)
            fields["event.type"] = ["protocol", "denied"] if refused else ["protocol"]
    elif (angled := _ANGLED.search(text)) is not None:
        ask(fields, angled["name"], angled["type"], angled["class"])
        fields["dns.type"], fields["event.reason"] = "query", text
        if (rcode := _RCODE.match(text)) is not None:
            fields["dns.response_code"] = rcode[0]
        if level == "error":
            fields["error.message"] = text
        fields["event.outcome"] = "failure"
    elif (work := _WORK.match(text)) is not None:
        ask(fields, work["name"], work["type"], work["class"])
        fields["dns.type"], fields["event.action"] = "query", work["what"].rstrip(":")
    elif level in {"error", "fatal"}:
        error = _ERROR.match(text)
        fields["error.message"] = error["text"] if error else text
        if error is not None:
            fields["error.type"] = error["kind"]
        fields["event.type"] = ["error"]
    _server(text, fields)


def _server(text: str, fields: Fields) -> None:
    """Set the server that was asked, where the message is about one."""
    found = _SERVER.match(text)
    if found is not None and is_ip(found["ip"]):
        fields["destination.ip"] = found["ip"]
        put_port(fields, "destination.port", found["port"])
        if found["zone"]:
            fields["unbound.zone"] = found["zone"].rstrip(".")


def _question(found: re.Match[str], fields: Fields) -> None:
    ask(fields, found["name"], found["type"], found["class"])
    fields["dns.type"], fields["source.ip"] = "query", found["ip"]
    fields["event.type"] = ["protocol"]
    if found["port"]:
        fields["source.port"] = int(found["port"])
    if found["transport"]:
        fields["network.transport"] = (
            "tcp" if found["transport"] == "ssl" else found["transport"].replace("quic", "udp")
        )
    if found["rcode"]:
        fields["dns.type"], fields["dns.response_code"] = "answer", found["rcode"]
        whole, _, part = found["seconds"].partition(".")
        fields["event.duration"] = int(whole) * 1_000_000_000 + int(part.ljust(9, "0"))
        fields["unbound.cached"], fields["destination.bytes"] = found["cached"] == "1", int(found["size"])
        fields["event.outcome"] = "success" if found["rcode"] in {"NOERROR", "NXDOMAIN"} else "failure"


SOURCE = LineSource(
    name="unbound",
    aliases=("unbound.log",),
    title="NLnet Labs Unbound: queries, replies, local zones, validation",
    datasets=("unbound.log",),
    own=_own,
    read=_read,
    weight=95,
)
