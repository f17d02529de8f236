"""What operators append to the combined format: times, sizes, forwarded addresses, TLS, media types, upstreams.

A log does not name these values, so each is told by its form, and only where its form leaves no doubt about the unit;
every other one is kept as text in `<module>.access.extra`. nginx writes times as seconds with milliseconds
(`$request_time`), Apache as microseconds (`%D`) or whole seconds (`%T`), where a bare number from 1,000 on is taken for
microseconds and a smaller one is left as it is.
"""

from __future__ import annotations

import re

from collectors.network.tls import put_tls
from collectors.web.address import addresses, endpoint, first_public
from collectors.web.tokens import Token, tokens
from engine.events import Fields

_SECOND = 1_000_000_000  # nanoseconds, the unit of `event.duration`
_MOST_MEMBERS = 64  # of a list; the record's own text has them all
_UNITS = {"us": 1000, "ms": 1_000_000, "s": _SECOND}
# The Kubernetes ingress controller's own format, behind the combined part:
# https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/
_INGRESS = re.compile(
    r"""(?P<length>\d{1,15})\ (?P<time>\d{1,9}\.\d{1,6})\ \[(?P<proxy_upstream_name>[^\]]*+)\]
    (?:\ \[(?P<proxy_alternative_upstream_name>[^\]]*+)\])?
    \ (?P<upstream_addr>[^\s,]++(?:,\ [^\s,]++)*+)\ (?P<upstream_response_length>[^\s,]++(?:,\ [^\s,]++)*+)
    \ (?P<upstream_response_time>[^\s,]++(?:,\ [^\s,]++)*+)\ (?P<upstream_status>[^\s,]++(?:,\ [^\s,]++)*+)
    \ (?P<request_id>\S++).*""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_TIME = re.compile(r"(\d{1,9})(us|ms|s)", re.ASCII)
_DECIMAL = re.compile(r"\d{1,9}\.\d{3}", re.ASCII)
_PAIR_OF_TIMES = re.compile(r"(\d{1,9})/(\d{1,15})", re.ASCII)
_INTEGER = re.compile(r"\d{1,15}", re.ASCII)
_TLS = re.compile(r"((?:TLS|SSL)v[\d.]{1,3})(?:/(\S+))?", re.ASCII)
_CIPHER = re.compile(r"TLS_[A-Z0-9_]{5,60}|[A-Z0-9]{2,12}(?:-[A-Z0-9]{2,12}){1,6}", re.ASCII)
_MEDIA = re.compile(r"(?:application|audio|font|image|message|multipart|text|video)/[\w.+\-]{1,80}(?:; ?.*)?", re.ASCII)
_FORWARDED_KEYS = frozenset({"x-forwarded-for", "x_forwarded_for", "xff", "forwarded_for", "http_x_forwarded_for"})
_MICROSECOND_KEYS = frozenset({"d", "time_us", "duration_us"})
_SECOND_KEYS = frozenset({"t", "rt", "request_time"})


def read_tail(tail: str, module: str, fields: Fields) -> None:
    """Put what the text behind the combined format says into `fields`."""
    found = _INGRESS.fullmatch(tail) if module == "nginx" else None
    if found is None:
        read_extras(tokens(tail), module, fields)
        return
    fields["http.request.bytes"] = int(found["length"])
    fields["event.duration"] = nanoseconds(found["time"]) or 0
    for name, value in found.groupdict().items():
        if name not in {"length", "time"} and value not in {None, "", "-"}:
            fields[f"nginx.access.{name}"] = value


def read_extras(extras: list[Token], module: str, fields: Fields) -> None:
    """Put what the tokens behind the known ones say into `fields`."""
    unknown = [token.text for token in extras if not _read(token, module, fields)]
    if kept := [text for text in unknown if text not in {"", "-", "."}]:
        fields[f"{module}.access.extra"] = kept[:_MOST_MEMBERS]


def _read(token: Token, module: str, fields: Fields) -> bool:
    if token.kind == "pair":
        return _read_pair(token, module, fields)
    text = token.text
    return (
        _read_time(text, module, fields)
        or (token.kind == "quoted" and read_forwarded(text, module, fields))
        or read_tls(text, fields)
        or _read_media(text, fields)
    )


def _read_pair(token: Token, module: str, fields: Fields) -> bool:
    key = token.key.lower()
    if key in _FORWARDED_KEYS:
        return token.text in {"", "-"} or read_forwarded(token.text, module, fields)
    if key in _MICROSECOND_KEYS and _INTEGER.fullmatch(token.text):
        fields.setdefault("event.duration", int(token.text) * 1000)
    elif key in _SECOND_KEYS and (seconds := nanoseconds(token.text)) is not None:
        fields.setdefault("event.duration", seconds)
    if token.text not in {"", "-"}:
        fields[f"{module}.access.{key}"] = token.text
    return True


def nanoseconds(text: str) -> int | None:
    """Read seconds with or without a fraction as nanoseconds, None where the text is no such number."""
    whole, point, fraction = text.partition(".")
    if not _INTEGER.fullmatch(whole) or (point and not _INTEGER.fullmatch(fraction)):
        return None
    return int(whole) * _SECOND + int(fraction.ljust(9, "0")[:9] or 0)


def read_forwarded(text: str, module: str, fields: Fields) -> bool:
    """Read a list of forwarding addresses (`X-Forwarded-For`); False where it is none."""
    members = addresses(text)
    found = [address for member in members if (address := endpoint(member).ip) is not None]
    if not members or len(found) < len(members):
        return False
    fields.setdefault("network.forwarded_ip", found[0])
    fields.setdefault(f"{module}.access.forwarded_for", members[:_MOST_MEMBERS])
    if module == "apache":  # as Elastic's integration for Apache has it, and none of its others
        fields.setdefault("client.ip", first_public(found[:_MOST_MEMBERS]))
    return True


def read_tls(text: str, fields: Fields) -> bool:
    """Read a TLS version (`TLSv1.2`), one with its cipher (`TLSv1.2/NAME`), or a cipher's name."""
    found = _TLS.fullmatch(text)
    if found is not None and put_tls(found[1], fields):
        if found[2] and found[2] != "-":
            fields["tls.cipher"] = found[2]
        return True
    if "tls.version" in fields and "tls.cipher" not in fields and _CIPHER.fullmatch(text):
        fields["tls.cipher"] = text
        return True
    return text == "-/-"


def _read_time(text: str, module: str, fields: Fields) -> bool:
    if not text[:1].isdecimal() or "event.duration" in fields:
        return False
    duration = _apache_time(text) if module == "apache" else _nginx_time(text)
    if duration is None and (found := _TIME.fullmatch(text)):
        duration = int(found[1]) * _UNITS[found[2]]
    if duration is None:
        return False
    fields["event.duration"] = duration
    return True


def _nginx_time(text: str) -> int | None:
    return nanoseconds(text) if _DECIMAL.fullmatch(text) else None


def _apache_time(text: str) -> int | None:
    found = _PAIR_OF_TIMES.fullmatch(text)
    if found is not None:
        return int(found[2]) * 1000
    if _INTEGER.fullmatch(text) and int(text) >= 1000:
        return int(text) * 1000
    return nanoseconds(text) if _DECIMAL.fullmatch(text) else None


def _read_media(text: str, fields: Fields) -> bool:
    if _MEDIA.fullmatch(text) is None:
        return False
    fields.setdefault("http.response.mime_type", text)
    return True
