"""Mimecast: audit events, mails (SIEM, DLP), and its protection against attachments, impersonation and links.

Format: Mimecast developer documentation, "Logs and statistics" (API 1.0 and 2.0), one JSON object a record. Field
names: Elastic's `mimecast.*`. Subjects, file names and links are what a sender wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from collectors.cloud.documents import Document
from collectors.cloud.ends import put_end
from collectors.cloud.flatten import spread
from collectors.cloud.source import JsonSource
from collectors.cloud.values import first, put_text, put_texts, split_account, text
from collectors.json_fields import Json, to_instant
from collectors.network.finish import finish
from collectors.source import Options
from engine.events import Fields

_KINDS: Final = (  # dataset, the fields that its records have, and of which they have one at least
    ("audit_events", {"auditType", "eventInfo"}, {"eventTime", "user"}),
    ("ttp_url_logs", {"userEmailAddress", "url", "ttpDefinition"}, {"scanResult", "action"}),
    ("ttp_ap_logs", {"fileHash", "senderAddress"}, {"actionTriggered", "result"}),
    ("ttp_ip_logs", {"identifiers", "senderAddress"}, {"impersonationResults", "hits"}),
    ("dlp_logs", {"policy", "senderAddress", "recipientAddress"}, {"route", "action"}),
    ("siem_logs", {"acc", "datetime"}, {"aCode", "Rcpt", "Sender", "MsgId"}),
)
_STAMPS: Final = ("eventTime", "datetime", "date")
_MAIL: Final = (
    ("email.from.address", ("senderAddress", "fromUserEmailAddress", "Sender", "headerFrom")),
    ("email.to.address", ("recipientAddress", "userEmailAddress", "Rcpt")),
    ("email.message_id", ("messageId", "MsgId")),
    ("email.subject", ("subject", "Subject")),
    ("email.local_id", ("aCode",)),
    ("rule.name", ("policy", "definition", "ttpDefinition", "Definition")),
    ("event.id", ("id",)),
)
_DIRECTIONS: Final = {
    "inbound": "inbound",
    "outbound": "outbound",
    "internal": "internal",
    "in": "inbound",
    "out": "outbound",
}
_ADDRESS = re.compile(r"\bIP: ([0-9A-Fa-f.:]{2,45})", re.ASCII)
_WORDS = re.compile(r"\W{1,20}", re.ASCII)
_REFUSED: Final = frozenset(("hold", "held", "block", "blocked", "reject", "rej", "rejected", "bnc", "deny", "denied"))
_LOG_INS: Final = (
    ("logon", "start"),
    ("login", "start"),
    ("logged on", "start"),
    ("logged off", "end"),
    ("logout", "end"),
)
_CHANGES: Final = (
    ("delet", "deletion"),
    ("remov", "deletion"),
    ("creat", "creation"),
    ("new ", "creation"),
    ("add", "creation"),
    ("chang", "change"),
    ("updat", "change"),
    ("modif", "change"),
    ("adjust", "change"),
)
_OF_ACCOUNTS: Final = ("account", "user", "role", "password", "api application", "group", "authentication")


def _kind(document: Mapping[str, Json]) -> str:
    keys = document.keys()
    return next((kind for kind, all_of, any_of in _KINDS if all_of <= keys and not keys.isdisjoint(any_of)), "")


def _owns(document: Mapping[str, Json]) -> bool:
    return bool(_kind(document))


def read(document: Document, fields: Fields, options: Options) -> None:
    """Read one record of any of the logs."""
    kind = _kind(document)
    fields["event.dataset"] = f"mimecast.{kind}"
    fields["observer.vendor"], fields["observer.product"] = "Mimecast", "Mimecast"
    moment = next((found for key in _STAMPS if (found := to_instant(document.get(key), options.zone))), None)
    if moment is not None:
        fields["@timestamp"] = moment
    if kind == "audit_events":
        _read_audit(document, fields)
    else:
        _read_mail(document, fields)
        if (more := _MORE.get(kind)) is not None:
            more(document, fields)
    spread(f"mimecast.{kind}.", document, fields, snaked=True)


def _read_audit(document: Document, fields: Fields) -> None:
    """Read what somebody did in the administration console."""
    what, said = text(document.get("auditType")), text(document.get("eventInfo"))
    put_text("event.action", _WORDS.sub("-", what.lower()).strip("-"), fields)
    put_text("event.id", document.get("id"), fields)
    put_text("event.reason", said, fields)
    account = text(document.get("user"))
    name, domain = split_account(account)
    put_text("user.name", name, fields)
    put_text("user.domain", domain, fields)
    put_text("user.email", account if "@" in account else None, fields)
    if address := _ADDRESS.search(said):
        put_end(fields, "source", address[1])
    lowered = what.lower()
    log_in = next((kind for word, kind in _LOG_INS if word in lowered), None)
    if log_in is not None:
        fields["event.category"], fields["event.type"] = ("authentication",), (log_in,)
        fields["event.outcome"] = "failure" if "fail" in lowered else "success"
        return
    change = next((kind for word, kind in _CHANGES if word in lowered), "info")
    of_accounts = any(word in lowered for word in _OF_ACCOUNTS)
    fields["event.category"], fields["event.type"] = (("iam",) if of_accounts else ("configuration",)), (change,)


def _read_mail(document: Document, fields: Fields) -> None:
    fields["event.category"] = ("email",)
    put_texts(_MAIL, document, fields)
    put_text("email.direction", _DIRECTIONS.get(first(document, ("route", "Dir", "Route")).lower()), fields)
    put_end(fields, "source", first(document, ("senderIpAddress", "sendingIp", "IP", "SourceIP")))
    put_text("event.action", document.get("userAwarenessAction"), fields)
    action = first(document, ("actionTriggered", "action", "Act"))
    put_text("event.action", "_".join(_WORDS.sub(" ", action.lower()).split()), fields)
    words = frozenset(_WORDS.sub(" ", action.lower()).split())
    fields["event.type"] = ("denied",) if words & _REFUSED else ("info",)


def _read_attachment(document: Document, fields: Fields) -> None:
    name = text(document.get("fileName"))
    put_text("email.attachments.file.name", name, fields)
    put_text("email.attachments.file.mime_type", document.get("fileType"), fields)
    put_text("email.attachments.file.hash.sha256", document.get("fileHash"), fields)
    stem, dot, extension = name.rpartition(".")
    put_text("email.attachments.file.extension", extension.lower() if stem and dot else None, fields)
    if text(document.get("result")).lower() in {"malicious", "unsafe"}:
        fields["event.kind"] = "alert"
        fields["event.category"] = ("email", "malware")


def _read_link(document: Document, fields: Fields) -> None:
    put_text("url.original", document.get("url"), fields)
    put_text("user.email", document.get("userEmailAddress"), fields)
    if text(document.get("scanResult")).lower() in {"malicious", "suspicious"}:
        fields["event.kind"] = "alert"


def _read_impersonation(document: Document, fields: Fields) -> None:
    if document.get("taggedMalicious") is True:
        fields["event.kind"] = "alert"


_MORE: Final[Mapping[str, Callable[[Document, Fields], None]]] = {
    "ttp_ap_logs": _read_attachment,
    "ttp_ip_logs": _read_impersonation,
    "ttp_url_logs": _read_link,
}

SOURCE: Final = JsonSource(
    name="mimecast",
    aliases=("mimecast_audit", "mimecast_siem"),
    title="Mimecast: audit, mails, attachments, impersonation, links",
    dataset="mimecast.siem_logs",
    owns=_owns,
    marks=((b'"ttpDefinition"', b'"userEmailAddress"'), (b'"auditType"', b'"eventInfo"')),
    read=read,
    finish=finish,
)
