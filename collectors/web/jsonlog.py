"""Access logs written as JSON: nginx's variables by name, Apache's format strings by the names operators give them.

Formats: https://nginx.org/en/docs/varindex.html (`escape=json`), Apache's `LogFormat` with quoted keys. Keys are
compared without case and punctuation, so `remote_addr`, `remoteAddr` and `remote-addr` are one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import tzinfo

import orjson

from collectors.web.address import endpoint
from collectors.web.client import destination_fields, source_fields, user_fields
from collectors.web.extras import nanoseconds, read_forwarded, read_tls
from collectors.web.request import read_host, read_request, read_target
from collectors.web.stamps import any_instant
from engine.errors import MalformedRecordError
from engine.events import Fields, Value

# The meaning of each known key; where several keys mean the same, the first that is there wins.
_MEANINGS: Mapping[str, tuple[str, ...]] = {
    "time": ("timeiso8601", "timelocal", "msec", "timestamp", "time", "datetime", "date", "ts", "requesttimestamp"),
    "client": ("remoteaddr", "clientip", "remoteip", "remotehost", "client", "clientaddr", "sourceip", "ip", "remote"),
    "client_port": ("remoteport", "clientport"),
    "user": ("remoteuser", "user", "username", "authuser"),
    "request": ("request", "requestline", "requestfirstline"),
    "method": ("requestmethod", "method", "verb", "httpmethod"),
    "target": ("requesturi", "uri", "url", "path", "requestpath", "requesturl"),
    "query": ("args", "querystring", "query"),
    "version": ("serverprotocol", "httpversion", "protocol", "requestprotocol", "httpprotocol"),
    "status": ("status", "responsestatus", "statuscode", "httpstatus", "responsecode", "response"),
    "body_bytes": ("bodybytessent", "bytes", "responsebytes", "responsesize", "size", "bytesbody"),
    "bytes_out": ("bytessent", "bytesout"),
    "bytes_in": ("requestlength", "bytesreceived", "bytesin"),
    "seconds": ("requesttime", "responsetime"),
    "micros": ("durationus", "requesttimeus", "timetakenus", "microseconds", "durationmicros"),
    "referrer": ("httpreferer", "httpreferrer", "referer", "referrer"),
    "agent": ("httpuseragent", "useragent", "agent"),
    "forwarded": ("httpxforwardedfor", "xforwardedfor", "forwardedfor", "xff", "proxyaddxforwardedfor"),
    "host": ("host", "httphost", "vhost", "virtualhost", "servername", "domain"),
    "server_addr": ("serveraddr", "serverip", "localip"),
    "server_port": ("serverport", "localport"),
    "scheme": ("scheme", "httpscheme", "xforwardedproto"),
    "upstream": ("upstreamaddr", "upstream"),
    "request_id": ("requestid", "uniqueid", "xrequestid", "reqid"),
    "tls": ("sslprotocol", "tlsprotocol", "tlsversion"),
    "cipher": ("sslcipher", "tlscipher"),
    "media": ("sentcontenttype", "senthttpcontenttype", "contenttype"),
    "server": ("hostname",),
}
REQUESTED = frozenset({"request", "method", "target"})  # meanings that say what was asked for
_NEEDED = REQUESTED | {"status"}  # meanings, one of which an access event has
_BY_KEY = {key: (meaning, rank) for meaning, keys in _MEANINGS.items() for rank, key in enumerate(keys)}
_NGINX_KEYS = frozenset(
    {
        "remoteaddr",
        "bodybytessent",
        "requesttime",
        "upstreamaddr",
        "httpuseragent",
        "httpreferer",
        "timeiso8601",
        "msec",
    }
)
# Families of nginx variables: `$upstream_*`, `$http_*`, `$sent_http_*`, `$ssl_*`, `$geoip_*`, …
_VARIABLE_FAMILIES = (
    "upstream",
    "http",
    "senthttp",
    "ssl",
    "geoip",
    "proxy",
    "nginx",
    "connection",
    "realip",
    "request",
)
_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_VERSION = re.compile(r"(?:HTTP/)?(\d(?:\.\d)?)", re.ASCII)


def read_json(line: str, module: str, zone: tzinfo) -> Fields:
    """Return the fields of an access event written as a JSON object.

    Raise `MalformedRecordError` where it is no object or names neither a time nor a request.
    """
    known, rest = _meanings(_object(line))
    if "time" not in known or not known.keys() & _NEEDED:
        raise MalformedRecordError("no access log in JSON: it names no time, or nothing of a request")
    fields: Fields = {"event.dataset": f"{module}.access", "event.module": module}
    _read(known, rest, fields, zone)
    return fields


def read_entries(entries: Mapping[str, object], fields: Fields, zone: tzinfo) -> AbstractSet[str]:
    """Put what some entries of an access event's object say into `fields`, which name the module.

    Return the meanings that they have. Raise `MalformedRecordError` for a time that is none.
    """
    known, rest = _meanings(entries)
    _read(known, rest, fields, zone)
    return known.keys()


def meaning_of(name: str) -> str | None:
    """Return the meaning of an entry's name, None where it has none."""
    return _BY_KEY.get(_key(name), (None, 0))[0]


def _key(name: str) -> str:
    return _PUNCTUATION.sub("", name.lower())


def _read(known: Mapping[str, str], rest: Sequence[tuple[str, Value]], fields: Fields, zone: tzinfo) -> None:
    module = str(fields["event.module"])
    if "time" in known:
        fields["@timestamp"] = any_instant(known["time"], zone)
    _read_request(known, fields)
    _read_numbers(known, fields)
    _read_ends(known, module, fields)
    _read_headers(known, module, fields)
    for key, value in rest:
        fields[f"{module}.access.{key}"] = value


