"""SpamAssassin's spamd: connections, messages, verdicts.

Format: spamd's `result:` line (`spamd: result: Y 15 - TEST,TEST scantime=..,size=..,user=..,uid=..,mid=<..>`) and its
messages around it, as in spamd(1). Facts go to `spamassassin.*`; which of them are the event's user and source is for
the sources to say.
"""

from __future__ import annotations

import re

from collectors.web.address import is_ip
from engine.events import Fields

_CONNECTION = re.compile(
    r"connection from (?P<name>\S{1,255}) \[(?P<ip>[0-9A-Fa-f:.]{2,45})\]:(?P<port>\d{1,5})"
    r"(?: to (?:port (?P<local>\d{1,5})|\S{1,255}))?",
    re.ASCII,
)
_MESSAGE = re.compile(
    r"(?P<what>processing|checking) message (?:<(?P<id>[^>\s]{1,998})>|\((?P<unknown>[^)]{1,40})\)|(?P<bare>\S{1,998}))"
    r"(?: aka <[^>\s]{1,998}>)? for (?P<user>[^\s:]{1,255})(?::(?P<uid>\d{1,10}))?"
)
_VERDICT = re.compile(
    r"(?P<what>clean message|identified spam) \((?P<score>-?\d{1,6}(?:\.\d{1,4})?)"
    r"/(?P<required>-?\d{1,6}(?:\.\d{1,4})?)\) for (?P<user>[^\s:]{1,255})(?::(?P<uid>\d{1,10}))?",
    re.ASCII,
)
_RESULT = re.compile(
    r"result: (?P<spam>[Y.]) (?P<score>-?\d{1,6}) - (?P<tests>\S{0,4000}) (?P<pairs>.{1,4000})", re.DOTALL
)
_PAIR = re.compile(r"(?P<key>[a-z_]{1,32})=(?P<value>[^,]{0,1000})", re.ASCII)
_NUMBERS = {"size": int, "uid": int, "rport": int, "scantime": float, "required_score": float}
_PREFIXES = ("spamd: ", "prefork: ", "config: ", "logger: ", "info: ", "warn: ")


def read_spamd(message: str, fields: Fields) -> bool:
    """Read one message of spamd; tell whether its beginning is spamd's."""
    if not message.startswith(_PREFIXES):
        return False
    body = message.partition(": ")[2]
    if found := _CONNECTION.match(body):
        fields["event.action"] = "connection"
        _put(fields, rhost=found["name"], raddr=found["ip"], rport=found["port"], lport=found["local"])
    elif found := _MESSAGE.match(body):
        fields["event.action"] = found["what"]
        _put(fields, message_id=found["id"] or found["bare"], user=found["user"], uid=found["uid"])
    elif found := _VERDICT.match(body):
        fields["event.action"] = "spam" if found["what"] == "identified spam" else "clean"
        _put(fields, user=found["user"], uid=found["uid"])
        fields["spamassassin.score"] = float(found["score"])
        fields["spamassassin.required_score"] = float(found["required"])
    elif found := _RESULT.match(body):
        _result(found, fields)
    return True


def _result(found: re.Match[str], fields: Fields) -> None:
    fields["event.action"] = "spam" if found["spam"] == "Y" else "clean"
    fields["spamassassin.score"] = float(found["score"])
    if tests := [test for test in found["tests"].split(",") if test]:
        fields["spamassassin.tests"] = tests[:200]
    pairs = {pair["key"]: pair["value"].strip() for pair in _PAIR.finditer(found["pairs"])}
    if mid := pairs.pop("mid", ""):
        pairs["message_id"] = mid.strip("<>")
        fields["spamassassin.mid"] = mid
    _put(fields, **pairs)


def _put(fields: Fields, **values: str | None) -> None:
    for key, value in values.items():
        if not value or (key == "raddr" and not is_ip(value)):
            continue
        cast = _NUMBERS.get(key)
        try:
            fields[f"spamassassin.{key}"] = cast(value) if cast is not None else value
        except ValueError:
            fields[f"spamassassin.{key}_text"] = value
