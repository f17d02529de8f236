"""The messages of BIG-IP's daemons (tmm, apmd, httpd) and iRules: who, from where, by which policy, with what end.

Texts: F5 "BIG-IP Error Messages" and "BIG-IP Access Policy Manager: Event and session reports".
"""

from __future__ import annotations

import re

from collectors.f5.audit import audit_fields
from collectors.network.protocols import transport_fields
from collectors.network.tls import find_tls
from collectors.network.values import put
from collectors.source import Options
from engine.events import Fields

_IP = r"[0-9A-Fa-f:.]{2,45}"
# What only BIG-IP writes: a message number with its level, an iRule, an access profile with its session.
ITEM = re.compile(
    r"\b[0-9a-f]{8}:\s?\d?: ?|\bRule /\S{1,255} |(?:^|[\s:])/\S{1,128}:[\w\-]{1,64}:[0-9a-f]{8}: |\[ssl_(?:req|acc)\]"
)
_NUMBER = re.compile(r"(?P<code>[0-9a-f]{8}):\s?(?P<level>\d)?:\s*")
_RULE = re.compile(r"Rule (?P<rule>/\S{1,255}) (?:<(?P<event>\w{1,64})>)?\s?:?\s?", re.ASCII)
_PROFILE = re.compile(r"(?P<profile>/[^\s:]{1,255}):(?P<partition>[\w\-]{1,64}):(?P<session>[0-9a-f]{8}): ", re.ASCII)
_FLOW = re.compile(
    rf"(?:\b(?P<proto>TCP|UDP|tcp|udp|icmp) )?(?P<src>{_IP}):(?P<sport>\d{{1,5}})"
    rf" -> (?P<dst>{_IP}):(?P<dport>\d{{1,5}})"
)
_ACL = re.compile(r"(?P<verdict>allow|discard|reject|continue) ACL: (?P<acl>/[^\s:]{1,255})", re.ASCII)
_BYTES = re.compile(r"bytes in: (?P<in>\d{1,18}), bytes out: (?P<out>\d{1,18})")
_USER = re.compile(
    r"(?:Username|with|user(?:name)?:?|logon user) '(?P<user>[^'@]{1,256})(?:@(?P<domain>[^']{1,253}))?'", re.IGNORECASE
)
_FOLLOWED = re.compile(r"Following rule '(?P<rule>[^']{1,256})'")
_AGENT = re.compile(
    r"session\.user\.agent is (?P<agent>\S.*)|User-agent header: (?P<header>\S.*)|User-Agent: (?P<plain>\S.*)",
    re.IGNORECASE,
)
_CLIENT = re.compile(rf"(?:client IP|Received client info|[Cc]lient|from) (?P<ip>{_IP})(?=[\s,;]|$)")
_REFERER = re.compile(r"Referer: (?P<referrer>\S{1,4096})", re.IGNORECASE)
_REQUEST = re.compile(r"Request: (?P<method>[A-Z]{3,10}) (?P<url>\S{1,8192})")
_RESPONSE = re.compile(
    rf"(?P<dst>{_IP}):(?P<dport>\d{{1,5}}): HTTP: (?P<status>\d{{3}}) response to .{{0,256}}?"
    rf"from (?P<src>{_IP}):(?P<sport>\d{{1,5}})"
    r" URL: (?P<url>\S{1,8192})(?: in (?P<tls>TLSv[\d.]{1,3}))?"
)
_SSL = re.compile(
    rf"\[ssl_(?:req|acc)\]\[(?P<stamp>[^\]]{{20,32}})\] (?P<ip>{_IP}) (?P<tls>\S{{1,16}}) (?P<cipher>\S{{1,64}})"
    rf" \"(?P<url>[^\"]{{0,8192}})\""
)
_SECEV = re.compile(r"\[SECEV\] (?P<name>Request violations): (?P<reason>.{1,2048}?)\. Support id:", re.DOTALL)
_SECEV_ENDS = {"source ip": "source.ip", "xff ip": "network.forwarded_ip", "source port": "source.port",
               "destination ip": "destination.ip", "destination port": "destination.port"}  # fmt: skip
_SECEV_REQUEST = re.compile(r"request: <?(?P<method>[A-Z]{3,10}) (?P<url>\S{1,8192})")
_CRON = re.compile(r"\((?P<user>[\w.\-]{1,64})\) CMD \((?P<command>.{1,4096})\)")
_ERROR = re.compile(r"Connection error: (?P<reason>\S.*)")
_READ = 16384  # characters that are looked at for facts; the message itself is kept whole
_REFUSED = ("fail", "denied", "logon_deny", "result: deny", "ending 'deny", "locked out")
_SESSION = re.compile(rf"New session from client IP (?P<ip>{_IP}) .{{0,128}}?at VIP (?P<vip>{_IP})(?=\s|$)")
_ASSIGNED = re.compile(
    rf"Assigned PPP \w{{1,16}} IPv[46]: (?P<assigned>{_IP}) .{{0,512}}?Client IP: (?P<ip>{_IP})(?=\s|$)"
)
_VARIABLE = re.compile(r"session\.logon\.last\.(?:user|logon)name(?:' set to| is) (?P<user>\S{1,256})")
_VARIABLE_IP = re.compile(rf"session\.user\.clientip(?:' set to| is) (?P<ip>{_IP})(?=\s|$)")
_RESET = re.compile(
    rf"RST sent from (?P<src>{_IP}):(?P<sport>\d{{1,5}}) to (?P<dst>{_IP}):(?P<dport>\d{{1,5}})(?=[,\s]|$)"
)
_MEMBER = re.compile(rf"member /[\w.\-]{{1,64}}/(?P<ip>{_IP})[:.](?P<port>\d{{1,5}}) ", re.ASCII)
_LOGGED_IN = re.compile(r"success|\b(?:authenticate|logged in|logon)\b")


