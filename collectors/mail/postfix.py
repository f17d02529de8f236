"""Postfix' messages: connections, policy decisions, queue and delivery, TLS, SASL, postscreen.

Formats: the texts of Postfix' own programs (smtpd(8), smtp(8), qmgr(8), cleanup(8), pickup(8), bounce(8), local(8),
postscreen(8) and https://www.postfix.org/POSTSCREEN_README.html); enough of a message is read without its program's
name, because relays cut it off. A message that says nothing known is an event with its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from collectors.mail.peers import PEER, PEER_PATTERN, put_domain, put_mail, put_peer, put_port
from collectors.network.tls import put_tls
from collectors.web.address import is_ip
from engine.events import Fields

# Long queue ids have no vowels, so that they spell no words (enable_long_queue_ids in postconf(5)); others may have.
_QUEUE_ID = re.compile(
    r"(?P<id>NOQUEUE|[0-9A-F]{5,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{9,24}|(?=[A-Za-z]{0,23}\d)[0-9A-Za-z]{9,24}): ",
    re.ASCII,
)
_RECIPIENT = re.compile(r"to=<?(?P<to>[^,>]{0,400})>?, ", re.ASCII)
_ORIGINAL = re.compile(r"orig_to=<?(?P<to>[^,>]{0,400})>?, ", re.ASCII)
_RELAY = re.compile(r"relay=(?P<relay>[^,\s]{1,400})")
_STATUS = re.compile(r"status=(?P<status>[\w-]{1,40})(?: \((?P<text>.{0,8000}))?", re.ASCII | re.DOTALL)
_DELAY = re.compile(r"delay=(?P<seconds>\d{1,9}(?:\.\d{1,6})?)", re.ASCII)
_DSN = re.compile(r"dsn=(?P<dsn>\d\.\d{1,3}\.\d{1,3})", re.ASCII)
_QUEUED_AS = re.compile(r"queued as (?P<id>[0-9A-Za-z]{5,40})", re.ASCII)
_FROM_MTA = re.compile(r"from MTA\((?:\w{1,10}:)?\[(?P<ip>[0-9A-Fa-f:.]{2,45})\]:(?P<port>\d{1,5})\)", re.ASCII)
# `; from=<a> to=<b> proto=ESMTP sasl_username=c helo=<d>` behind decisions and header checks
_ENVELOPE = re.compile(
    r"""\bfrom=<(?P<from>[^>]{0,400})>(?:,?\ to=<(?P<to>[^>]{0,400})>)?(?:,?\ proto=(?P<proto>\w{1,10}))?
    (?:,?\ sasl_username=<?(?P<user>[^\s>,]{1,255})>?)?(?:,?\ helo=<(?P<helo>[^>]{0,255})>)?
    (?:,?\ sasl_username=<?(?P<late_user>[^\s>,]{1,255})>?)?""",
    re.VERBOSE,
)
_DECISION = re.compile(
    r"""(?P<action>reject|reject_warning|milter-reject|milter-hold|milter-discard|filter|hold|discard|redirect|warn|bcc
    |permit|delay|prepend|replace|strip|ignore|info|warning|client-reject|proxy-reject|proxy-accept):\ """,
    re.VERBOSE,
)
_STAGE = re.compile(rf"(?P<stage>[A-Z][\w -]{{1,40}}?) from {PEER_PATTERN}: ?(?P<text>.{{0,4000}})", re.DOTALL)
_HEADER = re.compile(
    r"(?:mime-|nested-)?(?:header|body)(?: (?P<name>[\w-]{1,60}): (?P<value>.{0,4000}))?", re.ASCII | re.DOTALL
)
_ADDRESS_IN = re.compile(r"[\w.+\-=]{1,64}@[\w.\-]{1,255}")
_CODES = re.compile(r"[245]\d\d[ -](?:[245]\.\d{1,3}\.\d{1,3} )?", re.ASCII)
_SAID = re.compile(rf"host {PEER_PATTERN} (?:said|refused to talk to me): (?P<text>.{{0,8000}})", re.DOTALL)
_FROM_PEER = re.compile(
    rf"""(?P<what>connect|disconnect|lost\ connection|timeout|too\ many\ errors|improper\ command\ pipelining
    |SSL_accept\ error|setting\ up\ TLS\ connection|CONNECT|PREGREET|HANGUP|BARE\ NEWLINE|COMMAND\ PIPELINING
    |NON-SMTP\ COMMAND|COMMAND\ TIME\ LIMIT|COMMAND\ COUNT\ LIMIT|COMMAND\ LENGTH\ LIMIT|whitelisted|PASS\ NEW|PASS\ OLD
    |DISCONNECT|WHITELISTED|ALLOWLISTED|DENYLISTED|BLACKLISTED|DNSBL\ rank)
    (?:\ [0-9]{{1,9}})?(?:\ after\ (?P<stage>[\w.\- ()]{{0,60}}?))?(?:\ from|\ for|:)?
    \ {PEER_PATTERN}(?P<rest>.{{0,4000}})""",
    re.VERBOSE | re.DOTALL,
)
_TO_LISTENER = re.compile(r" to \[(?P<ip>[0-9A-Fa-f:.]{2,45})\]:(?P<port>\d{1,5})", re.ASCII)
_TO_PEER = re.compile(
    rf"""(?P<what>connect|lost\ connection|conversation|SSL_connect\ error|Used\ TLS|setting\ up\ TLS\ connection
    |Server)
    \ (?:to|with|for)\ {PEER_PATTERN}(?P<rest>.{{0,4000}})""",
    re.VERBOSE | re.DOTALL,
)
_TLS = re.compile(
    rf"""(?P<trust>Anonymous|Untrusted|Trusted|Verified)\ TLS\ connection\ (?:established|reused)\ (?P<way>from|to)
    \ {PEER_PATTERN}:\ (?P<version>(?:TLS|SSL)v[\d.]{{1,3}})\ with\ cipher\ (?P<cipher>[\w-]{{1,80}})""",
    re.VERBOSE,
)
_SASL = re.compile(
    rf"{PEER_PATTERN}: SASL (?P<method>[\w-]{{1,32}}) authentication (?:failed|aborted)", re.ASCII | re.DOTALL
)
_SASL_USER = re.compile(r"sasl_username=<?(?P<user>[^\s,>]{1,255})")
_CLIENT = re.compile(rf"client={PEER_PATTERN}")
_NO_NAME = re.compile(
    r"""hostname\ (?P<host>[^\s:]{1,255})\ (?:does\ not\ resolve\ to\ address|verification\ failed\ for)
    \ (?P<ip>[0-9A-Fa-f:.]{2,45})(?:\ (?P<reason>.{1,400}))?""",
    re.VERBOSE,
)
_NO_NAME_OLD = re.compile(
    r"(?P<ip>[0-9A-Fa-f:.]{2,45}): (?:hostname|address not listed for hostname) (?P<host>[^\s:]{1,255})"
)
_PICKUP = re.compile(r"uid=(?P<uid>\d{1,10}) from=<(?P<from>[^>]{0,400})>", re.ASCII)
_ORIGIN = re.compile(
    r"from=<(?P<from>[^>]{0,400})>, (?:size=(?P<size>\d{1,15}))?(?:, nrcpt=(?P<count>\d{1,9}))?", re.ASCII
)
_EXPIRED = re.compile(r"from=<(?P<from>[^>]{0,400})>, status=(?P<status>[\w-]{1,40})", re.ASCII)
_MESSAGE_ID = re.compile(r"(?:resent-)?message-id=<?(?P<id>[^>\s]{1,998})>?")
_MAP = re.compile(
    r"read (?:TCP map|\w{1,20}) reply from (?P<host>[^\s:]{1,255}):(?P<port>\d{1,5}): (?P<reason>.{1,400})"
)
# a client anywhere in a warning: `Connection rate limit exceeded: 62 from name[ip] for service smtp`
_FROM_ANY = re.compile(rf"\b(?:from |for |peer=){PEER_PATTERN}", re.ASCII)
_UNVERIFIED = re.compile(
    rf"(?:certificate verification failed for |Server certificate not (?:trusted|verified) for )?{PEER_PATTERN}: "
    r"(?P<reason>.{1,4000})",
    re.DOTALL,
)
_LISTED = re.compile(
    r"addr (?P<ip>[0-9A-Fa-f:.]{2,45}) (?P<reason>listed by domain .{1,400})",
)
_STATISTICS = re.compile(
    r"statistics: max (?P<what>\w{1,16}) (?:rate|count) .{1,40}? for \([\w.\-]{1,64}:(?P<ip>[0-9A-Fa-f:.]{2,45})\)",
    re.ASCII,
)
_DELIVERY_FAILED = frozenset({"deferred", "bounced", "expired", "undeliverable", "force-expired"})


def read_postfix(message: str, fields: Fields) -> bool:
    """Read one message, without its syslog header; tell whether its words are Postfix' known ones."""
    queue = _QUEUE_ID.match(message)
    rest = message
    if queue is not None:
        rest = message[queue.end() :]
        if queue["id"] != "NOQUEUE":
            fields["postfix.queue_id"] = queue["id"]
    readers: tuple[Callable[[str, Fields], bool], ...] = _QUEUED if queue is not None else _BARE
    return any(reader(rest, fields) for reader in readers)


