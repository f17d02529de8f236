"""Records of Application Gateway and Front Door: requests, their firewall's matches, and health probes.

Format: Microsoft Learn, "Application Gateway diagnostic logs", "Monitor Azure Front Door" (access, health probe and
WAF logs). The host of a request is what the client wrote: a name of what was asked for, never an address.
"""

from __future__ import annotations

import re

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_count, put_end, verdict_of
from collectors.cloud.values import first, inner, put_text, text
from collectors.network.tls import put_tls
from collectors.web.address import endpoint
from collectors.web.request import read_target
from engine.events import Fields

_VERSION = re.compile(r"(?:HTTP/)?(\d(?:\.\d)?)", re.ASCII)  # Front Door writes `1.1.0.0`
_SIZES = (
    ("receivedBytes", "source.bytes"),
    ("sentBytes", "destination.bytes"),
    ("requestBytes", "http.request.bytes"),
    ("responseBytes", "http.response.bytes"),
)
_REFUSED = frozenset({"block", "blocked", "denied"})


def read_web(document: Document, details: Document, fields: Fields) -> None:
    """Read a record of any of the two services' categories."""
    category = text(document.get("category")).lower()
    is_firewall = "firewall" in category
    fields["event.category"] = ["network", "web"] if not is_firewall else ["network", "web", "intrusion_detection"]
    fields["event.type"] = ["connection", "access"]
    is_gateway = category.startswith("applicationgateway")
    fields["observer.product"] = "Web Application Firewall" if is_gateway else "Azure Front Door"
    fields["observer.type"] = "firewall" if is_gateway else "proxy"
    _read_client(details, fields)
    _read_request(details, fields)
    _read_answer(details, fields)
    if is_firewall:
        _read_match(details, fields)


def _read_client(details: Document, fields: Fields) -> None:
    for names in (("clientIP", "clientIp", "originIP"), ("socketIP", "socketIp")):
        found = endpoint(first(details, names))
        if "source.ip" not in fields:
            put_end(fields, "source", found.ip, found.port)
    put_end(fields, "source", None, details.get("clientPort"))
    server = endpoint(text(details.get("serverRouted")))
    put_end(fields, "destination", server.ip, server.port)


def _read_request(details: Document, fields: Fields) -> None:
    put_text("http.request.method", details.get("httpMethod") or details.get("httpVerb"), fields)
    version = _VERSION.match(first(details, ("httpVersion", "requestProtocol")))
    put_text("http.version", version[1] if version else None, fields)
    put_text("http.request.referrer", details.get("referer") or details.get("referrer"), fields)
    put_text("http.request.id", details.get("trackingReference") or details.get("transactionId"), fields)
    put_text("user_agent.original", details.get("userAgent"), fields)
    fields["network.protocol"] = "http"
    if uri := first(details, ("requestUri", "requestUrl", "probeURL")):
        read_target(uri, fields)
        if "://" in uri:
            fields["url.full"] = uri
    put_text("url.query", details.get("requestQuery"), fields)
    host = endpoint(first(details, ("host", "originalHost", "hostname", "hostName")))
    put_text("url.domain", host.domain or host.ip, fields)
    put_text("destination.domain", host.domain, fields)


def _read_answer(details: Document, fields: Fields) -> None:
    put_count(fields, "http.response.status_code", details.get("httpStatus") or details.get("httpStatusCode"))
    status = fields.get("http.response.status_code")
    if isinstance(status, int):
        fields["event.outcome"] = "failure" if status >= 400 else "success"
    for key, name in _SIZES:
        put_count(fields, name, details.get(key))
    put_tls(first(details, ("sslProtocol", "securityProtocol")), fields)
    put_text("tls.cipher", details.get("sslCipher") or details.get("securityCipher"), fields)


def _read_match(details: Document, fields: Fields) -> None:
    action = text(details.get("action"))
    put_text("event.action", action, fields)
    put_text("event.reason", details.get("message") or inner(details, "details").get("msg"), fields)
    put_text("rule.id", details.get("ruleId"), fields)
    put_text("rule.name", details.get("ruleName") or details.get("ruleId"), fields)
    put_text("rule.ruleset", details.get("ruleSetType") or details.get("policy"), fields)
    put_text("rule.version", details.get("ruleSetVersion"), fields)
    verdict = "denied" if action.lower() in _REFUSED else verdict_of(action)
    if verdict is not None:
        fields["event.type"] = ["connection", "access", verdict]
