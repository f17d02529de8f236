"""Access log lines of the Common Log Format family, as Apache and nginx write them and as operators extend them.

Formats: https://httpd.apache.org/docs/2.4/mod/mod_log_config.html (common, combined,
vhost_combined, `%D`, `%T`), https://nginx.org/en/docs/http/ngx_http_log_module.html (combined), and any line that
has a stamp, a request in quotes and numbers behind it. The usual shapes take one anchored pattern; all others are cut
into tokens.
"""

from __future__ import annotations

import re
from datetime import tzinfo
from itertools import pairwise

from collectors.web.address import endpoint
from collectors.web.client import KEEPS_DASH, host_fields, place
from collectors.web.extras import read_extras, read_tail
from collectors.web.request import read_request
from collectors.web.stamps import any_instant, clf_instant
from collectors.web.tokens import Token, tokens
from engine.errors import MalformedRecordError
from engine.events import Fields

# Everything up to the stamp is decided once (atomic group); quoted texts are possessive: linear.
# A quote inside a user name is escaped by both servers, so `] "` cannot be forged there.
_LINE = re.compile(
    r"""(?>(?P<prefix>.*?)\ ?\[(?P<stamp>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\ [+-]\d{4})\]\ ")
    (?P<request>[^"\\]*+(?:\\.[^"\\]*+)*+)"\ (?P<status>\d{3})\ (?P<bytes>\d{1,18}|-)
    (?:\ "(?P<referrer>[^"\\]*+(?:\\.[^"\\]*+)*+)"\ "(?P<agent>[^"\\]*+(?:\\.[^"\\]*+)*+)")?
    (?:\ (?P<tail>.*))?""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
LONGEST_TAIL = 256 * 1024  # characters that are cut into tokens; servers limit request lines and headers to far less
_STAMP = re.compile(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d.*|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d.*", re.ASCII)
_REQUEST = re.compile(r"[A-Za-z_\-]{1,32} \S.*", re.DOTALL | re.ASCII)
_STATUS = re.compile(r"\d{3}|-", re.ASCII)
_NUMBER = re.compile(r"\d{1,18}|-", re.ASCII)


def read_access(line: str, module: str, zone: tzinfo) -> Fields:
    """Return the fields of an access log line of `module` (`apache` or `nginx`).

    Raise `MalformedRecordError` where the line has no stamp or nothing of a request behind it.
    """
    found = _LINE.fullmatch(line)
    if found is None:
        return _read_tokens(line, module, zone)
    prefix, stamp, request, status, size, referrer, agent, tail = found.groups()
    fields: Fields = {
        "@timestamp": clf_instant(stamp, zone),
        "event.dataset": "apache.access" if module == "apache" else "nginx.access",
        "event.module": module,
        "http.response.status_code": int(status),
    }
    fields.update(place(prefix, module))
    read_request(request, fields)
    if size != "-":
        fields["http.response.body.bytes"] = int(size)
    if referrer and (referrer != "-" or module in KEEPS_DASH):
        fields["http.request.referrer"] = referrer
    if agent and agent != "-":
        fields["user_agent.original"] = agent
    if tail and referrer is None:
        read_extras(_read_headers(tokens(tail[:LONGEST_TAIL]), module, fields), module, fields)
    elif tail:
        read_tail(tail[:LONGEST_TAIL], module, fields)
    return fields


def _read_tokens(line: str, module: str, zone: tzinfo) -> Fields:
    if len(line) > LONGEST_TAIL:
        raise MalformedRecordError(f"no access log line: {len(line):,} characters of no known shape")
    pieces = tokens(line)
    stamp = next((index for index, piece in enumerate(pieces) if _is_stamp(piece)), None)
    if stamp is None:
        raise MalformedRecordError("no access log line: it has no time stamp")
    rest = pieces[stamp + 1 :]
    request = _find_request(rest)
    if request is None:
        raise MalformedRecordError("no access log line: it has no request behind its time stamp")
    fields: Fields = {
        "@timestamp": any_instant(pieces[stamp].text, zone),
        "event.dataset": f"{module}.access",
        "event.module": module,
    }
    extras = rest[:request]
    if stamp:
        fields.update(place(line[: pieces[stamp].start].strip(), module))
    elif extras and extras[0].kind == "word":
        fields.update(place(extras.pop(0).text, module))
    host = next((piece for piece in extras if piece.kind == "word" and _is_host(piece.text)), None)
    if host is not None:
        host_fields(host.text, fields)
        extras.remove(host)
    read_request(rest[request].text, fields)
    ssl_log = any(piece.text.startswith(("TLSv", "SSLv")) for piece in extras)
    extras += _read_response(rest[request + 1 :], module, fields, ssl_log=ssl_log)
    read_extras(extras, module, fields)
    return fields


def _is_host(text: str) -> bool:
    name, dot, top = (endpoint(text).domain or "").rpartition(".")
    return bool(name and dot) and top.isalpha()


def _is_stamp(piece: Token) -> bool:
    return piece.kind in {"bracket", "word", "quoted"} and _STAMP.fullmatch(piece.text) is not None


def _find_request(rest: list[Token]) -> int | None:
    """Return where the request line stands: the quoted text in front of a status, else one that reads like it."""
    quoted = [index for index, piece in enumerate(rest) if piece.kind == "quoted"]
    for index in quoted:
        if index + 1 < len(rest) and rest[index + 1].kind == "word" and _STATUS.fullmatch(rest[index + 1].text):
            return index
    return next((index for index in quoted if _REQUEST.fullmatch(rest[index].text)), None)


def _read_response(after: list[Token], module: str, fields: Fields, *, ssl_log: bool) -> list[Token]:
    """Read status, size, referrer and user agent behind the request; return the tokens that are none of these.

    Apache's `ssl_request_log` has no status: the number behind its request is the size.
    """
    rest = list(after)
    if rest and rest[0].kind == "word" and _STATUS.fullmatch(rest[0].text) and not ssl_log:
        _number("http.response.status_code", rest.pop(0), fields)
    if rest and rest[0].kind == "word" and _NUMBER.fullmatch(rest[0].text):
        _number("http.response.body.bytes", rest.pop(0), fields)
    return _read_headers(rest, module, fields)


def _read_headers(rest: list[Token], module: str, fields: Fields) -> list[Token]:
    """Read referrer and user agent, the first two quoted texts side by side; return the other tokens."""
    for pair in pairwise(rest):
        if pair[0].kind == pair[1].kind == "quoted":
            for name, piece in zip(("http.request.referrer", "user_agent.original"), pair, strict=True):
                kept = name == "http.request.referrer" and module in KEEPS_DASH
                if piece.text and (piece.text != "-" or kept):
                    fields[name] = piece.text
            return [piece for piece in rest if piece not in pair]
    return rest


def _number(name: str, piece: Token, fields: Fields) -> None:
    if piece.text != "-":
        fields[name] = int(piece.text)