def _delivery(text: str, fields: Fields) -> bool:
    """`to=<...>, orig_to=<...>, relay=..., delay=..., dsn=..., status=sent (250 ...)`"""
    recipient, status = _RECIPIENT.match(text), _STATUS.search(text)
    if recipient is None or status is None:
        return False
    domain = put_mail("email.to.address", recipient["to"], fields)
    if original := _ORIGINAL.search(text):
        fields["postfix.orig_to"] = original["to"]
    relay = _RELAY.search(text)
    if relay is not None:
        fields["postfix.relay"] = relay["relay"]
        if peer := PEER.match(relay["relay"]):
            put_peer("destination", peer, fields)
    _own_destination(domain, fields)
    if delay := _DELAY.search(text):
        fields["event.duration"] = int(float(delay["seconds"]) * 1_000_000_000)
    if dsn := _DSN.search(text):
        fields["postfix.dsn"] = dsn["dsn"]
    _status(status, fields)
    return True


def _own_destination(domain: str, fields: Fields) -> None:
    """A relay on this machine or without a name says nothing of where mail goes: its domain does."""
    name = str(fields.get("destination.domain", ""))
    if domain and (not name or name == "localhost" or name == fields.get("destination.ip")):
        fields["destination.domain"] = domain


def _status(found: re.Match[str], fields: Fields) -> None:
    status, text = found["status"], (found["text"] or "").rpartition(")")[0] or found["text"] or ""
    fields["event.action"] = status
    fields["event.outcome"] = "failure" if status in _DELIVERY_FAILED else "success"
    if text:
        fields["event.reason"] = text
    if queued := _QUEUED_AS.search(text):
        fields["postfix.remote_queue_id"] = queued["id"]
    if mta := _FROM_MTA.search(text):
        fields["source.ip"] = mta["ip"]
        put_port("source", mta["port"], fields)