def message_fields(text: str, options: Options) -> Fields:
    """Return the fields of a message without its header; none where it is no message of a BIG-IP."""
    fields: Fields = {"message": text, "event.category": ["network"], "event.type": ["info"]}
    known, text = False, text[:_READ]
    for step in (_special, _numbered, _rule, _profile):
        rest = step(text, fields, options)
        if rest is not None:
            known, text = True, rest
    if not known:
        return {}
    if not audit_fields(text, fields):
        _facts(text, fields, options)
    fields.setdefault("event.reason", text)
    return fields


def _numbered(text: str, fields: Fields, _: Options) -> str | None:
    found = _NUMBER.match(text)
    if found is None:
        return None
    fields["event.code"] = found["code"]
    if found["level"]:
        fields["event.severity"] = int(found["level"])
    return text[found.end() :].lstrip(": ")


def _rule(text: str, fields: Fields, _: Options) -> str | None:
    found = _RULE.match(text)
    if found is None:
        return None
    fields["rule.name"] = found["rule"]
    if found["event"]:
        fields["f5_bigip.irule_event"] = found["event"]
    return text[found.end() :].removeprefix("LOGS: ").strip()


def _profile(text: str, fields: Fields, _: Options) -> str | None:
    found = _PROFILE.match(text)
    if found is None and not text.startswith(("AD module:", ":")):
        return None
    if found is not None:
        fields["rule.name"] = found["profile"]
        fields["f5_bigip.session_id"], fields["f5_bigip.partition"] = found["session"], found["partition"]
        text = text[found.end() :]
    lowered = text.lower()
    acl = _ACL.search(text)
    if acl is None:
        fields["event.category"] = ["authentication"]
        fields["event.outcome"] = "failure" if any(word in lowered for word in _REFUSED) else "success"
        if "authenticat" in lowered and _LOGGED_IN.search(lowered):
            fields["event.type"] = ["start"]
    else:
        fields["rule.name"] = acl["acl"]
        fields["event.action"] = acl["verdict"]
        fields["event.type"] = ["info", "connection", "allowed" if acl["verdict"] == "allow" else "denied"]
    return text


def _special(text: str, fields: Fields, options: Options) -> str | None:
    """Read violations of ASM's `[SECEV]`, the management interface's access log, and cron's lines."""
    found = _SECEV.search(text)
    if found is not None:
        fields["rule.name"], fields["rule.ruleset"] = found["name"], "SECEV"
        fields["event.reason"] = found["reason"]
        for name, field in _SECEV_ENDS.items():
            value = re.search(rf"{name}: ([^,]{{1,64}})", text)
            if value is not None:
                put(fields, field, value[1], options.zone)
        request = _SECEV_REQUEST.search(text)
        if request is not None:
            fields["http.request.method"], fields["url.original"] = request["method"], request["url"]
        return text
    found = _SSL.search(text)
    if found is not None:
        put(fields, "source.ip", found["ip"], options.zone)
        put(fields, "@timestamp", found["stamp"].replace(":", " ", 1), options.zone)
        fields["tls.cipher"] = found["cipher"]
        fields["url.original"] = found["url"]
        find_tls(found["tls"], fields)
        return text
    found = _CRON.match(text)
    if found is not None:
        fields["user.name"], fields["process.command_line"] = found["user"], found["command"]
        return text
    return text if _FLOW.search(text) else None


def _facts(text: str, fields: Fields, options: Options) -> None:
    """Set what stands in the texts of many messages."""
    for pattern, targets in (
        (_FLOW, {"src": "source.ip", "sport": "source.port", "dst": "destination.ip", "dport": "destination.port"}),
        (_RESPONSE, {"src": "source.ip", "sport": "source.port", "dst": "destination.ip", "dport": "destination.port",
                     "status": "http.response.status_code", "url": "url.original"}),
        (_BYTES, {"in": "source.bytes", "out": "destination.bytes"}),
        (_USER, {"user": "user.name", "domain": "user.domain"}),
        (_AGENT, {"agent": "user_agent.original", "header": "user_agent.original", "plain": "user_agent.original"}),
        (_REFERER, {"referrer": "http.request.referrer"}),
        (_REQUEST, {"method": "http.request.method"}),
        (_ERROR, {"reason": "event.reason"}),
        (_CLIENT, {"ip": "source.ip"}),
        (_SESSION, {"ip": "source.ip", "vip": "destination.ip"}),
        (_ASSIGNED, {"ip": "source.ip", "assigned": "source.nat.ip"}),
        (_VARIABLE, {"user": "user.name"}),
        (_VARIABLE_IP, {"ip": "source.ip"}),
        (_RESET, {"src": "source.ip", "sport": "source.port", "dst": "destination.ip", "dport": "destination.port"}),
        (_MEMBER, {"ip": "destination.ip", "port": "destination.port"}),
    ):  # fmt: skip
        found = pattern.search(text)
        if found is not None:
            for group, name in targets.items():
                put(fields, name, found[group] or "", options.zone)
            if "proto" in pattern.groupindex and found["proto"]:
                fields.update(transport_fields(found["proto"]))
            if "tls" in pattern.groupindex and found["tls"]:
                find_tls(found["tls"], fields)
    followed = _FOLLOWED.search(text)
    if followed is not None:
        fields["rule.name"] = followed["rule"]
    if "SSL Handshake failed" in text or "Connection error" in text:
        fields["event.outcome"], fields["event.type"] = "failure", ["info", "error"]
