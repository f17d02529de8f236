"""BIND's messages, as `named` and the appliances built on it (Infoblox, EfficientIP) write them.

Format: "BIND 9 Administrator Reference Manual", logging categories, and the messages of `lib/ns/` and `lib/dns/`
(https://gitlab.isc.org/isc-projects/bind9). A query's flags are `+` or `-` (recursion desired), `S` (signed), `E(n)`
(EDNS), `T` (TCP), `D` (DNSSEC OK), `C` (checking disabled), `V` or `K` (cookie).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from collectors.dns.question import answer, ask, ask_slashed, header_flags, is_type, zone_parts
from collectors.network.values import put_port
from collectors.sensors.addresses import known_ip
from engine.events import Fields

# `client @0x7f62b80115d0 192.168.101.70#55575/key name (docs.example): view internal: `
_CLIENT = re.compile(
    r"""client\ (?:@0x[0-9a-fA-F]{1,16}\ )?(?P<ip>[0-9A-Fa-f.:]{2,45})(?:%\d{1,10})?\#(?P<port>\d{1,5})
    (?:/key\ (?P<key>\S{1,255}))?(?:\ \((?P<name>[^)]{0,1100})\))?:\ +(?:view\ (?P<view>[^:\s]{1,64}):\ +)?""",
    re.VERBOSE | re.ASCII,
)
_VIEW = re.compile(r"view (?P<view>[^:\s]{1,64}):\s+")
_FLAGS = r"(?P<flags>[+\-][A-Z0-9()]{0,24})"
_NAME = r"(?P<name>\S{1,1100})"
_RR = r"(?P<class>[A-Z0-9]{1,16}) (?P<type>[A-Z0-9\-]{1,16})"
_AT = r"(?P<ip>[0-9A-Fa-f.:]{2,45})(?:%\d{1,10})?#(?P<port>\d{1,5})"
_QUOTED = r"'(?P<question>[^']{1,1100})'"
_RCODE_WORD = re.compile(
    r"\b(?P<rcode>NOERROR|FORMERR|SERVFAIL|NXDOMAIN|NOTIMP|REFUSED|YXDOMAIN|YXRRSET|NXRRSET|"
    r"NOTAUTH|NOTZONE|BADVERS|BADCOOKIE)\b"
)
_EDNS = re.compile(r"E\([^)]*\)|E")
_RECORDS = 64  # of an answer; a reply has few
_LONGEST = 16 * 1024  # characters of a message that are looked at; names are bounded, and so is a message

_LIKE = re.compile(
    r"\b[0-9A-Fa-f.:]{2,45}#\d{1,5}\b|'[^']{1,300}/[A-Z0-9]{1,10}(?:/[A-Z]{2,4})?'|"
    r"^(?:dispatch |zone |managed-keys|checkhints|resolver priming|listening on |no longer listening|command channel |"
    r"received (?:control channel|SIG)|running\b|reloading |loading configuration|shutting down|exiting\b|"
    r"starting BIND|"
    r"stopping |all zones loaded|sending notifies|automatic empty zone|DNSSEC|trust anchor|generating session key|"
    r"socket |"
    r"couldn't |unable to |using |set up |sizing zone|adjusted limit|flushing caches|dumpdb |none:\d|/\S{1,255}:\d)"
)
_OTHER_END = re.compile(rf" from {_AT}", re.ASCII)

Reader = Callable[[re.Match[str], Fields], None]


def read_message(text: str, fields: Fields) -> bool:
    """Read a message of `named`; tell whether it is one that is known. `dns.type` is `query` unless it is a reply."""
    text = text[:_LONGEST]
    view = _VIEW.match(text)
    if view is not None:
        fields["bind.view"] = view["view"]
        text = text[view.end() :]
    client = _CLIENT.match(text)
    if client is not None:
        _client(client, fields)
        text = text[client.end() :]
    fields["dns.type"] = "query"
    for words, pattern, reader in _MESSAGES:
        if words in text and (found := pattern.search(text)):
            reader(found, fields)
            return True
    if client is not None and (name := client["name"]):
        ask(fields, name)
    return client is not None


def is_message(text: str) -> bool:
    """Tell whether a text is a message that only `named` writes; cheap, for recognition."""
    view = _VIEW.match(text)
    start = view.end() if view is not None else 0
    if _CLIENT.match(text, start):
        return True
    return any(words in text and pattern.match(text, start) for words, pattern, _ in _MESSAGES)


def is_like(text: str) -> bool:
    """Tell whether a text looks like named's, though its words are unknown: an address#port, or 'name/type/class'."""
    return _LIKE.search(text, 0, _LONGEST) is not None


