"""Exim's main and reject logs: arrivals, deliveries, deferrals, refusals, failed authentications, connections.

Format: the Exim specification's chapter on log files (https://www.exim.org/exim-html-current/doc/html/spec_html/
ch-log_files.html): `DATE TIME [pid] ID FLAG ADDRESS KEY=VALUE ...`, with `H=name (helo) [address]:port`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from collectors.mail.peers import mail_address, put_domain, put_mail, put_port
from collectors.network.tls import put_tls
from collectors.web.address import is_ip
from engine.events import Fields

# Since 4.97 an identifier has longer parts
ID = re.compile(r"(?P<id>[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})) ", re.ASCII)
_FLAG = re.compile(r"(?P<flag><=|=>|->|>>|\*>|\*\*|==|\(=) (?P<address><>|\S{1,400})")
_ACTIONS = {
    "<=": ("received", "success"),
    "=>": ("delivered", "success"),
    "->": ("delivered", "success"),
    ">>": ("delivered", "success"),
    "*>": ("delivery-suppressed", "success"),
    "**": ("bounced", "failure"),
    "==": ("deferred", "failure"),
    "(=": ("faked-delivery", "success"),
}
_HOST = re.compile(
    r"""(?:\bH=|\bfor\ |\bfrom\ )(?P<name>[^\s\[\]()=<>]{1,255})?\ ?(?:\((?P<helo>[^)]{0,255})\)\ )?
    \[(?P<ip>[0-9A-Fa-f:.]{2,45})\](?::(?P<port>\d{1,5}))?""",
    re.VERBOSE,
)
_LISTENER = re.compile(r"\bI=\[(?P<ip>[0-9A-Fa-f:.]{2,45})\](?::(?P<port>\d{1,5}))?", re.ASCII)
_PAIR = re.compile(
    r'(?<=\s)(?P<key>[A-Za-z]{1,10})=(?:"(?P<quoted>[^"\\]*+(?:\\.[^"\\]*+)*+)"|(?P<text>\S{0,2000}))', re.DOTALL
)
_CIPHER = re.compile(r"[\w-]{1,80}", re.ASCII)
_REFUSED = re.compile(
    r"\b(?P<how>temporarily rejected|rejected|discarded)"
    r" (?P<stage>[A-Z]{2,12}|after DATA|connection|sender|from|during)(?: <(?P<address>[^>]{0,400})>)?"
)
_AUTH = re.compile(
    r"(?P<driver>[\w.-]{1,64}) authenticator failed for (?P<where>.{1,600}?): (?P<code>\d{3})(?P<reason>.{0,400})"
)
_SET_ID = re.compile(r"\(set_id=(?P<user>[^)]{1,255})\)")
_VERIFY = re.compile(r"sender verify (?:fail|defer) for <(?P<address>[^>]{0,400})>: ?(?P<reason>.{0,1000})")
_ENVELOPE_TO = re.compile(r"^Envelope-to: <(?P<address>[^>]{1,400})>", re.MULTILINE)
_KEYS = {"S": "exim.size", "P": "exim.protocol", "R": "exim.router", "U": "exim.local_user", "C": "exim.confirmation",
         "QT": "exim.queue_time", "DT": "exim.delivery_time", "SNI": "tls.client.server_name", "CV": "exim.certificate",
         "DN": "exim.peer_dn", "M8S": "exim.8bitmime", "PRX": "exim.proxy", "ST": "exim.shadow_transport"}  # fmt: skip


def read_exim(message: str, fields: Fields) -> bool:
    """Read what stands behind the stamp (and pid) of a line; tell whether its words are Exim's known ones."""
    if found := ID.match(message):
        fields["exim.message_id"] = found["id"]
        message = message[found.end() :]
    first = message.partition("\n")[0]
    readers: tuple[Callable[[str, Fields], bool], ...] = (_flagged, _authentication, _refusal, _verification, _other)
    known = any(reader(first, fields) for reader in readers)
    if "\n" in message and (to := _ENVELOPE_TO.search(message)) and "email.to.address" not in fields:
        put_mail("email.to.address", to["address"], fields)
    return known


def _flagged(text: str, fields: Fields) -> bool:
    found = _FLAG.match(text)
    if found is None:
        return text.startswith("Completed") and _completed(fields)
    action, outcome = _ACTIONS[found["flag"]]
    fields["event.action"], fields["event.outcome"] = action, outcome
    arrived = found["flag"] == "<="
    rest = text[found.end("address") :]
    address = found["address"].rstrip(":")
    domain = put_mail("email.from.address" if arrived else "email.to.address", address, fields)
    _host(rest, "source" if arrived else "destination", fields)
    if not arrived and "destination.domain" not in fields:
        put_domain("destination", domain, fields)
    _pairs(rest, fields, arrived=arrived)
    if arrived and (recipients := _recipients(text)):
        fields["email.to.address"] = recipients
    if outcome == "failure" and (reason := rest.rpartition(": ")[2].strip() or rest.strip()):
        fields["event.reason"] = reason
    return True


def _recipients(text: str) -> list[str]:
    """Return the addresses behind the last ` for ` (`+received_recipients`), none where other words stand there."""
    words = text.rpartition(" for ")[2].split()
    return [mail_address(word) for word in words[:1000]] if words and all("@" in word for word in words) else []


