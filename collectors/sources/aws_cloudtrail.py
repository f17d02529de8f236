"""AWS CloudTrail: management, data, sign-in and insight events, one object a record or in `{"Records": [...]}`.

Format: AWS CloudTrail user guide, "CloudTrail record contents" and "userIdentity element" (eventVersion 1.0 to 1.11).
Field names: Elastic's `aws.cloudtrail`; request and response parameters stand under
`aws.cloudtrail.flattened.request_parameters.*` and `.response_elements.*` with the vendor's own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.cloud.aws_actions import classify
from collectors.cloud.documents import Document
from collectors.cloud.flatten import put, spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, inner, objects, put_source, put_text, text
from collectors.json_fields import Json, as_json, to_instant
from collectors.network.tls import put_tls
from collectors.source import Options
from engine.events import Fields

_P = "aws.cloudtrail."
_FLATTENED = (
    ("requestParameters", _P + "flattened.request_parameters.", _P + "request_parameters"),
    ("responseElements", _P + "flattened.response_elements.", _P + "response_elements"),
    ("additionalEventData", _P + "flattened.additional_eventdata.", _P + "additional_eventdata"),
    ("serviceEventDetails", _P + "flattened.service_event_details.", _P + "service_event_details"),
)
_CONSOLE = (("MobileVersion", "mobile_version"), ("LoginTo", "login_to"), ("MFAUsed", "mfa_used"))
_SESSION = frozenset({"sessionContext"})
_ATTRIBUTES = frozenset({"attributes"})
_READ = frozenset(
    (
        *("userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent"),
        *("requestParameters", "responseElements", "additionalEventData", "serviceEventDetails", "resources"),
    )
)
_TARGETS = (  # what a request names -> ECS, for calls of IAM and its like
    ("userName", "user.target.name"),
    ("newUserName", "user.changes.name"),
    ("groupName", "group.name"),
)
_IDENTITY_SERVICES = frozenset({"iam.amazonaws.com", "identitystore.amazonaws.com", "sso-directory.amazonaws.com"})


def _owns(document: Mapping[str, Json]) -> bool:
    return "eventVersion" in document and (
        ("eventSource" in document and "eventName" in document)
        or "insightDetails" in document
        or ("awsRegion" in document and "eventType" in document)
    )


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one CloudTrail record."""
    moment = to_instant(document.get("eventTime"), options.zone)
    if moment is not None:
        fields["@timestamp"] = moment
    insight = inner(document, "insightDetails")
    action = text(document.get("eventName")) or text(insight.get("eventName"))
    service = text(document.get("eventSource")) or text(insight.get("eventSource"))
    put_text("event.action", action, fields)
    put_text("event.provider", service, fields)
    categories, types = classify(service, action)
    fields["event.category"], fields["event.type"] = categories, types
    fields["cloud.provider"] = "aws"
    fields["cloud.service.name"] = "cloudtrail"
    put_text("cloud.region", document.get("awsRegion"), fields)
    put_source(document.get("sourceIPAddress"), fields)
    put_text("user_agent.original", document.get("userAgent"), fields)
    _identity(document, fields)
    _outcome(document, insight, fields)
    _targets(document, service, fields)
    _vendor(document, fields)


def _identity(document: Document, fields: Fields) -> None:
    """Read who called; for a role that was assumed the role is the user (`sessionIssuer.userName`)."""
    identity = inner(document, "userIdentity")
    issuer = inner(identity, "sessionContext", "sessionIssuer")
    put_text("user.id", identity.get("principalId"), fields)
    put_text("user.name", identity.get("userName") or issuer.get("userName"), fields)
    put_text("cloud.account.id", identity.get("accountId"), fields)
    put_text("cloud.account.id", document.get("recipientAccountId"), fields)
    prefix = _P + "user_identity."
    spread(prefix, identity, fields, snaked=True, skip=_SESSION)
    session = inner(identity, "sessionContext")
    if session:
        spread(prefix + "session_context.", inner(session, "attributes"), fields, snaked=True)
        spread(prefix + "session_context.", session, fields, snaked=True, skip=_ATTRIBUTES)


def _outcome(document: Document, insight: Document, fields: Fields) -> None:
    code = text(document.get("errorCode"))
    reason = text(document.get("errorMessage"))
    sign_in = text(inner(document, "responseElements").get("ConsoleLogin"))
    failed = bool(code or reason) or sign_in == "Failure"
    fields["event.outcome"] = "failure" if failed else "success"
    put_text("error.code", code, fields)
    put_text("error.message", reason, fields)
    put_text("event.code", code or text(insight.get("errorCode")), fields)
    put_text("event.reason", reason, fields)
    if failed and fields.get("event.action") == "ConsoleLogin":
        fields["event.type"] = ("start", "denied")


def _targets(document: Document, service: str, fields: Fields) -> None:
    parameters = inner(document, "requestParameters")
    if service in _IDENTITY_SERVICES:
        for name, field in _TARGETS:
            put_text(field, parameters.get(name), fields)


def _vendor(document: Document, fields: Fields) -> None:
    for name, prefix, whole in _FLATTENED:
        value = document.get(name)
        if isinstance(value, dict):
            spread(prefix, value, fields)
        elif value is not None:
            put(whole, value if isinstance(value, str) else as_json(value), fields)
    if fields.get("event.action") == "ConsoleLogin":
        additional = inner(document, "additionalEventData")
        for name, field in _CONSOLE:
            put_text(f"{_P}console_login.additional_eventdata.{field}", additional.get(name), fields)
    _tls(inner(document, "tlsDetails"), fields)
    for resource in objects(document.get("resources")):
        for field, names in (("arn", ("ARN", "arn")), ("account_id", ("accountId",)), ("type", ("type",))):
            if found := first(resource, names):
                put(f"{_P}resources.{field}", found, fields)
    spread(_P, document, fields, snaked=True, skip=_READ)


def _tls(details: Document, fields: Fields) -> None:
    """Read how the call was encrypted, and which host it named; `TLSv1.3` is protocol and version."""
    put_tls(text(details.get("tlsVersion")) or "", fields)
    put_text("tls.cipher", details.get("cipherSuite"), fields)
    put_text("tls.client.server_name", details.get("clientProvidedHostHeader"), fields)


SOURCE: Final = JsonSource(
    name="aws_cloudtrail",
    aliases=("cloudtrail", "aws.cloudtrail"),
    title="AWS CloudTrail (single records, {Records: [...]}, EventBridge)",
    dataset="aws.cloudtrail",
    owns=_owns,
    marks=(
        (b'"eventVersion"', b'"eventSource"', b'"awsRegion"'),
        (b'"eventVersion"', b'"userIdentity"', b'"eventTime"'),
    ),
    read=read,
)