def likeness(line: str) -> tuple[int, bool]:
    """Return how many known keys the JSON object in `line` has, and whether they are nginx's; (0, False) if none.

    An access log names a time, a client, a request and a status, and little else: application logs with requests in
    them are another thing.
    """
    try:
        entries = _object(line)
    except MalformedRecordError:
        return 0, False
    keys = [_key(key) for key in entries]
    meanings = {_BY_KEY[key][0] for key in keys if key in _BY_KEY}
    strange = sum(1 for key in keys if key not in _BY_KEY and not key.startswith(_VARIABLE_FAMILIES))
    if not {"time", "client", "status"} <= meanings or not meanings & REQUESTED:
        return 0, False
    return (0, False) if 2 * strange > len(keys) else (len(meanings), not _NGINX_KEYS.isdisjoint(keys))


def _object(line: str) -> Mapping[str, object]:
    try:
        entries = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise MalformedRecordError(f"unreadable JSON ({error})") from error
    if not isinstance(entries, dict):
        raise MalformedRecordError("JSON, but no object")
    return entries


def _meanings(entries: Mapping[str, object]) -> tuple[dict[str, str], list[tuple[str, Value]]]:
    """Return the texts of the known keys by meaning, and the keys that have none with their values."""
    known: dict[str, tuple[int, str]] = {}
    rest: list[tuple[str, Value]] = []
    for name, value in entries.items():
        text = _text(value)
        meaning, rank = _BY_KEY.get(_key(name), ("", 0))
        if meaning and text is not None and not isinstance(value, (dict, list)):
            if text not in {"", "-"} and (meaning not in known or rank < known[meaning][0]):
                known[meaning] = (rank, text)
        else:
            rest.extend(_leaves(name, value))
    return {meaning: text for meaning, (_, text) in known.items()}, rest


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None


def _leaves(name: str, value: object, depth: int = 0) -> Iterator[tuple[str, Value]]:
    """Yield the scalars of a value under dotted names; lists of scalars stay lists, deeper ones become JSON text."""
    if isinstance(value, (str, int, float)):
        if value not in {"", "-"}:
            yield name, value
    elif isinstance(value, dict) and depth < 8:
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}", inner, depth + 1)
    elif value is not None and value not in ([], {}):
        yield name, _json(value)


def _json(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:  # deeper than orjson writes
        raise MalformedRecordError("JSON nested too deeply") from error


def _read_request(known: Mapping[str, str], fields: Fields) -> None:
    if "request" in known:
        if " " in known["request"] or "target" in known or not known["request"].startswith("/"):
            read_request(known["request"], fields)
        else:
            read_target(known["request"], fields)
    if "method" in known:
        fields["http.request.method"] = known["method"]
    if "target" in known and "url.path" not in fields:
        query = known.get("query", "").lstrip("?")
        target = known["target"]
        read_target(f"{target}?{query}" if query and "?" not in target else target, fields)
    elif "query" in known and "url.query" not in fields and "url.path" in fields:
        fields["url.query"] = known["query"].lstrip("?")
        fields["url.original"] = f"{fields['url.path']}?{fields['url.query']}"
    version = _VERSION.fullmatch(known.get("version", ""))
    if version is not None:
        fields["http.version"] = version[1]


def _read_numbers(known: Mapping[str, str], fields: Fields) -> None:
    for meaning, name in (
        ("status", "http.response.status_code"),
        ("body_bytes", "http.response.body.bytes"),
        ("bytes_out", "http.response.bytes"),
        ("bytes_in", "http.request.bytes"),
        ("server_port", "destination.port"),
        ("client_port", "source.port"),
    ):
        text = known.get(meaning, "")
        if text.isascii() and text.isdecimal() and len(text) <= 18:
            fields[name] = int(text)
    duration = nanoseconds(known.get("seconds", ""))
    micros = known.get("micros", "")
    if duration is not None:
        fields["event.duration"] = duration
    elif micros.isascii() and micros.isdecimal() and len(micros) <= 15:
        fields["event.duration"] = int(micros) * 1000


def _read_ends(known: Mapping[str, str], module: str, fields: Fields) -> None:
    source_fields(known.get("client", ""), fields)
    if "host" in known:
        read_host(known["host"], fields)
        host = endpoint(known["host"])
        if host.domain is not None:
            fields["destination.domain"] = host.domain
    if "server_addr" in known:
        destination_fields(endpoint(known["server_addr"]), fields)
    if "upstream" in known:
        fields[f"{module}.access.upstream_addr"] = known["upstream"]
        last = known["upstream"].replace(" : ", ", ").rpartition(", ")[2]
        if "destination.ip" not in fields and "destination.port" not in fields:
            destination_fields(endpoint(last), fields)
    if "forwarded" in known:
        read_forwarded(known["forwarded"], module, fields)


def _read_headers(known: Mapping[str, str], module: str, fields: Fields) -> None:
    for meaning, name in (
        ("referrer", "http.request.referrer"),
        ("agent", "user_agent.original"),
        ("request_id", "http.request.id"),
        ("cipher", "tls.cipher"),
        ("media", "http.response.mime_type"),
        ("scheme", "url.scheme"),
        ("server", "host.name"),
    ):
        if meaning in known:
            fields[name] = known[meaning]
    user_fields(known.get("user", ""), fields)
    if "scheme" in known:
        fields["network.protocol"] = known["scheme"].lower()
    if "tls" in known and not read_tls(known["tls"], fields):
        fields[f"{module}.access.tls"] = known["tls"]
