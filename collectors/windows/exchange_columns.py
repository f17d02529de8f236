"""ECS names of the columns of Exchange's own logs: HTTP proxy, cmdlets, message tracking, SMTP, admin audit.

Columns after Microsoft's descriptions of the message tracking log, the protocol logs and the admin audit log; names
are compared without case and signs (`date-time`, `DateTime`), since the logs do not agree with each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from collectors.windows.exchange_cmdlets import set_caller
from collectors.windows.fill import classify, plain_address, put, put_account
from collectors.windows.system import number_of
from engine.events import Fields

_TEXT: Final = {
    "clienthostname": "source.domain",
    "clientrequestid": "http.request.id",
    "cmdlet": "exchange.cmdlet",
    "cmdletname": "exchange.cmdlet",
    "cmdletparameters": "exchange.parameters",
    "eventid": "event.action",
    "messageid": "email.message_id",
    "messagesubject": "email.subject",
    "method": "http.request.method",
    "parameters": "exchange.parameters",
    "processname": "process.name",
    "protocol": "network.protocol",
    "serverhostname": "host.name",
    "originatingserver": "host.name",
    "urlhost": "url.domain",
    "urlquery": "url.query",
    "urlstem": "url.path",
    "useragent": "user_agent.original",
}
_NUMBERS: Final = {
    "httpstatus": "http.response.status_code",
    "processid": "process.pid",
    "requestbytes": "http.request.bytes",
    "responsebytes": "http.response.bytes",
}
_ADDRESSES: Final = {
    "clientip": "source",
    "clientipaddress": "source",
    "originalclientip": "client",
    "remoteendpoint": "source",
    "localendpoint": "destination",
    "serverip": "destination",
    "cip": "source",
    "sip": "destination",
}
_LISTS: Final = {
    "recipientaddress": "email.to.address",
    "returnpath": "email.sender.address",
    "senderaddress": "email.from.address",
}
_PEOPLE: Final = frozenset({"authenticateduser", "user"})
TIMES: Final = ("datetime", "timestamp", "rundate", "starttime", "date")

_Setter = Callable[[Fields, str], None]


def word(column: str) -> str:
    """Return a column's name in small letters and digits alone."""
    return "".join(letter for letter in column.lower() if letter.isalnum())


def field_name(column: str) -> str:
    """Return a column's field: `client-ip` and `ClientIp` are both `exchange.client_ip`."""
    letters: list[str] = []
    before = "_"
    for letter in column[:100]:
        if letter.isupper() and (before.islower() or before.isdigit()):
            letters.append("_")
        letters.append(letter.lower() if letter.isalnum() else "_")
        before = letter
    return "exchange." + "".join(letters).strip("_")


def column_setter(column: str) -> _Setter:
    """Return what sets the fields of a column's value: its own name, and the ECS name where there is one."""
    plain = word(column)
    setters = [_text(field_name(column))]
    if plain in _TEXT:
        setters.append(_text(_TEXT[plain]))
    if plain in _NUMBERS:
        setters.append(_number(_NUMBERS[plain]))
    if plain in _ADDRESSES:
        setters.append(_address(_ADDRESSES[plain]))
    if plain in _LISTS:
        setters.append(_list(_LISTS[plain]))
    if plain in _PEOPLE:
        setters.append(lambda fields, value: put_account(fields, "user", value))
    if plain == "caller":
        setters.append(set_caller)

    def set_all(fields: Fields, value: str) -> None:
        for setter in setters:
            setter(fields, value)

    return set_all


def _text(name: str) -> _Setter:
    return lambda fields, value: put(fields, name, value)


def _number(name: str) -> _Setter:
    return lambda fields, value: put(fields, name, number_of(value))


def _address(side: str) -> _Setter:
    return lambda fields, value: _endpoint(fields, side, value)


def _list(name: str) -> _Setter:
    return lambda fields, value: put(fields, name, [part for part in value.split(";") if part])


def _endpoint(fields: Fields, side: str, value: str) -> None:
    """Set an address, or an address with a port: `10.0.0.1:25`, `[fe80::1]:25`."""
    address = plain_address(value)
    if address is None:
        host, colon, port = value.rpartition(":")
        address = plain_address(host)
        number = number_of(port)
        if address is None or not colon:
            return
        if number is not None and 0 < number < 65536:
            put(fields, f"{side}.port", number)
    put(fields, f"{side}.ip", address)
    put(fields, f"{side}.address", address)


def categorise(fields: Fields) -> None:
    """Set category, type, outcome and action by what the row is: a request, a cmdlet or a message."""
    if "exchange.cmdlet" in fields:
        verb = str(fields["exchange.cmdlet"]).partition("-")[0].lower()
        kind = "access" if verb in ("get", "test", "search") else "change"
        classify(fields, ("iam", "configuration"), ("admin", kind), str(fields["exchange.cmdlet"]))
        _outcome(fields)
    elif "http.response.status_code" in fields or "url.path" in fields:
        classify(fields, ("web",), ("access",), None)
        status = fields.get("http.response.status_code")
        if isinstance(status, int):
            put(fields, "event.outcome", "success" if status < 400 else "failure")
    elif "email.message_id" in fields or "email.subject" in fields:
        classify(fields, ("email",), ("info",), None)
        if str(fields.get("event.action", "")).upper() in ("FAIL", "BADMAIL", "DROP", "REDIRECTFAIL"):
            put(fields, "event.outcome", "failure")
    fields.setdefault("event.category", [])
    if not fields.get("event.type"):
        fields["event.type"] = ["info"]


def _outcome(fields: Fields) -> None:
    stated = fields.get("exchange.succeeded", fields.get("exchange.execution_result"))
    if stated is not None:
        put(fields, "event.outcome", "success" if str(stated).lower() in ("true", "success", "$true") else "failure")
