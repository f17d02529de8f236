"""Exchange's protocol logs of SMTP, IMAP4 and POP3: their columns where a log lost its header, and log-ins in them.

Columns after Microsoft's "Protocol logging" and "Protocol logging for POP3 and IMAP4": the first column is an ISO 8601
stamp with Z, endpoints are `address:port`, SMTP events are one of `+ - > < *`.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.windows.fill import put
from engine.events import Fields

SMTP: Final = (
    *("date-time", "connector-id", "session-id", "sequence-number", "local-endpoint", "remote-endpoint", "event"),
    *("data", "context"),
)
CLIENTS: Final = (
    *("dateTime", "sessionId", "seqNumber", "sIp", "cIp", "user", "duration", "rqsize", "rpsize", "command"),
    *("parameters", "context", "puid"),
)
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_END = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.%]{2,60}\]|[0-9A-Fa-f:.]{2,45}):\d{1,5}", re.ASCII)
_LOGIN = re.compile(r"\b(?:AUTH|LOGIN|AUTHENTICATE|PASS|USER)\b", re.IGNORECASE)
_REFUSED = re.compile(
    r"^535[ -]|AuthFailed|LogonDenied|Authentication unsuccessful|authentication failure", re.IGNORECASE
)
_ACCEPTED = re.compile(r"^235[ -]|R=\"?\S{0,10} ?(?:\+?OK)\b", re.IGNORECASE)


def default_columns(values: list[str]) -> tuple[str, ...] | None:
    """Return the columns of a row without a header by its shape, None where it has none of these."""
    if len(values) < len(SMTP) or not _STAMP.fullmatch(values[0]):
        return None
    if len(values) == len(SMTP) and values[6] in {"+", "-", ">", "<", "*"} and values[3].isdecimal():
        return SMTP
    ends = _END.fullmatch(values[3]) is not None and _END.fullmatch(values[4]) is not None
    return CLIENTS if ends and 12 <= len(values) <= len(CLIENTS) and values[2].isdecimal() else None


def read_session(fields: Fields) -> None:
    """Say of a row of these logs whether it is a log-in, and how it ended."""
    answer = str(fields.get("exchange.data") or fields.get("exchange.context") or "")
    command = str(fields.get("exchange.command") or "")
    refused, accepted = _REFUSED.search(answer), _ACCEPTED.search(answer)
    if refused is not None:
        put(fields, "event.outcome", "failure")
        put(fields, "event.reason", answer[:400])
    elif accepted is not None and (not command or _LOGIN.match(command)):
        put(fields, "event.outcome", "success")
    else:
        return
    fields["event.category"] = ["email", "authentication"]
    fields["event.type"] = ["start"] if refused is None else ["start", "denied"]
    fields["event.action"] = "login"
