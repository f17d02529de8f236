"""The columns of a W3C extended log: what its `#Fields:` line says, as a plan by which lines become fields.

Formats: https://www.w3.org/TR/WD-logfile.html; IIS's names: https://learn.microsoft.com/windows/win32/http/w3c-logging.
A hyphen stands for an absent value, and IIS writes a plus for each blank inside a header's value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial

from collectors.web.address import addresses, endpoint
from collectors.web.client import user_fields
from collectors.web.request import read_host
from engine.events import Fields, Value

_VERSION = re.compile(r"HTTP/(\d(?:\.\d)?)", re.ASCII)
_MILLISECOND = 1_000_000  # nanoseconds, the unit of `event.duration`

# Columns whose text is a field as it stands.
_TEXTS: Mapping[str, str] = {
    "s-sitename": "iis.access.site_name",
    "s-computername": "host.name",
    "cs-method": "http.request.method",
    "cs(referer)": "http.request.referrer",
    "cs(cookie)": "iis.access.cookie",
    "s-siteid": "iis.access.site_id",
    "s-reason": "iis.error.reason_phrase",
    "s-queuename": "iis.error.queue_name",
    "crypt-protocol": "iis.access.crypt_protocol",
    "crypt-cipher": "iis.access.crypt_cipher",
}
_NUMBERS: Mapping[str, str] = {
    "sc-status": "http.response.status_code",
    "sc-bytes": "http.response.bytes",
    "cs-bytes": "http.request.bytes",
    "s-port": "destination.port",
    "c-port": "source.port",
    "sc-substatus": "iis.access.sub_status",
    "sc-win32-status": "iis.access.win32_status",
}
# The selections that IIS 10, 7 and 6 write by default, and all columns that IIS knows, for logs without their header.
_START = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent)"
_START_6 = "date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent)"
_END = "sc-status sc-substatus sc-win32-status"
_START_ALL = "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip"
_DEFAULTS = (
    f"{_START} cs(Referer) {_END} time-taken",
    f"{_START} {_END} time-taken",
    f"{_START_6} {_END}",
    f"{_START_ALL} cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host {_END} sc-bytes cs-bytes time-taken",
)
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "date": re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
    "time": re.compile(r"\d\d:\d\d:\d\d", re.ASCII),
    "s-ip": re.compile(r"[0-9A-Fa-f:.%]{2,60}|-", re.ASCII),
    "c-ip": re.compile(r"[0-9A-Fa-f:.%]{2,60}|-", re.ASCII),
    "cs-method": re.compile(r"[A-Za-z_\-]{1,32}", re.ASCII),
    "s-port": re.compile(r"\d{1,5}", re.ASCII),
    "sc-status": re.compile(r"\d{1,3}", re.ASCII),
}
_FORWARDED = frozenset({"x-forwarded-for", "cs(x-forwarded-for)", "x-forwarded-for-ip", "true-client-ip", "originalip"})
# Columns of content networks and proxies, whose logs are W3C too.
_FOREIGN = ("x-edge", "rs-", "r-", "s-action", "sr-", "cs-categories")
_LONGEST = 300  # characters of an address; nothing longer is one, or is remembered
_ABSENT = frozenset({"", "-"})
_CUSTOM = re.compile(r"[^a-z0-9_]+")


class Columns:
    """The columns of one `#Fields:` line. `read` makes fields of a line's values; dates are the parser's matter."""

    def __init__(self, names: list[str]) -> None:
        self.names = [name.lower() for name in names]
        self.count = len(names)
        place = {name: index for index, name in enumerate(self.names)}
        self.date = place.get("date")
        self.time = place.get("time")
        self._stem = place.get("cs-uri-stem", place.get("cs-uri"))
        self._query = place.get("cs-uri-query")
        plan = [(index, *_reader(name)) for index, name in enumerate(self.names) if _has_reader(name)]
        self._numbers = [(index, _NUMBERS[name]) for index, name in enumerate(self.names) if name in _NUMBERS]
        self._texts = [(index, field) for index, field, reader in plan if reader is None]
        self._others = [(index, reader) for index, _, reader in plan if reader is not None]

    def looks_like_iis(self) -> bool:
        """Tell whether these are the columns of a web server's log and not of another program's."""
        web = {"cs-method", "cs-uri-stem", "cs-uri", "sc-status", "cs-uri-query", "cs(user-agent)"}
        mine = {"s-ip", "s-port", "s-sitename", "s-siteid", "s-computername", "sc-substatus", "sc-win32-status", "c-ip"}
        foreign = any(name.startswith(_FOREIGN) for name in self.names)
        return not foreign and len(web.intersection(self.names)) >= 2 and not mine.isdisjoint(self.names)

    def read(self, values: list[str], fields: Fields) -> None:
        """Put the values of a line, which are as many as the columns, into `fields`."""
        for index, name in self._texts:
            text = values[index]
            if text not in _ABSENT:
                fields[name] = text
        for index, name in self._numbers:
            text = values[index]
            if text.isdecimal() and len(text) < 19:
                fields[name] = int(text)
            elif text not in _ABSENT:
                fields[f"iis.unreadable.{name}"] = text
        for index, reader in self._others:
            text = values[index]
            if text not in _ABSENT:
                reader(text, fields)
        self._read_url(values, fields)

    def _read_url(self, values: list[str], fields: Fields) -> None:
        path = values[self._stem] if self._stem is not None else "-"
        query = values[self._query] if self._query is not None else "-"
        if self._query is None and "?" in path:
            path, _, query = path.partition("?")
        if path == "-":
            path = ""
        else:
            fields["url.path"] = path
        if query in {"-", ""}:
            if path:
                fields["url.original"] = path
            return
        fields["url.query"] = query
        fields["url.original"] = f"{path}?{query}"


@cache
def _default_columns() -> tuple[Columns, ...]:
    return tuple(Columns(names.split()) for names in _DEFAULTS)


def default_columns(values: list[str]) -> Columns | None:
    """Return the default selection of IIS that a line without a header has the shape of, or None."""
    for columns in _default_columns():
        if columns.count == len(values) and all(
            _SHAPES[name].fullmatch(value) for name, value in zip(columns.names, values, strict=True) if name in _SHAPES
        ):
            return columns
    return None


Reader = Callable[[str, Fields], None]


def _has_reader(name: str) -> bool:
    return name not in {"date", "time", "cs-uri-stem", "cs-uri-query", "cs-uri"} and name not in _NUMBERS


def _reader(name: str) -> tuple[str, Reader | None]:
    """Return the field and the function for a column; no function where the text is the value."""
    if name in _TEXTS:
        return _TEXTS[name], None
    special: Mapping[str, Reader] = {
        "c-ip": _client,
        "s-ip": _server,
        "cs-username": _user,
        "cs(user-agent)": _agent,
        "cs-host": _host,
        "cs(host)": _host,
        "cs-version": _version,
        "time-taken": _duration,
    }
    if name in special:
        return name, special[name]
    custom = "iis." + (_CUSTOM.sub("_", name).strip("_") or "column")
    return custom, partial(_forwarded, custom) if name in _FORWARDED else None


def _duration(text: str, fields: Fields) -> None:
    if text.isdecimal() and len(text) < 16:
        fields["event.duration"] = int(text) * _MILLISECOND


@lru_cache(maxsize=16384)
def _ends(text: str, side: str) -> tuple[tuple[str, Value], ...]:
    found = endpoint(text)
    values = (("ip", found.ip), ("domain", found.domain), ("port", found.port))
    return tuple((f"{side}.{name}", value) for name, value in values if value is not None)


def _client(text: str, fields: Fields) -> None:
    fields.update((_ends(text, "source") if len(text) <= _LONGEST else ()) or (("source.address", text),))


def _server(text: str, fields: Fields) -> None:
    fields.update(_ends(text[: _LONGEST + 1], "destination"))


def _user(text: str, fields: Fields) -> None:
    user_fields(text.replace("+", " "), fields)


def _agent(text: str, fields: Fields) -> None:
    fields["user_agent.original"] = text.replace("+", " ")


def _host(text: str, fields: Fields) -> None:
    read_host(text, fields)


def _version(text: str, fields: Fields) -> None:
    found = _VERSION.fullmatch(text)
    if found is not None:
        fields["http.version"] = found[1]


def _forwarded(name: str, text: str, fields: Fields) -> None:
    fields[name] = text
    members = addresses(text.replace("+", " "))
    if members and (first := endpoint(members[0]).ip) is not None:
        fields["network.forwarded_ip"] = first
