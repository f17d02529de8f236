"""Exchange's administration as Windows events: the channel `MSExchange Management`, ids 1 (done) and 6 (failed).

Their data have no names. In order: cmdlet, parameters, caller, and more about the session, the server and the error.
Exchange itself writes the message "Cmdlet suceeded" (sic) or "Cmdlet failed", with cmdlet and parameters in it.
"""

from __future__ import annotations

import re
from typing import Final

from engine.events import Fields

_CMDLET: Final = re.compile(r"[A-Za-z]{2,30}-[A-Za-z0-9]{2,80}")
_MESSAGE: Final = re.compile(
    r"Cmdlet (?P<end>suc\w{0,10}|failed)\. Cmdlet (?P<cmdlet>[A-Za-z]{2,30}-[A-Za-z0-9]{2,80})"
)
_PARAMETERS: Final = re.compile(r"[, ]{0,3}param(?:e)?ters ")
_FAILED: Final = "6"


def exchange_cmdlet(fields: Fields) -> None:
    """Set `exchange.cmdlet`, `exchange.parameters`, `event.action`, `event.outcome` and the user who ran the cmdlet."""
    data = [str(fields[name]) for number in range(1, 30) if (name := f"winlog.event_data.param{number}") in fields]
    if not data:
        plain = fields.get("winlog.event_data.Data")
        data = [plain] if isinstance(plain, str) else []
    if data and _CMDLET.fullmatch(data[0].strip()):
        _from_data(fields, [item.strip() for item in data])
    else:
        text = next((item for item in [str(fields.get("message", "")), *data] if "Cmdlet " in item), "")
        _from_message(fields, text)
    if "exchange.cmdlet" in fields:
        fields.setdefault("event.action", fields["exchange.cmdlet"])
        fields.setdefault("event.outcome", "failure" if fields.get("event.code") == _FAILED else "success")


def _from_data(fields: Fields, data: list[str]) -> None:
    fields["exchange.cmdlet"] = data[0]
    if len(data) > 1 and data[1]:
        fields["exchange.parameters"] = data[1]
    if len(data) > 2:
        set_caller(fields, data[2])
    if len(data) > 3 and data[3].startswith("S-1-"):
        fields.setdefault("user.id", data[3])


def _from_message(fields: Fields, text: str) -> None:
    found = _MESSAGE.search(text)
    if found is None:
        return
    fields["exchange.cmdlet"] = found["cmdlet"]
    fields.setdefault("event.outcome", "failure" if found["end"] == "failed" else "success")
    after = _PARAMETERS.match(text, found.end())
    if after is not None:
        fields["exchange.parameters"] = text[after.end() :].strip().rstrip(".")


def set_caller(fields: Fields, caller: str) -> None:
    """Set `user.*` from a caller: `DOMAIN\\name`, `name@domain`, or a directory path `domain/folder/name`."""
    if not caller or caller == "-":
        return
    fields["exchange.caller"] = caller
    domain, _, name = caller.rpartition("\\")
    if not domain and "/" in caller:
        domain, name = caller.split("/", 1)[0], caller.rsplit("/", 1)[1]
    elif not domain and "@" in caller:
        name, _, domain = caller.partition("@")
    fields.setdefault("user.name", name or caller)
    if domain:
        fields.setdefault("user.domain", domain)
