"""Fortinet FortiMail: history (statistics), system events, spam, virus and encryption logs.

Format: "FortiMail Log Reference": `key=value`; the message of `subtype=smtp` is what sendmail writes (`from=<a@b>,
size=0, ..., relay=host [192.0.2.1]`): there the relay of a sender is where the mail came from, that of a recipient
where it went. Field names follow Elastic's `fortinet_fortimail`, ECS' categories instead of the vendor's own.
"""

from __future__ import annotations

import re

from collectors.fortinet.appliances import put_header, put_log_in, read_keys
from collectors.network.values import keep, put
from collectors.sensors.line import LineSource
from collectors.source import Options
from collectors.web.address import endpoint
from engine.errors import MalformedRecordError
from engine.events import Fields

_TYPES = r"statistics|spam|virus|encrypt|event|kevent|maillog|history"
_OWN_TYPE = re.compile(rf'\btype="?(?:{_TYPES})"?(?=\s|$)')
_HEAD = re.compile(r"\bdevice_id=\S{0,64} log_id=\S{1,32} ")
_OTHERS = re.compile(r"\b(?:vd|devname|srcip|src|msg_id|srcintf)=")
_MAIL = re.compile(r"(?:^|, )(?P<key>[a-z][a-z\-]{1,24}|STARTTLS)=")
_RELAY = re.compile(r"(?P<name>[^\s\[\]]{1,255})? ?(?:\[(?P<ip>[0-9A-Fa-f.:]{2,45})\])?")
_FILE = re.compile(
    r"File(?: name:)? (?P<name>[^\n]{1,255}?) ?(?:\(checksum: ?(?P<sum>[0-9A-Fa-f]{1,64})\)|, scanned by | has been )"
)
_URL = re.compile(r"(?:^|: |\s)(?:URL )?(?P<url>https?://\S{1,2000})")
_VERDICT = re.compile(r"rating=(?P<rating>[A-Za-z_]{1,32})|Scanner\((?P<scanned>[a-z]{1,32})\)", re.ASCII)
_CLEAN = frozenset(("clean", "CLEAN", "Clean"))
_REFUSED = ("reject", "quarantine", "discard", "delay", "drop", "replace", "block", "defer", "disconnect")
_DIRECTIONS = {"in": "inbound", "out": "outbound", "internal": "internal"}
_CATEGORIES = {"config": "configuration", "smtp": "email", "webmail": "email", "pop3": "email", "imap": "email"}


def _own(line: str) -> bool:
    head = line[:2048]
    if _HEAD.search(head) is None or _OWN_TYPE.search(head) is None or "pri=" not in head:
        return False
    return "log_part=" in head or _OTHERS.search(head.partition(' msg="')[0].partition(' subject="')[0]) is None


def _read(line: str, options: Options) -> Fields:
    values, doubtful = read_keys(line)
    kind, subtype = values.get("type", ""), values.get("subtype", "")
    if not kind or not {"device_id", "log_id", "session_id"} & values.keys():
        raise MalformedRecordError("no record of FortiMail: no type= beside device_id=, log_id= or session_id=")
    fields: Fields = {
        "event.dataset": "fortinet_fortimail.log",
        "event.module": "fortinet",
        "event.kind": "event",
        "observer.vendor": "Fortinet",
        "observer.product": "FortiMail",
        "observer.type": "email",
    }
    put_header(line, values, fields, options)
    fields["event.action"] = values.get("action") or kind
    fields["event.category"], fields["event.type"] = [_CATEGORIES.get(subtype, "host")], ["info"]
    _ends(values, doubtful, fields, options)
    message = values.get("msg", "")
    if kind not in {"event", "kevent"}:
        _mail(kind, values, message, fields)
    elif subtype != "smtp" and put_log_in(values, doubtful, fields, options):
        pass
    elif subtype == "smtp":
        _transfer(message, fields, options)
    elif subtype == "dns":
        fields["event.category"], fields["network.protocol"] = ["network"], "dns"
    elif subtype == "config":
        fields["event.type"] = ["change"]
    keep(fields, "fortimail.", values.items())
    return fields


