"""ModSecurity's audit log: parts A to Z of a transaction, or the same as JSON.

Formats: https://github.com/owasp-modsecurity/ModSecurity/wiki/ModSecurity-2-Data-Formats ("Audit Log"): part A is
`[stamp] unique-id client port server port`, B the request's head, C its body, F the response's head, H the messages;
version 3 writes `---id---A--` and knows JSON with a `transaction` object, version 2 JSON has `audit_data`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import tzinfo

from collectors.cloud.values import inner, objects
from collectors.cloud.values import text as text_of
from collectors.databases.ends import put_client, put_port
from collectors.json_fields import Json, to_instant
from collectors.network.times import instant_of
from collectors.waf.modsec_message import put_message
from collectors.web.request import read_host, read_request, read_target
from engine.events import Fields

BOUNDARY = re.compile(r"-{2,3}(?P<id>[0-9A-Za-z]{4,16})-{1,3}(?P<part>[A-Z])--", re.ASCII)
_HEAD = re.compile(
    r"\[(?P<stamp>[^\]]{20,40})\] (?P<id>\S{1,80}) (?P<client>\S{1,80}) (?P<port>\d{1,5}) (?P<server>\S{1,255})"
    r" (?P<local>\d{1,5})"
)
_STATUS = re.compile(r"HTTP/(?P<version>[\d.]{1,4}) (?P<status>\d{3})", re.ASCII)
_MOST_BODY = 8192
_MOST_MESSAGES = 200


def parts_of(text: str) -> dict[str, str]:
    """Return the parts of a transaction by their letters. Only its own boundary divides it: the request may hold
    text like one."""
    parts: dict[str, list[str]] = {}
    own = letter = ""
    for line in text.split("\n"):
        found = BOUNDARY.fullmatch(line.strip())
        if found is not None and (not own or found["id"] == own):
            own, letter = found["id"], found["part"]
            parts.setdefault(letter, [])
        elif letter:
            parts[letter].append(line.rstrip("\r"))
    return {letter: "\n".join(lines).strip("\n") for letter, lines in parts.items()}


def put_parts(parts: Mapping[str, str], fields: Fields, zone: tzinfo) -> bool:
    """Put the parts of a transaction into fields; tell whether its head (part A) could be read."""
    head = _HEAD.match(parts.get("A", ""))
    if head is not None:
        moment = instant_of(head["stamp"].replace(" --", " -"), zone)
        if moment is not None:
            fields["@timestamp"] = moment
        fields["http.request.id"] = head["id"]
        _ends(head["client"], head["port"], head["server"], head["local"], fields)
    _request_head(parts.get("B", ""), fields)
    if body := parts.get("C", parts.get("I", "")):
        fields["http.request.body.content"] = body[:_MOST_BODY]
    answer = _STATUS.match(parts.get("F", ""))
    if answer is not None:
        fields["http.response.status_code"] = int(answer["status"])
    for line in parts.get("H", "").split("\n")[:2000]:
        key, _, value = line.partition(": ")
        if key in {"Message", "ModSecurity"}:
            put_message(value, fields)
        elif key in {"Action", "Producer", "Server", "Engine-Mode", "Apache-Error"}:
            fields[f"modsecurity.{key.lower().replace('-', '_')}"] = value[:2000].strip('"')
    return head is not None


def _ends(client: str, port: str, server: str, local: str, fields: Fields) -> None:
    put_client(client, fields)
    put_port(port, fields)
    put_client(server, fields, side="destination")
    put_port(local, fields, side="destination")


def _request_head(text: str, fields: Fields) -> None:
    lines = text.split("\n")
    read_request(lines[0], fields)
    headers: dict[str, str] = {}
    for line in lines[1:200]:
        name, mark, value = line.partition(":")
        if mark:
            headers.setdefault(name.strip().lower(), value.strip())
    _headers(headers, fields)


def _headers(headers: Mapping[str, str], fields: Fields) -> None:
    if headers.get("host"):
        read_host(headers["host"], fields)
    for key, name in (("user-agent", "user_agent.original"), ("referer", "http.request.referrer"),
                      ("content-type", "http.request.mime_type")):  # fmt: skip
        if headers.get(key):
            fields[name] = headers[key].partition(";")[0].strip() if key == "content-type" else headers[key]
    if headers.get("x-forwarded-for"):
        fields["modsecurity.x_forwarded_for"] = headers["x-forwarded-for"]


def put_document(document: Mapping[str, Json], fields: Fields, zone: tzinfo) -> bool:
    """Put a transaction as JSON into fields; tell whether it is one."""
    transaction = inner(document, "transaction")
    if not transaction:
        return False
    stamp = (
        text_of(transaction.get("time_stamp"))
        or text_of(transaction.get("time"))
        or text_of(transaction.get("timestamp"))
    )
    moment = to_instant(stamp, zone) or instant_of(stamp.replace(" --", " -"), zone)
    if moment is None:
        moment = to_instant(transaction.get("unix_timestamp"))
    if moment is not None:
        fields["@timestamp"] = moment
    identifier = (
        text_of(transaction.get("unique_id"))
        or text_of(transaction.get("transaction_id"))
        or text_of(transaction.get("id"))
    )
    if identifier:
        fields["http.request.id"] = identifier
    names = (
        ("client_ip", "remote_address"),
        ("client_port", "remote_port"),
        ("host_ip", "local_address"),
        ("host_port", "local_port"),
    )
    client, port, server, local = (text_of(transaction.get(new)) or text_of(transaction.get(old)) for new, old in names)
    _ends(client, port, server, local, fields)
    _request(document, transaction, fields)
    _messages(document, transaction, fields)
    return True


def _request(document: Mapping[str, Json], transaction: Mapping[str, Json], fields: Fields) -> None:
    request = inner(transaction, "request") or inner(document, "request")
    line = text_of(request.get("request_line"))
    if line:
        read_request(line, fields)
    elif uri := text_of(request.get("uri")):
        fields["http.request.method"] = text_of(request.get("method")) or "-"
        read_target(uri, fields)
    if version := text_of(request.get("http_version")) or text_of(request.get("protocol")).removeprefix("HTTP/"):
        fields["http.version"] = version
    headers = inner(request, "headers")
    flat = {
        key.lower(): text_of(value[0] if isinstance(value, list) and value else value) for key, value in headers.items()
    }
    _headers(flat, fields)
    body = request.get("body")
    content = "".join(part for part in body if isinstance(part, str)) if isinstance(body, list) else text_of(body)
    if content:
        fields["http.request.body.content"] = content[:_MOST_BODY]
    response = inner(transaction, "response") or inner(document, "response")
    status = response.get("http_code", response.get("status"))
    if isinstance(status, int) and not isinstance(status, bool) and 0 < status < 1000:
        fields["http.response.status_code"] = status


_DETAILS = (
    *(("id", ("ruleId", "id")), ("msg", ("msg",)), ("file", ("file",)), ("data", ("data",)), ("ver", ("ver",))),
    ("severity", ("severity",)),
)


def _messages(document: Mapping[str, Json], transaction: Mapping[str, Json], fields: Fields) -> None:
    """Messages are objects with details (version 3, Coraza) or lines (version 2)."""
    for place, message in enumerate(objects(transaction.get("messages") or document.get("messages"))):
        if place >= _MOST_MESSAGES:
            break
        details = inner(message, "details") or inner(message, "data")
        tags = "".join(f' [{key} "{_quoted(value)}"]' for key, names in _DETAILS if (value := _first(details, names)))
        labels = details.get("tags")
        tags += "".join(
            f' [tag "{_quoted(one)}"]' for one in (labels if isinstance(labels, list) else ()) if isinstance(one, str)
        )
        put_message(f"{text_of(message.get('message'))} {text_of(details.get('match'))}{tags}".strip(), fields)
    for line in _lines(inner(document, "audit_data").get("messages")):
        put_message(line, fields)
    interrupted = transaction.get("is_interrupted") or inner(document, "audit_data").get("action")
    if interrupted:
        fields["event.action"] = "denied"


def _first(details: Mapping[str, Json], names: tuple[str, ...]) -> str:
    return next((found for name in names if (found := text_of(details.get(name)))), "")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _lines(value: Json) -> list[str]:
    return [line for line in value if isinstance(line, str)][:_MOST_MESSAGES] if isinstance(value, list) else []
