"""AWS WAF: web requests and what the web access control list made of them; one object a record.

Format: AWS WAF developer guide, "Log fields for protection pack (web ACL) traffic". Field names: Elastic's `aws.waf`.
The host is what the client wrote: it is the name of what was asked for, never an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import inner, objects, put_text, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.source import Options
from collectors.web.address import endpoint
from collectors.web.request import read_target
from engine.events import Fields

_REFUSED = frozenset({"BLOCK", "CAPTCHA", "CHALLENGE"})
_HEADERS = {
    "user-agent": "user_agent.original",
    "referer": "http.request.referrer",
    "content-type": "http.request.mime_type",
}


def _owns(document: Mapping[str, Json]) -> bool:
    return "webaclId" in document and isinstance(document.get("httpRequest"), dict)


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one request."""
    moment = to_instant(document.get("timestamp"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    action = text(document.get("action"))
    put_text("event.action", action, fields)
    fields["event.category"] = ("web", "network")
    fields["event.type"] = ("access", "denied" if action.upper() in _REFUSED else "allowed")
    fields["cloud.provider"], fields["cloud.service.name"] = "aws", "wafv2"
    fields["observer.type"] = "waf"
    _read_list(text(document.get("webaclId")), fields)
    for name in ("rule.id", "rule.name"):
        put_text(name, document.get("terminatingRuleId"), fields)
    for name in ("rule.ruleset", "rule.category"):
        put_text(name, document.get("terminatingRuleType"), fields)
    _read_request(inner(document, "httpRequest"), fields)
    put_count(fields, "http.response.status_code", document.get("responseCodeSent"))
    put_text("tls.client.ja3", document.get("ja3Fingerprint"), fields)
    spread("aws.waf.", document, fields, snaked=True)


def _read_list(arn: str, fields: Fields) -> None:
    """Read `arn:aws:wafv2:REGION:ACCOUNT:SCOPE/webacl/NAME/ID`; a global list has its region before the account."""
    parts = arn.split(":")
    if len(parts) > 4:
        put_text("cloud.region", parts[3], fields)
        account = parts[4]
        if account.isascii() and account.isdecimal():
            fields["cloud.account.id"] = account


def _read_request(request: Document, fields: Fields) -> None:
    put_end(fields, "source", request.get("clientIp"))
    fields["network.protocol"], fields["network.transport"] = "http", "tcp"
    put_text("http.request.method", request.get("httpMethod"), fields)
    put_text("http.request.id", request.get("requestId"), fields)
    put_text("http.version", text(request.get("httpVersion")).removeprefix("HTTP/"), fields)
    for header in objects(request.get("headers")):
        name, value = text(header.get("name")).lower(), text(header.get("value"))
        if name in _HEADERS:
            put_text(_HEADERS[name], value, fields)
        elif name == "host":
            put_text("destination.domain", endpoint(value).domain, fields)
            put_text("url.domain", endpoint(value).domain or endpoint(value).ip, fields)
        elif name == "content-length":
            put_count(fields, "http.request.body.bytes", value)
    if uri := text(request.get("uri")):
        read_target(uri, fields)
    put_text("url.query", request.get("args"), fields)


SOURCE: Final = JsonSource(
    name="aws_waf",
    aliases=("aws.waf", "aws_wafv2"),
    title="AWS WAF web requests",
    dataset="aws.waf",
    owns=_owns,
    marks=((b'"webaclId"', b'"httpRequest"'),),
    read=read,
    finish=finish,
)