def _decision(text: str, fields: Fields) -> bool:
    """`reject: RCPT from name[ip]: 554 5.7.1 ...; from=<> to=<> proto=ESMTP helo=<>`, and header and body checks."""
    found = _DECISION.match(text)
    if found is None:
        return False
    body = text[found.end() :]
    fields["event.action"] = found["action"]
    fields["event.outcome"] = "success"
    if stage := _STAGE.match(body):
        fields["postfix.stage"] = stage["stage"]
        put_peer("source", stage, fields)
        _reason(stage["text"].partition("; from=<")[0], fields)
    elif header := _HEADER.match(body):
        _header(header, fields)
    _envelope(body, fields)
    return True


def _reason(text: str, fields: Fields) -> None:
    codes = _CODES.match(text)
    if codes is not None:
        fields["postfix.reply_code"] = codes[0].strip()
        text = text[codes.end() :]
    if text.strip():
        fields["event.reason"] = text.strip()


def _header(found: re.Match[str], fields: Fields) -> None:
    """Read what a header check saw: `header Subject: text from name[ip]; from=<...>`."""
    name, value = (found["name"] or "").lower(), found["value"] or ""
    before = value.partition("; from=<")[0]
    shown, mark, peer = before.rpartition(" from ")
    if mark and (client := PEER.match(peer)):
        put_peer("source", client, fields)
        before = shown
    if name == "subject" and before:
        fields["email.subject"] = before
    elif name == "from" and (address := _ADDRESS_IN.search(before)):
        domain = put_mail("email.from.address", address[0], fields)
        if "source.ip" not in fields:
            put_domain("source", domain, fields)
    elif name == "message-id" and before:
        fields["email.message_id"] = before.strip().strip("<>")