def _ends(values: dict[str, str], doubtful: frozenset[str], fields: Fields, options: Options) -> None:
    """Set who sent what to whom."""
    for key, name in (("client_ip", "source.ip"), ("dst_ip", "destination.ip")):
        if key not in doubtful:
            put(fields, name, values.get(key, ""), options.zone)
    client = endpoint(values.get("client_name", "").strip().rstrip("."))
    if client.domain and "client_name" not in doubtful:
        fields["source.domain"] = client.domain
    put(fields, "email.subject", values.get("subject", ""), options.zone)
    for key, name in (("from", "email.from.address"), ("to", "email.to.address")):
        if addresses := _addresses(values.get(key, "")):
            fields[name] = addresses
    if direction := values.get("direction", ""):
        fields["network.direction"] = _DIRECTIONS.get(direction, direction)
    if reason := values.get("classifier", ""):
        fields["event.reason"] = reason
    put(fields, "rule.name", values.get("virus", ""), options.zone)


def _addresses(text: str) -> list[str]:
    """Return the addresses of `<a@b>,<c@d>` or `a@b`."""
    return [part for piece in text[:8192].split(",")[:64] if (part := piece.strip().strip("<>").strip())]


def _mail(kind: str, values: dict[str, str], message: str, fields: Fields) -> None:
    """Read what was found in a mail, or what became of it."""
    fields["event.category"] = ["email"]
    disposition = values.get("disposition", "")
    if disposition:
        fields["event.action"] = disposition
        refused = any(word in disposition.lower() for word in _REFUSED)
        fields["event.type"] = ["denied" if refused else "allowed"]
    verdict = _VERDICT.search(message)
    clean = verdict is not None and (verdict["rating"] or verdict["scanned"]) in _CLEAN
    if kind in {"virus", "spam"} and not clean:
        fields["event.kind"] = "alert"
    if kind == "virus":
        fields["event.category"] = ["malware", "email"]
    if (found := _FILE.match(message)) is not None:
        fields["file.name"], fields["file.type"] = found["name"], "file"
        if found["sum"] and len(found["sum"]) == 64:
            fields["file.hash.sha256"] = found["sum"].lower()
    if (url := _URL.search(message)) is not None:
        fields["url.original"] = url["url"]


def _transfer(message: str, fields: Fields, options: Options) -> None:
    """Read a line of the mail transfer agent: one of a sender, of a recipient, or of a TLS session."""
    starts = list(_MAIL.finditer(message[:8192]))[:64]
    values: dict[str, str] = {}
    for at, found in enumerate(starts):
        end = starts[at + 1].start() if at + 1 < len(starts) else len(message)
        values.setdefault(found["key"], message[found.end() : end].strip())
    fields["event.category"] = ["email"]
    relay = _RELAY.match(values.get("relay", ""))
    side = "destination" if "to" in values else "source"
    if relay is not None:
        put(fields, f"{side}.ip", relay["ip"] or "", options.zone)
        put(fields, f"{side}.domain", relay["name"] or "", options.zone)
    for key in ("from", "to"):
        if addresses := _addresses(values.get(key, "")):
            fields[f"email.{key}.address"] = addresses
    if (to := fields.get("email.to.address")) and isinstance(to, list) and isinstance(to[0], str):
        fields["user.email"] = to[0]
    put(fields, "network.protocol", values.get("proto", "").lower(), options.zone)
    put(fields, "event.reason", values.get("stat", "") or values.get("verifymsg", ""), options.zone)
    if stat := values.get("stat", ""):
        fields["event.outcome"] = "success" if stat.startswith("Sent") else "failure"
    peer = "client" if values.get("STARTTLS") == "server" else "server"  # whose certificate was looked at
    for key, name in (("cert-subject", "subject"), ("cert-issuer", "issuer")):
        put(fields, f"tls.{peer}.{name}", values.get(key, ""), options.zone)
    keep(fields, "fortimail.smtp.", values.items())


SOURCE = LineSource(
    name="fortimail",
    aliases=("fortinet_fortimail", "fortinet_fortimail.log"),
    title="Fortinet FortiMail: history, events, spam, virus",
    datasets=("fortinet_fortimail.log",),
    own=_own,
    read=_read,
    weight=100,
)