def _client(found: re.Match[str], fields: Fields) -> None:
    if known_ip(found["ip"]):
        fields["source.ip"] = found["ip"]
    if 0 < (port := int(found["port"])) < 65536:
        fields["source.port"] = port
    for name, group in (("bind.view", "view"), ("bind.tsig.key", "key")):
        if found[group]:
            fields[name] = found[group]


def _flags(text: str, fields: Fields) -> None:
    """Read a query's flags; T tells the transport, D (of EDNS, not of the header) is kept under BIND's own name."""
    bare = _EDNS.sub("", text)
    names = ["RD"] if text.startswith("+") else []
    names += ["CD"] if "C" in bare else []
    if names:
        fields["dns.header_flags"] = header_flags(names)
    fields["bind.query.flags"] = text
    fields["network.transport"] = "tcp" if "T" in bare else "udp"
    fields["bind.query.dnssec_ok"] = "D" in bare


def _query(found: re.Match[str], fields: Fields) -> None:
    ask(fields, found["name"], found["type"], found["class"])
    _flags(found["flags"], fields)
    server = found["server"]
    if server and known_ip(server.partition("%")[0]):
        fields["observer.ip"] = [server.partition("%")[0]]
    fields["event.action"], fields["event.type"] = "query", ["protocol", "info"]


def _answer(found: re.Match[str], fields: Fields) -> None:
    _query(found, fields)
    fields["dns.type"], fields["event.action"] = "answer", "answer"
    _outcome(found["rcode"], fields)
    words = (found["records"] or "").split()
    for at in range(0, min(len(words) - 3, 4 * _RECORDS), 4):
        name, ttl, kind, data = words[at : at + 4]
        if not (ttl.isdecimal() and len(ttl) < 11 and is_type(kind)):
            break
        answer(fields, name=name, record_type=kind, data=data, ttl=int(ttl))


def _outcome(rcode: str, fields: Fields) -> None:
    fields["dns.response_code"] = rcode
    fields["event.outcome"] = "success" if rcode in {"NOERROR", "NXDOMAIN", "NXRRSET"} else "failure"


def _infoblox(found: re.Match[str], fields: Fields) -> None:
    ask(fields, found["name"], found["type"], found["class"])
    fields["network.transport"] = found["transport"].lower()
    _outcome(found["rcode"], fields)
    fields["event.action"], fields["event.type"] = "answer", ["protocol", "info"]
    flags, _, records = found["rest"].partition(" ")
    fields["infoblox.dns.flags"] = flags
    names = ["RD"] if flags.startswith("+") else []
    names += [bit for letter, bit in (("A", "AA"), ("T", "TC"), ("D", "DO"), ("C", "CD")) if letter in flags]
    fields["infoblox.dns.header_flags"] = names
    for record in records.split(";")[:_RECORDS]:
        words = record.split(None, 4)
        if len(words) == 5 and words[1].isdecimal() and len(words[1]) < 11:
            name, ttl, kind, record_type, data = words
            answer(fields, name=name, record_type=record_type, data=data.rstrip(), ttl=int(ttl), kind=kind)


def _denied(found: re.Match[str], fields: Fields) -> None:
    ask_slashed(fields, found["question"])
    fields["event.action"] = f"{found['what'].strip()} denied".replace(" ", "-").replace("(", "").replace(")", "")
    fields["event.type"], fields["event.outcome"] = ["denied", "protocol"], "failure"
    fields["event.reason"] = found[0]


def _failed(found: re.Match[str], fields: Fields) -> None:
    ask_slashed(fields, found["question"])
    fields["event.reason"] = found["why"]
    if rcode := _RCODE_WORD.search(found["why"]):
        fields["dns.response_code"] = rcode[0]
    fields["event.action"], fields["event.outcome"], fields["event.type"] = (
        "query-failed",
        "failure",
        ["protocol", "error"],
    )