def _envelope(text: str, fields: Fields) -> None:
    found = _ENVELOPE.search(text)
    if found is None:
        return
    put_mail("email.from.address", found["from"], fields)
    domain = put_mail("email.to.address", found["to"] or "", fields)
    put_domain("destination", domain, fields)
    put_domain("source", found["helo"], fields)
    if user := found["user"] or found["late_user"]:
        fields["user.name"] = user
    if found["helo"]:
        fields["postfix.helo"] = found["helo"]


def _said(text: str, fields: Fields) -> bool:
    found = _SAID.match(text)
    if found is None:
        return False
    put_peer("destination", found, fields)
    fields["event.action"] = "remote-reply"
    _reason(found["text"], fields)
    return True


def _client(text: str, fields: Fields) -> bool:
    found = _CLIENT.match(text)
    if found is None:
        return False
    put_peer("source", found, fields)
    fields["event.action"] = "accept"
    if user := _SASL_USER.search(text):
        fields["user.name"] = user["user"]
        fields["event.outcome"] = "success"
        fields["event.category"] = ["email", "authentication"]
    return True


def _origin(text: str, fields: Fields) -> bool:
    """Who the mail is from: qmgr's and pickup's lines."""
    if pickup := _PICKUP.match(text):
        fields["postfix.uid"] = int(pickup["uid"])
        fields["event.action"] = "pickup"
        put_domain("source", put_mail("email.from.address", pickup["from"], fields), fields)
        return True
    if gone := _EXPIRED.match(text):
        put_domain("source", put_mail("email.from.address", gone["from"], fields), fields)
        fields["event.action"], fields["event.outcome"] = gone["status"], "failure"
        return True
    found = _ORIGIN.match(text)
    if found is None:
        return False
    put_domain("source", put_mail("email.from.address", found["from"], fields), fields)
    fields["event.action"] = "queue"
    for name, number in (("postfix.size", found["size"]), ("postfix.recipients", found["count"])):
        if number:
            fields[name] = int(number)
    return True


def _message_id(text: str, fields: Fields) -> bool:
    found = _MESSAGE_ID.match(text)
    if found is None:
        return False
    fields["email.message_id"] = found["id"]
    return True


def _from_peer(text: str, fields: Fields) -> bool:
    """`connect from name[ip]`, `lost connection after RCPT from name[ip]`, postscreen's verdicts."""
    found = _FROM_PEER.match(text)
    if found is None:
        return False
    put_peer("source", found, fields)
    fields["event.action"] = found["what"].lower().replace(" ", "-")
    fields["event.outcome"] = "success"
    if found["stage"] and not found["stage"][0].isdigit():  # postscreen writes the seconds there
        fields["postfix.stage"] = found["stage"].strip()
    rest = found["rest"]
    if listener := _TO_LISTENER.match(rest):
        fields["destination.ip"] = listener["ip"]
        put_port("destination", listener["port"], fields)
    elif rest.startswith(": "):
        fields["event.reason"] = rest[2:].strip()
    return True


def _to_peer(text: str, fields: Fields) -> bool:
    found = _TO_PEER.match(text)
    if found is None:
        return False
    put_peer("destination", found, fields)
    fields["event.action"] = found["what"].lower().replace(" ", "-")
    reason = found["rest"].strip().removeprefix(":").strip()
    if reason:
        fields["event.reason"] = reason
        fields["event.outcome"] = "failure"
    return True