def _completed(fields: Fields) -> bool:
    fields["event.action"], fields["event.outcome"] = "completed", "success"
    return True


def _host(text: str, side: str, fields: Fields) -> None:
    """Read `H=name (helo) [address]:port`; the helo is the client's word and stands for a name where none is known."""
    found = _HOST.search(text)
    if found is None:
        return
    if is_ip(found["ip"]):
        fields[f"{side}.ip"] = found["ip"]
    put_port(side, found["port"], fields)
    put_domain(side, found["name"] or found["helo"], fields)
    if found["helo"]:
        fields["exim.helo"] = found["helo"]
    listener = _LISTENER.search(text)
    if listener is not None and side == "source":
        fields["destination.ip"] = listener["ip"]
        put_port("destination", listener["port"], fields)


def _pairs(text: str, fields: Fields, *, arrived: bool) -> None:
    for found in _PAIR.finditer(text):
        key, value = found["key"], found["quoted"] if found["quoted"] is not None else found["text"]
        if key in ("H", "I", "F") or not value:
            continue
        if key == "T":
            fields["email.subject" if arrived else "exim.transport"] = value
        elif key == "id":
            fields["email.message_id"] = value.strip("<>")
        elif key == "A":
            _authenticated(value, fields)
        elif key == "X":
            _tls(value, fields)
        elif key in _KEYS:
            fields[_KEYS[key]] = int(value) if key == "S" and value.isdecimal() and len(value) < 19 else value


def _authenticated(value: str, fields: Fields) -> None:
    driver, _, user = value.partition(":")
    fields["exim.authenticator"] = driver
    if user:
        fields["user.name"] = user
        fields["event.category"] = ["email", "authentication"]


def _tls(value: str, fields: Fields) -> None:
    version, _, rest = value.partition(":")
    cipher = _CIPHER.match(rest)
    if cipher is not None and put_tls(version, fields):
        fields["tls.cipher"] = cipher[0]


def _authentication(text: str, fields: Fields) -> bool:
    found = _AUTH.search(text, 0, 2000)
    if found is None:
        return False
    fields["event.action"], fields["event.outcome"] = "authentication", "failure"
    fields["event.category"] = ["email", "authentication"]
    fields["exim.authenticator"] = found["driver"]
    fields["event.reason"] = f"{found['code']}{found['reason']}"
    _host("for " + found["where"], "source", fields)
    if user := _SET_ID.search(text):
        fields["user.name"] = user["user"]
    return True


def _refusal(text: str, fields: Fields) -> bool:
    found = _REFUSED.search(text, 0, 4000)
    if found is None:
        return False
    fields["event.action"] = "rejected" if found["how"] != "discarded" else "discarded"
    fields["event.outcome"] = "success"
    fields["exim.stage"] = found["stage"]
    _host(text, "source", fields)
    if sender := re.search(r"\bF=<([^>]{1,400})>", text):
        put_mail("email.from.address", sender[1], fields)
    if found["address"]:
        is_sender = found["stage"] in {"MAIL", "sender", "from"}
        domain = put_mail("email.from.address" if is_sender else "email.to.address", found["address"], fields)
        if not is_sender:
            put_domain("destination", domain, fields)
    _pairs(" " + text[: found.start()], fields, arrived=True)
    reason = text[found.end() :].partition(": ")[2].strip()
    if reason:
        fields["event.reason"] = reason
    return True


def _verification(text: str, fields: Fields) -> bool:
    found = _VERIFY.search(text, 0, 4000)
    if found is None:
        return False
    fields["event.action"], fields["event.outcome"] = "sender-verify", "failure"
    _host(text, "source", fields)
    put_mail("email.from.address", found["address"], fields)
    if found["reason"]:
        fields["event.reason"] = found["reason"]
    return True


_OTHERS = (
    ("SMTP connection from", "connect"),
    ("SMTP protocol", "protocol-error"),
    ("SMTP syntax error", "protocol-error"),
    ("SMTP command timeout", "timeout"),
    ("SMTP data timeout", "timeout"),
    ("TLS error", "tls-error"),
    ("TLS session", "tls-error"),
    ("no host name found", "lookup-failed"),
    ("no IP address found", "lookup-failed"),
    ("unexpected disconnection", "disconnect"),
    ("Connection from", "connection-refused"),
    ("unqualified sender", "rejected"),
    ("unqualified recipient", "rejected"),
    ("Start queue run", "queue-run"),
    ("End queue run", "queue-run"),
    ("exim ", "daemon"),
    ("H=", "session"),
    ("removed by", "removed"),
    ("cancelled by", "cancelled"),
    ("frozen by", "frozen"),
    ("Frozen", "frozen"),
    ("Message is frozen", "frozen"),
    ("Unfrozen", "unfrozen"),
    ("Remote host", "disconnect"),
    ("remote host", "disconnect"),
    ("Spool file", "queue"),
    ("unable to", "error"),
    ("failed to", "error"),
)
_ADDRESS = re.compile(r"IP address (?P<ip>[0-9A-Fa-f:.]{2,45})")


def _other(text: str, fields: Fields) -> bool:
    action = next((action for start, action in _OTHERS if text.startswith(start)), None)
    if action is None:
        return False
    fields["event.action"] = action
    _host(" " + text, "source", fields)
    if (bare := _ADDRESS.search(text)) and is_ip(bare["ip"]):
        fields["source.ip"] = bare["ip"]
    return True