def _policy(found: re.Match[str], fields: Fields) -> None:
    """Read a rewrite of a response policy zone: the trigger, what was done, the question and the rule."""
    question = found["question"]
    if "/" in question:
        ask_slashed(fields, question)
    else:
        ask(fields, question)
    fields["bind.rpz.trigger"] = found["trigger"]
    if found["via"]:
        fields["rule.name"] = found["via"]
    policy = (found["policy"] or "").strip()
    if policy:
        fields["bind.rpz.policy"] = policy
        passed = policy.upper() in {"PASSTHRU", "DISABLED"}
        fields["event.type"] = ["info", "protocol"] if passed else ["denied", "protocol"]
    fields["event.action"] = "rpz-rewrite"
    if rcode := _RCODE_WORD.search(found["rest"]):
        fields["dns.response_code"], fields["event.outcome"] = rcode[0], "failure"


def _transfer(found: re.Match[str], fields: Fields) -> None:
    fields["bind.zone"] = found["zone"]
    if known_ip(found["ip"]):
        fields["source.ip"] = found["ip"]
        put_port(fields, "source.port", found["port"])
    _zone_reason(found["reason"], fields)
    fields["event.action"] = "zone-transfer"


def _zone(found: re.Match[str], fields: Fields) -> None:
    fields["bind.zone"] = found["zone"]
    _zone_reason(found["reason"], fields)
    fields["event.action"] = "zone-message"
    if (other := _OTHER_END.search(found[0])) is not None and known_ip(other["ip"]):
        fields["source.ip"] = other["ip"]
        put_port(fields, "source.port", other["port"])


def _zone_out(found: re.Match[str], fields: Fields) -> None:
    """Read what a client is given of a zone: `transfer of 'example.org/IN': AXFR started`."""
    fields["bind.zone"] = found["zone"]
    name, record_class, view = zone_parts(found["zone"])
    if view:
        fields["bind.view"] = view
    kind = found["reason"].partition(" ")[0].partition("-")[0]
    ask(fields, name, kind if kind in {"AXFR", "IXFR"} else "", record_class)
    _zone_reason(found["reason"], fields)
    fields["event.action"] = "zone-transfer-out"


def _zone_reason(reason: str, fields: Fields) -> None:
    fields["event.reason"] = reason
    fields["event.type"] = ["info", "protocol"]
    low = reason.lower()
    if "fail" in low or "refused" in low or "denied" in low or "unreachable" in low or "timed out" in low:
        fields["event.outcome"] = "failure"
    elif "success" in low or "completed" in low or "ended" in low:
        fields["event.outcome"] = "success"


def _resolving(found: re.Match[str], fields: Fields) -> None:
    """Read trouble with another server while a name was resolved; that server is where the trouble came from."""
    ask_slashed(fields, found["question"])
    what = found["what"].strip()
    if known_ip(found["ip"] or ""):
        fields["source.ip"] = found["ip"]
        put_port(fields, "source.port", found["port"])
    if rcode := _RCODE_WORD.search(what):
        fields["dns.response_code"] = rcode[0]
    fields["event.action"] = "resolving"
    fields["event.reason"] = found[0]
    fields["event.type"] = ["info", "protocol"]
    fields["event.outcome"] = "success" if what.startswith("success") else "failure"


def _validating(found: re.Match[str], fields: Fields) -> None:
    ask_slashed(fields, found["question"].rstrip(":"))
    fields["event.action"], fields["event.reason"] = "dnssec-validation", found["reason"]
    fields["event.type"] = ["info", "protocol"]
    low = found["reason"].lower()
    if low.startswith(("no valid", "bad", "unable", "no ")) or "insecure response" in low or "fail" in low:
        fields["event.outcome"] = "failure"


def _limited(found: re.Match[str], fields: Fields) -> None:
    fields["event.action"], fields["event.type"] = "rate-limit", ["denied", "protocol"]
    fields["event.reason"] = found[0]
    if found["name"]:
        ask(fields, found["name"], found["type"] or "", found["class"] or "")


def _told(action: str, *, outcome: str = "", kind: str = "info") -> Reader:
    def note(found: re.Match[str], fields: Fields) -> None:
        fields["event.action"], fields["event.reason"], fields["event.type"] = action, found[0], [kind, "protocol"]
        if outcome:
            fields["event.outcome"] = outcome
        question = found.groupdict().get("question")
        if question:
            fields["bind.zone"] = question

    return note


def _compiled(words: str, pattern: str, reader: Reader) -> tuple[str, re.Pattern[str], Reader]:
    return words, re.compile(pattern, re.ASCII), reader