def _tls(text: str, fields: Fields) -> bool:
    found = _TLS.match(text)
    if found is None:
        return False
    put_peer("source" if found["way"] == "from" else "destination", found, fields)
    fields["event.action"] = "tls-established"
    fields["postfix.tls.trust"] = found["trust"].lower()
    put_tls(found["version"], fields)
    fields["tls.cipher"] = found["cipher"]
    return True


def _warning(text: str, fields: Fields) -> bool:
    """Warnings without a queue: failed log-ins, names that do not resolve, tables that do not answer."""
    level, mark, body = text.partition(": ")
    if not mark or level not in ("warning", "error", "fatal", "panic", "info"):
        return False
    fields["log.level"] = level
    if sasl := _SASL.match(body):
        put_peer("source", sasl, fields)
        fields["event.action"], fields["event.outcome"] = "sasl-login", "failure"
        fields["event.category"] = ["email", "authentication"]
        fields["event.reason"] = body.partition("]: ")[2] if "]: " in body else body
        if user := _SASL_USER.search(body):
            fields["user.name"] = user["user"]
    elif unresolved := _NO_NAME.match(body) or _NO_NAME_OLD.match(body):
        if is_ip(address := unresolved["ip"].rstrip(":")):
            fields["source.ip"] = address
        put_domain("source", unresolved["host"], fields)
        fields["event.reason"] = unresolved.groupdict().get("reason") or body
    elif table := _MAP.match(body):
        put_domain("destination", table["host"], fields)
        put_port("destination", table["port"], fields)
        fields["event.reason"] = table["reason"]
    elif not _from_peer(body, fields) and not _to_peer(body, fields) and not _unverified(body, fields):
        fields["event.reason"] = body
        if client := _FROM_ANY.search(body):
            put_peer("source", client, fields)
    return True


def _unverified(text: str, fields: Fields) -> bool:
    """Read what a client says of a server's certificate: `certificate verification failed for name[ip]:25: why`."""
    found = _UNVERIFIED.match(text)
    if found is None or found["port"] is None:
        return False
    put_peer("destination", found, fields)
    fields["event.reason"] = found["reason"]
    return True


def _listed(text: str, fields: Fields) -> bool:
    """Read what dnsblog(8) found: `addr IP listed by domain LIST as IP`."""
    found = _LISTED.match(text)
    if found is None or not is_ip(found["ip"]):
        return False
    fields["source.ip"], fields["event.action"] = found["ip"], "dnsbl-listed"
    fields["event.reason"] = found["reason"]
    return True


def _handshake(text: str, fields: Fields) -> bool:
    """Read a failed handshake of tlsproxy(8): `TLS handshake failed for service=smtpd peer=[ip]:port`."""
    found = _FROM_ANY.search(text) if text.startswith("TLS handshake failed") else None
    if found is None:
        return False
    put_peer("source", found, fields)
    fields["event.action"], fields["event.outcome"] = "tls-handshake", "failure"
    return True


def _queue_end(text: str, fields: Fields) -> bool:
    if not text.startswith(("removed", "sender non-delivery", "sender delivery status", "postmaster ", "skipped")):
        return False
    fields["event.action"] = text.partition(":")[0].strip().replace(" ", "-")[:60]
    return True


def _statistics(text: str, fields: Fields) -> bool:
    """Read which client was the busiest, as anvil(8) tells: `statistics: max connection rate 60/60s for (smtp:IP)`."""
    found = _STATISTICS.match(text)
    if found is None or not is_ip(found["ip"]):
        return False
    fields["source.ip"], fields["event.action"] = found["ip"], f"{found['what']}-statistics"
    return True


_QUEUED = (
    _delivery, _decision, _said, _client, _origin, _message_id, _to_peer, _from_peer, _tls, _warning, _queue_end,
)  # fmt: skip
_BARE = (
    _from_peer, _to_peer, _tls, _warning, _decision, _statistics, _listed, _handshake, _unverified,
)  # fmt: skip
