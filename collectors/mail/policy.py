"""Services beside Postfix: greylisting (postgrey, milter-greylist), SPF (policyd-spf, postfix-policyd-spf), amavis.

Formats: postgrey's `action=..., reason=..., client_name=...`; amavisd-new's `Blocked SPAM {...}, [ip] <a> -> <b>, ...`
(its $log_templ); the Received-SPF header of RFC 7208 section 9.1, in front
of which the policy services write their own action.
"""

from __future__ import annotations

import re

from collectors.mail.peers import PEER, put_domain, put_mail, put_peer, put_port
from collectors.web.address import is_ip
from engine.events import Fields

_PAIR = re.compile(r"(?P<key>[a-z_]{1,32})=(?P<value>[^,]{0,400})", re.ASCII)
# `Softfail; identity=...`, `prepend Received-SPF: Pass (mailfrom) identity=...`, `Action: prepend: Text: Received-...`
_SPF = re.compile(
    r"""(?:(?:Action:\ |Policy\ action=)?(?P<action>[\w-]{1,20}):?\ )?(?:Text:\ )?(?:Received-SPF:\ )?
    (?P<result>Pass|Fail|Softfail|SoftFail|Neutral|None|Permerror|PermError|Temperror|TempError)
    (?:;|\ \((?P<comment>[^)]{0,400})\))\ (?P<pairs>.{0,4000})""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_SPF_REFUSAL = re.compile(
    r"[45]\d\d (?:[45]\.\d{1,3}\.\d{1,3} )?"
    r"(?P<comment>Message (?:rejected|deferred)[^;]{0,400}?SPF (?P<result>\w{2,10})\b[^;]{0,400});(?P<pairs>.{0,4000})",
    re.DOTALL | re.IGNORECASE,
)
_SPF_PAIR = re.compile(r"(?P<key>identity|client-ip|helo|envelope-from|receiver|mechanism)=(?P<value>[^;]{0,400})")
_AMAVIS = re.compile(
    r"""\([\w-]{1,32}\)\ (?P<verdict>Passed|Blocked)\ (?P<what>[\w-]{1,40})[^,]{0,200},
    (?:\ (?P<bank>[A-Z][\w/]{1,60}))?(?:\ \[(?P<client>[0-9A-Fa-f:.]{2,45})\](?::(?P<port>\d{1,5}))?)?
    (?:\ \[[0-9A-Fa-f:.]{2,45}\])?\ <(?P<from>[^>]{0,400})>\ ->\ (?P<to><[^>]{0,400}>(?:,<[^>]{0,400}>){0,50})
    (?P<rest>.{0,4000})""",
    re.VERBOSE | re.DOTALL,
)
_AMAVIS_ID = re.compile(r", (?P<key>Queue-ID|Message-ID): <?(?P<value>[^,>\s]{1,998})", re.ASCII)
_QUIET = ("whitelisted: ", "delayed ", "greylisted")


def read_policy(message: str, fields: Fields) -> bool:
    """Read a greylisting or SPF decision; tell whether it is one."""
    if message.startswith("(") and (verdict := _AMAVIS.match(message)):
        return _amavis(verdict, fields)
    if message.startswith("action=") and "client_" in message:
        return _greylist(message, fields)
    if message.startswith(_QUIET) and (peer := PEER.search(message)):
        put_peer("source", peer, fields)
        fields["event.action"] = message.partition(":")[0].partition(" ")[0]
        return True
    if "identity=" in message and (found := _SPF.match(message) or _SPF_REFUSAL.match(message)):
        return _spf(found, fields)
    return False


def _amavis(found: re.Match[str], fields: Fields) -> bool:
    """Read what the content filter decided on a mail, and whose it was."""
    fields["event.action"] = f"{found['verdict']}-{found['what']}".lower()
    fields["event.outcome"] = "success"
    if is_ip(found["client"] or ""):
        fields["source.ip"] = found["client"]
        put_port("source", found["port"], fields)
    put_domain("source", put_mail("email.from.address", found["from"], fields), fields)
    for recipient in found["to"].split(","):
        put_domain("destination", put_mail("email.to.address", recipient, fields), fields)
    for pair in _AMAVIS_ID.finditer(found["rest"]):
        fields["postfix.queue_id" if pair["key"] == "Queue-ID" else "email.message_id"] = pair["value"]
    return True


def _greylist(message: str, fields: Fields) -> bool:
    pairs = {found["key"]: found["value"].strip() for found in _PAIR.finditer(message)}
    fields["event.action"] = pairs.get("action", "")
    fields["event.outcome"] = "success"
    if reason := pairs.get("reason"):
        fields["event.reason"] = reason
    address = pairs.get("client_address", "").partition("/")[0]
    if is_ip(address):
        fields["source.ip"] = address
    sender = put_mail("email.from.address", pairs.get("sender", ""), fields)
    put_domain("source", sender, fields)
    put_domain("source", pairs.get("client_name"), fields)
    put_domain("destination", put_mail("email.to.address", pairs.get("recipient", ""), fields), fields)
    return True


def _spf(found: re.Match[str], fields: Fields) -> bool:
    pairs = {pair["key"]: pair["value"].strip() for pair in _SPF_PAIR.finditer(found["pairs"])}
    result = found["result"].lower()
    fields["event.action"] = f"spf-{result}"
    fields["event.outcome"] = "failure" if result == "fail" else "success"
    fields["postfix.spf.result"] = result
    for key, name in (("identity", "postfix.spf.identity"), ("mechanism", "postfix.spf.mechanism")):
        if key in pairs:
            fields[name] = pairs[key]
    if found["comment"]:
        fields["event.reason"] = found["comment"].strip()
    if is_ip(pairs.get("client-ip", "")):
        fields["source.ip"] = pairs["client-ip"]
    put_mail("email.from.address", pairs.get("envelope-from", ""), fields)
    put_domain("source", pairs.get("helo"), fields)
    put_domain("destination", put_mail("email.to.address", _address(pairs.get("receiver", "")), fields), fields)
    return True


def _address(text: str) -> str:
    """Return an address; a receiver may be named by its host alone, or not at all."""
    return text if "@" in text else ""
