"""The messages of ModSecurity and Coraza: what matched, which rule, and the tags in brackets behind.

Format: https://github.com/owasp-modsecurity/ModSecurity/wiki/ModSecurity-2-Data-Formats ("Alerts"):
`ModSecurity: Warning. Pattern match "..." at ARGS:x. [file "..."] [line "1"] [id "942100"] [msg "..."] ...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.databases.ends import also, put_client
from collectors.web.request import read_host, read_request, read_target
from engine.events import Fields

ENGINE = re.compile(r"(?:ModSecurity|Coraza): (?P<what>[^.\[]{1,120}?)(?:\.|:| \()", re.ASCII)
_TAG = re.compile(r'\[(?P<key>[a-z_]{1,40}) "(?P<text>[^"\\]*+(?:\\.[^"\\]*+)*+)"\]', re.DOTALL)
_VARIABLE = re.compile(r"(?: at |against variable `)(?P<name>[A-Z_]{2,40}(?::[^\s.'`]{1,200})?)", re.ASCII)
_CLIENT = re.compile(r'\[client "?(?P<client>[^\]"\s]{1,80})"?\]')
# nginx' own end of an error log line
_NGINX = re.compile(
    r", client: (?P<client>[^,]{1,80}), server: (?P<server>[^,]{0,255})"
    r'(?:, request: "(?P<request>[^"]*+)")?(?:, host: "(?P<host>[^"]*+)")?'
)
_SEVERITIES = ("EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG")
_ESCAPED = re.compile(r'\\(["\\])')
_DENIED = ("Access denied", "Access to phase", "Intercepted", "Connection dropped")
_MOST = 200  # messages of one transaction


def read_alert(text: str, fields: Fields) -> bool:
    """Read one line of an error log with a message in it; tell whether there is one."""
    engine = ENGINE.search(text, 0, 4000)
    if engine is None:
        return False
    put_message(text[engine.start() :], fields)
    if client := _CLIENT.search(text):
        put_client(_without_port(client["client"]), fields)
    if behind := _NGINX.search(text):
        put_client(behind["client"], fields)
        read_request(behind["request"] or "", fields)
        if behind["host"]:
            read_host(behind["host"], fields)
    fields["event.kind"] = "alert"
    return True


def _without_port(client: str) -> str:
    """Apache 2.4 writes `10.0.0.1:50112`; the port of an IPv6 address is behind its last colon as well."""
    host, mark, port = client.rpartition(":")
    return f"[{host}]:{port}" if mark and ":" in host and port.isdecimal() and len(client.split(":")) == 9 else client


def put_message(message: str, fields: Fields) -> None:
    """Put the first message's rule and target into fields, and every message's rule id into `rule.id`s of the vendor.

    May be called for each message of a transaction; the first is the event's rule.
    """
    tags = dict(_tags(message))
    fields.setdefault("message", message)
    if any(word in message[:400] for word in _DENIED):
        fields["event.action"] = "denied"
        also(fields, "event.type", ("denied",))
    fields.setdefault("event.action", "detected")
    also(fields, "event.category", ("intrusion_detection",))
    _rule(tags, message, fields)
    if "unique_id" in tags:
        fields.setdefault("http.request.id", tags["unique_id"])
    if tags.get("uri") and "url.original" not in fields:
        read_target(tags["uri"], fields)
    host = tags.get("hostname", "")
    if host and "url.domain" not in fields:
        read_host(host, fields)
    if variable := _VARIABLE.search(message, 0, 8000):
        fields.setdefault("modsecurity.variable", variable["name"])


def _tags(message: str) -> Iterator[tuple[str, str]]:
    """Yield the tags of a message; those named `tag` are many and are read apart."""
    for found in _TAG.finditer(message):
        if found["key"] != "tag":
            yield found["key"], _ESCAPED.sub(r"\1", found["text"])


def _rule(tags: dict[str, str], message: str, fields: Fields) -> None:
    identifier = tags.get("id", "")
    if identifier:
        before = fields.get("modsecurity.rule_ids")
        known = [str(one) for one in before] if isinstance(before, list) else []
        if identifier not in known and len(known) < _MOST:
            fields["modsecurity.rule_ids"] = [*known, identifier]
        fields.setdefault("rule.id", identifier)
    if fields.get("rule.id") != identifier:
        return
    for key, name in (
        ("msg", "rule.name"),
        ("ver", "rule.version"),
        ("file", "rule.ruleset"),
        ("data", "modsecurity.data"),
    ):
        if tags.get(key):
            fields.setdefault(name, tags[key])
    severity = tags.get("severity", "")
    if severity:
        level = _SEVERITIES[int(severity)] if severity.isdecimal() and int(severity) < 8 else severity.upper()
        fields.setdefault("log.level", level.lower())
        if level in _SEVERITIES:
            fields.setdefault("event.severity", _SEVERITIES.index(level))
    labels = [found["text"] for found in _TAG.finditer(message) if found["key"] == "tag"]
    if labels:
        fields.setdefault("modsecurity.tags", labels[:100])