_QUERY_TAIL = rf"{_NAME} {_RR} {_FLAGS}(?: \((?P<server>[^)]{{2,64}})\))?"
_MESSAGES: tuple[tuple[str, re.Pattern[str], Reader], ...] = (
    _compiled(
        " response: ",
        rf"(?P<transport>UDP|TCP): query: {_NAME} (?P<class>\S{{1,16}}) (?P<type>\S{{1,16}}) response: "
        r"(?P<rcode>[A-Z0-9]{1,16}) ?(?P<rest>.*)",
        _infoblox,
    ),
    _compiled("answer: ", rf"answer: {_QUERY_TAIL} -> (?P<rcode>[A-Z0-9]{{1,16}})(?P<records>.*)", _answer),
    _compiled("query: ", rf"query: {_QUERY_TAIL}", _query),
    _compiled(
        " denied",
        rf"(?P<what>(?:query(?: \(cache\))?|zone transfer|update|update forwarding|notify|"
        rf"recursion)) {_QUOTED} denied.*",
        _denied,
    ),
    _compiled(
        "query failed", r"query failed \((?P<why>[^)]{1,128})\) for (?P<question>\S{1,1100}) at \S{1,64}", _failed
    ),
    _compiled(
        " rewrite ",
        r"rpz (?P<trigger>[A-Z\-]{2,16}(?:/[A-Z\-]{2,16})?)(?: (?P<policy>[A-Z\-]{2,16}))? "
        r"rewrite (?P<question>\S{1,1100})"
        r"(?: via (?P<via>\S{1,1100}))?(?P<rest>.*)",
        _policy,
    ),
    _compiled("transfer of ", rf"transfer of '(?P<zone>[^']{{1,1100}})' from {_AT}: (?P<reason>.*)", _transfer),
    _compiled("transfer of ", r"transfer of '(?P<zone>[^']{1,1100})': (?P<reason>.*)", _zone_out),
    _compiled(
        "resolving ",
        rf"(?P<what>[A-Za-z][^':\[]{{0,96}}?) ?resolving {_QUOTED}(?: \(in '[^']{{1,1100}}'\?\))?: {_AT}",
        _resolving,
    ),
    _compiled(
        "resolving ",
        rf"(?P<what>[A-Za-z][^':\[]{{0,96}}?) ?resolving {_QUOTED}(?P<ip>(?!))?(?P<port>(?!))?.*",
        _resolving,
    ),
    _compiled(
        "validating ", r"validating @?(?:0x[0-9a-f]{1,16}: )?(?P<question>\S{1,1100}):? (?P<reason>.*)", _validating
    ),
    _compiled(
        "rate limit ",
        r"(?:would )?(?:stop limiting|(?:rate )?limit)[^/]{0,96}/\d{1,3}(?: for "
        r"(?P<name>\S{1,1100}) (?P<class>[A-Z]{2,4}) (?P<type>[A-Z0-9]{1,16}))?.*",
        _limited,
    ),
    _compiled("received notify", r"received notify for zone '(?P<question>[^']{1,1100})'.*", _told("notify")),
    _compiled("updating zone", r"updating zone '(?P<question>[^']{1,1100})': .*", _told("update")),
    _compiled(
        "request has invalid", r"request has invalid signature.*", _told("tsig", outcome="failure", kind="denied")
    ),
    _compiled("RFC 1918 response", r"RFC 1918 response from Internet for .*", _told("rfc1918")),
    _compiled(
        "DNS format error",
        rf"DNS format error from {_AT} resolving (?P<question>\S{{1,1100}}?)"
        r"(?: for (?:client )?\S{1,300})?: (?P<what>.*)",
        _resolving,
    ),
    _compiled("zone ", r"^zone (?P<zone>\S{1,1100}): (?P<reason>.*)", _zone),
    _compiled("rpz: ", r"rpz: (?P<question>\S{1,1100}): .*", _told("rpz-zone")),
    _compiled("managed-keys-zone", r"managed-keys-zone.*", _told("managed-keys")),
    _compiled("automatic empty zone", r"automatic empty zone: .*", _told("zone-message")),
    _compiled("clients-per-query", r"clients-per-query .*", _told("clients-per-query")),
    _compiled(
        "no more recursive clients", r"no more recursive clients.*", _told("quota", outcome="failure", kind="denied")
    ),
)
